//! `POST /webhooks/stripe`: Stripe's own signature, the same promises as eSIMDual's.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{answer, reason_of, refusal};
use crate::inbox::Inbox;
use crate::inbox::delivery::{Delivery, Source};
use crate::inbox::tally::Reason;
use crate::inbox::web::body;
use crate::payments::provider::{Proof, Provider};
use crate::payments::{Method, Providers};
use crate::plumbing::bell::Ring;
use crate::plumbing::together::NotWritten;
use crate::shop::Shop;
use crate::web::Problem;

pub(super) async fn stripe(
    State(shop): State<Shop>,
    Extension(inbox): Extension<Inbox>,
    request: Request,
) -> Result<Response, Problem> {
    let provider = Providers::of_shop(&shop).of(Method::Stripe).ok_or(Problem::NotFound)?;
    if !provider.hears_webhooks() {
        return Ok(answer(StatusCode::SERVICE_UNAVAILABLE, "no webhook secret is configured"));
    }
    Ok(match take(&shop, &inbox, provider, request).await {
        Ok(()) => {
            shop.bell.ring(Ring::Jobs);
            answer(StatusCode::OK, "stored")
        }
        Err(reason) => {
            inbox.stripe_tally.refused(reason, shop.now());
            refusal(reason)
        }
    })
}

/// Reads, verifies and stores.
async fn take(shop: &Shop, inbox: &Inbox, provider: &dyn Provider, request: Request) -> Result<(), Reason> {
    let (parts, body) = request.into_parts();
    let headers = plain(&parts.headers);
    if !provider.bears_proof(&headers) {
        return Err(Reason::Unsigned);
    }
    let patience = shop.settings.times.header_read;
    let whole = body::read(&inbox.room, &parts.headers, body, patience).await.map_err(reason_of)?;
    let body::Whole { bytes: body, room: _room } = whole;
    let now = shop.now();
    let Proof::Signed(secret) = provider.prove(&headers, &body, now) else { return Err(Reason::Signature) };
    inbox.stripe_tally.signed(secret, now);
    let notice = provider.notice(&body).ok_or(Reason::Unreadable)?;
    let delivery = Delivery::of_provider(Source::Stripe, body, &notice);
    inbox.queue.store(&shop.db, delivery, now).await.map_err(|why| match why {
        NotWritten::Saturated => Reason::Saturated,
        NotWritten::Fault(_) | NotWritten::Late => Reason::Database,
    })
}

fn plain(headers: &HeaderMap) -> Vec<(&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}
