//! The faults as the page shows them: drawn from the catalogue of cards, so that a new fault is on the page at once.

use serde_json::Value;

use super::super::act_faults::how_often;
use super::super::notices::Notice;
use crate::sandbox::desk::Desk;
use crate::sandbox::faults::{Card, Fault, Group, Injection, Parameter, Strike};
use crate::sandbox::moment::legible;

/// How many of the newest strikes are shown.
const STRIKES: usize = 20;

/// Every operation that a fault may be aimed at: its name, and its address in words.
const OPERATIONS: &[(&str, &str)] = &[
    ("create_order", "POST /orders"),
    ("order", "GET /orders/{id}"),
    ("orders", "GET /orders"),
    ("packages", "GET /packages"),
    ("package", "GET /packages/{id}"),
    ("pricing", "GET /pricing"),
    ("esims", "GET /esims"),
    ("esim", "GET /esims/{id}"),
    ("usage", "GET /esims/{id}/usage"),
    ("wallet", "GET /wallet"),
    ("login", "POST /login"),
    ("logout", "POST /logout"),
    ("me", "GET /me"),
    ("ping", "GET /ping"),
    ("root", "GET /"),
    ("vpn_plans", "GET /vpn/plans"),
];

pub(super) struct FaultsPart {
    pub groups: Vec<GroupPart>,
    pub armed: Vec<ArmedRow>,
    pub strikes: Vec<StrikeRow>,
    pub struck_in_all: u64,
    pub operations: &'static [(&'static str, &'static str)],
}

pub(super) struct GroupPart {
    pub heading: &'static str,
    pub cards: Vec<CardPart>,
    pub open: bool,
}

pub(super) struct CardPart {
    pub name: &'static str,
    pub title: String,
    /// Without the marks that the documentation puts around code.
    pub sentence: String,
    pub rows: &'static [&'static str],
    pub takes: &'static [Parameter],
    pub armed: bool,
    /// Whether its form is open.
    pub chosen: bool,
}

impl CardPart {
    fn of(card: &Card, armed: &[ArmedRow], chosen: &str) -> Self {
        Self {
            name: card.name,
            title: title(card.name),
            sentence: card.sentence.replace('`', ""),
            rows: card.rows,
            takes: card.takes,
            armed: armed.iter().any(|row| row.name == card.name && !row.spent),
            chosen: card.name == chosen,
        }
    }
}

/// A name as people read it: `Silent after commit`.
fn title(name: &str) -> String {
    let words = name.replace('_', " ").replace("esim", "eSIM");
    let mut letters = words.chars();
    match letters.next() {
        Some('e') if words.starts_with("eSIM") => words,
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

pub(super) struct ArmedRow {
    pub place: usize,
    pub name: &'static str,
    pub how: String,
    /// Whatever else it was given, in words.
    pub details: String,
    pub struck: u32,
    pub spent: bool,
}

impl ArmedRow {
    fn of(place: usize, injection: &Injection, struck: u32) -> Self {
        Self {
            place,
            name: injection.fault.name(),
            how: how_often(injection),
            details: details(injection),
            struck,
            spent: injection.times.is_some_and(|times| struck >= times),
        }
    }
}

fn details(injection: &Injection) -> String {
    let Ok(Value::Object(fields)) = serde_json::to_value(injection) else { return String::new() };
    let told = |name: &str| !["fault", "times", "probability"].contains(&name);
    let pairs = fields.iter().filter(|(name, value)| told(name) && !value.is_null());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    pairs.map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", ")
}

pub(super) struct StrikeRow {
    pub at: String,
    pub fault: &'static str,
    pub what: String,
    pub order: String,
    pub key: String,
    pub detail: String,
}

impl StrikeRow {
    fn of(strike: &Strike) -> Self {
        let operation = serde_json::to_value(strike.operation).ok();
        Self {
            at: legible(strike.at),
            fault: strike.fault.name(),
            what: operation.as_ref().and_then(Value::as_str).unwrap_or("the listener").to_owned(),
            order: strike.order_id.map(|id| id.to_string()).unwrap_or_default(),
            key: strike.idempotency_key.clone().unwrap_or_default(),
            detail: strike.detail.clone().unwrap_or_default(),
        }
    }
}

impl FaultsPart {
    /// All groups; one is open if its fault is chosen, or if something was said at one of its faults.
    pub(super) fn of(desk: &Desk, chosen: &str, notice: Option<&Notice>) -> Self {
        let list = desk.faults.list();
        let armed: Vec<ArmedRow> = list
            .iter()
            .enumerate()
            .map(|(place, armed)| ArmedRow::of(place, &armed.injection, armed.struck))
            .collect();
        let said = notice.and_then(|notice| notice.at.strip_prefix("fault-"));
        let groups = Group::ALL.into_iter().map(|group| {
            let of_group = Fault::cards().iter().filter(|card| card.group == group);
            let cards: Vec<_> = of_group.map(|card| CardPart::of(card, &armed, chosen)).collect();
            let open = cards.iter().any(|card| card.chosen || Some(card.name) == said);
            GroupPart { heading: group.heading(), cards, open }
        });
        let struck = desk.faults.strikes();
        Self {
            groups: groups.collect(),
            strikes: struck.strikes.iter().rev().take(STRIKES).map(StrikeRow::of).collect(),
            struck_in_all: struck.by_fault.values().sum(),
            armed,
            operations: OPERATIONS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::operation::Operation;

    #[test]
    fn operations_are_named_as_the_api_names_them() {
        for (name, _) in OPERATIONS {
            assert!(serde_json::from_value::<Operation>(Value::from(*name)).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_are_made_readable() {
        assert_eq!(title("silent_after_commit"), "Silent after commit");
        assert_eq!(title("completed_without_esim"), "Completed without eSIM");
    }
}
