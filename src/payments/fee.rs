//! What a way to pay costs the shop, as the reseller configured it.
//!
//! Rounded up to the minor unit, like a price: a fee that is taken for too small would let the shop sell under its cost.

use rust_decimal::{Decimal, RoundingStrategy};
use sqlx::PgConnection;

use super::{Method, store};
use crate::ground::Price;
use crate::shop::PaymentFee;

/// How a share of a fee is rounded: up, at [`SHARE_DECIMALS`].
const SHARE_ROUNDING: RoundingStrategy = RoundingStrategy::ToPositiveInfinity;
/// More than any currency has.
const SHARE_DECIMALS: u32 = 6;

/// What is taken of a payment by this method: its percents and its fixed amount, rounded up to the minor unit; never more
/// than fits. Pure.
pub fn fee(fees: &[PaymentFee], method: Method, amount: Price) -> Price {
    let found = fees.iter().find(|fee| fee.method == method.word());
    let exact = found.and_then(|fee| {
        let part = amount.amount().checked_mul(fee.percent)?.checked_div(Decimal::ONE_HUNDRED)?;
        Price::at_least(part.checked_add(fee.fixed)?, amount.currency)
    });
    exact.unwrap_or(Price::new(0, amount.currency))
}

/// What part of a fee falls on a part of what was paid, in whole units of the currency, rounded up at six decimals; all of
/// it where nothing is known of the whole.
pub fn share(fee: Price, part_minor: i64, whole_minor: i64) -> Decimal {
    let whole = Decimal::from(whole_minor.max(1));
    let part = Decimal::from(part_minor.clamp(0, whole_minor.max(1)));
    let exact = fee.amount().checked_mul(part).and_then(|sum| sum.checked_div(whole));
    exact.unwrap_or(fee.amount()).round_dp_with_strategy(SHARE_DECIMALS, SHARE_ROUNDING)
}

/// What part of the fee of an order's payment falls on a part of its total; nothing where no payment counts.
///
/// # Errors
/// The database's.
pub async fn fee_on(conn: &mut PgConnection, order_id: i64, part: Price) -> sqlx::Result<Decimal> {
    let counted = store::counted(conn, order_id).await?;
    Ok(counted.map_or(Decimal::ZERO, |payment| share(payment.fee, part.minor, payment.amount.minor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;
    use proptest::prelude::*;

    fn fees(percent: &str, fixed: &str) -> Vec<PaymentFee> {
        let number = |text: &str| text.parse().unwrap();
        vec![PaymentFee { method: "stripe", percent: number(percent), fixed: number(fixed) }]
    }

    fn of(percent: &str, fixed: &str, minor: i64, code: &str) -> i64 {
        let amount = Price::new(minor, Currency::parse(code).unwrap());
        fee(&fees(percent, fixed), Method::Stripe, amount).minor
    }

    #[test]
    fn a_fee_is_its_percents_and_its_fixed_amount_rounded_up_to_the_minor_unit() {
        assert_eq!(of("0", "0", 525, "USD"), 0);
        assert_eq!(of("1.5", "0.25", 1000, "EUR"), 40);
        assert_eq!(of("1.5", "0.25", 1001, "EUR"), 41, "40.015 cents more is a cent more");
        assert_eq!(of("2.9", "0.30", 525, "USD"), 46, "45.225");
        assert_eq!(of("3.6", "0", 590, "JPY"), 22, "no decimals");
        assert_eq!(of("1", "0.1", 1234, "KWD"), 113, "three decimals");
        let other = fee(&fees("9", "9"), Method::Test, Price::new(525, Currency::USD));
        assert_eq!(other.minor, 0, "of a method that is not configured");
    }

    proptest! {
        /// Never under the exact fee, and less than a minor unit above it.
        #[test]
        fn a_fee_is_the_least_that_covers_it(
            minor in 1_i64..10_000_000, percent in 0_i64..10_000, fixed in 0_i64..100_000,
            code in prop::sample::select(vec!["USD", "JPY", "KWD"]),
        ) {
            let currency = Currency::parse(code).unwrap();
            let (percent, fixed) = (Decimal::new(percent, 2), Decimal::new(fixed, 3));
            let fees = [PaymentFee { method: "stripe", percent, fixed }];
            let amount = Price::new(minor, currency);
            let exact = amount.amount() * percent / Decimal::ONE_HUNDRED + fixed;
            let taken = fee(&fees, Method::Stripe, amount);
            prop_assert!(taken.amount() >= exact);
            prop_assert!(taken.amount() - exact < Price::new(1, currency).amount());
        }

        /// Shares of all parts are at least the fee, and a millionth a part more at most.
        #[test]
        fn shares_add_up_to_no_less_than_the_fee(fee in 0_i64..100_000, parts in prop::collection::vec(1_i64..10_000, 1..20)) {
            let fee = Price::new(fee, Currency::USD);
            let whole: i64 = parts.iter().sum();
            let sum: Decimal = parts.iter().map(|part| share(fee, *part, whole)).sum();
            prop_assert!(sum >= fee.amount());
            prop_assert!(sum - fee.amount() <= Decimal::new(i64::try_from(parts.len()).unwrap(), SHARE_DECIMALS));
        }
    }
}
