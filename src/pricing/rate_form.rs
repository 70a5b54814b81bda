//! Rates and their terms as a person types or pastes them. Pure.

use rust_decimal::Decimal;
use time::format_description::BorrowedFormatItem;
use time::macros::{date, format_description};
use time::{Date, Duration};

use super::markup_form::{Wrong, number};
use crate::ground::{Currency, Rate};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
/// No currency's unit costs more of another.
const MOST_RATE: u32 = 1_000_000;
/// Half of the price for changing money is a slip of the finger.
const MOST_MARGIN: u32 = 50;
const MARGIN_DECIMALS: u32 = 4;
const MOST_AGE: i32 = 365;
const FIRST_DAY: Date = date!(2000 - 01 - 01);
/// How many days ahead a rate may be entered: nobody knows those of next month.
const DAYS_AHEAD: i64 = 7;
/// How long a list may be, in bytes: ten years of days fit, and so does the form around it in what any form may carry.
pub const LONGEST_LIST: usize = 120 * 1024;
/// How many lines it may have.
pub const MOST_LINES: usize = 4_000;
const HEADING: [&str; 4] = ["date", "from", "to", "rate"];

/// A rate that was typed or pasted, for a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRate {
    /// Its day.
    pub valid_on: Date,
    /// So much of the currency of prices for one unit of the currency of costs.
    pub per_unit: Decimal,
}

/// What is wrong with a date, a rate or a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRate {
    /// No date.
    #[error("Write a date such as 2026-11-27.")]
    NoDate,
    /// Before anybody sold an eSIM.
    #[error("Rates before {FIRST_DAY} are of no use here.")]
    TooEarly,
    /// Too far ahead.
    #[error("A rate can be entered {DAYS_AHEAD} days ahead at most.")]
    TooLate,
    /// Nothing, or less.
    #[error("A rate is more than nothing.")]
    NotPositive,
    /// No number that fits.
    #[error("{0}")]
    Number(Wrong),
    /// A list's line has other columns.
    #[error("Write date,from,to,rate: four columns, {0} here.")]
    Columns(usize),
    /// A list's line is of other currencies.
    #[error("This shop needs rates from {0} to {1}.")]
    Currencies(Currency, Currency),
    /// A list has a day twice.
    #[error("This date stands in line {0} already.")]
    Twice(usize),
    /// A list holds nothing.
    #[error("There is no rate in this list.")]
    Empty,
    /// A list is too long.
    #[error("At most {MOST_LINES} lines and {} kB.", LONGEST_LIST / 1024)]
    TooLong,
    /// A file is no text.
    #[error("This file is no plain text in UTF-8.")]
    NoText,
}

/// What is wrong with a form, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateRefused {
    /// With `date`.
    pub date: Option<BadRate>,
    /// With `rate`.
    pub rate: Option<BadRate>,
}

/// What is wrong with a line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1, as an editor counts.
    pub line: usize,
    /// What.
    pub why: BadRate,
}

/// What is wrong with the terms, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TermsRefused {
    /// With `margin`.
    pub margin: Option<Wrong>,
    /// With `max_age_days`.
    pub max_age_days: Option<BadAge>,
}

/// No age limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Write a whole number of days from 1 to {MOST_AGE}.")]
pub struct BadAge;

/// One rate that was typed, where today is this day.
///
/// # Errors
/// Every wrong field at once.
pub fn read_rate(day: &str, rate: &str, today: Date) -> Result<NewRate, RateRefused> {
    match (valid_on(day, today), per_unit(rate)) {
        (Ok(valid_on), Ok(per_unit)) => Ok(NewRate { valid_on, per_unit }),
        (day, rate) => Err(RateRefused { date: day.err(), rate: rate.err() }),
    }
}

/// The terms that were typed: percent and days.
///
/// # Errors
/// Every wrong field at once.
pub fn read_terms(margin: &str, max_age_days: &str) -> Result<(Decimal, i32), TermsRefused> {
    let margin = number(margin, MOST_MARGIN, MARGIN_DECIMALS);
    let age = max_age_days.trim().parse().ok().filter(|days| (1..=MOST_AGE).contains(days)).ok_or(BadAge);
    match (margin, age) {
        (Ok(margin), Ok(days)) => Ok((margin, days)),
        (margin, age) => Err(TermsRefused { margin: margin.err(), max_age_days: age.err() }),
    }
}

