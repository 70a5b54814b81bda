//! The rules of choice, by hand and over thousands of drawn sets.

use proptest::prelude::*;
use rust_decimal::Decimal;
use time::Duration;
use time::macros::datetime;

use super::*;
use crate::catalog::CountryCode;
use crate::ground::Cost;
use crate::pricing::{Markup, Rounding};

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn usd() -> Currency {
    Currency::parse("USD").unwrap()
}

fn cost(amount: &str) -> Cost {
    Cost { amount: amount.parse().unwrap(), currency: usd() }
}

/// Published a minute after each other, by id.
fn rule(id: i64, scope: Scope, percent: i64) -> Rule {
    let markup = Markup {
        percent: Decimal::from(percent),
        fixed: Decimal::ZERO,
        currency: usd(),
        rounding: Rounding::None,
    };
    let at = NOW - Duration::days(9) + Duration::minutes(id);
    Rule { id, scope, ..Rule::shop_wide(markup, "olga@example.com", at) }
}

fn country(code: &str) -> Scope {
    Scope::Country(code.to_owned())
}

/// A data package that is local to France, at 10.00.
fn france(local_to: &[CountryCode]) -> Subject<'_> {
    Subject { id: 7, package_type: "data", region: None, local_to, cost: cost("10") }
}

fn chosen(rules: &[Rule], subject: &Subject<'_>) -> i64 {
    PriceList::at(rules, NOW).rule(subject).unwrap().id
}

#[test]
fn the_most_specific_wins_whatever_its_priority() {
    let fr = [CountryCode::parse("fr").unwrap()];
    let mut rules = vec![rule(1, Scope::Shop, 25)];
    assert_eq!(chosen(&rules, &france(&fr)), 1);
    let narrower = [
        Scope::PackageType("data".to_owned()),
        Scope::Region("europe".to_owned()),
        country("fr"),
        Scope::Package(7),
    ];
    let subject = Subject { region: Some("europe"), ..france(&fr) };
    for (id, scope) in (2..).zip(narrower) {
        rules.first_mut().unwrap().priority = 1_000;
        rules.push(rule(id, scope, 30));
        assert_eq!(chosen(&rules, &subject), id);
    }
    let elsewhere = Subject { id: 8, package_type: "voice", region: Some("asia"), local_to: &[], ..subject };
    assert_eq!(chosen(&rules, &elsewhere), 1);
}

#[test]
fn then_the_higher_priority_and_then_the_newer() {
    let fr = [CountryCode::parse("fr").unwrap()];
    let high = Rule { priority: 5, ..rule(2, country("fr"), 30) };
    let rules = [rule(1, Scope::Shop, 25), high, rule(3, country("fr"), 40), rule(4, country("fr"), 50)];
    assert_eq!(chosen(&rules, &france(&fr)), 2);
    assert_eq!(chosen(&[rules[0].clone(), rules[3].clone(), rules[2].clone()], &france(&fr)), 4);
    let both = ["fr", "mc"].map(|code| CountryCode::parse(code).unwrap());
    let monaco = Rule { priority: 9, ..rule(5, country("mc"), 60) };
    let rules = [rules.as_slice(), &[monaco]].concat();
    assert_eq!(chosen(&rules, &france(&both)), 5, "of two countries the stronger rule");
}

#[test]
fn a_rule_holds_from_its_first_moment_and_before_its_last() {
    let fr = [CountryCode::parse("fr").unwrap()];
    let (from, until) = (NOW, NOW + Duration::hours(3));
    let week = Rule { starts_at: Some(from), ends_at: Some(until), ..rule(2, country("fr"), 10) };
    let rules = [rule(1, Scope::Shop, 25), week];
    let at = |now| PriceList::at(&rules, now).rule(&france(&fr)).unwrap().id;
    let moment = Duration::nanoseconds(1);
    assert_eq!([at(from - moment), at(from), at(until - moment), at(until)], [1, 2, 2, 1]);
    assert_eq!(PriceList::at(&rules, from - moment).next_change(), Some(from));
    assert_eq!(PriceList::at(&rules, from).next_change(), Some(until));
    assert_eq!(PriceList::at(&rules, until).next_change(), None);
}

