//! How rules are written. Pure.

use super::super::words::{exact, in_full};
use crate::pricing::{Rounding, Rule};

/// One of the endings in a form.
pub(super) struct Choice {
    pub word: &'static str,
    pub name: &'static str,
    pub chosen: bool,
}

pub(super) fn roundings(chosen: &str) -> Vec<Choice> {
    let choice = |rounding: Rounding| Choice {
        word: rounding.word(),
        name: ending(rounding),
        chosen: rounding.word() == chosen,
    };
    Rounding::ALL.map(choice).into()
}

fn ending(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::None => "As it comes",
        Rounding::To99 => "Up to the next .99",
        Rounding::To95 => "Up to the next .95",
        Rounding::To90 => "Up to the next .90",
        Rounding::To50 => "Up to the next .50",
        Rounding::Whole => "Up to the next whole amount",
    }
}

/// A rule in one line: "40 % + 0.35 USD, up to the next .99".
pub(in crate::backoffice) fn rule_text(rule: &Rule) -> String {
    let code = rule.markup.currency.code();
    let mut text = match rule.fixed_price {
        Some(price) => format!("{}, fixed", in_full(price)),
        None => format!(
            "{} % + {}, {}",
            rule.markup.percent.normalize(),
            exact(rule.markup.fixed, code),
            ending(rule.markup.rounding).to_lowercase()
        ),
    };
    if !rule.min_margin.is_zero() {
        text = format!("{text}, at least {} over cost", exact(rule.min_margin, code));
    }
    text
}

/// Whom a rule is for, with a capital: a cell of a table.
pub(super) fn scope_text(rule: &Rule) -> String {
    let text = rule.scope.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
