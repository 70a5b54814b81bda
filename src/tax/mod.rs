//! tax: whether prices include a tax that is told apart, and at which rate where the customer lives.
//!
//! Owns `tax_modes` and `tax_rates`. Promises that what was entered is never changed: a new row says otherwise, from its
//! own day on. Never moves a price: a price includes whatever tax falls on it, and an order keeps the rate that it was
//! sold with. So prices are made without knowing where a customer lives, and the floor under them is the cost with its
//! minimum margin before tax; how many plans leave less after the highest rate, its page in the back office says.

mod country;
mod form;
mod store;
mod terms;

use sqlx::PgConnection;
use time::OffsetDateTime;

pub use country::Country;
pub use form::{NewRate, RateForm, RateRefused};
pub use store::{ModeSet, RateSet};
pub use terms::{Mode, Terms};

/// The mode and rates of this moment.
///
/// # Errors
/// The database's.
pub async fn terms(conn: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Terms> {
    match store::mode(conn).await? {
        Mode::None => Ok(Terms::default()),
        Mode::Inclusive => rates(conn, now).await,
    }
}

/// The rates that hold at this moment whatever the mode is.
///
/// # Errors
/// The database's.
pub async fn rates(conn: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Terms> {
    Ok(Terms {
        mode: store::mode(conn).await?,
        rates: store::rates(conn, now).await?,
        next_change: store::next_rate(conn, now).await?,
    })
}

/// Sets the mode, in the caller's transaction; false where it is that already.
///
/// # Errors
/// The database's.
pub async fn set_mode(
    conn: &mut PgConnection,
    mode: Mode,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    if store::mode(conn).await? == mode {
        return Ok(false);
    }
    store::add_mode(conn, mode, by, now).await?;
    Ok(true)
}

/// Enters a rate, in the caller's transaction.
///
/// # Errors
/// The database's.
pub async fn set_rate(
    conn: &mut PgConnection,
    rate: &NewRate,
    by: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    store::add_rate(conn, rate, by, now).await
}

/// What was set before, newest first.
///
/// # Errors
/// The database's.
pub async fn history(conn: &mut PgConnection, most: i64) -> sqlx::Result<(Vec<ModeSet>, Vec<RateSet>)> {
    Ok((store::modes(conn, most).await?, store::entered(conn, most).await?))
}