/// A pasted list, `date,from,to,rate` a line, with or without that heading; empty lines are passed over.
///
/// # Errors
/// Every line that is wrong; nothing of the list is used then.
pub fn read_list(
    text: &str,
    from: Currency,
    to: Currency,
    today: Date,
) -> Result<Vec<NewRate>, Vec<BadLine>> {
    let text = text.trim_start_matches('\u{feff}');
    if text.len() > LONGEST_LIST || text.lines().count() > MOST_LINES {
        return Err(vec![BadLine { line: MOST_LINES, why: BadRate::TooLong }]);
    }
    let mut rates: Vec<(usize, NewRate)> = Vec::new();
    let mut wrong = Vec::new();
    let mut seen = std::collections::HashMap::new();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    for (line, columns) in lines.filter(|(_, line)| !line.is_empty()) {
        let columns: Vec<&str> = columns.split(',').map(str::trim).collect();
        let heading = rates.is_empty() && wrong.is_empty();
        if heading && columns.iter().map(|column| column.to_ascii_lowercase()).eq(HEADING) {
            continue;
        }
        match read_line(&columns, from, to, today) {
            Ok(rate) => match seen.insert(rate.valid_on, line) {
                None => rates.push((line, rate)),
                Some(first) => wrong.push(BadLine { line, why: BadRate::Twice(first) }),
            },
            Err(why) => wrong.push(BadLine { line, why }),
        }
    }
    if rates.is_empty() && wrong.is_empty() {
        wrong.push(BadLine { line: 1, why: BadRate::Empty });
    }
    match wrong.is_empty() {
        true => Ok(rates.into_iter().map(|(_, rate)| rate).collect()),
        false => Err(wrong),
    }
}

fn read_line(columns: &[&str], from: Currency, to: Currency, today: Date) -> Result<NewRate, BadRate> {
    let [day, cost, price, rate] = columns else { return Err(BadRate::Columns(columns.len())) };
    if (Currency::parse(cost), Currency::parse(price)) != (Some(from), Some(to)) {
        return Err(BadRate::Currencies(from, to));
    }
    Ok(NewRate { valid_on: valid_on(day, today)?, per_unit: per_unit(rate)? })
}

fn valid_on(typed: &str, today: Date) -> Result<Date, BadRate> {
    let day = Date::parse(typed.trim(), DAY).map_err(|_| BadRate::NoDate)?;
    if day < FIRST_DAY {
        return Err(BadRate::TooEarly);
    }
    let last = today.saturating_add(Duration::days(DAYS_AHEAD));
    if day > last { Err(BadRate::TooLate) } else { Ok(day) }
}

