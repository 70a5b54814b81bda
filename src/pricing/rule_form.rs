//! A rule with a scope as a person types it. Pure.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time};

use super::markup_form::{MOST_AMOUNT, MarkupForm, Wrong, min_margin, number};
use super::rule::Rule;
use super::scope::Scope;
use crate::ground::{Currency, Price};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]");
/// The strongest and, with a minus, the weakest rule.
const MOST_PRIORITY: i32 = 1_000;

/// What was typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuleForm<'a> {
    /// A word of [`Scope::WORDS`].
    pub scope: &'a str,
    /// `fr`, `europe`, `data`, `1120`; nothing for the shop.
    pub key: &'a str,
    /// `25`; nothing with a fixed price.
    pub percent: &'a str,
    /// `0.65`; nothing with a fixed price.
    pub fixed: &'a str,
    /// The price itself, for one package.
    pub price: &'a str,
    /// The least that must be left; nothing is 0.
    pub min_margin: &'a str,
    /// `none`, `99` …
    pub rounding: &'a str,
    /// A whole number; nothing is 0.
    pub priority: &'a str,
    /// `2026-11-27` or `2026-11-27T18:00`, UTC; nothing: always.
    pub from: &'a str,
    /// The same.
    pub until: &'a str,
}

/// What is wrong, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleRefused {
    /// With `scope`.
    pub scope: Option<Wrong>,
    /// With `key`.
    pub key: Option<Wrong>,
    /// With `percent`.
    pub percent: Option<Wrong>,
    /// With `fixed`.
    pub fixed: Option<Wrong>,
    /// With `price`.
    pub price: Option<Wrong>,
    /// With `min_margin`.
    pub min_margin: Option<Wrong>,
    /// With `rounding`.
    pub rounding: Option<Wrong>,
    /// With `priority`.
    pub priority: Option<Wrong>,
    /// With `from`.
    pub from: Option<Wrong>,
    /// With `until`.
    pub until: Option<Wrong>,
}

impl RuleForm<'_> {
    /// The rule that was typed, for prices in `currency`; whether its key names anything is not asked.
    ///
    /// # Errors
    /// Every wrong field at once.
    pub fn parse(&self, currency: Currency, by: &str, now: OffsetDateTime) -> Result<Rule, RuleRefused> {
        let mut wrong = RuleRefused::default();
        let scope = kept(self.scope(), &mut wrong.scope, &mut wrong.key);
        let price = self.price(currency, scope.as_ref()).unwrap_or_else(|why| {
            wrong.price = Some(why);
            None
        });
        // Beside a price they may be left empty, and count for nothing; nonsense is told all the same.
        let or = |typed, empty| if price.is_some() && str::trim(typed).is_empty() { empty } else { typed };
        let form = MarkupForm {
            percent: or(self.percent, "0"),
            fixed: or(self.fixed, "0"),
            rounding: or(self.rounding, "none"),
        };
        let markup = form.parse(currency).map_err(|refused| {
            (wrong.percent, wrong.fixed, wrong.rounding) = (refused.percent, refused.fixed, refused.rounding);
        });
        let markup = markup.map(|markup| if price.is_some() { markup.of_nothing() } else { markup });
        let min_margin = note(min_margin(self.min_margin, currency), &mut wrong.min_margin);
        let priority = note(priority(self.priority), &mut wrong.priority);
        let from = note(moment(self.from), &mut wrong.from).flatten();
        let until = note(moment(self.until), &mut wrong.until).flatten();
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            wrong.until = Some(Wrong::EndsBeforeItBegins);
        }
        match (scope, markup, min_margin, priority) {
            (Some(scope), Ok(markup), Some(min_margin), Some(priority))
                if wrong == RuleRefused::default() =>
            {
                Ok(Rule {
                    scope,
                    priority,
                    fixed_price: price,
                    min_margin,
                    starts_at: from,
                    ends_at: until,
                    ..Rule::shop_wide(markup, by, now)
                })
            }
            _ => Err(wrong),
        }
    }

    fn scope(&self) -> Result<Scope, (bool, Wrong)> {
        let (word, key) = (self.scope.trim(), self.key.trim());
        if !Scope::WORDS.contains(&word) {
            return Err((true, Wrong::UnknownScope));
        }
        let lower = key.to_lowercase();
        let key = Some(lower.as_str()).filter(|key| !key.is_empty() && word != "shop");
        Scope::from_words(word, key).ok_or((false, if key.is_none() { Wrong::NoKey } else { Wrong::NoId }))
    }

    fn price(&self, currency: Currency, scope: Option<&Scope>) -> Result<Option<Price>, Wrong> {
        if self.price.trim().is_empty() {
            return Ok(None);
        }
        if scope.is_some_and(|scope| !matches!(scope, Scope::Package(_))) {
            return Err(Wrong::PriceOfMany);
        }
        let amount = number(self.price, MOST_AMOUNT, currency.exponent())?;
        let price = Price::at_least(amount, currency).filter(|price| price.minor > 0);
        price.map(Some).ok_or(Wrong::Nothing)
    }
}

fn kept(
    scope: Result<Scope, (bool, Wrong)>,
    word: &mut Option<Wrong>,
    key: &mut Option<Wrong>,
) -> Option<Scope> {
    scope
        .map_err(|(of_word, why)| {
            *(if of_word { word } else { key }) = Some(why);
        })
        .ok()
}

