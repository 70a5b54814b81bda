//! `POST /webhooks/esimdual`: the contract's table, section 7, from top to bottom.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json};
use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::receive::{Arrived, Refused, receive};
use super::store;
use crate::plumbing::bell::Ring;
use crate::shop::Shop;

/// The most that a webhook may carry.
const LARGEST: usize = 256 * 1024;
const SIGNATURE: &str = "x-esimdual-signature";
const DELIVERY_ID: &str = "x-esimdual-delivery";

/// Refused posts of this node, counted in memory and written now and then, so that a flood of them costs the database
/// nothing.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<[AtomicI64; 2]>);

const REASONS: [&str; 2] = ["signature", "unreadable"];

impl Refusals {
    fn count(&self, reason: usize) {
        self.0[reason].fetch_add(1, Ordering::Relaxed);
    }

    /// Writes what was counted since the last time.
    ///
    /// # Errors
    /// The database's; the count is kept then.
    pub async fn write(&self, db: &PgPool, now: OffsetDateTime) -> sqlx::Result<()> {
        for (counter, reason) in self.0.iter().zip(REASONS) {
            let count = counter.swap(0, Ordering::Relaxed);
            if count == 0 {
                continue;
            }
            let written =
                async { store::count_refusals(&mut *db.acquire().await?, reason, count, now).await }.await;
            if let Err(error) = written {
                counter.fetch_add(count, Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(())
    }
}

/// The addresses of this room; another method than POST is a 405.
pub fn routes() -> Router<Shop> {
    Router::new().route("/webhooks/esimdual", post(esimdual))
}

async fn esimdual(
    State(shop): State<Shop>,
    Extension(refusals): Extension<Refusals>,
    request: Request,
) -> Response {
    if shop.settings.webhook_secrets.is_empty() {
        return answer(StatusCode::SERVICE_UNAVAILABLE, "no webhook secret is configured");
    }
    let (parts, body) = request.into_parts();
    if !parts.headers.contains_key(SIGNATURE) {
        refusals.count(0);
        return answer(StatusCode::UNAUTHORIZED, "the signature is missing");
    }
    let body = match read(&parts.headers, body).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let Some(signature) = one_signature(&parts.headers) else {
        refusals.count(0);
        return answer(StatusCode::UNAUTHORIZED, "the signature is wrong");
    };
    let arrived = Arrived {
        body: &body,
        signature,
        delivery_id: parts.headers.get(DELIVERY_ID).and_then(|id| id.to_str().ok()),
    };
    match receive(&shop.db, &shop.settings.webhook_secrets, &arrived, shop.now()).await {
        Ok(_) => {
            shop.bell.ring(Ring::Jobs);
            answer(StatusCode::OK, "stored")
        }
        Err(Refused::Signature) => {
            refusals.count(0);
            answer(StatusCode::UNAUTHORIZED, "the signature is wrong")
        }
        Err(Refused::Unreadable) => {
            refusals.count(1);
            answer(StatusCode::BAD_REQUEST, "the body names no event")
        }
        Err(Refused::Fault(error)) => {
            tracing::error!(%error, "a webhook could not be stored; the sender is asked to try again");
            let try_again = [(header::RETRY_AFTER, "5")];
            (try_again, answer(StatusCode::SERVICE_UNAVAILABLE, "try again")).into_response()
        }
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Response> {
    let too_large = || answer(StatusCode::PAYLOAD_TOO_LARGE, "the body is over 256 KiB");
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LARGEST) {
        return Err(too_large());
    }
    to_bytes(body, LARGEST).await.map(Vec::from).map_err(|_| too_large())
}

/// The one signature; two of them, or a body that was encoded after it was signed, are a wrong one.
fn one_signature(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(SIGNATURE).iter();
    let first = all.next()?.to_str().ok()?;
    (all.next().is_none() && !headers.contains_key(header::CONTENT_ENCODING)).then_some(first)
}

fn answer(status: StatusCode, message: &'static str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}
