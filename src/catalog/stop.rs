//! Stopping the sale of one package by hand, whatever the upstream's catalog says of it.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::store;

/// Sells a package no more until somebody lifts it; false where it is stopped already, or was never seen. A sync leaves
/// this alone. Ring for the window after the commit.
///
/// # Errors
/// Of the database.
pub async fn stop(db: &mut PgConnection, id: i64, reason: &str, now: OffsetDateTime) -> sqlx::Result<bool> {
    store::stop(db, id, reason, now).await
}

/// Sells a package again, where the upstream's catalog has it; false where it was not stopped. Ring for the window after
/// the commit.
///
/// # Errors
/// Of the database.
pub async fn lift_stop(db: &mut PgConnection, id: i64, by: &str, now: OffsetDateTime) -> sqlx::Result<bool> {
    store::lift_stop(db, id, by, now).await
}
