//! Which exchange rate makes prices at one moment, and until when. Pure.

use std::fmt;

use rust_decimal::Decimal;
use time::{Date, Duration, OffsetDateTime, Time};

use super::markup::NoPrice;
use crate::ground::{Cost, Currency, Rate};

/// Staff are warned so long before prices end, or for half of a shorter age limit.
const WARNED_BEFORE: Duration = Duration::days(2);

/// On what terms prices are made from rates; there are some as soon as customers pay in another currency than the
/// upstream's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeTerms {
    /// The row.
    pub id: i64,
    /// The upstream account's currency: what costs are in.
    pub from: Currency,
    /// What customers pay in.
    pub to: Currency,
    /// Percent on top of each rate.
    pub margin: Decimal,
    /// A rate makes prices on its day and on so many days after it.
    pub max_age_days: i32,
    /// An admin's e-mail, or `first start`.
    pub published_by: String,
    /// When.
    pub published_at: OffsetDateTime,
}

/// A rate as it was entered. It holds from the beginning of its day on, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedRate {
    /// An order's line names it.
    pub id: i64,
    /// The rate, without a margin.
    pub rate: Rate,
    /// Its day.
    pub valid_on: Date,
    /// It came out of a list; else it was typed.
    pub imported: bool,
    /// By e-mail.
    pub entered_by: String,
    /// When.
    pub entered_at: OffsetDateTime,
}

/// Terms, and the rates that hold or will.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// `None`: customers pay in the upstream's currency, and no rate is needed.
    pub terms: Option<ExchangeTerms>,
    /// Those of the newest day that has begun, and of days to come, in no order.
    pub rates: Vec<DatedRate>,
    /// Grows with each rate and each change of the terms; a form carries it.
    pub revision: i64,
}

/// The rate by which something is sold now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForceRate {
    /// Of the [`DatedRate`].
    pub id: i64,
    /// As it was entered.
    pub rate: Rate,
    /// The percent on top of it.
    pub margin: Decimal,
    /// Rate and margin together: prices are made by this.
    pub sold_at: Rate,
}

/// A cost in the currency of prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// By the rate with its margin: what prices are made of.
    pub sold_at: Cost,
    /// By the rate alone: what is expected to be paid.
    pub cost: Cost,
    /// The rate; `None` where there was nothing to exchange.
    pub rate: Option<InForceRate>,
}

/// Whether prices can be made, as staff and `doctor` are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateStanding {
    /// Costs and prices are in one currency.
    NotNeeded,
    /// There is no rate.
    Missing(Currency, Currency),
    /// The newest rate is older than the limit: its day, and its last moment.
    TooOld(Date, OffsetDateTime),
    /// Prices end soon, at this moment.
    EndsSoon(OffsetDateTime),
    /// Prices can be made until then.
    Good(OffsetDateTime),
}

impl RateStanding {
    /// Whether anything can be sold, as far as the rate goes.
    pub fn sells(&self) -> bool {
        !matches!(self, Self::Missing(..) | Self::TooOld(..))
    }

    /// Whether a person should do something.
    pub fn is_alarm(&self) -> bool {
        !matches!(self, Self::NotNeeded | Self::Good(_))
    }
}

/// A sentence for staff.
impl fmt::Display for RateStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNeeded => f.write_str("Customers pay in the currency of the eSIMDual account."),
            Self::Missing(from, to) => {
                write!(f, "Nothing is sold: there is no exchange rate from {from} to {to}.")
            }
            Self::TooOld(day, end) => {
                let end = end.date();
                write!(f, "Nothing is sold: the exchange rate of {day} is too old since {end}.")
            }
            Self::EndsSoon(at) => {
                let last = at.saturating_sub(Duration::DAY).date();
                write!(f, "Sales end after {last} (UTC): the newest exchange rate is too old then.")
            }
            Self::Good(at) => {
                let last = at.saturating_sub(Duration::DAY).date();
                write!(f, "The exchange rates in force make prices until the end of {last} (UTC).")
            }
        }
    }
}

fn beginning(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT).assume_utc()
}

impl ExchangeTerms {
    /// The first moment at which a rate of this day makes no price any more.
    pub fn end_of(&self, day: Date) -> OffsetDateTime {
        beginning(day).saturating_add(Duration::days(i64::from(self.max_age_days) + 1))
    }

    fn warned_before(&self) -> Duration {
        WARNED_BEFORE.min(Duration::hours(i64::from(self.max_age_days) * 12))
    }
}

