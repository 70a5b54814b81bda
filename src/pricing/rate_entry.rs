//! What entering rates would change, and which of them somebody should look at twice. Pure.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use time::Date;

use super::rate_form::NewRate;

/// Percent by which a rate may differ from its neighbour without a question.
pub const LEAP_PERCENT: u32 = 10;

/// A rate that looks like a slip of the finger, an inverted one say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The rate.
    pub rate: NewRate,
    /// The nearest other: the one before it, else of its day, else after it. `None`: it is the first, and nothing tells
    /// whether it is the right way round.
    pub beside: Option<NewRate>,
}

/// What entering some rates comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What is to be written, by day.
    pub new: Vec<NewRate>,
    /// How many stand there already: the same form again changes nothing.
    pub same: usize,
    /// What asks to be confirmed.
    pub doubts: Vec<Doubt>,
}

/// Judges rates of different days against those that are `known`, by their day.
pub fn judge(rates: &[NewRate], known: &BTreeMap<Date, Decimal>) -> Judged {
    let mut rates = rates.to_vec();
    rates.sort_by_key(|rate| rate.valid_on);
    let mut known = known.clone();
    let mut judged = Judged::default();
    for rate in rates {
        if known.get(&rate.valid_on) == Some(&rate.per_unit) {
            judged.same += 1;
            continue;
        }
        let beside = beside(&known, rate.valid_on);
        if beside.is_none_or(|beside| leaps(beside.per_unit, rate.per_unit)) {
            judged.doubts.push(Doubt { rate, beside });
        }
        known.insert(rate.valid_on, rate.per_unit);
        judged.new.push(rate);
    }
    judged
}

fn beside(known: &BTreeMap<Date, Decimal>, day: Date) -> Option<NewRate> {
    let before = known.range(..day).next_back();
    let found = before.or_else(|| known.range(day..).next());
    found.map(|(valid_on, per_unit)| NewRate { valid_on: *valid_on, per_unit: *per_unit })
}

/// Whether the one is more than [`LEAP_PERCENT`] above the other; the same both ways.
fn leaps(a: Decimal, b: Decimal) -> bool {
    let (low, high) = (a.min(b), a.max(b));
    let most = low.checked_mul(Decimal::from(100 + LEAP_PERCENT));
    high.checked_mul(Decimal::ONE_HUNDRED).zip(most).is_none_or(|(high, most)| high > most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::date;

    fn day(number: u8) -> Date {
        date!(2026 - 11 - 01) + Duration::days(i64::from(number) - 1)
    }

    fn rate(number: u8, per_unit: &str) -> NewRate {
        NewRate { valid_on: day(number), per_unit: per_unit.parse().unwrap() }
    }

    fn known(rates: &[(u8, &str)]) -> BTreeMap<Date, Decimal> {
        rates.iter().map(|(number, per_unit)| (day(*number), per_unit.parse().unwrap())).collect()
    }

    #[test]
    fn a_step_is_taken_and_a_leap_is_asked_about() {
        let known = known(&[(1, "0.50"), (10, "1.00")]);
        let doubted = |per_unit| !judge(&[rate(12, per_unit)], &known).doubts.is_empty();
        assert!(!doubted("1.10") && !doubted("1.00") && !doubted("0.9091"));
        assert!(doubted("1.1001") && doubted("0.909") && doubted("0.5"));
        let asked = judge(&[rate(12, "2")], &known).doubts;
        assert_eq!(asked, [Doubt { rate: rate(12, "2"), beside: Some(rate(10, "1.00")) }]);
    }

    #[test]
    fn the_first_rate_is_asked_about_and_the_rest_of_its_list_is_not() {
        let judged = judge(&[rate(3, "0.93"), rate(1, "0.91"), rate(2, "0.92")], &BTreeMap::new());
        assert_eq!(judged.new, [rate(1, "0.91"), rate(2, "0.92"), rate(3, "0.93")]);
        assert_eq!(judged.doubts, [Doubt { rate: rate(1, "0.91"), beside: None }]);
    }

    #[test]
    fn what_stands_there_is_not_written_twice_and_a_correction_is() {
        let known = known(&[(5, "0.92")]);
        let judged = judge(&[rate(5, "0.920")], &known);
        assert_eq!((judged.new.len(), judged.same, judged.doubts.len()), (0, 1, 0));
        let judged = judge(&[rate(5, "0.93")], &known);
        assert_eq!((judged.new.len(), judged.same, judged.doubts.len()), (1, 0, 0));
        let turned = judge(&[rate(5, "1.087")], &known).doubts;
        assert_eq!(
            turned[0].beside,
            Some(rate(5, "0.92")),
            "a correction of the only one is compared with it"
        );
        assert_eq!(judge(&[rate(2, "0.5")], &known).doubts[0].beside, Some(rate(5, "0.92")));
    }

    proptest! {
        /// In whatever order they come: the same is written and asked about.
        #[test]
        fn the_order_of_a_list_is_no_matter(
            rates in prop::collection::btree_map(1_u8..28, 1_i64..40, 0..12),
            there in prop::collection::btree_map(1_u8..28, 1_i64..40, 0..6),
        ) {
            let one = |(number, tenths): (&u8, &i64)| NewRate { valid_on: day(*number), per_unit: Decimal::new(*tenths, 1) };
            let known: BTreeMap<Date, Decimal> = there.iter().map(one).map(|rate| (rate.valid_on, rate.per_unit)).collect();
            let mut rates: Vec<NewRate> = rates.iter().map(one).collect();
            let judged = judge(&rates, &known);
            prop_assert_eq!(judged.new.len() + judged.same, rates.len());
            rates.reverse();
            prop_assert_eq!(judge(&rates, &known), judged);
        }
    }
}
