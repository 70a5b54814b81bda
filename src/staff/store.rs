//! Every statement on `admins`, `admin_sessions` and `audit_log`.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::accounts::Account;
use super::role::Role;
use super::session::Times;

/// What a sign-in needs to know of an account.
pub(super) struct Credentials {
    pub id: i64,
    pub password_hash: String,
}

/// A session with its account.
pub(super) struct OpenSession {
    pub admin_id: i64,
    pub email: String,
    pub role: Role,
    pub times: Times,
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

/// Holds back any other node that is about to make the first admin, until this transaction ends.
pub(super) async fn wait_for_turn_to_make_the_first(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("lock table admins in share row exclusive mode").execute(conn).await?;
    Ok(())
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
        "select id, email, role, created_at, disabled_at
         from admins
         order by email"
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let role = role(&row.role, row.id)?;
            Ok(Account { email: row.email, role, created_at: row.created_at, disabled_at: row.disabled_at })
        })
        .collect()
}

/// Begins a session, if the password is still the one that was verified.
pub(super) async fn begin_session(
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

pub(super) async fn session(db: &PgPool, token_hash: &[u8]) -> sqlx::Result<Option<OpenSession>> {
    let row = sqlx::query!(
        "select s.admin_id, s.seen_at, s.expires_at, a.email, a.role
         from admin_sessions s
         join admins a on a.id = s.admin_id
         where s.token_hash = $1
           and a.disabled_at is null",
        token_hash
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let role = role(&row.role, row.admin_id)?;
        let times = Times { seen_at: row.seen_at, expires_at: row.expires_at };
        Ok(OpenSession { admin_id: row.admin_id, email: row.email, role, times })
    })
    .transpose()
}

pub(super) async fn note_use(db: &PgPool, token_hash: &[u8], now: OffsetDateTime) -> sqlx::Result<()> {
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

pub(super) async fn end_session(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from admin_sessions where token_hash = $1", token_hash).execute(conn).await?;
    Ok(())
}

pub(super) async fn end_sessions_of(conn: &mut PgConnection, admin_id: i64) -> sqlx::Result<()> {
    sqlx::query!("delete from admin_sessions where admin_id = $1", admin_id).execute(conn).await?;
    Ok(())
}

/// Sweeps away sessions that are over, so that the table holds only live ones.
pub(super) async fn forget_ended_sessions(
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
    .execute(conn)
    .await?;
    Ok(())
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
