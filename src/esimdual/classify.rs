//! What a reply means. Pure, in one function, because money hangs on it (CONTRACT section 8).

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::answer::{Answer, Doubt, Later, Refusal};
use super::wire::{Envelope, Unreadable};

/// What is at stake in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It buys: without readable proof nobody knows whether it did.
    Purchase,
    /// It only asks: whatever came back, nothing happened, and it may be asked again.
    Read,
}

/// What was heard after a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The request provably never left: name, connection or TLS.
    NeverSent(&'static str),
    /// It may have left, and no answer came.
    Silence(&'static str),
    /// An answer began.
    Reply {
        /// Its status.
        status: u16,
        /// What it asks us to wait, capped.
        retry_after: Option<Duration>,
        /// Its body, or why it could not be read to its end.
        body: Result<Vec<u8>, &'static str>,
    },
}

impl Heard {
    /// The status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Reply { status, .. } => Some(*status),
            Self::NeverSent(_) | Self::Silence(_) => None,
        }
    }

    /// A hash of the body, to see a page that comes again.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        match self {
            Self::Reply { body: Ok(body), .. } => Some(Sha256::digest(body).into()),
            _ => None,
        }
    }
}

/// The one decision about a reply.
///
/// | heard | purchase | read |
/// | --- | --- | --- |
/// | never left (name, connection, TLS) | later | later |
/// | silence, broken off, timeout | **doubt** | later |
/// | 2xx that `read` accepts | done | done |
/// | 2xx that `read` does not accept (`status: false`, no JSON, another's order) | **doubt** | later |
/// | 400, 422 in the upstream's envelope; 404 with `status: false` | refused | refused |
/// | 400, 404, 422 without it (a proxy, a moved base URL) | later | later |
/// | every other 4xx: 401, 403, 408, 409, 425, 429 … | later | later |
/// | 3xx, 5xx, anything else | **doubt** | later |
pub fn classify<T>(
    call: Call,
    heard: &Heard,
    read: impl FnOnce(&[u8]) -> Result<T, Unreadable>,
) -> Answer<T> {
    let (status, after, body) = match heard {
        Heard::NeverSent(reason) => return later(reason, None, None),
        Heard::Silence(reason) => return open(call, reason, None, None),
        Heard::Reply { status, retry_after, body } => (*status, *retry_after, body),
    };
    match status {
        200..=299 => match body.as_ref().map_err(|why| Unreadable(why)).and_then(|body| read(body)) {
            Ok(value) => Answer::Done(value),
            Err(Unreadable(why)) => open(call, why, Some(status), after),
        },
        400 | 404 | 422 => match body.as_ref().ok().and_then(|body| refusal(status, body)) {
            Some(refusal) => Answer::Refused(refusal),
            None => later("an error page that is not eSIMDual's own", Some(status), after),
        },
        401 => later("the token was refused", Some(status), after),
        403 => later("the account may not do this", Some(status), after),
        429 => later("too many requests", Some(status), after),
        408 | 409 | 425 => later("not now", Some(status), after),
        402..=499 => match body.as_ref().ok().and_then(|body| refusal(status, body)) {
            // A no of a kind that the documents do not know: nobody can say what it was about.
            Some(_) => open(call, "a refusal of an unknown kind", Some(status), after),
            None => later("not now", Some(status), after),
        },
        300..=399 => open(call, "a redirect, which is not followed", Some(status), after),
        _ => open(call, "the upstream failed", Some(status), after),
    }
}

/// A definite no: an object with a string `message` and either `status: false` or an object `errors`; a 404 counts
/// only with `status: false`, because a moved base URL answers 404 too.
fn refusal(status: u16, body: &[u8]) -> Option<Refusal> {
    let envelope = Envelope::read(body).ok()?;
    let message = envelope.message()?;
    let fields = envelope.error_fields();
    let said_no = envelope.says_no() || (status != 404 && fields.is_some());
    said_no.then(|| Refusal { http_status: status, message, fields: fields.unwrap_or_default() })
}

fn later<T>(reason: &str, http_status: Option<u16>, after: Option<Duration>) -> Answer<T> {
    Answer::Later(Later { reason: reason.to_owned(), http_status, after })
}