#[test]
fn a_fixed_price_stands_and_no_price_is_under_the_floor() {
    let fixed = |minor| Rule {
        fixed_price: Some(Price::new(minor, usd())),
        min_margin: "0.5".parse().unwrap(),
        ..rule(1, Scope::Package(7), 0)
    };
    let made = |rule: &Rule| rule.price(cost("10")).map(|made| (made.price.minor, made.lifted)).unwrap();
    assert_eq!(made(&fixed(1_234)), (1_234, false));
    assert_eq!(made(&fixed(1_050)), (1_050, false));
    assert_eq!(made(&fixed(1_049)), (1_050, true));
    let thin = Rule { min_margin: "2".parse().unwrap(), ..rule(1, Scope::Shop, 10) };
    assert_eq!(made(&thin), (1_200, true));
    let ending = Markup { rounding: Rounding::To99, ..thin.markup };
    assert_eq!(made(&Rule { markup: ending, ..thin.clone() }), (1_299, true), "the ending comes last");
    let eur = Cost { currency: Currency::parse("EUR").unwrap(), ..cost("10") };
    assert_eq!(thin.price(eur), Err(NoPrice::Currency));
    let huge = Rule { min_margin: Decimal::MAX, ..thin };
    assert_eq!(huge.price(cost("10")), Err(NoPrice::TooLarge));
}

#[test]
fn without_a_rule_nothing_has_a_price() {
    let list = PriceList::at(&[], NOW);
    assert!(matches!(list.price(&france(&[])), Err(NoPrice::NoRule)));
    assert!(list.currency().is_none());
}

fn any_scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Shop),
        prop::sample::select(vec!["data", "voice"]).prop_map(|word| Scope::PackageType(word.to_owned())),
        prop::sample::select(vec!["europe", "global"]).prop_map(|slug| Scope::Region(slug.to_owned())),
        prop::sample::select(vec!["fr", "it"]).prop_map(country),
        (1_i64..4).prop_map(Scope::Package),
    ]
}

prop_compose! {
    fn any_rule()(
        scope in any_scope(), priority in -2_i32..3, percent in 0_i64..100_000, fixed in 0_i64..100_000,
        margin in 0_i64..10_000, style in 0_usize..6, starts in -3_i64..3, length in 1_i64..4, dated in 0..4,
        price in 1_i64..1_000_000, has_price in any::<bool>(), minute in 0_i64..3,
    ) -> Rule {
        let starts_at = NOW + Duration::hours(starts);
        Rule {
            id: 0,
            fixed_price: (has_price && matches!(scope, Scope::Package(_))).then(|| Price::new(price, usd())),
            scope,
            priority,
            markup: Markup {
                percent: Decimal::new(percent, 2),
                fixed: Decimal::new(fixed, 2),
                currency: usd(),
                rounding: Rounding::ALL[style],
            },
            min_margin: Decimal::new(margin, 2),
            starts_at: (dated & 1 == 1).then_some(starts_at),
            ends_at: (dated & 2 == 2).then(|| starts_at + Duration::hours(length)),
            published_by: "x".to_owned(),
            published_at: NOW - Duration::minutes(minute),
        }
    }
}

proptest! {
    /// Never under cost plus minimum margin, no overflow, the same whatever the order of the rules: and so on every node.
    #[test]
    fn a_price_is_above_the_floor_and_the_order_of_rules_is_no_matter(
        mut rules in prop::collection::vec(any_rule(), 1..12), turned in 0_usize..12,
        units in 1_i64..1_000_000_000_000, scale in 0_u32..7, id in 1_i64..5,
        kind in prop::sample::select(vec!["data", "voice", "sms"]),
        region in prop::sample::select(vec![None, Some("europe"), Some("global")]),
        local in prop::collection::vec(prop::sample::select(vec!["fr", "it", "de"]), 0..3),
    ) {
        for (id, rule) in (1..).zip(&mut rules) {
            rule.id = id;
        }
        let local: Vec<CountryCode> = local.into_iter().filter_map(CountryCode::parse).collect();
        let cost = Cost { amount: Decimal::new(units, scale), currency: usd() };
        let subject = Subject { id, package_type: kind, region, local_to: &local, cost };
        let list = PriceList::at(&rules, NOW);
        match list.price(&subject) {
            Ok(Priced { price, rule, .. }) => {
                prop_assert!(price.minor >= 1);
                prop_assert!(price.amount() >= cost.amount + rule.min_margin);
                prop_assert!(rule.holds_at(NOW));
            }
            Err(error) => prop_assert_eq!(error, NoPrice::NoRule),
        }
        let of = |rules: &[Rule]| {
            PriceList::at(rules, NOW).price(&subject).map(|priced| (priced.price, priced.rule.id))
        };
        let before = of(&rules);
        let by = turned % rules.len();
        rules.rotate_left(by);
        prop_assert_eq!(&of(&rules), &before);
        rules.reverse();
        prop_assert_eq!(&of(&rules), &before);
    }

    /// Nothing that a cost can hold makes it panic.
    #[test]
    fn any_cost_has_a_price_or_a_reason(
        low in any::<u32>(), mid in any::<u32>(), high in any::<u32>(), scale in 0_u32..29, rule in any_rule(),
    ) {
        let amount = Decimal::from_parts(low, mid, high, false, scale);
        if let Ok(made) = rule.price(Cost { amount, currency: usd() }) {
            prop_assert!(made.price.amount() >= amount + rule.min_margin);
        }
    }
}
