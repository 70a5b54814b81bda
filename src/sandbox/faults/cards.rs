//! The catalogue of faults: a card for each, from which the control page is drawn and by which an injection is checked.

use serde::Serialize;

use super::kinds::{CARDS, Fault, Point};
use crate::sandbox::operation::Operation;

/// Where a fault stands on the control page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Nothing was committed yet.
    BeforeCommit,
    /// The purchase stands, its answer suffers.
    AfterCommit,
    /// What the answer looks like.
    AnswerForm,
    /// How the order goes on.
    Course,
    /// Lists of orders.
    Lists,
    /// The catalog, as it is told; the true one does not change.
    Catalog,
    /// Webhooks.
    Webhooks,
    /// Tokens, logins and the account.
    Account,
}

impl Group {
    /// Every group, in the order of the control page.
    pub const ALL: [Self; 8] = [
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::AnswerForm,
        Self::Course,
        Self::Lists,
        Self::Catalog,
        Self::Webhooks,
        Self::Account,
    ];

    /// Its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::BeforeCommit => "Before the commit",
            Self::AfterCommit => "After the commit",
            Self::AnswerForm => "The answer’s form",
            Self::Course => "The order’s course",
            Self::Lists => "Lists",
            Self::Catalog => "Catalog",
            Self::Webhooks => "Webhooks",
            Self::Account => "Account",
        }
    }
}

/// The operations that a fault strikes unless an injection names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Purchase,
    PackageInQuestion,
    OneOrder,
    OrderAnswers,
    ListOfOrders,
    CatalogLists,
    Catalog,
    Login,
    /// Whatever needs a token.
    Protected,
    /// Whatever needs a token, and the login.
    Account,
    Anything,
}

impl Reach {
    pub(super) fn holds(self, operation: Operation) -> bool {
        use Operation as O;
        match self {
            Self::Purchase => operation == O::CreateOrder,
            Self::PackageInQuestion => matches!(operation, O::CreateOrder | O::Package),
            Self::OneOrder => operation == O::Order,
            Self::OrderAnswers => matches!(operation, O::CreateOrder | O::Order | O::Orders),
            Self::ListOfOrders => operation == O::Orders,
            Self::CatalogLists => matches!(operation, O::Packages | O::Pricing),
            Self::Catalog => matches!(operation, O::Packages | O::Package | O::Pricing),
            Self::Login => operation == O::Login,
            Self::Protected => !operation.is_open(),
            Self::Account => operation == O::Login || !operation.is_open(),
            Self::Anything => true,
        }
    }
}

/// One parameter of a fault.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Parameter {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it is if it is not given, in words where it is no value: `drawn` is drawn from the seed.
    pub default: &'static str,
    /// The only values that it takes; empty where it takes any.
    pub choices: &'static [&'static str],
}

impl Parameter {
    /// What it means, for a label.
    pub fn meaning(&self) -> &'static str {
        match self.name {
            "amount" => "the amount debited",
            "at_byte" => "the byte at which it ends",
            "body" => "the body, as it is sent",
            "bytes" => "how many bytes",
            "count" => "how many",
            "currency" => "the currency",
            "delay_ms" => "how long, in milliseconds",
            "ending" => "how the connection ends",
            "field" => "the field, with its way: esim.iccid",
            "form" => "the form of the answer",
            "framing" => "how the body’s end is told",
            "header" => "the event header",
            "interval_ms" => "the pause, in milliseconds",
            "kind" => "which way",
            "part" => "from where on",
            "percent" => "how many percent are left",
            "retry_after" => "the Retry-After, as it is sent; none, date+7",
            "scope" => "one or all",
            "status" => "the HTTP status",
            _ => "the value",
        }
    }
}

pub(super) const fn param(name: &'static str, default: &'static str) -> Parameter {
    Parameter { name, default, choices: &[] }
}

pub(super) const fn choice(
    name: &'static str,
    default: &'static str,
    choices: &'static [&'static str],
) -> Parameter {
    Parameter { name, default, choices }
}

/// What there is to know about a fault before it is asked for.
#[derive(Debug, Serialize)]
pub struct Card {
    /// The fault.
    #[serde(skip)]
    pub fault: Fault,
    /// Its name in JSON.
    pub name: &'static str,
    /// Where it stands on the control page.
    pub group: Group,
    /// What it does, in plain words.
    pub sentence: &'static str,
    /// The rows of the fault matrix (RELIABILITY, section 2) that it provokes.
    pub rows: &'static [&'static str],
    /// The parameters that it takes besides `operation`, `times`, `probability` and `seed`.
    pub takes: &'static [Parameter],
    #[serde(skip)]
    pub(super) point: Point,
    #[serde(skip)]
    pub(super) reach: Reach,
}

impl Card {
    /// The parameter of this name, if it takes one.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.takes.iter().find(|parameter| parameter.name == name)
    }
}

/// Rows F1–F50 that no fault here provokes, and why not.
pub const UNPROVOKED: &[(&str, &str)] =
    &[("F37", "The sandbox speaks plain HTTP: bad certificates need a listener with TLS in front of it.")];

impl Fault {
    /// Every card, in the order of the control page.
    pub fn cards() -> &'static [Card] {
        CARDS
    }

    /// Its card.
    pub fn card(self) -> &'static Card {
        // The table makes both in one order; a test looks at each.
        &CARDS[self as usize]
    }

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        self.card().name
    }

    pub(in crate::sandbox) fn point(self) -> Point {
        self.card().point
    }

    /// The operations that it strikes unless the injection names one.
    pub(super) fn strikes(self, operation: Operation) -> bool {
        self.card().reach.holds(operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_own_card_under_its_own_name() {
        for (n, card) in Fault::cards().iter().enumerate() {
            assert_eq!(card.fault as usize, n);
            assert_eq!(serde_json::to_string(&card.fault).unwrap(), format!("\"{}\"", card.name));
            let snake = format!("{:?}", card.fault).chars().fold(String::new(), |mut name, letter| {
                if letter.is_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.extend(letter.to_lowercase());
                name
            });
            assert_eq!(card.name, snake);
            assert!(card.sentence.ends_with('.') && !card.sentence.contains("  "), "{}", card.sentence);
            assert!(!card.rows.is_empty(), "{}", card.name);
            for parameter in card.takes {
                let known = parameter.choices.is_empty()
                    || parameter.default == "drawn"
                    || parameter.choices.contains(&parameter.default);
                assert!(known, "{}: {}", card.name, parameter.default);
            }
        }
        assert!(Group::ALL.iter().all(|group| Fault::cards().iter().any(|card| card.group == *group)));
    }

    #[test]
    fn every_row_that_an_upstream_can_cause_is_provoked_or_excused() {
        let provoked = |row: &str| Fault::cards().iter().any(|card| card.rows.contains(&row));
        let excused = |row: &str| UNPROVOKED.iter().any(|(name, why)| *name == row && !why.is_empty());
        for n in (1..=50).chain(52..=60).chain([63, 64, 68]) {
            let row = format!("F{n}");
            assert!(provoked(&row) != excused(&row), "{row}: provoked or excused, one of the two");
        }
    }
}
