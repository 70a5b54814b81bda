//! Which exchange rates there are, and how others come into force.

use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use super::exchange::{DatedRate, Exchange, ExchangeTerms};
use super::rate_change::RateChange;
use super::rate_entry::{Doubt, Judged, judge};
use super::rate_form::NewRate;
use super::store::{self, rates};
use crate::ground::{Currency, Rate};

/// What is put on a rate until an admin says otherwise, in percent.
const FIRST_MARGIN: Decimal = Decimal::TWO;
/// How many days a rate makes prices until an admin says otherwise: over long holidays without new ones.
const FIRST_MAX_AGE: i32 = 7;

/// Why nothing was entered.
#[derive(Debug, thiserror::Error)]
pub enum NotEntered {
    /// Customers pay in the upstream's currency, or nobody knows it yet.
    #[error("no exchange rate is needed")]
    NotNeeded,
    /// Another publication came between: the revision is another one.
    #[error("somebody else changed the rates meanwhile")]
    Overtaken,
    /// These look like slips of the finger, and nobody confirmed them.
    #[error("some rates differ much from the others")]
    Doubtful(Vec<Doubt>),
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Rates that somebody enters.
#[derive(Debug)]
pub struct Entered<'a> {
    /// Each of another day.
    pub rates: &'a [NewRate],
    /// They came out of a list.
    pub imported: bool,
    /// Somebody looked at the doubtful ones.
    pub confirmed: bool,
    /// The revision that the form was drawn from; `None` where it does not matter.
    pub seen: Option<i64>,
    /// By e-mail.
    pub by: &'a str,
}

/// Terms and the rates that hold or will.
///
/// # Errors
/// Of the database.
pub async fn exchange(db: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Exchange> {
    rates::exchange(db, now).await
}

/// The rate of the newest day that has begun, whatever its age: what a cost is expected to be worth today.
///
/// # Errors
/// Of the database.
pub async fn newest_rate(db: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Option<Rate>> {
    Ok(rates::exchange(db, now).await?.newest(now).map(|newest| newest.rate))
}

/// What was entered, the newest day first; those of days before `before` where that is given.
///
/// # Errors
/// Of the database.
pub async fn rates_listed(
    db: &mut PgConnection,
    before: Option<Date>,
    number: i64,
) -> sqlx::Result<Vec<DatedRate>> {
    rates::list(db, before, number).await
}

/// Lets prices be made from exchange rates from now on, in the caller's transaction, which sees to it that this happens
/// once.
///
/// # Errors
/// Of the database.
pub async fn first_terms(
    tx: &mut PgConnection,
    from: Currency,
    to: Currency,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let terms = ExchangeTerms {
        id: 0,
        from,
        to,
        margin: FIRST_MARGIN,
        max_age_days: FIRST_MAX_AGE,
        published_by: "first start".to_owned(),
        published_at: now,
    };
    rates::add_terms(tx, &terms).await
}

/// What entering rates would come to; nothing is written.
///
/// # Errors
/// [`NotEntered::NotNeeded`], and the database's.
pub async fn propose_rates(
    db: &mut PgConnection,
    new: &[NewRate],
    now: OffsetDateTime,
) -> Result<(Judged, RateChange), NotEntered> {
    let before = rates::exchange(db, now).await?;
    let terms = before.terms.clone().ok_or(NotEntered::NotNeeded)?;
    let judged = judge(new, &rates::known(db, terms.from, terms.to).await?);
    let change = RateChange::of_rates(before, &terms, &judged.new, now);
    Ok((judged, change))
}

/// What other terms would come to; nothing is written.
///
/// # Errors
/// [`NotEntered::NotNeeded`], and the database's.
pub async fn propose_terms(
    db: &mut PgConnection,
    margin: Decimal,
    max_age_days: i32,
    now: OffsetDateTime,
) -> Result<RateChange, NotEntered> {
    let before = rates::exchange(db, now).await?;
    let terms = before.terms.clone().ok_or(NotEntered::NotNeeded)?;
    Ok(RateChange::of_terms(before, &terms, margin, max_age_days))
}

/// Changes the terms in the caller's transaction, one publication after another over all nodes; gives the former ones. The
/// caller rings for the window after the commit.
///
/// # Errors
/// [`NotEntered`]; nothing is written then.
pub async fn publish_terms(
    tx: &mut PgConnection,
    margin: Decimal,
    max_age_days: i32,
    seen: Option<i64>,
    (by, now): (&str, OffsetDateTime),
) -> Result<ExchangeTerms, NotEntered> {
    let (exchange, before) = turn(tx, now).await?;
    if (before.margin, before.max_age_days) == (margin, max_age_days) {
        return Ok(before);
    }
    not_overtaken(&exchange, seen)?;
    let (published_by, published_at) = (by.to_owned(), now);
    let terms = ExchangeTerms { margin, max_age_days, published_by, published_at, ..before.clone() };
    rates::add_terms(tx, &terms).await?;
    Ok(before)
}

/// Enters rates in the caller's transaction, one publication after another over all nodes; says which were news. The same
/// again changes nothing. The caller rings for the window after the commit.
///
/// # Errors
/// [`NotEntered`]; nothing is written then.
pub async fn enter_rates(
    tx: &mut PgConnection,
    entered: &Entered<'_>,
    now: OffsetDateTime,
) -> Result<Judged, NotEntered> {
    let (exchange, terms) = turn(tx, now).await?;
    let judged = judge(entered.rates, &rates::known(tx, terms.from, terms.to).await?);
    if judged.new.is_empty() {
        return Ok(judged);
    }
    not_overtaken(&exchange, entered.seen)?;
    if !judged.doubts.is_empty() && !entered.confirmed {
        return Err(NotEntered::Doubtful(judged.doubts));
    }
    let Entered { imported, by, .. } = *entered;
    let entry = rates::Entry { from: terms.from, to: terms.to, imported, by, now };
    rates::add_rates(tx, &judged.new, &entry).await?;
    Ok(judged)
}

/// Waits for any other publication to end, of rules too; then what is in force.
async fn turn(tx: &mut PgConnection, now: OffsetDateTime) -> Result<(Exchange, ExchangeTerms), NotEntered> {
    store::take_turn(tx).await?;
    let exchange = rates::exchange(tx, now).await?;
    let terms = exchange.terms.clone().ok_or(NotEntered::NotNeeded)?;
    Ok((exchange, terms))
}

fn not_overtaken(exchange: &Exchange, seen: Option<i64>) -> Result<(), NotEntered> {
    match seen {
        Some(seen) if seen != exchange.revision => Err(NotEntered::Overtaken),
        _ => Ok(()),
    }
}
