//! Sums as Stripe writes them: whole numbers of its own smallest unit, which is not always the currency's. Checked
//! arithmetic; a sum that does not fit exactly is none.
//!
//! Sources: docs.stripe.com/currencies (zero-decimal, special and three-decimal currencies, minimum and maximum charges).

use crate::ground::{Currency, Price};

/// Charged in whole units.
const ZERO_DECIMAL: [&str; 14] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF"];
/// Written with two decimals that are always 00, though the currency has none (or has, and Stripe takes none).
const TWO_OF_NOTHING: [&str; 2] = ["ISK", "UGX"];
/// Three decimals, of which the last is always 0.
const THREE_DECIMAL: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// The least that is charged, in the currency's own minor unit. Where nothing is known of a currency, nothing is demanded
/// here: Stripe refuses what is too little by its own rate, and the customer chooses another way.
const LEAST: [(&str, i64); 24] = [
    ("AED", 200),
    ("AUD", 50),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("CZK", 1500),
    ("DKK", 250),
    ("EUR", 50),
    ("GBP", 30),
    ("HKD", 400),
    ("HUF", 17_500),
    ("INR", 50),
    ("JPY", 50),
    ("MXN", 1000),
    ("MYR", 200),
    ("NOK", 300),
    ("NZD", 50),
    ("PLN", 200),
    ("RON", 200),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1000),
    ("USD", 50),
    ("BGN", 100),
];

/// Eight digits of Stripe's smallest unit.
const MOST: i64 = 99_999_999;

/// How many of its decimals Stripe counts in a currency.
fn decimals(currency: Currency) -> u32 {
    let code = currency.code();
    if ZERO_DECIMAL.contains(&code) || code == "XPF" {
        0
    } else if THREE_DECIMAL.contains(&code) {
        3
    } else {
        2
    }
}

/// What a sum must be a whole multiple of, in Stripe's smallest unit.
fn step(currency: Currency) -> i64 {
    let code = currency.code();
    if TWO_OF_NOTHING.contains(&code) {
        100
    } else if THREE_DECIMAL.contains(&code) {
        10
    } else {
        1
    }
}

/// A price as Stripe writes it; `None` where that would not be the same sum.
pub fn to_stripe(price: Price) -> Option<i64> {
    let (ours, theirs) = (price.currency.exponent(), decimals(price.currency));
    let amount = match theirs.checked_sub(ours) {
        Some(more) => price.minor.checked_mul(10_i64.checked_pow(more)?)?,
        None => {
            let factor = 10_i64.checked_pow(ours - theirs)?;
            (price.minor % factor == 0).then(|| price.minor / factor)?
        }
    };
    (amount > 0 && amount <= MOST && amount % step(price.currency) == 0).then_some(amount)
}

/// A sum of Stripe's in a currency that is written in either case; `None` where the currency is not known or the sum is
/// not one of ours.
pub fn from_stripe(amount: i64, currency: &str) -> Option<Price> {
    let currency = Currency::parse(currency)?;
    let (ours, theirs) = (currency.exponent(), decimals(currency));
    let minor = match ours.checked_sub(theirs) {
        Some(more) => amount.checked_mul(10_i64.checked_pow(more)?)?,
        None => {
            let factor = 10_i64.checked_pow(theirs - ours)?;
            (amount % factor == 0).then(|| amount / factor)?
        }
    };
    Some(Price::new(minor, currency))
}

/// Whether Stripe can charge a price: it fits, and it is not too little.
pub fn is_chargeable(price: Price) -> bool {
    let least = LEAST.iter().find(|(code, _)| *code == price.currency.code());
    to_stripe(price).is_some() && least.is_none_or(|(_, least)| price.minor >= *least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price(minor: i64, code: &str) -> Price {
        Price::new(minor, Currency::parse(code).unwrap())
    }

    #[test]
    fn sums_are_written_in_stripes_smallest_unit() {
        let table = [
            (590, "EUR", Some(590)),
            (590, "JPY", Some(590)),
            (590, "KRW", Some(590)),
            (590, "ISK", Some(59_000)),
            (590, "UGX", Some(59_000)),
            (5_900, "KWD", Some(5_900)),
            (5_901, "KWD", None),
            (500, "MGA", Some(5)),
            (590, "MGA", None),
            (0, "EUR", None),
            (-1, "EUR", None),
            (99_999_999, "USD", Some(99_999_999)),
            (100_000_000, "USD", None),
            (i64::MAX, "ISK", None),
        ];
        for (minor, code, wanted) in table {
            assert_eq!(to_stripe(price(minor, code)), wanted, "{minor} {code}");
        }
        assert_eq!(from_stripe(59_050, "isk"), None);
        assert_eq!(from_stripe(590, "zzz"), None);
        assert_eq!(from_stripe(i64::MAX, "mga"), None);
    }

    #[test]
    fn what_is_too_little_is_not_charged() {
        for (minor, code, fine) in [
            (49, "USD", false),
            (50, "USD", true),
            (30, "GBP", true),
            (29, "GBP", false),
            (49, "JPY", false),
            (17_499, "HUF", false),
            (17_500, "HUF", true),
            (1, "XPF", true),
        ] {
            assert_eq!(is_chargeable(price(minor, code)), fine, "{minor} {code}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_charged_reads_back_as_the_same_sum(minor in 1_i64..200_000_000, code in prop::sample::select(vec!["EUR", "JPY", "ISK", "UGX", "KWD", "TND", "MGA", "HUF", "XPF", "USD"])) {
            let price = price(minor, code);
            if let Some(amount) = to_stripe(price) {
                prop_assert_eq!(from_stripe(amount, &code.to_lowercase()), Some(price));
                prop_assert!(amount <= MOST);
            }
        }
    }
}
