//! A reading of the balance.

use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::store;
use crate::esimdual::{Answer, Client};
use crate::ground::Clock;

/// What the wallet held at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Exact, in whole units of `currency`; may be negative.
    pub balance: Decimal,
    /// As eSIMDual writes it, at most 16 characters.
    pub currency: String,
    /// When it was read.
    pub read_at: OffsetDateTime,
}

/// Asks eSIMDual and remembers what it said. Every answer but *done* leaves the last reading as it was.
///
/// # Errors
/// Of the database.
pub async fn read(db: &PgPool, upstream: &Client, clock: &Clock) -> sqlx::Result<Answer<Reading>> {
    let answer = upstream.wallet().await.map(|wallet| Reading {
        balance: wallet.balance,
        currency: wallet.currency.chars().filter(|c| !c.is_control()).take(16).collect(),
        read_at: clock.now(),
    });
    if let Answer::Done(reading) = &answer {
        store::keep(&mut *db.acquire().await?, reading).await?;
    }
    Ok(answer)
}

/// The last reading; `None` before the first.
///
/// # Errors
/// Of the database.
pub async fn last(db: &mut PgConnection) -> sqlx::Result<Option<Reading>> {
    store::last(db).await
}
