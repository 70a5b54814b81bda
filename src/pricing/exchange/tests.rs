//! Which rate holds, until when, and what it makes of costs; by hand and over thousands of drawn sets.

use proptest::prelude::*;
use time::macros::{date, datetime};

use super::*;
use crate::ground::Price;
use crate::pricing::{Markup, PriceList, Rounding, Rule, Subject};

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn terms(to: &str, margin: &str, max_age_days: i32) -> ExchangeTerms {
    ExchangeTerms {
        id: 1,
        from: Currency::USD,
        to: currency(to),
        margin: margin.parse().unwrap(),
        max_age_days,
        published_by: "olga@example.com".to_owned(),
        published_at: NOW,
    }
}

fn dated(id: i64, valid_on: Date, to: &str, per_unit: &str) -> DatedRate {
    DatedRate {
        id,
        rate: Rate { from: Currency::USD, to: currency(to), per_unit: per_unit.parse().unwrap() },
        valid_on,
        imported: false,
        entered_by: "olga@example.com".to_owned(),
        entered_at: NOW,
    }
}

/// Euros with two percent on the rate, sold for three days after its own.
fn euros(rates: Vec<DatedRate>) -> Exchange {
    Exchange { terms: Some(terms("EUR", "2", 3)), rates, revision: 9 }
}

fn rule(to: &str, percent: i64, fixed: &str, min_margin: &str) -> Rule {
    let (percent, fixed) = (Decimal::from(percent), fixed.parse().unwrap());
    let markup = Markup { percent, fixed, currency: currency(to), rounding: Rounding::None };
    Rule { min_margin: min_margin.parse().unwrap(), ..Rule::shop_wide(markup, "x", NOW) }
}

fn dollars(amount: &str) -> Cost {
    Cost { amount: amount.parse().unwrap(), currency: Currency::USD }
}

fn subject(cost: Cost) -> Subject<'static> {
    Subject { id: 7, package_type: "data", region: None, local_to: &[], cost }
}

fn price(exchange: &Exchange, rule: Rule, cost: Cost) -> Result<String, NoPrice> {
    let list = PriceList::at(&[rule], NOW).exchanged(exchange, NOW);
    list.price(&subject(cost)).map(|priced| format!("{} {}", priced.price, priced.price.currency))
}

#[test]
fn the_newest_day_that_has_begun_holds_and_of_one_day_the_rate_entered_last() {
    let rates = vec![
        dated(4, date!(2026 - 11 - 21), "EUR", "0.90"),
        dated(2, date!(2026 - 11 - 22), "EUR", "0.91"),
        dated(3, date!(2026 - 11 - 22), "EUR", "0.92"),
        dated(1, date!(2026 - 11 - 23), "EUR", "0.93"),
        dated(9, date!(2026 - 11 - 22), "GBP", "0.79"),
    ];
    let exchange = euros(rates);
    let id = |at| exchange.in_force(at).unwrap().id;
    assert_eq!(id(NOW), 3);
    assert_eq!(id(datetime!(2026-11-21 23:59:59.999 UTC)), 4);
    assert_eq!(id(datetime!(2026-11-22 00:00 UTC)), 3);
    assert_eq!(id(datetime!(2026-11-23 00:00 UTC)), 1);
    assert_eq!(id(datetime!(2026-11-23 00:00 +1)), 3, "a day begins in UTC");
    assert_eq!(exchange.in_force(datetime!(2026-11-20 23:00 UTC)), Err(NoPrice::NoRate));
}

