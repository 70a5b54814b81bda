//! The tax within an amount that includes it. Pure, in whole minor units, exact.

use rust_decimal::{Decimal, RoundingStrategy};

/// Decimals of a percentage; more are not asked for anywhere.
pub const DECIMALS: u32 = 3;
/// Nobody taxes more than the price again.
pub const MOST_PERCENT: u32 = 100;

/// The tax within `gross` minor units at so many percent of the net: gross - gross / (1 + rate), rounded half up to the
/// minor unit. Nothing for what is not positive; percents above [`MOST_PERCENT`] count as that.
pub fn within(gross: i64, percent: Decimal) -> i64 {
    let percent = percent.clamp(Decimal::ZERO, Decimal::from(MOST_PERCENT));
    let scaled = percent.round_dp_with_strategy(DECIMALS, RoundingStrategy::MidpointAwayFromZero);
    let whole = i128::from(10_i64.pow(DECIMALS));
    // An integer by now: at most 100,000.
    let rate = i128::try_from(scaled * Decimal::from(10_i64.pow(DECIMALS))).unwrap_or_default();
    let (gross, net) = (i128::from(gross.max(0)), 100 * whole + rate);
    // Half up: (2 * gross * rate + net) / (2 * net), rounded down; at most 2^65 * 10^5, far inside.
    i64::try_from((2 * gross * rate + net) / (2 * net)).unwrap_or_default()
}

/// The tax of each part of an amount, so that they add up to the tax of the whole, and each is its own within a minor unit:
/// what the parts up to this one have, less what those before it have.
pub fn split(parts: &[i64], percent: Decimal) -> Vec<i64> {
    let (mut gross, mut taken) = (0_i64, 0);
    let part = |part: &i64| {
        gross = gross.saturating_add((*part).max(0));
        let so_far = within(gross, percent);
        so_far - std::mem::replace(&mut taken, so_far)
    };
    parts.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn percent(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_tax_within_a_price_is_rounded_half_up() {
        for (gross, rate, tax) in [
            (1220, "22", 220),
            (525, "22", 95),
            (525, "0", 0),
            (0, "22", 0),
            (-5, "22", 0),
            (3, "100", 2),
            (1, "100", 1),
            (525, "25.5", 107),
            (525, "8.1", 39),
            (i64::MAX, "100", i64::MAX / 2 + 1),
        ] {
            assert_eq!(within(gross, percent(rate)), tax, "{gross} {rate}");
        }
        assert_eq!(split(&[525, 525, 525], percent("22")), [95, 94, 95]);
        assert_eq!(split(&[], percent("22")), [0; 0]);
    }

    proptest! {
        #[test]
        fn the_tax_is_exact_to_half_a_minor_unit(gross in 0_i64..1_000_000_000_000, thousandths in 0_i64..=100_000) {
            let tax = within(gross, Decimal::new(thousandths, 3));
            // tax * (100 + rate) is gross * rate, but for half a minor unit; halves go up.
            let net = i128::from(100_000 + thousandths);
            let off = 2 * (i128::from(tax) * net - i128::from(gross) * i128::from(thousandths));
            prop_assert!(off > -net && off <= net, "{off}");
            prop_assert!((0..=gross).contains(&tax));
        }

        #[test]
        fn the_taxes_of_lines_add_up_to_the_tax_of_the_total(
            lines in proptest::collection::vec(0_i64..10_000_000, 0..20), thousandths in 0_i64..=100_000,
        ) {
            let rate = Decimal::new(thousandths, 3);
            let taxes = split(&lines, rate);
            prop_assert_eq!(taxes.iter().sum::<i64>(), within(lines.iter().sum(), rate));
            for (line, tax) in lines.iter().zip(&taxes) {
                prop_assert!((tax - within(*line, rate)).abs() <= 1 && *tax >= 0 && tax <= line);
            }
        }
    }
}
