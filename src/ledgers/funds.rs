//! What the wallet can still pay, and for how many days. Pure.

use std::time::Duration;

use rust_decimal::Decimal;
use time::OffsetDateTime;

use crate::ground::Cost;

/// Over so long the pace of spending is measured.
pub const WEEK: time::Duration = time::Duration::days(7);

/// The wallet as it was read, and what of it is spoken for. All amounts are exact, in whole units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funds {
    /// What eSIMDual said.
    pub balance: Decimal,
    /// In capitals.
    pub currency: String,
    /// When.
    pub read_at: OffsetDateTime,
    /// The listed cost of paid units that are bought nowhere yet: they will need the wallet. Orders that are not paid
    /// reserve nothing: whoever fills in forms without paying could close the shop for everybody, for free.
    pub reserved: Decimal,
    /// The cost of units that were bought after the balance was asked for. One that was bought in that very moment may
    /// be counted in both: rather a pause too many than money taken for what cannot be bought.
    pub unseen: Decimal,
}

impl Funds {
    /// What is left for new sales; negative where more is spoken for than there is.
    pub fn available(&self) -> Decimal {
        [self.reserved, self.unseen]
            .into_iter()
            .try_fold(self.balance, |left, amount| left.checked_sub(amount))
            .unwrap_or(Decimal::MIN)
    }

    /// Whether this is known to be too little for so many at this cost. What is not known (an old reading, another
    /// currency) is never too little.
    pub fn too_little_for(
        &self,
        cost: Cost,
        quantity: u32,
        now: OffsetDateTime,
        stale_after: Duration,
    ) -> bool {
        let known = self.currency == cost.currency.code() && now - self.read_at <= stale_after;
        let Some(needed) = cost.amount.checked_mul(quantity.into()) else { return known };
        known && self.available() < needed
    }
}

/// How fast the wallet is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// A day's purchases at what they really cost, exact.
    pub per_day: Decimal,
}

impl Pace {
    /// From what was spent in the last seven days. A shop that bought for the first time less than seven days ago is
    /// measured over its own days, at least one: else a good start would look like a slow week.
    pub fn new(spent: Decimal, first: Option<OffsetDateTime>, now: OffsetDateTime) -> Self {
        let days = first.map_or(WEEK, |first| (now - first).clamp(time::Duration::DAY, WEEK));
        let days = Decimal::from(days.whole_seconds()) / Decimal::from(time::Duration::DAY.whole_seconds());
        Self { per_day: spent.checked_div(days).unwrap_or_default() }
    }

    /// How many days of sales are left, to a tenth, rounded down; `None` where nothing is spent. Never negative.
    pub fn days_left(self, available: Decimal) -> Option<Decimal> {
        if self.per_day <= Decimal::ZERO {
            return None;
        }
        let days = available.max(Decimal::ZERO).checked_div(self.per_day)?;
        Some(days.round_dp_with_strategy(1, rust_decimal::RoundingStrategy::ToZero))
    }
}

/// How the wallet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is enough, or nothing is sold.
    Fine,
    /// It pays for less than the wanted number of days.
    Low,
    /// Nothing is left for new sales.
    Empty,
}

impl Standing {
    /// Judges by the days that should always be left. Without sales only an empty wallet is an alarm.
    pub fn of(available: Decimal, pace: Pace, low_days: u32) -> Self {
        if available <= Decimal::ZERO {
            return Self::Empty;
        }
        let wanted = pace.per_day.checked_mul(low_days.into());
        match pace.per_day > Decimal::ZERO && wanted.is_none_or(|wanted| available < wanted) {
            true => Self::Low,
            false => Self::Fine,
        }
    }
}