#[test]
fn a_rate_makes_prices_on_its_day_and_so_many_after_it() {
    let exchange = euros(vec![dated(1, date!(2026 - 11 - 20), "EUR", "0.92")]);
    assert!(exchange.in_force(datetime!(2026-11-23 23:59:59.999 UTC)).is_ok());
    let after = datetime!(2026-11-24 00:00 UTC);
    assert_eq!(exchange.in_force(after), Err(NoPrice::RateTooOld));
    assert_eq!(exchange.newest(after).unwrap().id, 1, "what it is worth is still known best by it");
    assert_eq!(exchange.next_change(NOW), Some(after));
    assert_eq!(exchange.next_change(after), None);
    let changes = |from, to| exchange.changes_between(from, to);
    assert!(changes(NOW, after) && !changes(after, after + Duration::DAY));
    assert!(!changes(NOW, after - Duration::SECOND));
    assert_eq!(exchange.next_change(datetime!(2026-11-19 12:00 UTC)), Some(datetime!(2026-11-20 00:00 UTC)));
}

#[test]
fn staff_are_told_before_prices_end_and_why_nothing_sells() {
    let told = |rates: Vec<DatedRate>| {
        let standing = euros(rates).standing(NOW);
        (standing.sells(), standing.is_alarm(), standing.to_string())
    };
    let on = |id, day| dated(id, day, "EUR", "0.92");
    let (sells, alarm, text) = told(vec![]);
    assert_eq!((sells, alarm), (false, true));
    assert_eq!(text, "Nothing is sold: there is no exchange rate from USD to EUR.");
    let (sells, alarm, text) = told(vec![on(1, date!(2026 - 11 - 18))]);
    assert_eq!((sells, alarm), (false, true));
    assert!(text.contains("of 2026-11-18 is too old since 2026-11-22"), "{text}");
    // It ends with the 23rd: the warning begins a day and a half before, half of the limit.
    let (sells, alarm, text) = told(vec![on(1, date!(2026 - 11 - 20))]);
    assert_eq!((sells, alarm), (true, true), "{text}");
    assert!(text.contains("after 2026-11-23"), "{text}");
    assert!(!told(vec![on(1, date!(2026 - 11 - 21))]).1);
    // Whoever entered the next one already is not warned; with a gap between the two they are.
    assert!(!told(vec![on(1, date!(2026 - 11 - 20)), on(2, date!(2026 - 11 - 24))]).1);
    assert!(told(vec![on(1, date!(2026 - 11 - 20)), on(2, date!(2026 - 11 - 25))]).1);
    let same = Exchange::default().standing(NOW);
    assert_eq!((same.sells(), same.is_alarm()), (true, false));
}

#[test]
fn prices_by_hand_in_currencies_of_two_none_and_three_decimals() {
    let at = |to: &str, rate: &str| Exchange {
        terms: Some(terms(to, "2", 3)),
        rates: vec![dated(1, date!(2026 - 11 - 22), to, rate)],
        revision: 2,
    };
    let of = |to: &str, rate: &str, percent, fixed: &str, min: &str| {
        price(&at(to, rate), rule(to, percent, fixed, min), dollars("4.20")).unwrap()
    };
    // 4.20 × 0.9384 = 3.94128; and a quarter 4.9266.
    assert_eq!(of("EUR", "0.92", 25, "0", "0"), "4.93 EUR");
    assert_eq!(of("EUR", "0.92", 25, "0.50", "0"), "5.43 EUR");
    assert_eq!(
        of("EUR", "0.92", 0, "0", "0"),
        "3.95 EUR",
        "never under the cost with the margin on the rate"
    );
    assert_eq!(of("EUR", "0.92", 0, "0", "1.06"), "5.01 EUR", "5.00128: the minimum margin is in euros");
    // 4.20 × 153.255 = 643.671; and a quarter 804.58875.
    assert_eq!(of("JPY", "150.25", 25, "0", "0"), "805 JPY");
    // 4.20 × 0.313293 = 1.3158306; and a quarter 1.64478825.
    assert_eq!(of("KWD", "0.30715", 25, "0", "0"), "1.645 KWD");
    let whole = Rule {
        markup: Markup { rounding: Rounding::To99, ..rule("EUR", 25, "0", "0").markup },
        ..rule("EUR", 25, "0", "0")
    };
    assert_eq!(price(&at("EUR", "0.92"), whole, dollars("4.20")).unwrap(), "4.99 EUR");
    let fixed = Rule {
        fixed_price: Some(Price::new(300, currency("EUR"))),
        scope: crate::pricing::Scope::Package(7),
        ..rule("EUR", 0, "0", "0")
    };
    let list = PriceList::at(&[rule("EUR", 25, "0", "0"), fixed], NOW).exchanged(&at("EUR", "0.92"), NOW);
    let priced = list.price(&subject(dollars("4.20"))).unwrap();
    assert_eq!(
        (priced.price.minor, priced.lifted),
        (395, true),
        "a fixed price in euros is lifted to the cost"
    );
}

