//! The rule that turns cost into price. Pure.
//!
//! Price = cost × (1 + percent / 100) + fixed, rounded **up** to the minor unit, then up to the next amount with the
//! wanted ending. Every step rounds up, so a price is never under its cost.

use rust_decimal::Decimal;

use crate::ground::{Cost, Currency, Price};

/// The ending of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// As it comes, to the minor unit.
    None,
    /// Up to the next …,99.
    To99,
    /// Up to the next …,95.
    To95,
    /// Up to the next …,90.
    To90,
    /// Up to the next …,50.
    To50,
    /// Up to the next whole amount.
    Whole,
}

impl Rounding {
    /// Every style, in the order in which a form offers them.
    pub const ALL: [Self; 6] = [Self::None, Self::To99, Self::To95, Self::To90, Self::To50, Self::Whole];

    /// The contract's word: `none`, `99`, `95`, `90`, `50`, `whole`.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::To99 => "99",
            Self::To95 => "95",
            Self::To90 => "90",
            Self::To50 => "50",
            Self::Whole => "whole",
        }
    }

    /// Reads the contract's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rounding| rounding.word() == word)
    }

    /// The smallest amount with this ending that is not under `minor`. Currencies without decimals know only whole
    /// amounts, so every style leaves them as they are. `None` on overflow.
    fn up(self, minor: i64, currency: Currency) -> Option<i64> {
        let unit = currency.minor_per_unit();
        let hundredths = match self {
            Self::None => return Some(minor),
            Self::Whole => 0,
            Self::To99 => 99,
            Self::To95 => 95,
            Self::To90 => 90,
            Self::To50 => 50,
        };
        if unit == 1 {
            return Some(minor);
        }
        let ending = unit / 100 * hundredths;
        let short_of = (ending - minor.rem_euclid(unit)).rem_euclid(unit);
        minor.checked_add(short_of)
    }
}

/// A markup rule: percent plus a fixed amount, with a price ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Markup {
    /// 25 is a quarter on top; from 0 to 1000.
    pub percent: Decimal,
    /// Added after the percentage, in whole units of `currency`; not negative.
    pub fixed: Decimal,
    /// The currency of `fixed`, of the costs that this rule prices, and of the prices that it makes.
    pub currency: Currency,
    /// The ending.
    pub rounding: Rounding,
}

/// Why a cost has no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPrice {
    /// The cost is in another currency than the shop sells in.
    #[error("the cost is in another currency")]
    Currency,
    /// No rule is published yet.
    #[error("there is no rule for it")]
    NoRule,
    /// The cost would have to be exchanged, and there is no rate.
    #[error("there is no exchange rate for it")]
    NoRate,
    /// The cost would have to be exchanged, and the newest rate is older than the limit.
    #[error("the exchange rate is too old")]
    RateTooOld,
    /// The amount is too large to be a price.
    #[error("the amount is too large")]
    TooLarge,
}

impl Markup {
    /// Nothing on top and no ending: beside a fixed price, whose rule has no other formula.
    pub(super) fn of_nothing(self) -> Self {
        Self { percent: Decimal::ZERO, fixed: Decimal::ZERO, rounding: Rounding::None, ..self }
    }

    /// The price of a package that costs `cost`: never under the cost, and at least one minor unit.
    ///
    /// # Errors
    /// [`NoPrice`] where the currencies differ or the amount does not fit.
    pub fn price(&self, cost: Cost) -> Result<Price, NoPrice> {
        self.price_above(cost, cost.amount).map(|(price, _)| price)
    }