fn note<T>(read: Result<T, Wrong>, wrong: &mut Option<Wrong>) -> Option<T> {
    read.map_err(|why| *wrong = Some(why)).ok()
}

fn priority(typed: &str) -> Result<i32, Wrong> {
    match typed.trim() {
        "" => Ok(0),
        typed => {
            let number = typed.parse::<i32>().map_err(|_| Wrong::NoWholeNumber)?;
            if number.abs() > MOST_PRIORITY { Err(Wrong::NoWholeNumber) } else { Ok(number) }
        }
    }
}

/// A day's first moment, or a minute's, in UTC; nothing is no limit.
fn moment(typed: &str) -> Result<Option<OffsetDateTime>, Wrong> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let day = || Date::parse(typed, DAY).map(|day| day.with_time(Time::MIDNIGHT));
    let at = PrimitiveDateTime::parse(typed, MINUTE).or_else(|_| day()).map_err(|_| Wrong::NoDate)?;
    if (2020..2200).contains(&at.year()) { Ok(Some(at.assume_utc())) } else { Err(Wrong::NoDate) }
}

/// A moment as the form takes it.
fn written(at: Option<OffsetDateTime>) -> String {
    at.and_then(|at| at.to_offset(time::UtcOffset::UTC).format(MINUTE).ok()).unwrap_or_default()
}

impl Rule {
    /// The beginning, as the form takes it.
    pub fn from_typed(&self) -> String {
        written(self.starts_at)
    }

    /// The end, as the form takes it.
    pub fn until_typed(&self) -> String {
        written(self.ends_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn parse(form: RuleForm<'_>) -> Result<Rule, RuleRefused> {
        form.parse(Currency::parse("USD").unwrap(), "olga@example.com", NOW)
    }

    const GOOD: RuleForm<'static> = RuleForm {
        scope: "country",
        key: " FR ",
        percent: "30",
        fixed: "0.10",
        price: "",
        min_margin: "0.50",
        rounding: "99",
        priority: "-3",
        from: "2026-11-27",
        until: "2026-11-30T18:30",
    };

    #[test]
    fn a_rule_is_read_as_it_was_typed() {
        let rule = parse(GOOD).unwrap();
        assert_eq!(rule.scope, Scope::Country("fr".to_owned()));
        assert_eq!((rule.priority, rule.min_margin.to_string().as_str()), (-3, "0.5"));
        assert_eq!(rule.starts_at, Some(datetime!(2026-11-27 0:00 UTC)));
        assert_eq!(rule.ends_at, Some(datetime!(2026-11-30 18:30 UTC)));
        assert_eq!((rule.from_typed().as_str(), rule.markup.rounding.word()), ("2026-11-27T00:00", "99"));
        let package = parse(RuleForm { scope: "package", key: "7", price: "12.34", percent: "", ..GOOD });
        assert_eq!(package.unwrap().fixed_price.unwrap().minor, 1_234);
        let shop = parse(RuleForm { scope: "shop", key: "whatever", ..GOOD });
        assert_eq!(shop.unwrap().scope, Scope::Shop);
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field() {
        let wrong = |form| parse(form).unwrap_err();
        let none = RuleRefused::default();
        assert_eq!(
            wrong(RuleForm { scope: "world", ..GOOD }),
            RuleRefused { scope: Some(Wrong::UnknownScope), ..none }
        );
        assert_eq!(wrong(RuleForm { key: " ", ..GOOD }).key, Some(Wrong::NoKey));
        assert_eq!(wrong(RuleForm { scope: "package", key: "-7", ..GOOD }).key, Some(Wrong::NoId));
        assert_eq!(wrong(RuleForm { price: "5", ..GOOD }).price, Some(Wrong::PriceOfMany));
        let package = RuleForm { scope: "package", key: "7", ..GOOD };
        assert_eq!(wrong(RuleForm { price: "0", ..package }).price, Some(Wrong::Nothing));
        assert_eq!(wrong(RuleForm { price: "1,5", ..package }).price, Some(Wrong::Comma));
        assert_eq!(wrong(RuleForm { min_margin: "-1", ..GOOD }).min_margin, Some(Wrong::Negative));
        assert_eq!(wrong(RuleForm { percent: "", ..GOOD }).percent, Some(Wrong::Empty));
        let beside = RuleForm { price: "9.99", percent: "abc", fixed: "-5", rounding: "bogus", ..package };
        let refused = wrong(beside);
        assert_eq!((refused.percent, refused.fixed), (Some(Wrong::NotANumber), Some(Wrong::Negative)));
        assert_eq!(refused.rounding, Some(Wrong::UnknownRounding));
        for odd in ["1.5", "high", "1001", "99999999999"] {
            assert_eq!(wrong(RuleForm { priority: odd, ..GOOD }).priority, Some(Wrong::NoWholeNumber));
        }
        for odd in ["tomorrow", "2026-02-30", "27.11.2026", "0001-01-01", "9999-01-01", "2026-11-27T25:00"] {
            assert_eq!(wrong(RuleForm { from: odd, ..GOOD }).from, Some(Wrong::NoDate), "{odd}");
        }
        let until = RuleForm { until: "2026-11-27", ..GOOD };
        assert_eq!(wrong(until).until, Some(Wrong::EndsBeforeItBegins));
    }
}