#[test]
fn a_price_tells_its_cost_at_the_plain_rate_and_names_the_rate() {
    let exchange = euros(vec![dated(5, date!(2026 - 11 - 22), "EUR", "0.92")]);
    let list = PriceList::at(&[rule("EUR", 25, "0", "1")], NOW).exchanged(&exchange, NOW);
    let of = subject(dollars("4.20"));
    let priced = list.price(&of).unwrap();
    assert_eq!((priced.cost.amount.to_string(), priced.cost.currency), ("3.864".to_owned(), currency("EUR")));
    let rate = priced.rate.unwrap();
    assert_eq!(
        (rate.id, rate.margin, rate.sold_at.per_unit.to_string()),
        (5, Decimal::TWO, "0.9384".to_owned())
    );
    assert_eq!(list.floor(&of), Ok(("4.94128".parse().unwrap(), currency("EUR"))));
    assert_eq!(list.revision().rates, 9);
    assert_eq!(list.next_change(), Some(datetime!(2026-11-26 00:00 UTC)));
}

#[test]
fn nothing_is_priced_without_a_rate_and_no_other_currency_is_taken_for_the_one() {
    let priced = |exchange: &Exchange, cost| price(exchange, rule("EUR", 25, "0", "0"), cost);
    let good = euros(vec![dated(1, date!(2026 - 11 - 22), "EUR", "0.92")]);
    let cents = |code: &str| Cost { currency: currency(code), ..dollars("4.20") };
    assert_eq!(priced(&good, cents("GBP")), Err(NoPrice::Currency));
    assert_eq!(priced(&good, cents("EUR")), Err(NoPrice::Currency), "the wallet is in dollars");
    assert_eq!(priced(&euros(vec![]), dollars("4.20")), Err(NoPrice::NoRate));
    assert_eq!(priced(&euros(vec![]), cents("EUR")), Err(NoPrice::Currency));
    let old = euros(vec![dated(1, date!(2026 - 11 - 18), "EUR", "0.92")]);
    assert_eq!(priced(&old, dollars("4.20")), Err(NoPrice::RateTooOld));
    let pounds = euros(vec![dated(1, date!(2026 - 11 - 22), "GBP", "0.79")]);
    assert_eq!(priced(&pounds, dollars("4.20")), Err(NoPrice::NoRate));
    let none = Exchange::default();
    assert_eq!(priced(&none, dollars("4.20")), Err(NoPrice::Currency));
    assert_eq!(priced(&none, cents("EUR")), Ok("5.25 EUR".to_owned()), "an account in euros needs no rate");
    assert_eq!(priced(&good, Cost { amount: Decimal::MAX, ..dollars("1") }), Err(NoPrice::TooLarge));
}

prop_compose! {
    fn any_rates()(
        drawn in prop::collection::vec((1_u8..29, 1_i64..3_000_000), 1..8),
    ) -> Vec<DatedRate> {
        (1..).zip(drawn).map(|(id, (day, micros))| {
            let valid_on = date!(2026 - 11 - 01).replace_day(day).unwrap();
            dated(id, valid_on, "EUR", &Decimal::new(micros, 6).to_string())
        }).collect()
    }
}

