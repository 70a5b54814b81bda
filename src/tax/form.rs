//! A rate as a person types it. Pure.

use rust_decimal::Decimal;
use time::{Date, OffsetDateTime, Time, macros::format_description};

use super::Country;
use crate::ground::{money::exact_decimal, tax};

/// Years that a rate may begin in.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// What was typed.
#[derive(Clone, Copy, Debug)]
pub struct RateForm<'a> {
    /// A country's code.
    pub country: &'a str,
    /// `22`
    pub percent: &'a str,
    /// `2027-01-01`, the first day (UTC) on which it holds; empty for at once.
    pub from: &'a str,
}

/// A rate that may be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRate {
    /// The country.
    pub country: Country,
    /// Percent of the net price, from 0 to 100.
    pub percent: Decimal,
    /// From when on.
    pub holds_from: OffsetDateTime,
}

/// What is wrong, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateRefused {
    /// With `country`.
    pub country: Option<&'static str>,
    /// With `percent`.
    pub percent: Option<&'static str>,
    /// With `from`.
    pub from: Option<&'static str>,
}

impl RateForm<'_> {
    /// The rate that was typed.
    ///
    /// # Errors
    /// Every wrong field at once; nothing is guessed.
    pub fn parse(&self, now: OffsetDateTime) -> Result<NewRate, RateRefused> {
        let country = Country::parse(self.country).ok_or("Choose a country.");
        let (percent, from) = (percent(self.percent), first_day(self.from, now));
        match (country, percent, from) {
            (Ok(country), Ok(percent), Ok(holds_from)) => Ok(NewRate { country, percent, holds_from }),
            (country, percent, from) => {
                Err(RateRefused { country: country.err(), percent: percent.err(), from: from.err() })
            }
        }
    }
}

fn percent(typed: &str) -> Result<Decimal, &'static str> {
    let typed = typed.trim();
    if typed.contains(',') {
        return Err("Write decimals with a dot: 8.1, not 8,1.");
    }
    let plain = typed.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = Some(typed).filter(|_| plain).and_then(exact_decimal);
    let number = number.ok_or("Write a number from 0 to 100, such as 22 or 8.1; 0 for no tax.")?.normalize();
    match (number <= Decimal::from(tax::MOST_PERCENT), number.scale() <= tax::DECIMALS) {
        (false, _) => Err("This is too much; the most is 100."),
        (_, false) => Err("At most 3 decimals."),
        _ => Ok(number),
    }
}

fn first_day(typed: &str, now: OffsetDateTime) -> Result<OffsetDateTime, &'static str> {
    if typed.trim().is_empty() {
        return Ok(now);
    }
    // The library would take a sign before the year.
    let plain = typed.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = Some(typed.trim()).filter(|_| plain);
    let day = day.and_then(|day| Date::parse(day, format_description!("[year]-[month]-[day]")).ok());
    let day = day.filter(|day| YEARS.contains(&day.year()));
    day.map(|day| day.with_time(Time::MIDNIGHT).assume_utc())
        .ok_or("Write a date such as 2027-01-01, or leave the field empty.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn parse(country: &str, percent: &str, from: &str) -> Result<NewRate, RateRefused> {
        RateForm { country, percent, from }.parse(NOON)
    }

    #[test]
    fn a_rate_is_read_with_its_first_day() {
        let italy = Country::parse("it").unwrap();
        let at_once = NewRate { country: italy, percent: Decimal::from(22), holds_from: NOON };
        assert_eq!(parse("IT", " 22.0 ", ""), Ok(at_once));
        let later =
            NewRate { percent: Decimal::new(81, 1), holds_from: datetime!(2027-01-01 0:00 UTC), ..at_once };
        assert_eq!(parse("it", "8.1", "2027-01-01"), Ok(later));
        assert!(parse("it", "0", "").is_ok() && parse("it", "100", "").is_ok());
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let all = parse("zz", "abc", "tomorrow").unwrap_err();
        assert!(all.country.is_some() && all.percent.is_some() && all.from.is_some());
        for bad in
            ["", "-1", "+5", "1e1", "22,0", "22%", "100.1", "1000000000000", "1.2345", "٢٢", ".", "1_0"]
        {
            let wrong = parse("it", bad, "").unwrap_err();
            assert!(wrong.percent.is_some() && wrong.country.is_none() && wrong.from.is_none(), "{bad}");
        }
        for bad in ["2027", "2027-02-30", "01/02/2027", "1999-12-31", "2101-01-01", "+2027-01-01"] {
            assert!(parse("it", "22", bad).unwrap_err().from.is_some(), "{bad}");
        }
    }
}
