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

/// Keeps a token, unless another node kept a newer one meanwhile.
pub async fn keep_token(db: &PgPool, account: &str, token: &SealedToken) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into upstream_tokens (account, sealed, obtained_at)
         values ($1, $2, $3)
         on conflict (account) do update
         set sealed = excluded.sealed, obtained_at = excluded.obtained_at
         where upstream_tokens.obtained_at <= excluded.obtained_at",
        account,
        token.sealed,
        token.obtained_at
    )
    .execute(db)
    .await?;
    Ok(())
}
