//! Every statement on the room's tables; here those on `admins` and `audit_log`.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::accounts::Account;
use super::role::Role;

pub(super) mod factors;
pub(super) mod sessions;
pub(super) mod team;

/// What a sign-in needs to know of an account.
#[derive(Clone)]
pub(super) struct Credentials {
    pub id: i64,
    pub password_hash: String,
}

fn role(word: &str, id: i64) -> sqlx::Result<Role> {
    Role::from_word(word)
        .ok_or_else(|| sqlx::Error::Decode(format!("admins.role of {id} is {word:?}").into()))
}

pub(super) async fn credentials(conn: &mut PgConnection, email: &str) -> sqlx::Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        "select id, password_hash
         from admins
         where email = $1
           and disabled_at is null",
        email
    )
    .fetch_optional(conn)
    .await
}

/// `None` where the e-mail is taken.
pub(super) async fn insert(
    conn: &mut PgConnection,
    email: &str,
    hash: &str,
    role: Role,
    now: OffsetDateTime,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "insert into admins (email, password_hash, role, created_at)
         values ($1, $2, $3, $4)
         on conflict (email) do nothing
         returning id",
        email,
        hash,
        role.word(),
        now
    )
    .fetch_optional(conn)
    .await
}

pub(super) async fn is_empty(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select not exists (select from admins) as "empty!""#).fetch_one(conn).await
}

/// `None` where nobody has the e-mail.
pub(super) async fn set_password(
    conn: &mut PgConnection,
    email: &str,
    hash: &str,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "update admins
         set password_hash = $2
         where email = $1
         returning id",
        email,
        hash
    )
    .fetch_optional(conn)
    .await
}

/// Replaces a hash by a stronger one of the same password, unless the password was changed meanwhile.
pub(super) async fn strengthen(conn: &mut PgConnection, id: i64, old: &str, new: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update admins
         set password_hash = $3
         where id = $1
           and password_hash = $2",
        id,
        old,
        new
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn accounts(db: &PgPool) -> sqlx::Result<Vec<Account>> {
    let rows = sqlx::query!(
        r#"select id, email, role, created_at, disabled_at,
                  exists (select from admin_second_factors f where f.admin_id = admins.id) as "has_factor!"
           from admins
           order by email"#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let role = role(&row.role, row.id)?;
            Ok(Account {
                id: row.id,
                email: row.email,
                role,
                created_at: row.created_at,
                disabled_at: row.disabled_at,
                has_factor: row.has_factor,
            })
        })
        .collect()
}

pub(super) async fn append_audit(
    conn: &mut PgConnection,
    at: OffsetDateTime,
    actor: &str,
    action: &str,
    detail: &serde_json::Value,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into audit_log (at, actor, action, detail)
         values ($1, $2, $3, $4)",
        at,
        actor,
        action,
        detail
    )
    .execute(conn)
    .await?;
    Ok(())
}
