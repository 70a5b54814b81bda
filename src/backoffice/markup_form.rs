//! What was typed on the markup form, and the rule in it. Pure.

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::ground::Currency;
use crate::pricing::{Markup, Rounding};

/// Nobody adds more than this to one eSIM, in any currency; a slip of the keyboard does.
const LARGEST_FIXED: i64 = 1_000_000;
/// No figure that is meant has more characters.
const LONGEST: usize = 20;

/// The form as posted. `step` is empty or `publish` to publish, `rehearse` to look at the prices only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MarkupForm {
    pub(crate) percent: String,
    pub(crate) fixed: String,
    pub(crate) rounding: String,
    pub(crate) step: String,
    /// The rule that was in force when the form was drawn; empty where a script posts.
    pub(crate) seen: String,
}

/// A sentence for each field that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) percent: Option<String>,
    pub(crate) fixed: Option<String>,
    pub(crate) rounding: Option<String>,
}

impl MarkupForm {
    /// The rule that was typed, in the shop's currency.
    pub(crate) fn read(&self, currency: Currency) -> Result<Markup, Wrong> {
        let percent = figure(&self.percent, 4, Decimal::ONE_THOUSAND);
        let fixed = figure(&self.fixed, currency.exponent(), Decimal::from(LARGEST_FIXED));
        let rounding = Rounding::from_word(self.rounding.trim());
        match (percent, fixed, rounding) {
            (Ok(percent), Ok(fixed), Some(rounding)) => Ok(Markup { percent, fixed, currency, rounding }),
            (percent, fixed, rounding) => Err(Wrong {
                percent: percent.err(),
                fixed: fixed.err(),
                rounding: rounding.is_none().then(|| "Choose how prices end.".to_owned()),
            }),
        }
    }
}

/// A plain figure from 0 to `most`: digits, at most one dot, at most so many decimals. No sign, no exponent, no comma.
fn figure(typed: &str, decimals: u32, most: Decimal) -> Result<Decimal, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err("Write a figure; 0 adds nothing.".to_owned());
    }
    if typed.contains(',') {
        return Err("Write a dot before the decimals, and none between thousands: 1.5".to_owned());
    }
    if typed.starts_with('-') {
        return Err("A markup cannot be negative: a price is never under its cost.".to_owned());
    }
    let digits_and_dot = typed.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let begins_and_ends_in_digits = !typed.starts_with('.') && !typed.ends_with('.');
    if !digits_and_dot || !begins_and_ends_in_digits {
        return Err("Write a plain figure, such as 25 or 1.5".to_owned());
    }
    let too_large = || format!("At most {most}.");
    if typed.len() > LONGEST {
        return Err(too_large());
    }
    let value =
        Decimal::from_str_exact(typed).map_err(|_| "Write a plain figure, such as 25 or 1.5".to_owned())?;
    if value > most {
        return Err(too_large());
    }
    match value.normalize().scale() > decimals {
        false => Ok(value),
        true if decimals == 0 => Err("This currency has no decimals: write a whole figure.".to_owned()),
        true => Err(format!("At most {decimals} decimals.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(percent: &str, fixed: &str, rounding: &str) -> MarkupForm {
        MarkupForm {
            percent: percent.to_owned(),
            fixed: fixed.to_owned(),
            rounding: rounding.to_owned(),
            ..MarkupForm::default()
        }
    }

    #[test]
    fn plain_figures_are_a_rule() {
        let eur = Currency::parse("EUR").unwrap();
        for (percent, fixed, rounding) in [
            ("25", "0", "none"),
            (" 25.5 ", "0.65", "99"),
            ("0", "0", "whole"),
            ("1000", "1000000", "50"),
            ("007", "1.500", "95"),
        ] {
            let rule = form(percent, fixed, rounding).read(eur).unwrap();
            assert_eq!((rule.percent, rule.fixed), (percent.trim().parse().unwrap(), fixed.parse().unwrap()));
        }
    }

    #[test]
    fn everything_else_is_refused_at_its_field() {
        let bad = [
            "",
            " ",
            "-1",
            "-100",
            "-0",
            "+5",
            "1e400",
            "1e2",
            "NaN",
            "Infinity",
            "inf",
            "1,5",
            "1.234,5",
            "1 000",
            "1..5",
            ".5",
            "5.",
            ".",
            "0x10",
            "١٢",
            "25%",
            "123456789012345",
            "99999999999999999999999999999999999999",
            "1001.5.1",
            "null",
            "25\0",
            "1_000",
            "1.00001",
        ];
        let eur = Currency::parse("EUR").unwrap();
        for typed in bad {
            let wrong = form(typed, "0", "none").read(eur).unwrap_err();
            assert!(
                wrong.percent.is_some() && wrong.fixed.is_none() && wrong.rounding.is_none(),
                "percent {typed:?}"
            );
            let wrong = form("25", typed, "none").read(eur).unwrap_err();
            assert!(wrong.fixed.is_some() && wrong.percent.is_none(), "fixed {typed:?}");
        }
        for typed in ["", "98", "None", "99 99", "nearest"] {
            assert!(form("25", "0", typed).read(eur).unwrap_err().rounding.is_some(), "rounding {typed:?}");
        }
    }

    #[test]
    fn decimals_are_those_of_the_currency() {
        let read =
            |fixed: &str, code: &str| form("25", fixed, "none").read(Currency::parse(code).unwrap()).is_ok();
        assert!(read("0.65", "EUR") && !read("0.655", "EUR"));
        assert!(read("65", "JPY") && !read("0.5", "JPY"));
        assert!(read("0.655", "KWD"));
        assert!(!form("1000.01", "0", "none").read(Currency::parse("EUR").unwrap()).is_ok());
    }
}
