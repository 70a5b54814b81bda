//! What a plan gives for its price: exact, in whole minor units, and rounded up where it must be rounded, so that no
//! figure promises more than is given.

use super::plan::Plan;
use crate::catalog::Data;
use crate::ground::Price;

/// 1 GB as the upstream counts it.
pub const GIGABYTE: u64 = 1 << 30;

/// Fewer plans than these cannot be called the best of anything.
const FEWEST: usize = 3;

/// What a gigabyte costs, rounded up to the minor unit, where there is at least one; `None` where data or price is not
/// stated, or without limit.
pub fn per_gigabyte(plan: &Plan) -> Option<Price> {
    let (Data::Bytes(bytes), Some(price)) = (plan.data, plan.price) else { return None };
    (bytes >= GIGABYTE).then(|| share(price, GIGABYTE, bytes)).flatten()
}

/// What a day costs, rounded up to the minor unit; `None` where days or price are not stated.
pub fn per_day(plan: &Plan) -> Option<Price> {
    let days = u64::from(plan.validity_days.filter(|days| *days > 0)?);
    plan.price.and_then(|price| share(price, 1, days))
}

/// `price × part / whole`, rounded up.
fn share(price: Price, part: u64, whole: u64) -> Option<Price> {
    let minor = u128::try_from(price.minor).ok()? * u128::from(part);
    i64::try_from(minor.div_ceil(u128::from(whole))).ok().map(|minor| Price::new(minor, price.currency))
}

/// The plan with the least price per gigabyte, compared before any rounding; of equals the one that costs less. `None`
/// where fewer than three plans can be compared: those with a price and at least a stated gigabyte.
pub fn best<'a>(plans: impl Iterator<Item = &'a Plan>) -> Option<i64> {
    let comparable = plans.filter_map(|plan| match (plan.data, plan.price) {
        (Data::Bytes(bytes), Some(price)) if bytes >= GIGABYTE => {
            u128::try_from(price.minor).ok().map(|minor| (minor, bytes, plan.id))
        }
        _ => None,
    });
    let comparable: Vec<(u128, u64, i64)> = comparable.collect();
    let least = comparable.iter().min_by(|one, other| {
        let per_byte = (one.0 * u128::from(other.1)).cmp(&(other.0 * u128::from(one.1)));
        per_byte.then(one.0.cmp(&other.0)).then(one.2.cmp(&other.2))
    });
    least.filter(|_| comparable.len() >= FEWEST).map(|(.., id)| *id)
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::package;
    use super::*;
    use crate::catalog::Coverage;
    use crate::ground::Currency;
    use proptest::prelude::*;

    fn plan(id: i64, minor: i64, bytes: u64, days: u32) -> Plan {
        let mut package = package(id, "x", "1", Coverage::Local, &["fr"]);
        package.data = Data::Bytes(bytes);
        package.validity_days = Some(days);
        Plan::new(package, vec![0], false, Some(Price::new(minor, Currency::USD)))
    }

    #[test]
    fn figures_are_exact_and_rounded_up() {
        let three = plan(1, 1000, 3 * GIGABYTE, 7);
        assert_eq!((per_gigabyte(&three).unwrap().minor, per_day(&three).unwrap().minor), (334, 143));
        assert_eq!(per_gigabyte(&plan(1, 750, 5 * GIGABYTE, 30)).unwrap().minor, 150);
        assert_eq!(per_gigabyte(&plan(1, 750, 5 * GIGABYTE / 2, 30)).unwrap().minor, 300);
        assert!(
            per_gigabyte(&plan(1, 100, GIGABYTE / 2, 1)).is_none(),
            "half a gigabyte says nothing of one"
        );
        assert!(per_day(&plan(1, 100, GIGABYTE, 0)).is_none());
        assert!(per_gigabyte(&Plan { price: None, ..three.clone() }).is_none());
        assert!(per_gigabyte(&Plan { data: Data::Unlimited, ..three }).is_none());
    }

    #[test]
    fn the_best_has_the_least_price_per_gigabyte_and_needs_company() {
        let plans = [plan(1, 300, GIGABYTE, 7), plan(2, 500, 5 * GIGABYTE, 30), plan(3, 100, 0, 30)];
        assert_eq!(best(plans.iter()), None, "two can be compared");
        let mut plans = plans.to_vec();
        plans.push(plan(4, 250, GIGABYTE, 30));
        assert_eq!(best(plans.iter()), Some(2));
        // 100 a gigabyte too, and cheaper as a whole.
        plans.push(plan(5, 200, 2 * GIGABYTE, 3));
        assert_eq!(best(plans.iter()), Some(5));
        assert_eq!(best(plans.iter().rev()), Some(5));
        assert_eq!(best([].iter()), None);
    }

    proptest! {
        #[test]
        fn a_share_is_never_under_and_never_a_whole_unit_over(minor in 1_i64..10_i64.pow(15), gigabytes in 1_u64..5_000, days in 1_u32..1_000) {
            let plan = plan(1, minor, gigabytes * GIGABYTE, days);
            for (each, number) in [(per_gigabyte(&plan), gigabytes), (per_day(&plan), u64::from(days))] {
                let all = u128::try_from(each.unwrap().minor).unwrap() * u128::from(number);
                let paid = u128::try_from(minor).unwrap();
                prop_assert!(all >= paid && all < paid + u128::from(number));
            }
        }
    }
}
