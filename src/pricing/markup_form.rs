//! A markup rule as a person types it. Pure.

use rust_decimal::Decimal;

use super::markup::{Markup, Rounding};
use crate::ground::Currency;

/// The most that may be put on top, in percent; ten times the cost is a slip of the finger.
const MOST_PERCENT: u32 = 1_000;
/// Decimals of a percentage.
const PERCENT_DECIMALS: u32 = 4;
/// The most that may be added, or must be left, in whole units.
pub(super) const MOST_AMOUNT: u32 = 999_999;
/// Digits before the dot: nobody adds a million to the price of an eSIM.
const WHOLE_DIGITS: usize = 6;

/// What was typed.
#[derive(Clone, Copy, Debug)]
pub struct MarkupForm<'a> {
    /// `25`
    pub percent: &'a str,
    /// `0.65`
    pub fixed: &'a str,
    /// `none`, `99`, `95`, `90`, `50`, `whole`
    pub rounding: &'a str,
}

/// What is wrong, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// With `percent`.
    pub percent: Option<Wrong>,
    /// With `fixed`.
    pub fixed: Option<Wrong>,
    /// With `rounding`.
    pub rounding: Option<Wrong>,
    /// With `min_margin`, which stands beside these ([`min_margin`]).
    pub min_margin: Option<Wrong>,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Nothing was typed.
    #[error("Type a number; 0 for nothing.")]
    Empty,
    /// `1,5`: nobody can tell whether the comma was meant for decimals or thousands.
    #[error("Write decimals with a dot: 1.5, not 1,5.")]
    Comma,
    /// No plain decimal number.
    #[error("This is not a number. Write digits, with a dot before decimals: 12.5.")]
    NotANumber,
    /// Under zero: a price would fall under its cost.
    #[error("A markup cannot be negative: prices never fall below cost.")]
    Negative,
    /// More than allowed.
    #[error("This is too much; the most is {0}.")]
    TooLarge(u32),
    /// More decimals than the field can have.
    #[error("At most {0} decimals.")]
    TooManyDecimals(u32),
    /// None of the offered scopes.
    #[error("Choose whom the rule is for.")]
    UnknownScope,
    /// A scope without its country, region, type or package.
    #[error("Say which one.")]
    NoKey,
    /// No package id.
    #[error("This is no package id: digits alone.")]
    NoId,
    /// Nothing on sale is meant by it.
    #[error("The catalog knows none like that.")]
    NothingMeant,
    /// A fixed price for more than one package.
    #[error("Only a rule for one package can have a fixed price.")]
    PriceOfMany,
    /// A price of nothing.
    #[error("A price is more than nothing.")]
    Nothing,
    /// No whole number in the limits.
    #[error("Write a whole number from -1000 to 1000.")]
    NoWholeNumber,
    /// No date.
    #[error("Write a date such as 2026-11-27, or 2026-11-27T18:00, in UTC.")]
    NoDate,
    /// It would never hold.
    #[error("It must end after it begins.")]
    EndsBeforeItBegins,
    /// None of the offered endings.
    #[error("Choose one of the endings.")]
    UnknownRounding,
}

impl MarkupForm<'_> {
    /// The rule that was typed, for prices in `currency`.
    ///
    /// # Errors
    /// Every wrong field at once; nothing is guessed.
    pub fn parse(&self, currency: Currency) -> Result<Markup, Refused> {
        let percent = number(self.percent, MOST_PERCENT, PERCENT_DECIMALS);
        let fixed = number(self.fixed, MOST_AMOUNT, currency.exponent());
        let rounding = Rounding::from_word(self.rounding.trim()).ok_or(Wrong::UnknownRounding);
        match (percent, fixed, rounding) {
            (Ok(percent), Ok(fixed), Ok(rounding)) => Ok(Markup { percent, fixed, currency, rounding }),
            (percent, fixed, rounding) => {
                let (percent, fixed, rounding) = (percent.err(), fixed.err(), rounding.err());
                Err(Refused { percent, fixed, rounding, min_margin: None })
            }
        }
    }
}

/// The least margin that was typed, in whole units of `currency`; nothing is 0.
///
/// # Errors
/// [`Wrong`] where it is no amount.
pub fn min_margin(typed: &str, currency: Currency) -> Result<Decimal, Wrong> {
    match typed.trim() {
        "" => Ok(Decimal::ZERO),
        typed => number(typed, MOST_AMOUNT, currency.exponent()),
    }
}

