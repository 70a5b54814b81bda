//! `upstream_tokens`: the bearer tokens, sealed, so that one login serves every node and every start.

pub mod undocumented;

use sqlx::PgPool;
use time::OffsetDateTime;

/// A sealed token, and when it was obtained.
pub struct SealedToken {
    /// What `SealingKey::seal` made.
    pub sealed: Vec<u8>,
    /// When the upstream gave it.
    pub obtained_at: OffsetDateTime,
}

/// The token of an account, if one is kept.
pub async fn token(db: &PgPool, account: &str) -> sqlx::Result<Option<SealedToken>> {
    sqlx::query_as!(
        SealedToken,
        "select sealed, obtained_at
         from upstream_tokens
         where account = $1",
        account
    )
    .fetch_optional(db)
    .await
}

/// Keeps a token instead of whichever there is. Only who has the place to log in keeps one, so that it is the newest,
/// whatever the clocks say.
pub async fn keep_token(db: &PgPool, account: &str, token: &SealedToken) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into upstream_tokens (account, sealed, obtained_at)
         values ($1, $2, $3)
         on conflict (account) do update
         set sealed = excluded.sealed, obtained_at = excluded.obtained_at",
        account,
        token.sealed,
        token.obtained_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the token of an account.
pub async fn forget_token(db: &PgPool, account: &str) -> sqlx::Result<()> {
    sqlx::query!("delete from upstream_tokens where account = $1", account).execute(db).await.map(drop)
}

/// How the upstream takes an account's logins.
pub struct LoginRow {
    /// Refusals in a row.
    pub refusals: i32,
    /// The first of them.
    pub refused_since: Option<OffsetDateTime>,
    /// The last one's reason.
    pub reason: Option<String>,
    /// The last one's status.
    pub http_status: Option<i32>,
    /// Nobody logs in before.
    pub not_before: OffsetDateTime,
}

/// How an account's logins are taken, if any was ever made.
pub async fn login(db: &PgPool, account: &str) -> sqlx::Result<Option<LoginRow>> {
    sqlx::query_as!(
        LoginRow,
        "select refusals, refused_since, reason, http_status, not_before
         from upstream_logins
         where account = $1",
        account
    )
    .fetch_optional(db)
    .await
}

/// Takes the account's one place to log in until `until`; false while there is a pause, or another node has it. A time
/// after `beyond` is none that anybody could have meant.
pub async fn claim_login(
    db: &PgPool,
    account: &str,
    now: OffsetDateTime,
    until: OffsetDateTime,
    beyond: OffsetDateTime,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query_scalar!(
        r#"insert into upstream_logins as known (account, not_before, busy_until)
         values ($1, $2, $3)
         on conflict (account) do update
         set busy_until = excluded.busy_until
         where (known.not_before <= $2 or known.not_before > $4)
           and (known.busy_until is null or known.busy_until <= $2 or known.busy_until > $4)
         returning true as "claimed!""#,
        account,
        now,
        until,
        beyond
    )
    .fetch_optional(db)
    .await?;
    Ok(claimed.is_some())
}

/// Gives the place back, and lets nobody log in before `not_before`.
pub async fn leave_login(db: &PgPool, account: &str, not_before: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "update upstream_logins
         set busy_until = null, not_before = $2
         where account = $1",
        account,
        not_before
    )
    .execute(db)
    .await
    .map(drop)
}

/// Writes a refusal and gives the place back.
pub async fn refuse_login(db: &PgPool, account: &str, row: &LoginRow) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into upstream_logins
             (account, refusals, refused_since, reason, http_status, not_before, busy_until)
         values ($1, $2, $3, $4, $5, $6, null)
         on conflict (account) do update
         set refusals = excluded.refusals,
             refused_since = excluded.refused_since,
             reason = excluded.reason,
             http_status = excluded.http_status,
             not_before = excluded.not_before,
             busy_until = null",
        account,
        row.refusals,
        row.refused_since,
        row.reason,
        row.http_status,
        row.not_before
    )
    .execute(db)
    .await
    .map(drop)
}

/// The upstream lets us in: no refusal counts any more.
pub async fn clear_login(db: &PgPool, account: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "update upstream_logins
         set refusals = 0, refused_since = null, reason = null, http_status = null, not_before = $2
         where account = $1
           and refusals > 0",
        account,
        now
    )
    .execute(db)
    .await
    .map(drop)
}
