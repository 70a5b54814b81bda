//! The upstream's JSON, read with suspicion: what wraps every answer, and single values, with numbers or strings for
//! money and ids, 0 and 1 for booleans, and anything missing or null. Which fields there are stands in `fields.rs`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::fields::AnswerFields;
use super::undocumented::Undocumented;
use crate::ground::money::exact_decimal;

/// A field as it was written: the JSON token itself, null included, so that no number passes through a float. `None`
/// where it is missing.
pub type Token<'a> = Option<&'a RawValue>;

/// Why an answer could not be used, in words for staff; never a part of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable(pub &'static str);

const NOT_JSON: Unreadable = Unreadable("not the JSON that was expected");

/// Longest text kept of any field that is shown; names are cut shorter still where they are accepted.
const TEXT_LIMIT: usize = 1_000;
/// Longest text kept of the upstream's own words.
const MESSAGE_LIMIT: usize = 300;

/// What every answer is wrapped in.
pub struct Envelope<'a>(AnswerFields<'a>);

impl<'a> Envelope<'a> {
    /// Reads a body that must be one JSON object, and notes what is not as documented.
    pub fn read_noting(body: &'a [u8], seen: &mut Undocumented) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(body).map_err(|_| NOT_JSON)?.trim_matches([' ', '\t', '\r', '\n']);
        match text.as_bytes().first() {
            Some(b'{') => AnswerFields::read_json(text, seen).map(Self).ok_or(NOT_JSON),
            Some(_) => Err(Unreadable("not a JSON object")),
            None => Err(Unreadable("an empty answer")),
        }
    }

    /// Reads a body that must be one JSON object.
    pub fn read(body: &'a [u8]) -> Result<Self, Unreadable> {
        Self::read_noting(body, &mut Undocumented::default())
    }

    /// Reads a body that claims success.
    pub fn success(body: &'a [u8], seen: &mut Undocumented) -> Result<Self, Unreadable> {
        let envelope = Self::read_noting(body, seen)?;
        claims_success(envelope.0.status)?;
        Ok(envelope)
    }

    /// Whether it says `status: false`, exactly.
    pub fn says_no(&self) -> bool {
        self.0.status.is_some_and(|token| token.get() == "false")
    }

    /// The string `message`, bounded and without control characters.
    pub fn message(&self) -> Option<String> {
        let words: String = serde_json::from_str(self.0.message?.get()).ok()?;
        Some(words.chars().filter(|c| !c.is_control()).take(MESSAGE_LIMIT).collect())
    }

    /// The keys of an object `errors`, sorted; `None` where `errors` is no object.
    pub fn error_fields(&self) -> Option<Vec<String>> {
        let errors: BTreeMap<String, &RawValue> = serde_json::from_str(self.0.errors?.get()).ok()?;
        let bounded = |key: String| key.chars().filter(|c| !c.is_control()).take(64).collect();
        Some(errors.into_keys().take(32).map(bounded).collect())
    }

    /// What was asked for.
    pub fn data(&self) -> Result<&'a RawValue, Unreadable> {
        there(self.0.data).ok_or(Unreadable("an answer without data"))
    }
}

/// Refuses a success that says no; a missing status is no no.
pub fn claims_success(status: Token<'_>) -> Result<(), Unreadable> {
    match boolean(status) {
        Some(false) => Err(Unreadable("a success that says status: false")),
        _ => Ok(()),
    }
}

/// A value that is there and not null.
pub fn there(token: Token<'_>) -> Token<'_> {
    token.filter(|token| token.get() != "null")
}

/// No more rows than these are taken out of one list. It is one more than anybody may use, so that a list that is too
/// long is seen to be.
const ROWS_TAKEN: usize = super::catalog_stream::ROWS_LIMIT + 1;

/// The rows of a list as they were written; `None` for anything else.
pub fn rows(token: Token<'_>) -> Option<Vec<&RawValue>> {
    let json = token?.get();
    json.starts_with('[').then(|| serde_json::from_str(json).ok()).flatten().map(|Taken(rows)| rows)
}

/// A list's rows, up to the limit; what comes after is read and let go.
struct Taken<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Taken<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Taking)
    }
}

struct Taking;

