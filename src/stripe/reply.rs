//! What a reply means. Pure.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The longest pause that a reply may ask for.
const LONGEST: Duration = Duration::from_secs(900);

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// This.
    Done(T),
    /// Definitely not: Stripe's own words for why, without anything that was sent.
    Refused(String),
    /// Not carried out: it may be asked again under the same key.
    Later(Option<Duration>),
    /// Sent, and no reply that can be trusted.
    Doubt(String),
}

impl<T> Reply<T> {
    /// The same with another value.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Reply<U> {
        match self {
            Self::Done(value) => Reply::Done(with(value)),
            Self::Refused(why) => Reply::Refused(why),
            Self::Later(after) => Reply::Later(after),
            Self::Doubt(why) => Reply::Doubt(why),
        }
    }
}

/// Judges a whole reply. A refusal is one only in Stripe's own envelope (an object `error` with a `type`): a proxy's page
/// proves nothing. Stripe stores a 500 under its key and repeats it, so that it is no proof either.
pub(super) fn judge<T: DeserializeOwned>(status: u16, retry_after: Option<&str>, body: &[u8]) -> Reply<T> {
    let after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    match status {
        200..=299 => match serde_json::from_slice(body) {
            Ok(value) => Reply::Done(value),
            Err(_) => Reply::Doubt(format!("{status} without a readable answer")),
        },
        400 | 402 | 404 => match refusal(body) {
            // The key was used with other parameters: whether that was carried out is what its list says.
            Some((kind, _)) if kind == "idempotency_error" => Reply::Doubt(kind),
            Some((_, words)) => Reply::Refused(words),
            None => Reply::Doubt(format!("{status} without Stripe's envelope")),
        },
        // A wrong key, a missing right, a twin under way, too many: none of them was carried out.
        401 | 403 | 409 | 425 | 429 => Reply::Later(after.map(|after| after.min(LONGEST))),
        _ => Reply::Doubt(format!("{status}")),
    }
}

/// The type of an error, and the words that hold nothing of what was sent.
fn refusal(body: &[u8]) -> Option<(String, String)> {
    let error = serde_json::from_slice::<Value>(body).ok()?.get("error")?.clone();
    let word = |name: &str| {
        let text = error.get(name)?.as_str()?;
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '[' | ']' | '.');
        Some(text.chars().filter(plain).take(80).collect::<String>())
    };
    let kind = word("type")?;
    let all = [Some(kind.clone()), word("code"), word("param")];
    Some((kind, all.into_iter().flatten().collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> Reply<Value> {
        judge(status, Some("7"), body.as_bytes())
    }

    #[test]
    fn every_reply_has_its_meaning() {
        let envelope = r#"{"error":{"type":"invalid_request_error","code":"charge_already_refunded","message":"ada@example.com"}}"#;
        let words = "invalid_request_error charge_already_refunded".to_owned();
        assert_eq!(judged(200, "{}"), Reply::Done(serde_json::json!({})));
        for status in [400, 402, 404] {
            assert_eq!(judged(status, envelope), Reply::Refused(words.clone()));
            assert!(matches!(judged(status, "<h1>Not found</h1>"), Reply::Doubt(_)));
        }
        for status in [401, 403, 409, 429] {
            assert_eq!(judged(status, envelope), Reply::Later(Some(Duration::from_secs(7))));
        }
        for status in [200, 301, 302, 418, 500, 502, 503, 504] {
            assert!(matches!(judged(status, "<html>"), Reply::Doubt(_)), "{status}");
        }
        assert!(matches!(judged(500, envelope), Reply::Doubt(_)), "a stored 500 proves nothing");
        let reused = r#"{"error":{"type":"idempotency_error"}}"#;
        assert!(matches!(judged(400, reused), Reply::Doubt(_)));
    }
}
