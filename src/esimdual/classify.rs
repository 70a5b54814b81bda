//! What a reply means. Pure, in one function, because money hangs on it (CONTRACT section 8).

use std::time::Duration;

use super::answer::{Answer, Doubt, Later, Refusal};
use super::heard::{Cut, Heard};
use super::wire::{Envelope, Unreadable};

/// What is at stake in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It buys: without readable proof nobody knows whether it did.
    Purchase {
        /// Whether an earlier attempt of the same unit ended in doubt, settled or not.
        doubted: bool,
    },
    /// It only asks: whatever came back, nothing happened, and it may be asked again.
    Read,
}

/// The one decision about a reply.
///
/// | heard | purchase | purchase after an earlier doubt | read |
/// | --- | --- | --- | --- |
/// | never left: name, connection, TLS; or not sent: breaker, budget, no token | later | later | later |
/// | silence, broken off, timeout | **doubt** | **doubt** | later |
/// | 2xx that `read` accepts | done | done | done |
/// | 2xx that `read` does not accept: `status: false`, no JSON, another's order | **doubt** | **doubt** | later |
/// | 2xx whose body is endless or breaks off | **doubt** | **doubt** | later |
/// | 400, 422 with a `message` and `status: false` or an object `errors` | refused | **doubt** ¹ | refused |
/// | 404 with a `message` and `status: false` | refused ² | **doubt** ¹ ² | refused |
/// | 400, 404, 422 without these (a proxy, a moved base URL) | later | later | later |
/// | 401, 403, 408, 409, 425, 429 | later | later | later |
/// | every other 4xx, without the envelope of a refusal | later | later | later |
/// | every other 4xx, with it: a no that the documents do not know | **doubt** | **doubt** | later |
/// | 3xx, 5xx, anything else | **doubt** | **doubt** | later |
///
/// ¹ "Insufficient balance" on the second try may mean that the first one took the money, and a server may answer 422
/// to a reused key. The doubt carries the refusal, which counts once a list confirms that nothing was bought.
///
/// ² Only a first word: a moved base URL can look the same, so whoever buys asks for the package and pings before it
/// believes it (`fulfilment/send.rs`).
///
/// A wish to wait (`Retry-After`) is passed on with every *later*. Whether a 401 is worth a new token and one replay is
/// decided before this (`ask.rs`), because the upstream judges a token before it looks at an order.
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
        200..=299 => match accepted(body, read) {
            Ok(value) => Answer::Done(value),
            Err(Unreadable(why)) => open(call, why, Some(status), after),
        },
        400 | 404 | 422 => match refusal(status, body) {
            Some(refusal) => no(call, refusal),
            None => later("an error page that is not eSIMDual's own", Some(status), after),
        },
        401 => later("the token was refused", Some(status), after),
        403 => later("the account may not do this", Some(status), after),
        429 => later("too many requests", Some(status), after),
        408 | 409 | 425 => later("not now", Some(status), after),
        402..=499 => match refusal(status, body) {
            // A no of a kind that the documents do not know: nobody can say what it was about.
            Some(_) => open(call, "a refusal of an unknown kind", Some(status), after),
            None => later("not now", Some(status), after),
        },
        300..=399 => open(call, "a redirect, which is not followed", Some(status), after),
        _ => open(call, "the upstream failed", Some(status), after),
    }
}

fn accepted<T>(
    body: &Result<Vec<u8>, Cut>,
    read: impl FnOnce(&[u8]) -> Result<T, Unreadable>,
) -> Result<T, Unreadable> {
    match body {
        Ok(body) => read(body),
        Err(cut) => Err(Unreadable(cut.reason())),
    }
}

/// A definite no: an object with a string `message` and either `status: false` or an object `errors`; a 404 counts
/// only with `status: false`, because a moved base URL answers 404 too.
fn refusal(status: u16, body: &Result<Vec<u8>, Cut>) -> Option<Refusal> {
    let envelope = Envelope::read(body.as_ref().ok()?).ok()?;
    let message = envelope.message()?;
    let fields = envelope.error_fields();
    let said_no = envelope.says_no() || (status != 404 && fields.is_some());
    said_no.then(|| Refusal { http_status: status, message, fields: fields.unwrap_or_default() })
}

fn no<T>(call: Call, refusal: Refusal) -> Answer<T> {
    match call {
        Call::Purchase { doubted: true } => Answer::Doubt(Doubt {
            reason: refusal.message.clone(),
            http_status: Some(refusal.http_status),
            refusal: Some(refusal),
        }),
        Call::Purchase { doubted: false } | Call::Read => Answer::Refused(refusal),
    }
}

fn later<T>(reason: &str, http_status: Option<u16>, after: Option<Duration>) -> Answer<T> {
    Answer::Later(Later { reason: reason.to_owned(), http_status, after })
}

fn open<T>(call: Call, reason: &str, http_status: Option<u16>, after: Option<Duration>) -> Answer<T> {
    match call {
        Call::Purchase { .. } => {
            Answer::Doubt(Doubt { reason: reason.to_owned(), http_status, refusal: None })
        }
        Call::Read => later(reason, http_status, after),
    }
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