    /// The same, never under `floor` (exact, in whole units of the rule's currency), which is at least the cost; and
    /// whether percent and fixed amount alone lay under it.
    pub(super) fn price_above(&self, cost: Cost, floor: Decimal) -> Result<(Price, bool), NoPrice> {
        if cost.currency != self.currency {
            return Err(NoPrice::Currency);
        }
        let wanted = (Decimal::ONE_HUNDRED + self.percent)
            .checked_mul(cost.amount)
            .and_then(|amount| amount.checked_div(Decimal::ONE_HUNDRED))
            .and_then(|amount| amount.checked_add(self.fixed))
            .ok_or(NoPrice::TooLarge)?;
        // A division that does not come out even is cut at 28 digits; the floor mends what that lost.
        let rounded = Price::at_least(wanted.max(floor), self.currency).ok_or(NoPrice::TooLarge)?;
        let minor = self.rounding.up(rounded.minor.max(1), self.currency).ok_or(NoPrice::TooLarge)?;
        Ok((Price::new(minor, self.currency), wanted < floor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(cost: &str, percent: &str, fixed: &str, rounding: Rounding, code: &str) -> i64 {
        let currency = Currency::parse(code).unwrap();
        let rule =
            Markup { percent: percent.parse().unwrap(), fixed: fixed.parse().unwrap(), currency, rounding };
        rule.price(Cost { amount: cost.parse().unwrap(), currency }).unwrap().minor
    }

    #[test]
    fn prices_by_hand() {
        assert_eq!(price("4.2", "25", "0", Rounding::None, "USD"), 525);
        assert_eq!(price("4.2", "25", "0.65", Rounding::None, "USD"), 590);
        assert_eq!(price("4.21", "25", "0", Rounding::None, "USD"), 527); // 5.2625
        assert_eq!(price("4.2", "25", "0", Rounding::To99, "USD"), 599);
        assert_eq!(price("4.79", "25", "0", Rounding::To99, "USD"), 599); // 5.9875
        assert_eq!(price("4.80", "25", "0", Rounding::To99, "USD"), 699); // 6.00
        assert_eq!(price("4.2", "25", "0", Rounding::To50, "USD"), 550);
        assert_eq!(price("4.2", "25", "0", Rounding::To90, "USD"), 590);
        assert_eq!(price("4.2", "25", "0", Rounding::To95, "USD"), 595);
        assert_eq!(price("4.2", "25", "0", Rounding::Whole, "USD"), 600);
        assert_eq!(price("420.1", "25", "0", Rounding::To99, "JPY"), 526);
        assert_eq!(price("4.2", "25", "0", Rounding::To99, "KWD"), 5_990);
        assert_eq!(price("0.001", "0", "0", Rounding::None, "USD"), 1);
    }

    #[test]
    fn another_currency_has_no_price_and_neither_has_a_huge_amount() {
        let usd = Currency::parse("USD").unwrap();
        let rule =
            Markup { percent: Decimal::TEN, fixed: Decimal::ZERO, currency: usd, rounding: Rounding::To99 };
        let eur = Cost { amount: Decimal::ONE, currency: Currency::parse("EUR").unwrap() };
        assert_eq!(rule.price(eur), Err(NoPrice::Currency));
        assert_eq!(rule.price(Cost { amount: Decimal::MAX, currency: usd }), Err(NoPrice::TooLarge));
    }

    proptest! {
        #[test]
        fn a_price_is_never_under_cost_and_has_the_wanted_ending(
            units in 1_i64..1_000_000_000_000, scale in 0_u32..7,
            percent in 0_i64..100_000, fixed in 0_i64..100_000,
            style in 0_usize..6, code in prop::sample::select(vec!["USD", "JPY", "KWD"]),
        ) {
            let currency = Currency::parse(code).unwrap();
            let rounding = Rounding::ALL[style];
            let rule = Markup { percent: Decimal::new(percent, 2), fixed: Decimal::new(fixed, 2), currency, rounding };
            let cost = Cost { amount: Decimal::new(units, scale), currency };
            let price = rule.price(cost).unwrap();
            prop_assert!(price.amount() >= cost.amount);
            prop_assert!(price.minor >= 1);
            let ending = price.minor % currency.minor_per_unit();
            match rounding {
                Rounding::To99 if code == "USD" => prop_assert_eq!(ending, 99),
                Rounding::To50 if code == "KWD" => prop_assert_eq!(ending, 500),
                Rounding::Whole => prop_assert_eq!(ending, 0),
                _ => {}
            }
            // Raising the cost never lowers the price.
            let dearer = Cost { amount: cost.amount + Decimal::new(1, 2), currency };
            prop_assert!(rule.price(dearer).unwrap().minor >= price.minor);
        }
    }
}
