use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn at(seconds: i64) -> OffsetDateTime {
    NOON + Duration::seconds(seconds)
}

fn debit(key: i64, cents: i64, seconds: i64) -> Debit {
    Debit {
        key: format!("id:{key}"),
        amount: Decimal::new(cents, 2),
        currency: "USD".into(),
        at: Some(at(seconds)),
        seen: NOON,
    }
}

fn purchase(id: i64, cents: i64, seconds: i64) -> Purchase {
    Purchase {
        id,
        name: Some(format!("SF-22222222-1-{id}")),
        price: Some(Decimal::new(cents, 2)),
        currency: Some("USD".into()),
        failed: false,
        at: Some(at(seconds)),
        seen: NOON,
    }
}

fn scope() -> Scope {
    let (from, read_from) = (None, None);
    let known = Some(NOON);
    Scope { currency: "USD".into(), from, read_from, orders_known_for: known, debits_known_for: known }
}

/// Amount in cents, and how many.
fn told(surplus: &[Surplus<'_>]) -> Vec<(i64, usize)> {
    let cents = |amount: Decimal| (amount * Decimal::ONE_HUNDRED).try_into().unwrap();
    surplus.iter().map(|one| (cents(one.amount), one.debits.len())).collect()
}

fn ids(purchases: &[&Purchase]) -> Vec<i64> {
    purchases.iter().map(|purchase| purchase.id).collect()
}

#[test]
fn one_stray_debit_is_one_surplus_with_its_sum_and_the_orders_that_may_explain_it() {
    let debits = [debit(1, 420, 0), debit(2, 420, 60), debit(3, 135, 60)];
    let purchases = [purchase(10, 420, 1), purchase(11, 135, 61)];
    let found = surplus(&debits, &purchases, &scope());
    assert_eq!(told(&found), [(420, 1)]);
    assert_eq!(found[0].sum(), Some(Decimal::new(420, 2)));
    assert_eq!(ids(&found[0].candidates), [10]);
    assert!(unpaid(&debits, &purchases, &scope()).is_empty());
    let odd = [debit(1, 999, 30)];
    let found = surplus(&odd, &purchases, &scope());
    assert_eq!(ids(&found[0].candidates), [10, 11], "without an equal one, what was bought at that time");
    assert_eq!(ids(&unpaid(&odd, &purchases, &scope())), [10, 11]);
}

#[test]
fn amounts_are_equal_whatever_their_zeros_and_apart_by_the_smallest_part() {
    let spelt = Debit { amount: "4.2000".parse().unwrap(), ..debit(1, 0, 0) };
    assert!(surplus(&[spelt], &[purchase(10, 420, 0)], &scope()).is_empty());
    let off = Debit { amount: "4.2000000001".parse().unwrap(), ..debit(1, 0, 0) };
    assert_eq!(surplus(&[off], &[purchase(10, 420, 0)], &scope()).len(), 1);
}

#[test]
fn what_is_in_flight_or_beyond_what_both_lists_cover_is_not_judged() {
    let (debits, purchases) = ([debit(1, 420, 0)], [purchase(10, 135, 0)]);
    let none = |scope: &Scope| {
        surplus(&debits, &purchases, scope).is_empty() && unpaid(&debits, &purchases, scope).is_empty()
    };
    assert!(!none(&scope()));
    let early = at(-1);
    assert!(none(&Scope { orders_known_for: Some(early), debits_known_for: Some(early), ..scope() }));
    assert!(none(&Scope { orders_known_for: None, debits_known_for: None, ..scope() }));
    assert!(none(&Scope { from: Some(at(-60)), ..scope() }), "its partner may lie before");
    assert!(none(&Scope { read_from: Some(at(-60)), ..scope() }), "its partner may not have been read");
    assert!(!none(&Scope { from: Some(NOON - TOLERANCE), ..scope() }));
    // A partner that lies outside of what is judged still explains.
    let cut = Scope { from: Some(at(-800) - TOLERANCE), ..scope() };
    assert!(surplus(&[debit(1, 420, 0)], &[purchase(10, 420, -850)], &cut).is_empty());
}

#[test]
fn an_order_far_away_in_time_explains_nothing() {
    let far = TOLERANCE.whole_seconds() + 1;
    assert_eq!(surplus(&[debit(1, 420, 0)], &[purchase(10, 420, far)], &scope()).len(), 1);
    assert!(surplus(&[debit(1, 420, 0)], &[purchase(10, 420, far - 1)], &scope()).is_empty());
}

#[test]
fn a_failed_order_may_have_its_debit_or_not() {
    let failed = Purchase { failed: true, ..purchase(10, 420, 0) };
    for debits in [vec![debit(1, 420, 0)], vec![]] {
        assert!(surplus(&debits, std::slice::from_ref(&failed), &scope()).is_empty());
        assert!(unpaid(&debits, std::slice::from_ref(&failed), &scope()).is_empty());
    }
    // One debit is left to the order that must have one.
    let both = [failed, purchase(11, 420, 0)];
    assert!(unpaid(&[debit(1, 420, 0)], &both, &scope()).is_empty());
}

#[test]
fn an_order_in_another_currency_explains_one_debit_of_its_time() {
    let foreign = Purchase { currency: Some("EUR".into()), ..purchase(10, 420, 0) };
    let unpriced = Purchase { price: None, ..purchase(11, 0, 0) };
    for odd in [foreign, unpriced] {
        let purchases = [odd];
        assert!(surplus(&[debit(1, 455, 3)], &purchases, &scope()).is_empty());
        assert_eq!(told(&surplus(&[debit(1, 455, 3), debit(2, 455, 4)], &purchases, &scope())), [(455, 1)]);
        assert!(unpaid(&[], &purchases, &scope()).is_empty(), "nobody knows what it took");
    }
}

#[test]
fn what_has_no_time_is_paired_last_and_never_twice() {
    let timeless = |key| Debit { at: None, ..debit(key, 420, 0) };
    let undated = |id| Purchase { at: None, ..purchase(id, 420, 0) };
    assert!(surplus(&[timeless(1)], &[purchase(10, 420, 0)], &scope()).is_empty());
    assert!(surplus(&[debit(1, 420, 0)], &[undated(10)], &scope()).is_empty());
    assert!(surplus(&[timeless(1)], &[undated(10)], &scope()).is_empty());
    let found = surplus(
        &[timeless(1), timeless(2), debit(3, 420, 0)],
        &[undated(10), purchase(11, 420, 0)],
        &scope(),
    )
    .iter()
    .map(|one| one.debits.len())
    .sum::<usize>();
    assert_eq!(found, 1);
    let (debits, purchases) = ([timeless(1)], [undated(10), purchase(11, 420, 0), undated(12)]);
    let owed = unpaid(&debits, &purchases, &scope());
    assert_eq!(owed.len(), 2);
}

#[test]
fn a_debit_that_nothing_explains_yet_asks_for_the_list() {
    let late = [Debit { seen: at(100), ..debit(1, 420, 0) }];
    let scope = Scope { orders_known_for: Some(at(99)), ..scope() };
    assert_eq!(waits_for_orders(&late, &[], &scope), Some(at(100)));
    assert_eq!(waits_for_orders(&late, &[purchase(10, 420, 0)], &scope), None, "it is explained");
    let scope = Scope { orders_known_for: Some(at(100)), ..scope };
    assert_eq!(waits_for_orders(&late, &[], &scope), None, "it was read");
}

/// The most that can be paired, by trying everything: the judge of the quick way.
fn most_pairs(debits: &[i64], purchases: &[i64]) -> usize {
    fn augment(
        from: usize,
        reach: &[Vec<usize>],
        seen: &mut Vec<bool>,
        taken: &mut Vec<Option<usize>>,
    ) -> bool {
        for to in reach[from].clone() {
            if std::mem::replace(&mut seen[to], true) {
                continue;
            }
            let free = match taken[to] {
                None => true,
                Some(other) => augment(other, reach, seen, taken),
            };
            if free {
                taken[to] = Some(from);
                return true;
            }
        }
        false
    }
    let near = |debit: i64| {
        let near = |(place, made): (usize, &i64)| {
            ((debit - made).abs() <= TOLERANCE.whole_seconds()).then_some(place)
        };
        purchases.iter().enumerate().filter_map(near).collect::<Vec<_>>()
    };
    let reach: Vec<Vec<usize>> = debits.iter().map(|debit| near(*debit)).collect();
    let mut taken = vec![None; purchases.len()];
    (0..debits.len())
        .filter(|from| augment(*from, &reach, &mut vec![false; purchases.len()], &mut taken))
        .count()
}

proptest! {
    #[test]
    fn as_many_are_paired_as_can_be(
        paid in proptest::collection::vec(0_i64..6000, 0..12), made in proptest::collection::vec(0_i64..6000, 0..12)
    ) {
        let debits: Vec<_> = (0..).zip(&paid).map(|(key, seconds)| debit(key, 420, *seconds)).collect();
        let purchases: Vec<_> = (100..).zip(&made).map(|(id, seconds)| purchase(id, 420, *seconds)).collect();
        let alone: usize = surplus(&debits, &purchases, &scope()).iter().map(|one| one.debits.len()).sum();
        let pairs = most_pairs(&paid, &made);
        prop_assert_eq!(alone, paid.len() - pairs);
        prop_assert_eq!(unpaid(&debits, &purchases, &scope()).len(), made.len() - pairs);
    }

    #[test]
    fn planted_strays_are_found_exactly_and_an_honest_book_has_none(
        bought in proptest::collection::vec((0_i64..500_000, 1_i64..6, 0_i64..20, any::<bool>()), 0..60),
        strays in proptest::collection::vec((0_i64..500_000, 1_i64..9), 0..6),
        turn in any::<u64>(),
    ) {
        let mut debits = Vec::new();
        let mut purchases = Vec::new();
        for (id, (seconds, price, delay, failed)) in (0_i64..).zip(&bought) {
            purchases.push(Purchase { failed: *failed, ..purchase(id, price * 105, *seconds) });
            debits.push(debit(id, price * 105, seconds + delay));
        }
        let honest = surplus(&debits, &purchases, &scope());
        prop_assert!(honest.is_empty() && unpaid(&debits, &purchases, &scope()).is_empty());
        let mut planted: BTreeMap<i64, usize> = BTreeMap::new();
        for (key, (seconds, price)) in (1000_i64..).zip(&strays) {
            debits.push(debit(key, price * 105, *seconds));
            *planted.entry(price * 105).or_default() += 1;
        }
        let by = usize::try_from(turn % 7).unwrap().min(debits.len());
        debits.rotate_left(by);
        let found: BTreeMap<i64, usize> = told(&surplus(&debits, &purchases, &scope())).into_iter().collect();
        prop_assert_eq!(found, planted);
        prop_assert!(unpaid(&debits, &purchases, &scope()).is_empty());
    }
}
