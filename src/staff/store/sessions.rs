//! Sessions, and sign-ins that still owe a code.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::{Credentials, role};
use crate::staff::role::Role;
use crate::staff::session::Times;

/// A session with its account.
pub struct OpenSession {
    pub admin_id: i64,
    pub email: String,
    pub role: Role,
    pub times: Times,
    pub has_factor: bool,
    pub confirmed_at: Option<OffsetDateTime>,
}

/// Begins a session, if the password is still the one that was verified.
pub async fn begin_session(
    conn: &mut PgConnection,
    token_hash: &[u8],
    verified: &Credentials,
    now: OffsetDateTime,
    times: Times,
) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        "insert into admin_sessions (token_hash, admin_id, created_at, seen_at, expires_at)
         select $1, id, $3, $4, $5
         from admins
         where id = $2
           and password_hash = $6
           and disabled_at is null
         for share",
        token_hash,
        verified.id,
        now,
        times.seen_at,
        times.expires_at,
        verified.password_hash
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

pub async fn session(db: &PgPool, token_hash: &[u8]) -> sqlx::Result<Option<OpenSession>> {
    let row = sqlx::query!(
        r#"select s.admin_id, s.seen_at, s.expires_at, s.confirmed_at, a.email, a.role,
                  exists (select from admin_second_factors f where f.admin_id = a.id) as "has_factor!"
           from admin_sessions s
           join admins a on a.id = s.admin_id
           where s.token_hash = $1
             and a.disabled_at is null"#,
        token_hash
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(OpenSession {
            admin_id: row.admin_id,
            role: role(&row.role, row.admin_id)?,
            email: row.email,
            times: Times { seen_at: row.seen_at, expires_at: row.expires_at },
            has_factor: row.has_factor,
            confirmed_at: row.confirmed_at,
        })
    })
    .transpose()
}

pub async fn note_use(db: &PgPool, token_hash: &[u8], now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "update admin_sessions
         set seen_at = $2
         where token_hash = $1
           and seen_at < $2",
        token_hash,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn note_confirmation(db: &PgPool, token_hash: &[u8], now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("update admin_sessions set confirmed_at = $2 where token_hash = $1", token_hash, now)
        .execute(db)
        .await?;
    Ok(())
}

/// Keeps the sealed secret that this session is setting up, or forgets it.
pub async fn propose(conn: &mut PgConnection, token_hash: &[u8], sealed: Option<&[u8]>) -> sqlx::Result<()> {
    sqlx::query!("update admin_sessions set proposed_secret = $2 where token_hash = $1", token_hash, sealed)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn proposed(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<Option<Vec<u8>>> {
    let row =
        sqlx::query_scalar!("select proposed_secret from admin_sessions where token_hash = $1", token_hash);
    Ok(row.fetch_optional(conn).await?.flatten())
}

pub async fn end_session(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from admin_sessions where token_hash = $1", token_hash).execute(conn).await?;
    Ok(())
}

/// Ends all sessions of an account but one, and its sign-ins that still owe a code.
pub async fn end_sessions_of(conn: &mut PgConnection, admin_id: i64, but: Option<&[u8]>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from admin_sessions
         where admin_id = $1
           and ($2::bytea is null or token_hash <> $2)",
        admin_id,
        but
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from admin_sign_ins where admin_id = $1", admin_id).execute(conn).await?;
    Ok(())
}

/// Sweeps away sessions that are over, so that the table holds only live ones, and sign-ins that nobody ended.
pub async fn forget_ended_sessions(
    conn: &mut PgConnection,
    now: OffsetDateTime,
    idle_since: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from admin_sessions
         where expires_at <= $1
            or seen_at <= $2",
        now,
        idle_since
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from admin_sign_ins where expires_at <= $1", now).execute(conn).await?;
    Ok(())
}

/// A sign-in whose password was right, with what its account needs for a session.
pub struct HalfWay {
    pub email: String,
    pub credentials: Credentials,
    pub proposed_secret: Option<Vec<u8>>,
}

/// Keeps a sign-in that owes a code, if the password is still the one that was verified.
pub async fn begin_half_way(
    conn: &mut PgConnection,
    token_hash: &[u8],
    verified: &Credentials,
    proposed: Option<&[u8]>,
    expires_at: OffsetDateTime,
) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        "insert into admin_sign_ins (token_hash, admin_id, proposed_secret, expires_at)
         select $1, id, $3, $4
         from admins
         where id = $2
           and password_hash = $5
           and disabled_at is null
         for share",
        token_hash,
        verified.id,
        proposed,
        expires_at,
        verified.password_hash
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

pub async fn half_way(
    conn: &mut PgConnection,
    token_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<HalfWay>> {
    let row = sqlx::query!(
        "select a.id, a.email, a.password_hash, i.proposed_secret
         from admin_sign_ins i
         join admins a on a.id = i.admin_id
         where i.token_hash = $1
           and i.expires_at > $2
           and a.disabled_at is null",
        token_hash,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| HalfWay {
        email: row.email,
        credentials: Credentials { id: row.id, password_hash: row.password_hash },
        proposed_secret: row.proposed_secret,
    }))
}

/// False where it was ended already: of two answers to one question the second opens nothing.
pub async fn end_half_way(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<bool> {
    let ended = sqlx::query!("delete from admin_sign_ins where token_hash = $1", token_hash);
    Ok(ended.execute(conn).await?.rows_affected() == 1)
}
