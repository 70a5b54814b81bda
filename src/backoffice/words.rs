//! How the back office writes times, amounts and states. Pure.

use std::time::Duration;

use askama::Template;
use rust_decimal::Decimal;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::ground::{Cost, Currency, Price};

const TEXT: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:short] [year]");

/// A moment, in UTC.
#[derive(Template)]
#[template(source = r#"<time datetime="{{ iso }}" title="{{ iso }}">{{ text }}</time>"#, ext = "html")]
pub(crate) struct Moment {
    iso: String,
    text: String,
}

/// Drawn by its own template, which escapes what it holds.
impl askama::filters::HtmlSafe for Moment {}

impl Moment {
    pub(crate) fn of(at: OffsetDateTime) -> Self {
        // HTML knows thousandths of a second and nothing smaller.
        let at = at.to_offset(UtcOffset::UTC).truncate_to_millisecond();
        Self { iso: at.format(&Rfc3339).unwrap_or_default(), text: at.format(TEXT).unwrap_or_default() }
    }

    /// The moment as machines read it.
    pub(crate) fn iso(&self) -> &str {
        &self.iso
    }

    /// The moment as a distance from now: "3 min ago".
    pub(crate) fn ago(at: OffsetDateTime, now: OffsetDateTime) -> Self {
        Self { text: ago(at, now), ..Self::of(at) }
    }
}

/// A day: "22 Nov 2026".
pub(crate) fn day(date: Date) -> String {
    date.format(DAY).unwrap_or_default()
}

fn ago(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let minutes = (now - at).whole_minutes().max(0);
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

/// How long something took: "45 ms", "3.2 s", "2 min 5 s".
pub(crate) fn took(from: OffsetDateTime, to: OffsetDateTime) -> String {
    span((to - from).max(time::Duration::ZERO).unsigned_abs())
}

/// A length of time, in the same words; from an hour on without what is smaller: "24 h".
pub(crate) fn span(length: Duration) -> String {
    match length.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        millis @ 1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        millis @ 60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
        millis @ 3_600_000..172_800_000 => format!("{} h", millis / 3_600_000),
        millis => format!("{} days", millis / 86_400_000),
    }
}

/// How a state looks: its words, and whether it is good, waits, or needs a person.
#[derive(Template, Debug, PartialEq, Eq)]
#[template(source = r#"<span class="status" data-tone="{{ tone }}">{{ text }}</span>"#, ext = "html")]
pub(crate) struct Badge {
    text: String,
    tone: &'static str,
}

/// Drawn by its own template, which escapes what it holds.
impl askama::filters::HtmlSafe for Badge {}

impl Badge {
    /// A state's word (`awaiting_payment`) in its colour. A word that is not listed stays grey, so that a new state
    /// is shown and never hidden.
    pub(crate) fn of(word: &str) -> Self {
        let tone = match word {
            "completed" | "paid" | "done" | "applied" | "unchanged" | "found" | "sent" => "good",
            "awaiting_payment" | "processing" | "pending" | "ordering" | "on_hold" | "received"
            | "running" | "later" | "doubt" | "partially_refunded" => "wait",
            "failed" | "refused" | "held" => "bad",
            _ => "idle",
        };
        Self { text: sentence(word), tone }
    }

    pub(crate) fn new(text: &str, tone: &'static str) -> Self {
        Self { text: text.to_owned(), tone }
    }
}

