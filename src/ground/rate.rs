//! An exchange rate: what one unit of the currency of costs is worth in the currency of prices. Pure and exact.
//!
//! Each rounding goes up, at [`Rate::DECIMALS`], so that an exchanged cost is never taken for less than it is.

use rust_decimal::{Decimal, RoundingStrategy};

use super::money::{Cost, Currency};

/// One unit of `from` costs `per_unit` of `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The currency of costs.
    pub from: Currency,
    /// The currency of prices.
    pub to: Currency,
    /// More than nothing.
    pub per_unit: Decimal,
}

/// Up, at [`Rate::DECIMALS`].
fn up(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(Rate::DECIMALS, RoundingStrategy::ToPositiveInfinity).normalize()
}

impl Rate {
    /// How many decimals a rate, and an exchanged cost, has at most: of any two currencies enough for a price.
    pub const DECIMALS: u32 = 9;

    /// The rate with `percent` on top of it, rounded up; `None` where it does not fit.
    pub fn with_margin(self, percent: Decimal) -> Option<Self> {
        let factor = Decimal::ONE_HUNDRED.checked_add(percent)?;
        let exact = exactly(self.per_unit, factor)?.checked_div(Decimal::ONE_HUNDRED)?;
        Some(Self { per_unit: up(exact), ..self })
    }

    /// A cost in the currency of prices: the cost rounded up, times the rate, rounded up. `None` for a cost in another
    /// currency than the rate's, and where the product cannot be held exactly (some seventy billion).
    pub fn exchange(self, cost: Cost) -> Option<Cost> {
        let amount = (cost.currency == self.from).then_some(up(cost.amount))?;
        let amount = up(exactly(amount, self.per_unit.normalize())?);
        Some(Cost { amount, currency: self.to })
    }
}

/// The product with all its decimals; `None` where some would be lost.
fn exactly(a: Decimal, b: Decimal) -> Option<Decimal> {
    a.checked_mul(b).filter(|product| product.is_zero() || product.scale() == a.scale() + b.scale())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn rate(to: &str, per_unit: &str) -> Rate {
        Rate { from: Currency::USD, to: currency(to), per_unit: per_unit.parse().unwrap() }
    }

    fn exchanged(to: &str, per_unit: &str, cost: &str) -> Option<String> {
        let cost = Cost { amount: cost.parse().unwrap(), currency: Currency::USD };
        rate(to, per_unit).exchange(cost).map(|cost| format!("{} {}", cost.amount, cost.currency))
    }

    #[test]
    fn costs_are_exchanged_exactly_and_rounded_up_at_nine_decimals() {
        assert_eq!(exchanged("EUR", "0.92", "4.20").as_deref(), Some("3.864 EUR"));
        assert_eq!(exchanged("JPY", "150.25", "4.20").as_deref(), Some("631.05 JPY"));
        assert_eq!(exchanged("KWD", "0.30715", "4.2015").as_deref(), Some("1.290490725 KWD"));
        assert_eq!(exchanged("EUR", "0.000000001", "0.1").as_deref(), Some("0.000000001 EUR"));
        assert_eq!(exchanged("EUR", "1", "4.2000000000000002").as_deref(), Some("4.200000001 EUR"));
        assert_eq!(exchanged("VND", "25400.123456789", "300").as_deref(), Some("7620037.0370367 VND"));
        assert_eq!(exchanged("VND", "25400.123456789", "99999999999.123456789"), None, "it does not fit");
    }

    #[test]
    fn a_rate_is_for_its_own_currency_alone() {
        let euros = Cost { amount: Decimal::ONE, currency: currency("EUR") };
        assert_eq!(rate("EUR", "0.92").exchange(euros), None);
        assert_eq!(rate("JPY", "150").exchange(euros), None);
    }

    #[test]
    fn a_margin_goes_on_top_of_the_rate() {
        let with =
            |percent: &str| rate("EUR", "0.92").with_margin(percent.parse().unwrap()).unwrap().per_unit;
        assert_eq!(with("0").to_string(), "0.92");
        assert_eq!(with("2").to_string(), "0.9384");
        assert_eq!(with("0.0001").to_string(), "0.92000092");
        let small = rate("EUR", "0.000000001").with_margin(Decimal::ONE).unwrap().per_unit;
        assert_eq!(small.to_string(), "0.000000002", "up");
    }

    proptest! {
        /// Never less than the exact product, and less than one of the last decimal above it.
        #[test]
        fn an_exchanged_cost_is_the_least_that_covers_it(
            units in 1_i64..10_000_000_000, scale in 0_u32..9,
            per in 1_i64..1_000_000_000, rate_scale in 0_u32..9,
        ) {
            let (amount, per_unit) = (Decimal::new(units, scale), Decimal::new(per, rate_scale));
            let cost = Cost { amount, currency: Currency::USD };
            let rate = Rate { from: Currency::USD, to: currency("EUR"), per_unit };
            // In units of 10⁻¹⁶, by whole numbers.
            let exact = i128::from(units) * i128::from(per) * 10_i128.pow(16 - scale - rate_scale);
            let cost = rate.exchange(cost).unwrap();
            let got = cost.amount.mantissa() * 10_i128.pow(16 - cost.amount.scale());
            prop_assert!(got >= exact && got - exact < 10_i128.pow(7), "{got} for {exact}");
            prop_assert!(cost.currency == rate.to && cost.amount.scale() <= Rate::DECIMALS);
        }

        /// A margin never lowers a rate, and nothing on top leaves it as it is.
        #[test]
        fn a_margin_never_lowers_a_rate(per in 1_i64..1_000_000_000_000, scale in 0_u32..10, percent in 0_i64..5_000) {
            let rate = Rate { from: Currency::USD, to: currency("EUR"), per_unit: Decimal::new(per, scale) };
            let with = rate.with_margin(Decimal::new(percent, 2)).unwrap();
            let exact = rate.per_unit * (Decimal::ONE_HUNDRED + Decimal::new(percent, 2)) / Decimal::ONE_HUNDRED;
            prop_assert!(with.per_unit >= exact && with.per_unit - exact < Decimal::new(1, Rate::DECIMALS));
            prop_assert_eq!(rate.with_margin(Decimal::ZERO).unwrap().per_unit, rate.per_unit);
        }
    }
}
