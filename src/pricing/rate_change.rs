//! Of what prices would be made after a change of rates or of their terms, before anybody enters it. Pure.

use rust_decimal::Decimal;
use time::{OffsetDateTime, Time};

use super::exchange::{DatedRate, Exchange, ExchangeTerms};
use super::rate_form::NewRate;
use crate::ground::Rate;

/// What prices are made of, and what they would be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateChange {
    /// As it is; its revision is the one that a publication must still find.
    pub before: Exchange,
    /// As it would be.
    pub then: Exchange,
    /// When the entered rates begin to hold, in order; none of terms.
    begin: Vec<OffsetDateTime>,
}

impl RateChange {
    /// Of rates that would be entered under these terms.
    pub(super) fn of_rates(
        before: Exchange,
        terms: &ExchangeTerms,
        rates: &[NewRate],
        now: OffsetDateTime,
    ) -> Self {
        // Of one day the rate counts that was entered last, and these come after every other.
        let entered = rates.iter().map(|rate| DatedRate {
            id: i64::MAX,
            rate: Rate { from: terms.from, to: terms.to, per_unit: rate.per_unit },
            valid_on: rate.valid_on,
            imported: false,
            entered_by: String::new(),
            entered_at: now,
        });
        let mut begin: Vec<_> =
            rates.iter().map(|rate| rate.valid_on.with_time(Time::MIDNIGHT).assume_utc()).collect();
        begin.sort_unstable();
        let mut then = before.clone();
        then.rates.extend(entered);
        Self { before, then, begin }
    }

    /// Of another margin (percent) and age limit (days).
    pub(super) fn of_terms(
        before: Exchange,
        terms: &ExchangeTerms,
        margin: Decimal,
        max_age_days: i32,
    ) -> Self {
        let then = Exchange {
            terms: Some(ExchangeTerms { margin, max_age_days, ..terms.clone() }),
            ..before.clone()
        };
        Self { before, then, begin: Vec::new() }
    }

    /// The moment whose prices tell it: now, or else the first later one at which an entered rate makes other prices. Where
    /// none does, now.
    pub fn shown_at(&self, now: OffsetDateTime) -> OffsetDateTime {
        let differs = |at: &OffsetDateTime| sold_at(&self.before, *at) != sold_at(&self.then, *at);
        let later = self.begin.iter().copied().filter(|at| *at > now);
        std::iter::once(now).chain(later).find(differs).unwrap_or(now)
    }
}

/// What a unit of cost is worth in a price at a moment, and in the margin's reckoning; `None` where nothing is sold.
fn sold_at(exchange: &Exchange, at: OffsetDateTime) -> Option<(Decimal, Decimal)> {
    exchange.in_force(at).ok().map(|rate| (rate.sold_at.per_unit, rate.rate.per_unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;
    use time::Duration;
    use time::macros::{date, datetime};

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn terms() -> ExchangeTerms {
        ExchangeTerms {
            id: 1,
            from: Currency::USD,
            to: Currency::parse("EUR").unwrap(),
            margin: Decimal::TWO,
            max_age_days: 7,
            published_by: "first start".to_owned(),
            published_at: NOW,
        }
    }

    fn rate(day: u8, per_unit: &str) -> NewRate {
        let valid_on = date!(2026 - 11 - 01) + Duration::days(i64::from(day) - 1);
        NewRate { valid_on, per_unit: per_unit.parse().unwrap() }
    }

    /// 0.92 holds since the 21st.
    fn before() -> Exchange {
        let empty = Exchange { terms: Some(terms()), rates: Vec::new(), revision: 7 };
        let with = RateChange::of_rates(empty, &terms(), &[rate(21, "0.92")], NOW).then;
        let rates = with.rates.into_iter().map(|rate| DatedRate { id: 3, ..rate }).collect();
        Exchange { rates, ..with }
    }

    fn change(rates: &[NewRate]) -> RateChange {
        RateChange::of_rates(before(), &terms(), rates, NOW)
    }

    fn in_force(exchange: &Exchange, at: OffsetDateTime) -> Option<String> {
        exchange.in_force(at).ok().map(|rate| rate.rate.per_unit.to_string())
    }

    #[test]
    fn a_rate_of_today_and_a_correction_tell_at_once() {
        for new in [rate(22, "0.93"), rate(21, "0.93")] {
            let change = change(&[new]);
            assert_eq!(change.shown_at(NOW), NOW);
            assert_eq!(in_force(&change.before, NOW).unwrap(), "0.92");
            assert_eq!(in_force(&change.then, NOW).unwrap(), "0.93");
            assert_eq!(change.before.revision, 7);
        }
    }

    #[test]
    fn what_begins_later_tells_then_and_what_is_past_or_the_same_changes_nothing() {
        let coming = datetime!(2026-11-24 00:00 UTC);
        assert_eq!(change(&[rate(25, "0.95"), rate(24, "0.94"), rate(20, "0.5")]).shown_at(NOW), coming);
        assert_eq!(
            change(&[rate(24, "0.92"), rate(25, "0.95")]).shown_at(NOW),
            datetime!(2026-11-25 00:00 UTC)
        );
        for nothing in [vec![rate(20, "0.5")], vec![rate(24, "0.92")], vec![]] {
            let change = change(&nothing);
            assert_eq!(change.shown_at(NOW), NOW);
            assert_eq!(in_force(&change.then, NOW), in_force(&change.before, NOW));
        }
    }

    #[test]
    fn terms_tell_at_once() {
        let late = NOW + Duration::days(4);
        let dearer = RateChange::of_terms(before(), &terms(), Decimal::TEN, 7);
        assert_eq!(dearer.shown_at(late), late);
        assert_eq!(dearer.then.in_force(late).unwrap().margin, Decimal::TEN);
        let shorter = RateChange::of_terms(before(), &terms(), Decimal::TWO, 2);
        assert!(shorter.then.in_force(late).is_err() && shorter.before.in_force(late).is_ok());
    }
}