fn per_unit(typed: &str) -> Result<Decimal, BadRate> {
    match number(typed, MOST_RATE, Rate::DECIMALS) {
        Ok(rate) if rate.is_zero() => Err(BadRate::NotPositive),
        Err(Wrong::Negative) => Err(BadRate::NotPositive),
        other => other.map_err(BadRate::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TODAY: Date = date!(2026 - 11 - 22);

    fn euro() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    fn list(text: &str) -> Result<Vec<NewRate>, Vec<BadLine>> {
        read_list(text, Currency::USD, euro(), TODAY)
    }

    fn wrong(text: &str) -> Vec<(usize, BadRate)> {
        list(text).unwrap_err().into_iter().map(|bad| (bad.line, bad.why)).collect()
    }

    #[test]
    fn a_rate_is_a_date_and_a_number() {
        let read = read_rate(" 2026-11-22 ", "0.9200", TODAY).unwrap();
        assert_eq!((read.valid_on, read.per_unit.to_string()), (TODAY, "0.92".to_owned()));
        assert!(
            read_rate("2026-11-29", "1", TODAY).is_ok() && read_rate("2000-01-01", "1000000", TODAY).is_ok()
        );
        let bad = |day: &str| read_rate(day, "1", TODAY).unwrap_err().date.unwrap();
        for day in ["", "22.11.2026", "2026-02-29", "2026-11-22T10:00"] {
            assert_eq!(bad(day), BadRate::NoDate, "{day}");
        }
        assert_eq!((bad("1999-12-31"), bad("2026-11-30")), (BadRate::TooEarly, BadRate::TooLate));
    }

    #[test]
    fn nonsense_is_no_rate() {
        let bad = |rate: &str| read_rate("2026-11-22", rate, TODAY).unwrap_err().rate.unwrap();
        for rate in ["0", "0.000", "-0.92", "-0"] {
            assert_eq!(bad(rate), BadRate::NotPositive, "{rate}");
        }
        assert_eq!(bad("0,92"), BadRate::Number(Wrong::Comma));
        assert_eq!(bad(""), BadRate::Number(Wrong::Empty));
        assert_eq!(bad("1000000.1"), BadRate::Number(Wrong::TooLarge(MOST_RATE)));
        assert_eq!(bad("0.0000000001"), BadRate::Number(Wrong::TooManyDecimals(9)));
        for rate in ["NaN", "1e2", "inf", "0x1", "1 0", "٣"] {
            assert_eq!(bad(rate), BadRate::Number(Wrong::NotANumber), "{rate}");
        }
        let both = read_rate("x", "y", TODAY).unwrap_err();
        assert!(both.date.is_some() && both.rate.is_some());
    }

    #[test]
    fn terms_have_their_limits() {
        assert_eq!(read_terms("2.5", " 7 "), Ok((Decimal::new(25, 1), 7)));
        assert_eq!(read_terms("50", "365").map(|(_, days)| days), Ok(365));
        assert_eq!(read_terms("51", "1").unwrap_err().margin, Some(Wrong::TooLarge(50)));
        assert_eq!(read_terms("-1", "1").unwrap_err().margin, Some(Wrong::Negative));
        for days in ["0", "366", "-1", "", "1.5", "seven"] {
            assert_eq!(read_terms("0", days).unwrap_err().max_age_days, Some(BadAge), "{days}");
        }
    }

    #[test]
    fn a_list_is_read_with_or_without_its_heading() {
        let text =
            "\u{feff}Date,From,To,Rate\r\n2026-11-20,USD,EUR,0.91\r\n\r\n 2026-11-21 , usd , eur , 0.92 \n";
        let rates = list(text).unwrap();
        let told: Vec<_> = rates.iter().map(|rate| format!("{} {}", rate.valid_on, rate.per_unit)).collect();
        assert_eq!(told, ["2026-11-20 0.91", "2026-11-21 0.92"]);
        assert_eq!(list("2026-11-20,USD,EUR,0.91").unwrap().len(), 1);
    }

    #[test]
    fn every_wrong_line_is_named_by_its_number() {
        let text = "date,from,to,rate\n2026-11-20,USD,EUR,0.91\n2026-11-21,USD,EUR\n\n2026-11-20,USD,EUR,0.92\n\
                    2026-11-22,EUR,USD,1.08\n2026-11-22,USD,GBP,0.79\n2026-13-01,USD,EUR,1\n2026-11-19,USD,EUR,0,91\n\
                    date,from,to,rate\n2026-11-18,USD,EUR,0";
        let other = || BadRate::Currencies(Currency::USD, euro());
        assert_eq!(
            wrong(text),
            [
                (3, BadRate::Columns(3)),
                (5, BadRate::Twice(2)),
                (6, other()),
                (7, other()),
                (8, BadRate::NoDate),
                (9, BadRate::Columns(5)),
                (10, other()),
                (11, BadRate::NotPositive),
            ]
        );
        for nothing in ["", "\n \n", "date,from,to,rate"] {
            assert_eq!(wrong(nothing), [(1, BadRate::Empty)], "{nothing:?}");
        }
        let long = "\n".repeat(MOST_LINES + 1);
        assert_eq!(wrong(&long), [(MOST_LINES, BadRate::TooLong)]);
        assert_eq!(wrong(&"x".repeat(LONGEST_LIST + 1)), [(MOST_LINES, BadRate::TooLong)]);
    }

    proptest! {
        /// Whatever is pasted is read or refused, never more rates than lines, each a sane one.
        #[test]
        fn anything_that_is_pasted_is_read_or_refused(text in "([0-9]{4}-[01][0-9]-[0-3][0-9],USD,EUR,-?[0-9.,]{0,12}\n?|.{0,12}\n?){0,8}") {
            match list(&text) {
                Ok(rates) => {
                    prop_assert!(!rates.is_empty() && rates.len() <= text.lines().count());
                    prop_assert!(rates.iter().all(|rate| rate.per_unit > Decimal::ZERO && rate.valid_on >= FIRST_DAY));
                }
                Err(wrong) => {
                    prop_assert!(!wrong.is_empty());
                    prop_assert!(wrong.iter().all(|bad| bad.line <= text.lines().count().max(1)));
                }
            }
        }
    }
}
