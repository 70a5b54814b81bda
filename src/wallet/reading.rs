//! A reading of the balance and of the movements.

use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::movement::{self, Before, Movement};
use super::store;
use crate::esimdual::{Answer, Client, Wallet};
use crate::ground::Clock;

/// What the wallet held at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Exact, in whole units of `currency`; may be negative.
    pub balance: Decimal,
    /// As eSIMDual writes it, at most 16 characters.
    pub currency: String,
    /// When it was asked for: what was bought later may be missing from it.
    pub asked_at: OffsetDateTime,
    /// When it was read.
    pub read_at: OffsetDateTime,
    /// Since when movements are known without a gap, by the upstream's clock; `None`: since the first one.
    pub known_from: Option<OffsetDateTime>,
    /// Whether its movements prove what is missing: they were kept, and every one could be read.
    pub movements_readable: bool,
}

/// Asks eSIMDual and remembers what it said. Every answer but *done* leaves the last reading as it was.
///
/// # Errors
/// Of the database.
pub async fn read(db: &PgPool, upstream: &Client, clock: &Clock) -> sqlx::Result<Answer<Reading>> {
    let asked_at = clock.now();
    Ok(match upstream.wallet().await {
        Answer::Done(wallet) => Answer::Done(keep(db, &wallet, asked_at, clock.now()).await?),
        Answer::Refused(refusal) => Answer::Refused(refusal),
        Answer::Later(later) => Answer::Later(later),
        Answer::Doubt(doubt) => Answer::Doubt(doubt),
    })
}

/// Remembers an answer that was asked for at `asked_at` and came at `now`: for whoever asked eSIMDual for another reason.
/// An answer that was asked for before the one that is kept adds its movements and nothing else.
///
/// # Errors
/// Of the database.
pub async fn keep(
    db: &PgPool,
    wallet: &Wallet,
    asked_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<Reading> {
    let listed = Movement::of(wallet);
    let mut tx = db.begin().await?;
    store::take_turn(&mut tx).await?;
    let before = store::before(&mut tx).await?;
    let keys: Vec<String> = listed.iter().map(|movement| movement.key.clone()).collect();
    let known = store::known(&mut tx, &keys).await?;
    let is_known = |movement: &Movement| known.contains(&movement.key);
    let before = before.map(|row| Before { balance: row.balance, known_from: row.known_from });
    let reading = Reading {
        balance: wallet.balance,
        currency: wallet.currency.chars().filter(|c| !c.is_control()).take(16).collect(),
        asked_at,
        read_at: now,
        known_from: movement::known_from(before, wallet.balance, &listed, is_known, now),
        movements_readable: movement::all_readable(wallet, &listed),
    };
    store::insert_movements(&mut tx, listed.iter().filter(|movement| !is_known(movement)), now).await?;
    store::correct_movements(&mut tx, listed.iter().filter(|movement| is_known(movement))).await?;
    store::keep(&mut tx, &reading).await?;
    tx.commit().await?;
    Ok(reading)
}

/// The last reading; `None` before the first.
///
/// # Errors
/// Of the database.
pub async fn last(db: &mut PgConnection) -> sqlx::Result<Option<Reading>> {
    store::last(db).await
}