impl<'de> Visitor<'de> for Taking {
    type Value = Taken<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Self::Value, S::Error> {
        let mut rows = Vec::new();
        while rows.len() < ROWS_TAKEN {
            match list.next_element()? {
                Some(row) => rows.push(row),
                None => return Ok(Taken(rows)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Taken(rows))
    }
}

/// A string, or a number as it was written; cut at a bound that no honest text reaches.
pub fn text(token: Token<'_>) -> Option<String> {
    short_text(token).map(Cow::into_owned)
}

/// The same, borrowed from the answer where it is written plainly.
pub fn short_text(token: Token<'_>) -> Option<Cow<'_, str>> {
    written(token).and_then(cut)
}

/// The same for what is only ever shown: a NUL, which no database takes, is left out of it.
pub fn shown_text(token: Token<'_>) -> Option<Cow<'_, str>> {
    let text = spelled(token)?;
    cut(if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { text })
}

fn cut(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    Some(match text.char_indices().nth(TEXT_LIMIT).filter(|_| text.len() > TEXT_LIMIT) {
        Some((end, _)) => Cow::Owned(text.get(..end)?.to_owned()),
        None => text,
    })
}

/// A string, or a number as it was written; never cut. One with a NUL, which no database takes, is none.
pub fn whole_text(token: Token<'_>) -> Option<String> {
    written(token).map(Cow::into_owned)
}

fn written(token: Token<'_>) -> Option<Cow<'_, str>> {
    spelled(token).filter(|text| !text.contains('\0'))
}

fn spelled(token: Token<'_>) -> Option<Cow<'_, str>> {
    let json = token?.get();
    match json.as_bytes() {
        // Without a backslash the characters stand for themselves, and JSON allows no NUL among them.
        [b'"', plain @ .., b'"'] if !plain.contains(&b'\\') => json.get(1..json.len() - 1).map(Cow::Borrowed),
        [b'"', ..] => serde_json::from_str(json).ok().map(Cow::Owned),
        [b'-' | b'0'..=b'9', ..] => Some(Cow::Borrowed(json)),
        _ => None,
    }
}

/// An exact amount, written as a number or as a string.
pub fn decimal(token: Token<'_>) -> Option<Decimal> {
    exact_decimal(&written(token)?)
}

/// A whole number, written as a number or as a string; `30.0` counts.
pub fn integer(token: Token<'_>) -> Option<i64> {
    let value = decimal(token)?;
    value.fract().is_zero().then(|| i64::try_from(value.trunc()).ok()).flatten()
}

/// `true`, `1`, `"1"`, `"true"` and their opposites.
pub fn boolean(token: Token<'_>) -> Option<bool> {
    match token?.get().trim_matches('"') {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A date, with or without a time behind it.
pub fn date(token: Token<'_>) -> Option<Date> {
    let text = written(token)?;
    Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()
}

/// A moment; one without an offset is taken as UTC, and one without a time as its day's begin.
pub fn moment(token: Token<'_>) -> Option<OffsetDateTime> {
    let text = written(token)?;
    OffsetDateTime::parse(&text, &Rfc3339).ok().or_else(|| {
        let day = date(token)?;
        let time = text
            .get(11..19)
            .and_then(|time| time::Time::parse(time, format_description!("[hour]:[minute]:[second]")).ok());
        Some(day.with_time(time.unwrap_or(time::Time::MIDNIGHT)).assume_utc())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(json: &str, read: impl FnOnce(Token<'_>) -> T) -> T {
        let token: Box<RawValue> = serde_json::from_str(json).unwrap_or_else(|why| panic!("{json}: {why}"));
        read(Some(&token))
    }

    #[test]
    fn values_are_read_whatever_their_type_or_not_at_all() {
        for (json, number) in [
            ("45", Some(45)),
            ("\"45\"", Some(45)),
            ("45.0", Some(45)),
            ("4.5e1", Some(45)),
            ("-7", Some(-7)),
            ("4.5", None),
            ("1e308", None),
            ("9223372036854775808", None),
            ("\"\"", None),
            ("true", None),
            ("null", None),
            ("[45]", None),
        ] {
            assert_eq!(with(json, integer), number, "{json}");
        }
        for (json, truth) in [("1", Some(true)), ("\"false\"", Some(false)), ("2", None), ("\"yes\"", None)] {
            assert_eq!(with(json, boolean), truth, "{json}");
        }
        for (json, words) in [
            ("\"a\\u00e9\"", Some("a\u{e9}")),
            ("\"\\ud83d\\ude00\"", Some("\u{1f600}")),
            ("4.20", Some("4.20")),
            ("\"\\ud800\"", None),
            ("\"a\\u0000b\"", None),
            ("null", None),
            ("{}", None),
        ] {
            assert_eq!(with(json, text).as_deref(), words, "{json}");
        }
        let shown = |json: &str| with(json, |token| shown_text(token).map(Cow::into_owned));
        assert_eq!(shown("\"a\\u0000b\"").as_deref(), Some("ab"), "what is shown does without");
        assert_eq!(shown("\"\\ud800\""), None);
        assert_eq!(with("\"2026-04-14T99\"", date).map(|day| day.to_string()).as_deref(), Some("2026-04-14"));
        assert_eq!(with("\"2026-13-14\"", date), None);
        assert_eq!(with("\"2026-04-1\u{e9}x\"", date), None, "a cut inside a character is no date");
        for json in ["\"2026-03-15T10:00:00Z\"", "\"2026-03-15 10:00:00\"", "\"2026-03-15T12:00:00+02:00\""] {
            assert_eq!(with(json, moment).map(OffsetDateTime::unix_timestamp), Some(1_773_568_800), "{json}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        for letter in ["x", "\u{e9}", "\u{1f600}"] {
            let json = format!("\"{}\"", letter.repeat(3_000));
            assert_eq!(with(&json, text), Some(letter.repeat(TEXT_LIMIT)), "{letter}");
        }
    }

    proptest::proptest! {
        #[test]
        fn money_printed_back_is_what_was_written(
            digits in "(0|[1-9][0-9]{0,15})", fraction in "(\\.[0-9]{1,10})?", negative: bool,
        ) {
            let written = format!("{}{digits}{fraction}", if negative { "-" } else { "" });
            let amount = with(&written, decimal).unwrap().to_string();
            let zero = written.bytes().all(|b| !matches!(b, b'1'..=b'9'));
            let unsigned = written.trim_start_matches('-');
            proptest::prop_assert_eq!(amount.trim_start_matches('-'), unsigned);
            proptest::prop_assert!(zero || amount == written, "{} from {}", amount, written);
            proptest::prop_assert_eq!(with(&format!("\"{written}\""), decimal).unwrap().to_string(), amount);
        }

        #[test]
        fn no_value_panics(words: String, token in "[-0-9eE.+]{0,40}") {
            for json in [serde_json::to_string(&words).unwrap(), format!("\"{token}\"")] {
                with(&json, |value| (text(value), decimal(value), integer(value), boolean(value)));
                with(&json, |value| (date(value), moment(value)));
            }
        }
    }
}