/// A word of the database as a reader's words: `awaiting_payment` is "Awaiting payment".
pub(crate) fn sentence(word: &str) -> String {
    let spaced = word.replace('_', " ");
    let mut chars = spaced.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// An amount in minor units: "5.90 EUR".
pub(crate) fn minor(amount: i64, code: &str) -> String {
    match Currency::parse(code) {
        Some(currency) => format!("{} {code}", Price::new(amount, currency)),
        None => format!("{amount} minor units of {code}"),
    }
}

/// An exact amount, with at least its currency's decimals: "4.20 EUR", "4.2015 EUR".
pub(crate) fn exact(amount: Decimal, code: &str) -> String {
    format!("{} {code}", at_least_decimals(amount, code))
}

fn at_least_decimals(amount: Decimal, code: &str) -> Decimal {
    let mut amount = amount.normalize();
    let decimals = Currency::parse(code).map_or(2, Currency::exponent);
    if amount.scale() < decimals {
        amount.rescale(decimals);
    }
    amount
}

/// What is left of a price after its cost, and what part of the price that is: "1.05 EUR", "20 %". `None` where the
/// two are in different currencies, or the sum is too large.
pub(crate) fn margin(price_minor: i64, cost: Decimal, code: &str) -> Option<(String, String)> {
    let price = Price::new(price_minor, Currency::parse(code)?).amount();
    let left = price.checked_sub(cost)?;
    let part = match price.is_zero() {
        true => "0 %".to_owned(),
        false => format!("{} %", (left * Decimal::ONE_HUNDRED).checked_div(price)?.round()),
    };
    Some((exact(left, code), part))
}

/// A price with its currency: "5.25 USD".
pub(crate) fn in_full(price: Price) -> String {
    format!("{price} {}", price.currency)
}

/// What is left of a price, and which part of it: "1.05 USD (20 %)".
pub(crate) fn left(price: Price, cost: Cost) -> String {
    let same = price.currency == cost.currency;
    same.then(|| margin(price.minor, cost.amount, price.currency.code()))
        .flatten()
        .map_or_else(String::new, |(left, part)| format!("{left} ({part})"))
}

/// The facts of a history entry on one line: "outcome: done, http status: 201". What was left empty is no fact.
pub(crate) fn facts(detail: &serde_json::Value) -> String {
    let serde_json::Value::Object(facts) = detail else { return String::new() };
    let is_said = |value: &serde_json::Value| {
        !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty())
    };
    let line: Vec<String> = facts
        .iter()
        .filter(|(_, value)| is_said(value))
        .map(|(key, value)| match value {
            serde_json::Value::String(text) => format!("{}: {text}", key.replace('_', " ")),
            other => format!("{}: {other}", key.replace('_', " ")),
        })
        .collect();
    line.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;
    use time::macros::datetime;

    #[test]
    fn a_badge_is_drawn_in_a_page_and_what_it_holds_is_escaped() {
        #[derive(Template)]
        #[template(source = "{{ badge }}{{ text }}", ext = "html")]
        struct Page {
            badge: Badge,
            text: &'static str,
        }
        let page = Page { badge: Badge::new("<b>", "idle"), text: "<i>" };
        assert_eq!(
            page.to_string(),
            r#"<span class="status" data-tone="idle">&#60;b&#62;</span>&#60;i&#62;"#
        );
    }

    #[test]
    fn moments_are_utc_and_distances_round_down() {
        let at = datetime!(2026-11-22 05:15 +1);
        assert_eq!(
            Moment::of(at).to_string(),
            r#"<time datetime="2026-11-22T04:15:00Z" title="2026-11-22T04:15:00Z">22 Nov 2026, 04:15</time>"#
        );
        let exact = Moment::of(datetime!(2026-11-22 04:15:00.123456 UTC));
        assert_eq!(exact.iso(), "2026-11-22T04:15:00.123Z");
        let said =
            [(0, "just now"), (59, "59 min ago"), (119, "1 h ago"), (2880, "2 days ago"), (-5, "just now")];
        for (minutes, text) in said {
            assert_eq!(ago(at, at + Duration::minutes(minutes)), text);
        }
        assert_eq!(took(at, at + Duration::milliseconds(3_250)), "3.2 s");
    }

    #[test]
    fn amounts_keep_every_decimal_of_a_cost() {
        assert_eq!(exact("4.2".parse().unwrap(), "EUR"), "4.20 EUR");
        assert_eq!(exact("4.201500".parse().unwrap(), "EUR"), "4.2015 EUR");
        assert_eq!(minor(590, "JPY"), "590 JPY");
        assert_eq!(
            margin(525, "4.2".parse().unwrap(), "EUR"),
            Some(("1.05 EUR".to_owned(), "20 %".to_owned()))
        );
    }

    #[test]
    fn states_read_as_words_and_unknown_ones_still_show() {
        assert_eq!(Badge::of("awaiting_payment"), Badge::new("Awaiting payment", "wait"));
        assert_eq!(Badge::of("teleported"), Badge::new("Teleported", "idle"));
        assert_eq!(
            Badge::new("<b>", "bad").to_string(),
            r#"<span class="status" data-tone="bad">&#60;b&#62;</span>"#
        );
        assert_eq!(
            facts(&serde_json::json!({"http_status": 201, "outcome": "done", "reason": null})),
            "http status: 201, outcome: done"
        );
        let unsaid = serde_json::json!({"outcome": "doubt", "reason": "", "note": " ", "retried": false});
        assert_eq!(facts(&unsaid), "outcome: doubt, retried: false");
        assert_eq!(facts(&serde_json::json!({"reason": ""})), "");
    }
}