/// What staff are told of the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// What it can still pay, exact, in `currency`.
    pub available: Decimal,
    /// Its currency.
    pub currency: String,
    /// For how many days of sales that is; `None` where nothing is sold.
    pub days_left: Option<Decimal>,
    /// Whether that is enough.
    pub standing: Standing,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;
    use proptest::prelude::*;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
    const STALE: Duration = Duration::from_secs(600);

    fn funds(balance: i64, reserved: i64, unseen: i64) -> Funds {
        let cents = |amount| Decimal::new(amount, 2);
        Funds {
            balance: cents(balance),
            currency: "USD".into(),
            read_at: NOON,
            reserved: cents(reserved),
            unseen: cents(unseen),
        }
    }

    fn cost(code: &str) -> Cost {
        Cost { amount: Decimal::new(420, 2), currency: Currency::parse(code).unwrap() }
    }

    #[test]
    fn only_what_is_known_to_be_too_little_is() {
        let too_little = |funds: Funds, code, quantity, seconds| {
            funds.too_little_for(cost(code), quantity, NOON + time::Duration::seconds(seconds), STALE)
        };
        assert!(!too_little(funds(840, 0, 0), "USD", 2, 0), "to the cent");
        assert!(too_little(funds(839, 0, 0), "USD", 2, 0));
        assert!(too_little(funds(840, 1, 0), "USD", 2, 0), "reserved");
        assert!(too_little(funds(840, 0, 1), "USD", 2, 0), "bought since");
        assert!(too_little(funds(-1, 0, 0), "USD", 1, 600));
        assert!(!too_little(funds(0, 0, 0), "USD", 1, 601), "an old reading says nothing");
        assert!(!too_little(funds(0, 0, 0), "EUR", 1, 0), "nor one in another currency");
    }

    #[test]
    fn the_pace_is_measured_over_seven_days_or_the_shops_own() {
        let days = |days: i64| Some(NOON - time::Duration::days(days));
        let per_day = |spent: i64, first| Pace::new(spent.into(), first, NOON).per_day;
        assert_eq!(per_day(70, days(30)), Decimal::from(10));
        assert_eq!(per_day(70, None), Decimal::from(10));
        assert_eq!(per_day(70, days(2)), Decimal::from(35));
        assert_eq!(per_day(70, Some(NOON)), Decimal::from(70), "the first day counts whole");
    }

    #[test]
    fn an_alarm_comes_by_days_of_sales_and_without_sales_only_at_zero() {
        let pace = |per_day: i64| Pace { per_day: per_day.into() };
        let table = [
            (30, 10, Standing::Fine),
            (29, 10, Standing::Low),
            (1, 0, Standing::Fine),
            (0, 0, Standing::Empty),
            (0, 10, Standing::Empty),
            (-5, 10, Standing::Empty),
        ];
        for (available, per_day, standing) in table {
            assert_eq!(
                Standing::of(available.into(), pace(per_day), 3),
                standing,
                "{available} at {per_day}"
            );
        }
        assert_eq!(pace(10).days_left(29.into()), Some(Decimal::new(29, 1)));
        assert_eq!(pace(3).days_left(10.into()), Some(Decimal::new(33, 1)));
        assert_eq!(pace(10).days_left((-1).into()), Some(Decimal::ZERO));
        assert_eq!(pace(0).days_left(10.into()), None);
    }

    proptest! {
        #[test]
        fn more_money_or_fewer_sales_never_make_it_worse(
            available in -10_000_i64..1_000_000, more in 0_i64..1_000_000, per_day in 0_i64..100_000, less in 0_i64..100_000, days in 0_u32..30
        ) {
            let rank = |standing| match standing { Standing::Empty => 0, Standing::Low => 1, Standing::Fine => 2 };
            let of = |available: i64, per_day: i64| {
                rank(Standing::of(Decimal::new(available, 2), Pace { per_day: Decimal::new(per_day.max(0), 2) }, days))
            };
            prop_assert!(of(available + more, per_day) >= of(available, per_day));
            prop_assert!(of(available, per_day - less) >= of(available, per_day));
        }

        #[test]
        fn what_is_available_is_exact(balance in any::<i32>(), reserved in 0_i32..1_000_000, unseen in 0_i32..1_000_000) {
            let left = funds(balance.into(), reserved.into(), unseen.into()).available();
            prop_assert_eq!(left, Decimal::new(i64::from(balance) - i64::from(reserved) - i64::from(unseen), 2));
        }
    }
}