fn open<T>(call: Call, reason: &str, http_status: Option<u16>, after: Option<Duration>) -> Answer<T> {
    match call {
        Call::Purchase => Answer::Doubt(Doubt { reason: reason.to_owned(), http_status }),
        Call::Read => later(reason, http_status, after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: &str = r#"{"status":false,"message":"Insufficient balance"}"#;
    const FIELDS: &str = r#"{"message":"Invalid","errors":{"package_id":["gone"],"device_imei":["bad"]}}"#;

    fn word(call: Call, heard: &Heard, readable: bool) -> &'static str {
        let answer = classify(call, heard, |_| if readable { Ok(()) } else { Err(Unreadable("unreadable")) });
        match answer {
            Answer::Done(()) => "done",
            Answer::Refused(_) => "refused",
            Answer::Later(_) => "later",
            Answer::Doubt(_) => "doubt",
        }
    }

    fn reply(status: u16, body: &str) -> Heard {
        Heard::Reply { status, retry_after: None, body: Ok(body.as_bytes().to_vec()) }
    }

    #[test]
    fn every_reply_has_its_answer() {
        let cut = |status| Heard::Reply { status, retry_after: None, body: Err("it broke off") };
        let html = "<html>Whoops</html>";
        let table: Vec<(Heard, bool, &str, &str)> = vec![
            (Heard::NeverSent("dns"), true, "later", "later"),
            (Heard::Silence("timeout"), true, "doubt", "later"),
            (reply(201, "{}"), true, "done", "done"),
            (reply(200, "{}"), true, "done", "done"),
            (reply(201, html), false, "doubt", "later"),
            (reply(204, ""), false, "doubt", "later"),
            (cut(201), true, "doubt", "later"),
            (reply(400, NO), true, "refused", "refused"),
            (reply(422, NO), true, "refused", "refused"),
            (reply(404, NO), true, "refused", "refused"),
            (reply(400, FIELDS), true, "refused", "refused"),
            (reply(422, FIELDS), true, "refused", "refused"),
            // A bare Laravel 404: the route is unknown, not the package.
            (reply(404, FIELDS), true, "later", "later"),
            (reply(404, r#"{"message":"Not Found"}"#), true, "later", "later"),
            (reply(404, html), true, "later", "later"),
            (reply(422, html), true, "later", "later"),
            (reply(422, r#"{"status":false}"#), true, "later", "later"),
            (reply(422, r#"{"status":false,"message":["no"]}"#), true, "later", "later"),
            (reply(422, r#"{"status":true,"message":"odd"}"#), true, "later", "later"),
            (reply(422, r#"{"status":0,"message":"odd"}"#), true, "later", "later"),
            (reply(422, r#"{"message":"odd","errors":[]}"#), true, "later", "later"),
            (reply(422, r#"[{"status":false,"message":"x"}]"#), true, "later", "later"),
            (cut(422), true, "later", "later"),
            (reply(401, NO), true, "later", "later"),
            // A refusal of a kind that the documents do not know.
            (reply(402, NO), true, "doubt", "later"),
            (reply(402, html), true, "later", "later"),
            (reply(403, NO), true, "later", "later"),
            (reply(405, NO), true, "doubt", "later"),
            (reply(408, NO), true, "later", "later"),
            (reply(409, NO), true, "later", "later"),
            (reply(425, NO), true, "later", "later"),
            (reply(429, NO), true, "later", "later"),
            (reply(451, html), true, "later", "later"),
            (reply(302, ""), true, "doubt", "later"),
            (reply(500, NO), true, "doubt", "later"),
            (reply(502, html), true, "doubt", "later"),
            (reply(503, FIELDS), true, "doubt", "later"),
            (reply(101, ""), true, "doubt", "later"),
            (reply(999, NO), true, "doubt", "later"),
        ];
        for (heard, readable, purchase, read) in table {
            assert_eq!(word(Call::Purchase, &heard, readable), purchase, "purchase: {heard:?}");
            assert_eq!(word(Call::Read, &heard, readable), read, "read: {heard:?}");
        }
    }

    #[test]
    fn a_refusal_carries_the_upstreams_words_bounded_and_its_fields() {
        let long = format!(r#"{{"status":false,"message":"no\u0000\n{}"}}"#, "x".repeat(2000));
        let answer = classify(Call::Purchase, &reply(422, &long), |_| Ok(()));
        let Answer::Refused(refusal) = answer else { panic!("refused") };
        assert_eq!(refusal.message.chars().count(), 300);
        assert!(!refusal.message.chars().any(char::is_control));
        let answer = classify(Call::Purchase, &reply(422, FIELDS), |_| Ok(()));
        let Answer::Refused(refusal) = answer else { panic!("refused") };
        assert_eq!(refusal.fields, ["device_imei", "package_id"]);
    }

    #[test]
    fn a_wish_to_wait_is_passed_on() {
        let heard =
            Heard::Reply { status: 429, retry_after: Some(Duration::from_secs(7)), body: Ok(Vec::new()) };
        let Answer::Later(later) = classify(Call::Purchase, &heard, |_| Ok(())) else { panic!("later") };
        assert_eq!(later.after, Some(Duration::from_secs(7)));
        assert_eq!(later.http_status, Some(429));
    }
}
