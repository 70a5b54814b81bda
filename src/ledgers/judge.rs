//! From what is odd to findings that staff can read. Pure.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::finding::{Finding, Kind};
use super::matching::{self, Debit, Purchase, Scope, Surplus};
use super::store::{BoughtTwice, OddCost, OddOrder, OddPayment, OddPurchase, OddUnit, Vanished};
use crate::ground::{Cost, Currency, Price, Rate};

/// What was judged, and what was found.
#[derive(Debug)]
pub struct Judged {
    /// What does not match.
    pub findings: Vec<Finding>,
    /// The kinds that were judged: an open finding of one of them that was not found again does not hold any more.
    pub kinds: Vec<Kind>,
    /// Orders that were placed since then were looked at; findings about money of older ones stay as they are.
    pub since: OffsetDateTime,
    /// Debits and orders were judged from then on; `None`: all of them.
    pub wallet_known_from: Option<OffsetDateTime>,
}

impl Judged {
    /// Nothing yet.
    pub fn since(since: OffsetDateTime) -> Self {
        Self { findings: Vec::new(), kinds: Vec::new(), since, wallet_known_from: None }
    }

    /// Payments against units.
    pub fn money(&mut self, orders: Vec<OddOrder>, payments: Vec<OddPayment>, units: Vec<OddUnit>) {
        self.kinds.extend([
            Kind::PaymentMismatch,
            Kind::RefundMismatch,
            Kind::SurplusKept,
            Kind::FailedWithoutRefund,
            Kind::RefundedWithoutFailure,
        ]);
        self.findings.extend(orders.into_iter().map(odd_order));
        self.findings.extend(payments.into_iter().map(odd_payment));
        self.findings.extend(units.into_iter().map(odd_unit));
    }

    /// Units against upstream orders.
    pub fn purchases(&mut self, twice: Vec<BoughtTwice>, odd: Vec<OddPurchase>) {
        self.kinds.extend([
            Kind::BoughtTwice,
            Kind::BoughtAndRefunded,
            Kind::OrderWithoutUnit,
            Kind::OrderNotBound,
        ]);
        self.findings.extend(twice.into_iter().map(bought_twice));
        self.findings.extend(odd.into_iter().map(odd_purchase));
    }

    /// Upstream orders against the wallet.
    pub fn wallet(&mut self, debits: &[Debit], purchases: &[Purchase], scope: &Scope) {
        self.wallet_known_from = scope.from.map(|from| from + matching::TOLERANCE);
        if scope.orders_known_for.is_some() {
            self.kinds.push(Kind::DebitSurplus);
            self.findings.extend(matching::surplus(debits, purchases, scope).iter().map(surplus));
        }
        if scope.debits_known_for.is_some() {
            self.kinds.push(Kind::DebitMissing);
            self.findings.extend(matching::unpaid(debits, purchases, scope).into_iter().map(unpaid));
        }
    }
}

/// An amount of minor units with its currency.
fn money(minor: i64, code: &str) -> String {
    Currency::parse(code).map_or_else(
        || format!("{minor} minor units of {code}"),
        |c| format!("{} {code}", Price::new(minor, c)),
    )
}

fn moment(at: Option<OffsetDateTime>) -> Value {
    at.and_then(|at| at.format(&Rfc3339).ok()).map_or(Value::Null, Value::String)
}

fn odd_order(odd: OddOrder) -> Finding {
    let code = &odd.currency;
    let facts = json!({ "order": odd.number, "paid": money(odd.paid_minor, code),
        "sold": money(odd.sold_minor, code), "total": money(odd.total_minor, code) });
    Finding::new(Kind::PaymentMismatch, odd.number, facts, Some(odd.created_at))
}

fn odd_payment(odd: OddPayment) -> Finding {
    let code = &odd.currency;
    let adds_up = odd.back_minor == odd.noted_minor && odd.back_minor <= odd.amount_minor;
    let kind = if adds_up && !odd.counted { Kind::SurplusKept } else { Kind::RefundMismatch };
    let facts = json!({ "order": odd.number, "paid": money(odd.amount_minor, code),
        "refunded": money(odd.back_minor, code), "noted": money(odd.noted_minor, code) });
    Finding::new(kind, format!("{}/{}", odd.number, odd.id), facts, Some(odd.created_at))
}