impl Exchange {
    /// The rates of these terms' currencies.
    fn usable(&self) -> impl Iterator<Item = &DatedRate> {
        let pair = self.terms.as_ref().map(|terms| (terms.from, terms.to));
        self.rates.iter().filter(move |rate| pair == Some((rate.rate.from, rate.rate.to)))
    }

    /// The rate of the newest day that has begun, whatever its age; of one day's the one entered last.
    pub fn newest(&self, now: OffsetDateTime) -> Option<&DatedRate> {
        let begun = self.usable().filter(|rate| beginning(rate.valid_on) <= now);
        begun.max_by_key(|rate| (rate.valid_on, rate.id))
    }

    /// What makes prices at a moment.
    ///
    /// # Errors
    /// [`NoPrice`] where there is no rate, or none that is young enough.
    pub fn in_force(&self, now: OffsetDateTime) -> Result<InForceRate, NoPrice> {
        let terms = self.terms.as_ref().ok_or(NoPrice::NoRate)?;
        let newest = self.newest(now).ok_or(NoPrice::NoRate)?;
        if terms.end_of(newest.valid_on) <= now {
            return Err(NoPrice::RateTooOld);
        }
        let sold_at = newest.rate.with_margin(terms.margin).ok_or(NoPrice::TooLarge)?;
        Ok(InForceRate { id: newest.id, rate: newest.rate, margin: terms.margin, sold_at })
    }

    /// Every moment at which a rate begins to hold, or gets too old.
    fn moments(&self) -> impl Iterator<Item = OffsetDateTime> {
        let end = |rate: &DatedRate| self.terms.as_ref().map(|terms| terms.end_of(rate.valid_on));
        self.usable().flat_map(move |rate| [Some(beginning(rate.valid_on)), end(rate)]).flatten()
    }

    /// The next moment at which prices may change because of a rate.
    pub fn next_change(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.moments().filter(|at| *at > now).min()
    }

    /// Whether a rate begins to hold, or gets too old, after the one moment and not after the other.
    pub fn changes_between(&self, from: OffsetDateTime, to: OffsetDateTime) -> bool {
        self.moments().any(|at| from < at && at <= to)
    }

    /// How it stands at a moment.
    pub fn standing(&self, now: OffsetDateTime) -> RateStanding {
        let Some(terms) = &self.terms else { return RateStanding::NotNeeded };
        let Some(newest) = self.newest(now) else { return RateStanding::Missing(terms.from, terms.to) };
        let end = terms.end_of(newest.valid_on);
        if end <= now {
            return RateStanding::TooOld(newest.valid_on, end);
        }
        // Whoever entered next week's rate already need not be warned of this week's end.
        let mut coming: Vec<_> = self.usable().filter(|rate| rate.valid_on > newest.valid_on).collect();
        coming.sort_by_key(|rate| rate.valid_on);
        let follow = |end: OffsetDateTime, rate: &&DatedRate| {
            if beginning(rate.valid_on) <= end { terms.end_of(rate.valid_on) } else { end }
        };
        let end = coming.iter().fold(end, follow);
        match end - now <= terms.warned_before() {
            true => RateStanding::EndsSoon(end),
            false => RateStanding::Good(end),
        }
    }
}

/// How costs become amounts in the currency of prices at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Counter {
    /// They are in it already.
    #[default]
    Same,
    /// Costs in the first currency are exchanged; any other has no price.
    Exchanges(Currency, Result<InForceRate, NoPrice>),
}

impl Counter {
    pub(super) fn at(exchange: &Exchange, now: OffsetDateTime) -> Self {
        match &exchange.terms {
            None => Self::Same,
            Some(terms) => Self::Exchanges(terms.from, exchange.in_force(now)),
        }
    }

    pub(super) fn exchange(&self, cost: Cost) -> Result<Exchanged, NoPrice> {
        match self {
            Self::Same => Ok(Exchanged { sold_at: cost, cost, rate: None }),
            // Also where it is in the currency of prices: nobody knows how the upstream would take it from a wallet in
            // another one.
            Self::Exchanges(from, _) if *from != cost.currency => Err(NoPrice::Currency),
            Self::Exchanges(_, rate) => {
                let rate = (*rate)?;
                Ok(Exchanged {
                    sold_at: rate.sold_at.exchange(cost).ok_or(NoPrice::TooLarge)?,
                    cost: rate.rate.exchange(cost).ok_or(NoPrice::TooLarge)?,
                    rate: Some(rate),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests;
