//! `POST /webhooks/esimdual` and `POST /webhooks/stripe`: the contract's table, section 7, from top to bottom.

mod body;
mod stripe;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde_json::json;

use super::Inbox;
use super::receive::{Arrived, Refused, receive};
use super::tally::Reason;
use crate::plumbing::bell::Ring;
use crate::plumbing::together::NotWritten;
use crate::shop::Shop;
use body::NoBody;
pub(super) use body::Room;

const SIGNATURE: &str = "x-esimdual-signature";
const DELIVERY_ID: &str = "x-esimdual-delivery";
/// When a sender that cannot be served now should come again, in seconds.
const COME_AGAIN: &str = "5";

/// The addresses of this room; another method than POST is a 405.
pub fn routes() -> Router<Shop> {
    Router::new().route("/webhooks/esimdual", post(esimdual)).route("/webhooks/stripe", post(stripe::stripe))
}

async fn esimdual(
    State(shop): State<Shop>,
    Extension(inbox): Extension<Inbox>,
    request: Request,
) -> Response {
    if shop.settings.webhook_secrets.is_empty() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "no webhook secret is configured");
    }
    match take(&shop, &inbox, request).await {
        Ok(()) => {
            shop.bell.ring(Ring::Jobs);
            answer(StatusCode::OK, "stored")
        }
        Err(reason) => {
            inbox.tally.refused(reason, shop.now());
            refusal(reason)
        }
    }
}

/// Reads, verifies and stores.
async fn take(shop: &Shop, inbox: &Inbox, request: Request) -> Result<(), Reason> {
    let (parts, body) = request.into_parts();
    if !parts.headers.contains_key(SIGNATURE) {
        return Err(Reason::Unsigned);
    }
    // A body has as long as its header had.
    let patience = shop.settings.times.header_read;
    let whole = body::read(&inbox.room, &parts.headers, body, patience).await.map_err(reason_of)?;
    // Its room is free again once it is stored or refused.
    let body::Whole { bytes: body, room: _room } = whole;
    let signature = one_signature(&parts.headers).ok_or(Reason::Signature)?;
    let delivery_id = parts.headers.get(DELIVERY_ID).and_then(|id| id.to_str().ok());
    let arrived = Arrived { body, signature, delivery_id };
    let now = shop.now();
    let received = receive(&inbox.queue, &shop.db, &shop.settings.webhook_secrets, arrived, now).await;
    match received {
        Ok(signed) => {
            inbox.tally.signed(signed.secret, now);
            Ok(())
        }
        Err(Refused::Signature) => Err(Reason::Signature),
        Err(Refused::Unreadable(signed)) => {
            inbox.tally.signed(signed.secret, now);
            Err(Reason::Unreadable)
        }
        Err(Refused::NotStored(NotWritten::Saturated)) => Err(Reason::Saturated),
        Err(Refused::NotStored(NotWritten::Fault(_) | NotWritten::Late)) => Err(Reason::Database),
    }
}

fn reason_of(why: NoBody) -> Reason {
    tracing::debug!(?why, "a webhook's body could not be read");
    match why {
        NoBody::TooLarge => Reason::TooLarge,
        NoBody::BrokenOff => Reason::Broken,
        NoBody::TooSlow => Reason::Slow,
        NoBody::NoRoom => Reason::Saturated,
    }
}

/// The one signature; two of them, or a body that was encoded after it was signed, are a wrong one.
fn one_signature(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(SIGNATURE).iter();
    let first = all.next()?.to_str().ok()?;
    (all.next().is_none() && !headers.contains_key(header::CONTENT_ENCODING)).then_some(first)
}

fn refusal(reason: Reason) -> Response {
    let close = [(header::CONNECTION, "close")];
    match reason {
        Reason::Unsigned => answer(StatusCode::UNAUTHORIZED, "the signature is missing"),
        Reason::Signature => answer(StatusCode::UNAUTHORIZED, "the signature is wrong"),
        Reason::Unreadable => answer(StatusCode::BAD_REQUEST, "the body names no event"),
        // What is left of these bodies is not waited for.
        Reason::TooLarge => {
            (close, answer(StatusCode::PAYLOAD_TOO_LARGE, "the body is over 256 KiB")).into_response()
        }
        Reason::Broken => (close, answer(StatusCode::BAD_REQUEST, "the body broke off")).into_response(),
        Reason::Slow => {
            (close, answer(StatusCode::REQUEST_TIMEOUT, "the body came too slowly")).into_response()
        }
        Reason::Saturated | Reason::Database => {
            let come_again = [(header::RETRY_AFTER, COME_AGAIN)];
            (come_again, answer(StatusCode::SERVICE_UNAVAILABLE, "come again later")).into_response()
        }
    }
}

fn answer(status: StatusCode, message: &'static str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}