fn odd_unit(odd: OddUnit) -> Finding {
    let code = &odd.currency;
    let kind = match (odd.status.as_str(), odd.back_minor) {
        ("failed", None) => Kind::FailedWithoutRefund,
        ("failed", Some(_)) => Kind::RefundMismatch,
        _ => Kind::RefundedWithoutFailure,
    };
    let facts = json!({ "order": odd.number, "unit": odd.external_order_id, "status": odd.status,
        "price": money(odd.price_minor, code), "refunded": odd.back_minor.map(|minor| money(minor, code)) });
    Finding::new(kind, odd.external_order_id, facts, Some(odd.created_at))
}

/// The order number in front of a unit's place: `SF-7K3M9QWX` of `SF-7K3M9QWX-1-2`.
fn order_of(name: &str) -> String {
    name.split('-').take(2).collect::<Vec<_>>().join("-")
}

fn bought_twice(twice: BoughtTwice) -> Finding {
    let orders: Vec<Value> = twice
        .ids
        .iter()
        .zip(&twice.statuses)
        .zip(&twice.prices)
        .map(|((id, status), price)| json!({ "upstream_order": id, "status": status, "price": price }))
        .collect();
    let facts = json!({ "order": order_of(&twice.name), "unit": twice.name, "count": twice.ids.len(),
        "upstream_orders": orders });
    Finding::new(Kind::BoughtTwice, twice.name, facts, None)
}

fn odd_purchase(odd: OddPurchase) -> Finding {
    let kind = match odd.unit_status.as_deref() {
        None => Kind::OrderWithoutUnit,
        Some("failed") => Kind::BoughtAndRefunded,
        Some(_) => Kind::OrderNotBound,
    };
    let price = odd.price.map(|price| price.to_string());
    let facts = json!({ "order": odd.unit_status.is_some().then(|| order_of(&odd.name)), "unit": odd.name,
        "upstream_order": odd.id, "status": odd.status, "price": price, "currency": odd.currency,
        "bound_to": odd.bound_to });
    Finding::new(kind, format!("{} {}", odd.name, odd.id), facts, None)
}

/// Units whose orders are not listed any more.
pub fn vanished(missing: Vec<Vanished>) -> Vec<Finding> {
    let told = missing.into_iter().map(|missing| {
        let facts = json!({ "order": order_of(&missing.name), "unit": missing.name,
            "upstream_order": missing.upstream_order_id });
        Finding::new(Kind::OrderVanished, missing.name, facts, None)
    });
    told.collect()
}

fn surplus(surplus: &Surplus<'_>) -> Finding {
    let times = || surplus.debits.iter().filter_map(|debit| debit.at);
    let movements: Vec<&str> = surplus.debits.iter().map(|debit| debit.key.as_str()).collect();
    let candidates: Vec<Value> = surplus
        .candidates
        .iter()
        .map(|order| json!({ "upstream_order": order.id, "unit": order.name, "at": moment(order.at) }))
        .collect();
    let facts = json!({ "count": surplus.debits.len(), "amount": surplus.amount.normalize().to_string(),
        "sum": surplus.sum().map(|sum| sum.normalize().to_string()), "currency": surplus.currency,
        "first": moment(times().min()), "last": moment(times().max()), "movements": movements,
        "candidates": candidates });
    let key = format!("{} {}", surplus.amount.normalize(), surplus.currency);
    Finding::new(Kind::DebitSurplus, key, facts, times().min())
}

fn unpaid(order: &Purchase) -> Finding {
    let facts = json!({ "upstream_order": order.id, "unit": order.name,
        "price": order.price.map(|price| price.normalize().to_string()), "currency": order.currency,
        "at": moment(order.at) });
    Finding::new(Kind::DebitMissing, order.id.to_string(), facts, order.at)
}

/// Purchases that cost more than they were listed at, or in another currency. What costs more than the customer paid, or
/// what nobody can compare, is not sold until a person has looked. A gift was bought for no price.
pub fn costs(odd: Vec<OddCost>) -> Vec<Finding> {
    odd.into_iter().map(odd_cost).collect()
}

/// What was charged, in the price's currency, by the rate of the sale; `None` where there is none between the two.
fn worth(odd: &OddCost) -> Option<Decimal> {
    if odd.real_currency == odd.price_currency {
        return Some(odd.real);
    }
    let (from, to) = (Currency::parse(&odd.listed_currency)?, Currency::parse(&odd.price_currency)?);
    let charged = Cost { amount: odd.real, currency: Currency::parse(&odd.real_currency)? };
    Some(Rate { from, to, per_unit: odd.sold_at? }.exchange(charged)?.amount)
}

