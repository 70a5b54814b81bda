//! Bodies that misbehave: cut, dripping, endless, or a bomb. Each is made while it is sent, so that the sandbox's own
//! memory stays flat, whatever they mean to whoever reads them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream;

use crate::sandbox::gzip;
use crate::sandbox::line::Fate;

/// How much of an endless body is handed on at once.
const CHUNK: usize = 64 * 1024;

/// What every endless body begins with, so that it looks like one of ours.
const BEGINNING: &[u8] = br#"{"status":true,"message":"Success","data":["#;

fn with_body(status: StatusCode, body: Body) -> Response {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// The first bytes of a text, then a reset where a fate is given for it, else an early end. With a `Content-Length` of
/// the whole, or in chunks.
pub(super) fn cut(
    status: StatusCode,
    text: &str,
    at: usize,
    chunked: bool,
    reset: Option<Arc<Fate>>,
) -> Response {
    let whole = Bytes::copy_from_slice(text.as_bytes());
    let (first, length) = (whole.slice(..at.min(whole.len())), whole.len());
    let parts = stream::unfold((Some(first), reset), |(part, reset)| async move {
        if let Some(part) = part {
            return Some((Ok(part), (None, reset)));
        }
        // What was written before has to leave first: while the body makes the connection wait, it is flushed.
        tokio::task::yield_now().await;
        reset.iter().for_each(|fate| fate.reset_at_end());
        Some((Err(io::Error::other("cut by a fault")), (None, reset)))
    });
    let mut answer = with_body(status, Body::from_stream(parts));
    if !chunked {
        answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    answer
}

/// A text, a few bytes at a time.
pub(super) fn drip(status: StatusCode, text: &str, bytes: usize, pause: Duration) -> Response {
    let whole = Bytes::copy_from_slice(text.as_bytes());
    let length = whole.len();
    let parts = stream::unfold(whole, move |mut left| async move {
        if left.is_empty() {
            return None;
        }
        if left.len() < length {
            tokio::time::sleep(pause).await;
        }
        let part = left.split_to(bytes.max(1).min(left.len()));
        Some((Ok::<_, io::Error>(part), left))
    });
    let mut answer = with_body(status, Body::from_stream(parts));
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    answer
}

/// A list that goes on and on: spaces, without an end or up to so many bytes.
pub(super) fn endless(status: StatusCode, bytes: Option<u64>) -> Response {
    let spaces = Bytes::from(vec![b' '; CHUNK]);
    with_body(status, repeated(Bytes::from_static(BEGINNING), spaces, bytes))
}

/// A small body that unpacks to at least so many spaces. Its trailer is missing: who gets there has unpacked it all.
pub(super) fn bomb(status: StatusCode, bytes: u64) -> Response {
    let rounds = Bytes::from(gzip::pattern().repeat(CHUNK / 13));
    let body = repeated(Bytes::from(gzip::bomb_head(BEGINNING)), rounds, Some(gzip::bomb_length(bytes)));
    let mut answer = with_body(status, body);
    answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    answer
}

/// A beginning, then one chunk again and again, up to so many bytes of it.
fn repeated(beginning: Bytes, chunk: Bytes, bytes: Option<u64>) -> Body {
    let parts = stream::unfold((Some(beginning), chunk, bytes), |(beginning, chunk, left)| async move {
        if let Some(beginning) = beginning {
            return Some((Ok::<_, io::Error>(beginning), (None, chunk, left)));
        }
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        let most = left.unwrap_or(length).min(length);
        let part = chunk.slice(..usize::try_from(most).unwrap_or(0));
        (!part.is_empty()).then(|| (Ok(part), (None, chunk, left.map(|left| left - most))))
    });
    Body::from_stream(parts)
}