/// A plain decimal: digits, and perhaps a dot and digits. No sign, exponent, space or grouping.
pub(super) fn number(typed: &str, most: u32, decimals: u32) -> Result<Decimal, Wrong> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(Wrong::Empty);
    }
    let (negative, digits) = match typed.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, typed),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.')) && digits.contains(',') {
        return Err(Wrong::Comma);
    }
    if !plain(whole) || !plain(fraction) {
        return Err(Wrong::NotANumber);
    }
    if negative {
        return Err(Wrong::Negative);
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > WHOLE_DIGITS + 1 {
        return Err(Wrong::TooLarge(most));
    }
    if u32::try_from(fraction.len()).unwrap_or(u32::MAX) > decimals {
        return Err(Wrong::TooManyDecimals(decimals));
    }
    let value = Decimal::from_str_exact(&format!("0{whole}.{fraction}0")).map_err(|_| Wrong::NotANumber)?;
    match value > Decimal::from(most) {
        true => Err(Wrong::TooLarge(most)),
        false => Ok(value.normalize()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(percent: &str, fixed: &str, rounding: &str, code: &str) -> Result<Markup, Refused> {
        MarkupForm { percent, fixed, rounding }.parse(Currency::parse(code).unwrap())
    }

    #[test]
    fn rules_that_people_type() {
        for (percent, fixed, code, read) in [
            ("25", "0", "USD", ("25", "0")),
            (" 12.5 ", "0.65", "USD", ("12.5", "0.65")),
            ("0", "0.00", "EUR", ("0", "0")),
            ("1000", "999999", "EUR", ("1000", "999999")),
            ("007.2500", "1.250", "KWD", ("7.25", "1.25")),
            ("33.3333", "5", "JPY", ("33.3333", "5")),
            ("33.33330000", "5.00", "JPY", ("33.3333", "5")),
        ] {
            let rule = parse(percent, fixed, "99", code).unwrap();
            assert_eq!((rule.percent.to_string().as_str(), rule.fixed.to_string().as_str()), read);
            assert_eq!(rule.rounding, Rounding::To99);
        }
    }

    #[test]
    fn everything_else_is_refused_at_its_field() {
        let table = [
            ("", Wrong::Empty),
            ("   ", Wrong::Empty),
            ("-1", Wrong::Negative),
            ("-100", Wrong::Negative),
            ("−5", Wrong::Negative),
            ("-0.01", Wrong::Negative),
            ("1e400", Wrong::NotANumber),
            ("1e2", Wrong::NotANumber),
            ("NaN", Wrong::NotANumber),
            ("Infinity", Wrong::NotANumber),
            ("-inf", Wrong::NotANumber),
            ("+5", Wrong::NotANumber),
            ("0x10", Wrong::NotANumber),
            ("5%", Wrong::NotANumber),
            (".5", Wrong::NotANumber),
            ("5.", Wrong::NotANumber),
            (".", Wrong::NotANumber),
            ("1.2.3", Wrong::NotANumber),
            ("1 000", Wrong::NotANumber),
            ("٣", Wrong::NotANumber),
            ("five", Wrong::NotANumber),
            ("'; drop table markup_rules", Wrong::NotANumber),
            ("1,5", Wrong::Comma),
            ("1.000,50", Wrong::Comma),
            (",5", Wrong::Comma),
        ];
        for (typed, wrong) in table {
            let refused = parse(typed, typed, "none", "USD").unwrap_err();
            assert_eq!(
                refused,
                Refused { percent: Some(wrong), fixed: Some(wrong), ..Refused::default() },
                "{typed}"
            );
        }
    }

    #[test]
    fn amounts_are_bounded_and_have_no_more_decimals_than_their_currency() {
        let percent = |typed| parse(typed, "0", "none", "USD").unwrap_err().percent;
        assert_eq!(percent("1000.0001"), Some(Wrong::TooLarge(1000)));
        assert_eq!(percent("123456789012345"), Some(Wrong::TooLarge(1000)));
        assert_eq!(percent("1.23456"), Some(Wrong::TooManyDecimals(4)));
        assert_eq!(percent(&"9".repeat(5_000)), Some(Wrong::TooLarge(1000)));
        let fixed = |typed, code| parse("0", typed, "none", code).unwrap_err().fixed;
        assert_eq!(fixed("0.655", "USD"), Some(Wrong::TooManyDecimals(2)));
        assert_eq!(fixed("0.5", "JPY"), Some(Wrong::TooManyDecimals(0)));
        assert_eq!(fixed("0.0005", "KWD"), Some(Wrong::TooManyDecimals(3)));
        assert_eq!(fixed("123456789012345", "USD"), Some(Wrong::TooLarge(999_999)));
        assert_eq!(parse("0", "0", "98", "USD").unwrap_err().rounding, Some(Wrong::UnknownRounding));
    }
}