fn odd_cost(odd: OddCost) -> Finding {
    let paid = Currency::parse(&odd.price_currency).map(|currency| Price::new(odd.price_minor, currency));
    let loses =
        odd.price_minor > 0 && paid.zip(worth(&odd)).is_some_and(|(paid, worth)| worth > paid.amount());
    let kind = match odd.real_currency == odd.listed_currency {
        false => Kind::CostInOtherCurrency,
        true if loses => Kind::CostAbovePrice,
        true => Kind::CostAboveQuote,
    };
    let facts = json!({ "order": odd.number, "unit": odd.name, "package": odd.package_id,
        "listed": format!("{} {}", odd.listed.normalize(), odd.listed_currency),
        "charged": format!("{} {}", odd.real.normalize(), odd.real_currency),
        "price": money(odd.price_minor, &odd.price_currency) });
    let stops = (kind != Kind::CostAboveQuote).then_some(odd.package_id);
    Finding { stops, ..Finding::new(kind, odd.name, facts, Some(odd.changed_at)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn charged() -> OddCost {
        OddCost {
            name: "SF-22222222-1-1".into(),
            number: "SF-22222222".into(),
            package_id: 1120,
            listed: "4.20".parse().unwrap(),
            listed_currency: "USD".into(),
            real: "4.20".parse().unwrap(),
            real_currency: "USD".into(),
            price_minor: 525,
            price_currency: "USD".into(),
            sold_at: None,
            changed_at: datetime!(2026-11-22 12:00 UTC),
        }
    }

    fn odd(real: &str, code: &str, price_minor: i64) -> Finding {
        odd_cost(OddCost {
            real: real.parse().unwrap(),
            real_currency: code.into(),
            price_minor,
            ..charged()
        })
    }

    #[test]
    fn a_dearer_purchase_is_told_and_one_that_loses_money_stops_the_sale() {
        let table = [
            ("4.21", "USD", 525, Kind::CostAboveQuote, None),
            ("5.25", "USD", 525, Kind::CostAboveQuote, None),
            ("5.2501", "USD", 525, Kind::CostAbovePrice, Some(1120)),
            ("4.20", "EUR", 525, Kind::CostInOtherCurrency, Some(1120)),
            ("9.90", "USD", 0, Kind::CostAboveQuote, None),
        ];
        for (real, code, price, kind, stops) in table {
            let finding = odd(real, code, price);
            assert_eq!((finding.kind, finding.stops), (kind, stops), "{real} {code} {price}");
        }
        assert_eq!(odd("9.90", "USD", 525).facts["charged"], "9.9 USD");
        assert_eq!(odd("9.90", "USD", 525).facts["price"], "5.25 USD");
    }

    #[test]
    fn a_purchase_is_held_against_a_price_in_another_currency_by_the_rate_of_the_sale() {
        let odd = |real: &str, sold_at: Option<&str>| {
            odd_cost(OddCost {
                listed: "4.20".parse().unwrap(),
                real: real.parse().unwrap(),
                price_minor: 493,
                price_currency: "EUR".into(),
                sold_at: sold_at.map(|rate| rate.parse().unwrap()),
                ..charged()
            })
        };
        assert_eq!(odd("5.35", Some("0.92")).kind, Kind::CostAboveQuote, "4.922 EUR");
        assert_eq!(odd("5.36", Some("0.92")).kind, Kind::CostAbovePrice, "4.9312 EUR");
        assert_eq!(odd("4.94", Some("0.92")).stops, None, "dollars are not taken for euros");
        assert_eq!(odd("5.36", None).kind, Kind::CostAboveQuote, "nobody knows");
    }

    #[test]
    fn two_orders_of_one_unit_are_both_named() {
        let twice = BoughtTwice {
            name: "SF-22222222-1-2".into(),
            ids: vec![7, 9],
            statuses: vec!["completed".into(), "processing".into()],
            prices: vec!["4.20 USD".into(), "4.20 USD".into()],
        };
        let finding = bought_twice(twice);
        assert_eq!(finding.facts["order"], "SF-22222222");
        let ids: Vec<_> = finding.facts["upstream_orders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["upstream_order"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, [7, 9]);
    }
}
