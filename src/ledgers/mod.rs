//! ledgers: whether payments, upstream orders and wallet debits tell the same story, and what the wallet can still pay.
//!
//! Owns `ledger_findings`, `ledger_listing`, `ledger_matching`; reads across the rooms in `store/`, selects only. Promises
//! that what does not match is a finding within one cycle, that a purchase in flight or a list that is cut is none, and
//! that a finding ends when it holds no more or by a person with a reason, never in silence. Never moves money, never
//! buys, never changes an order: it tells, and stops the sale of a package that loses money.

mod cycle;
pub mod finding;
pub mod funds;
mod jobs;
mod judge;
pub mod listed;
mod mail;
pub mod matching;
mod store;

use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::catalog;

pub use cycle::{Means, Round, match_once};
pub use finding::Kind;
pub use funds::{Funds, Outlook, Pace, Standing};
pub use jobs::{MATCH_LEDGERS, kind, match_job};

/// What the wallet can pay, by its last reading; `None` before the first.
///
/// # Errors
/// Of the database.
pub async fn funds(conn: &mut PgConnection) -> sqlx::Result<Option<Funds>> {
    store::funds(conn).await
}

/// How fast the wallet is spent: the real costs of the last seven days, in a currency.
///
/// # Errors
/// Of the database.
pub async fn pace(conn: &mut PgConnection, currency: &str, now: OffsetDateTime) -> sqlx::Result<Pace> {
    let since = now - funds::WEEK;
    let spent = store::bought_since(conn, currency, since).await?;
    let first = store::first_bought_at(conn).await?;
    Ok(Pace::new(spent, first, now))
}

/// From this age on a reading of the wallet says nothing about now: so many readings were missed.
pub fn stale_after(reconcile_interval: Duration) -> Duration {
    (reconcile_interval * 20).max(Duration::from_secs(300))
}

/// Closes a finding by a person's word, in the caller's transaction, which writes the audit log too. A package that the
/// finding had stopped is sold again, unless another open finding stops it: ring for the window then. `None` where the
/// finding is not open.
///
/// # Errors
/// Of the database.
pub async fn close(
    conn: &mut PgConnection,
    id: i64,
    by: &str,
    because: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Closed>> {
    // Not while a matching writes: what it stops and what this lifts must see each other.
    store::take_turn(conn).await?;
    let Some(package) = store::close(conn, id, by, because, now).await? else { return Ok(None) };
    let sold_again = match package {
        Some(package) if !store::stops(conn, package).await? => {
            catalog::lift_stop(conn, package, by, now).await?
        }
        _ => false,
    };
    Ok(Some(Closed { sold_again }))
}

/// What closing a finding did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// A package is on sale again.
    pub sold_again: bool,
}

/// Says what each metric means; to be called once the metrics are being collected.
pub fn describe_metrics() {
    use metrics::describe_gauge;
    describe_gauge!("simfront_ledger_findings_open", "What does not match between the three ledgers");
    describe_gauge!("simfront_wallet_available", "What the wallet can still pay, in its currency");
    describe_gauge!("simfront_wallet_days_left", "Days of sales that the wallet can still pay");
    describe_gauge!("simfront_wallet_low", "1 while the wallet pays less than WALLET_LOW_DAYS of sales");
}
