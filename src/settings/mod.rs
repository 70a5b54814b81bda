//! settings: what this installation is.
//!
//! Owns `installation`. Promises that secrets at rest belong to this SECRET_KEY, and that the currency, once fixed at
//! the first contact with the upstream, stays.

mod store;

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::ground::Currency;

pub use store::Installation;

/// The database was sealed with another key.
#[derive(Debug, thiserror::Error)]
#[error("SECRET_KEY is not the one that this database was set up with")]
pub struct AnotherKey;

/// Writes the installation's row at the first start, and compares the key's fingerprint at every other.
///
/// # Errors
/// [`AnotherKey`], or the database's.
pub async fn meet(conn: &mut PgConnection, fingerprint: &str, now: OffsetDateTime) -> anyhow::Result<()> {
    let known = store::meet(conn, fingerprint, now).await?;
    if known != fingerprint {
        return Err(AnotherKey.into());
    }
    Ok(())
}

/// What is known of the installation.
///
/// # Errors
/// The database's.
pub async fn installation(conn: &mut PgConnection) -> sqlx::Result<Installation> {
    store::read(conn).await
}

/// Fixes the currencies at the first contact: what the account is kept in, and what customers pay in (the reseller's
/// choice, else the account's). Later calls change nothing.
///
/// # Errors
/// The database's.
pub async fn fix_currency(
    conn: &mut PgConnection,
    upstream: Currency,
    chosen: Option<Currency>,
) -> sqlx::Result<()> {
    store::fix_currency(conn, upstream.code(), chosen.unwrap_or(upstream).code()).await
}

/// What customers pay in, with the installation's row held until the transaction ends: for what happens once.
///
/// # Errors
/// The database's.
pub async fn lock_currency(conn: &mut PgConnection) -> sqlx::Result<Option<Currency>> {
    store::lock_currency(conn).await
}
