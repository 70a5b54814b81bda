//! Who is on the team, and who was asked to join.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::role;
use crate::staff::invitations::Invitation;
use crate::staff::role::Role;

/// Holds back any other change of the team until this transaction ends, so that "another owner is left" stays true.
pub async fn wait_for_turn_to_change(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("lock table admins in share row exclusive mode").execute(conn).await?;
    Ok(())
}

/// An account's e-mail, its role, and whether it may sign in.
pub async fn member(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<(String, Role, bool)>> {
    let row = sqlx::query!("select email, role, disabled_at from admins where id = $1", id);
    let row = row.fetch_optional(conn).await?;
    row.map(|row| Ok((row.email, role(&row.role, id)?, row.disabled_at.is_none()))).transpose()
}

/// Owners who may sign in, besides one account.
pub async fn other_owners(conn: &mut PgConnection, id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "others!"
           from admins
           where role = 'owner'
             and disabled_at is null
             and id <> $1"#,
        id
    )
    .fetch_one(conn)
    .await
}

pub async fn set_role(conn: &mut PgConnection, id: i64, role: Role) -> sqlx::Result<()> {
    sqlx::query!("update admins set role = $2 where id = $1", id, role.word()).execute(conn).await?;
    Ok(())
}

pub async fn set_disabled(
    conn: &mut PgConnection,
    id: i64,
    disabled_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    sqlx::query!("update admins set disabled_at = $2 where id = $1", id, disabled_at).execute(conn).await?;
    Ok(())
}

pub async fn id_of(conn: &mut PgConnection, email: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select id from admins where email = $1", email).fetch_optional(conn).await
}

/// Asks somebody to join, or asks again: then the earlier link is worth nothing any more.
pub async fn invite(
    conn: &mut PgConnection,
    email: &str,
    role: Role,
    token_hash: &[u8],
    invited_by: &str,
    (now, expires_at): (OffsetDateTime, OffsetDateTime),
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into admin_invitations (email, role, token_hash, invited_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (email) do update
         set role = excluded.role,
             token_hash = excluded.token_hash,
             invited_by = excluded.invited_by,
             created_at = excluded.created_at,
             expires_at = excluded.expires_at",
        email,
        role.word(),
        token_hash,
        invited_by,
        now,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn invitations(conn: &mut PgConnection) -> sqlx::Result<Vec<Invitation>> {
    let rows = sqlx::query!(
        "select id, email, role, invited_by, expires_at
         from admin_invitations
         order by email"
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Invitation {
                id: row.id,
                role: role(&row.role, row.id)?,
                email: row.email,
                invited_by: row.invited_by,
                expires_at: row.expires_at,
            })
        })
        .collect()
}

/// The e-mail that a link is for, while it is good.
pub async fn invited(
    conn: &mut PgConnection,
    token_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select email from admin_invitations where token_hash = $1 and expires_at > $2",
        token_hash,
        now
    )
    .fetch_optional(conn)
    .await
}

/// Takes an invitation up: its e-mail, role and who asked. Once.
pub async fn take_up(
    conn: &mut PgConnection,
    token_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<(String, Role, String)>> {
    let row = sqlx::query!(
        "delete from admin_invitations
         where token_hash = $1
           and expires_at > $2
         returning id, email, role, invited_by",
        token_hash,
        now
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((row.email, role(&row.role, row.id)?, row.invited_by))).transpose()
}

/// Takes an invitation back: whose it was.
pub async fn withdraw(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("delete from admin_invitations where id = $1 returning email", id)
        .fetch_optional(conn)
        .await
}