proptest! {
    /// A price is never under cost times rate times margin plus the minimum margin, computed otherwise here; it is the same
    /// whatever order the rates come in; and there is one exactly while a rate is young enough.
    #[test]
    fn a_price_covers_the_exchanged_cost_and_the_order_of_rates_is_no_matter(
        mut rates in any_rates(), to in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        cents in 1_i64..10_000_000, margin in 0_i64..5_000, percent in 0_i64..500, least in 0_i64..5_000,
        age in 1_i32..20, hour in 0_i64..900,
    ) {
        for rate in &mut rates {
            rate.rate.to = currency(to);
        }
        let least = Decimal::new(least, currency(to).exponent());
        let margin = Decimal::new(margin, 2);
        let at = datetime!(2026-10-30 00:00 UTC) + Duration::hours(hour);
        let cost = Cost { amount: Decimal::new(cents, 4), currency: Currency::USD };
        let rule = rule(to, percent, "0", &least.to_string());
        let exchange = |rates: &[DatedRate]| {
            let terms = ExchangeTerms { margin, max_age_days: age, ..terms(to, "0", 1) };
            Exchange { terms: Some(terms), rates: rates.to_vec(), revision: 1 }
        };
        let priced = |rates: &[DatedRate]| {
            let list = PriceList::at(std::slice::from_ref(&rule), at).exchanged(&exchange(rates), at);
            list.price(&subject(cost)).map(|priced| (priced.price, priced.rate.unwrap().id, priced.cost))
        };
        let told = priced(&rates);
        rates.reverse();
        prop_assert_eq!(&priced(&rates), &told);
        let begun: Vec<_> = rates.iter().filter(|rate| rate.valid_on <= at.date()).collect();
        let newest = begun.iter().map(|rate| rate.valid_on).max();
        match told {
            Ok((price, id, worth)) => {
                let rate = rates.iter().find(|rate| rate.id == id).unwrap();
                prop_assert_eq!(Some(rate.valid_on), newest);
                prop_assert!(begun.iter().all(|other| other.valid_on < rate.valid_on || other.id <= id));
                prop_assert!((at.date() - rate.valid_on).whole_days() <= i64::from(age));
                let plain = cost.amount * rate.rate.per_unit;
                let with = plain * (Decimal::ONE_HUNDRED + margin) / Decimal::ONE_HUNDRED;
                prop_assert!(price.amount() >= with + least);
                prop_assert!(price.amount() >= with * Decimal::from(100 + percent) / Decimal::ONE_HUNDRED);
                prop_assert!(worth.amount >= plain && worth.amount - plain < Decimal::new(1, 8));
                // And no more than a minor unit, and what nine decimals of the rate make of the cost, above both.
                let most = (with + least).max(with * Decimal::from(100 + percent) / Decimal::ONE_HUNDRED);
                let slack = Price::new(1, price.currency).amount() + (cost.amount + Decimal::TWO) * Decimal::new(6, 9);
                prop_assert!(price.amount() <= most + slack, "{} over {most}", price.amount());
            }
            Err(NoPrice::NoRate) => prop_assert!(newest.is_none()),
            Err(why) => {
                prop_assert_eq!(why, NoPrice::RateTooOld);
                prop_assert!((at.date() - newest.unwrap()).whole_days() > i64::from(age));
            }
        }
    }

    /// Nothing changes between two moments of which no rate tells.
    #[test]
    fn the_next_change_is_told_and_none_comes_before_it(rates in any_rates(), hour in 0_i64..900, later in 0_i64..900) {
        let exchange = euros(rates);
        let at = datetime!(2026-10-30 00:00 UTC) + Duration::hours(hour);
        let to = at + Duration::hours(later);
        let (now, then) = (exchange.in_force(at), exchange.in_force(to));
        if exchange.next_change(at).is_none_or(|change| change > to) {
            prop_assert_eq!(now, then);
            prop_assert!(!exchange.changes_between(at, to));
        } else {
            prop_assert!(exchange.changes_between(at, to));
        }
        prop_assert_eq!(exchange.in_force(at).is_ok(), exchange.standing(at).sells());
    }
}
