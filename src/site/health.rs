//! `/healthz`: the process lives. `/readyz`: database, schema and catalog are ready; else what is missing, by name; and why
//! a shop that is ready sells nothing.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::json;

use crate::plumbing::db::{self, SchemaState};
use crate::shop::Shop;
use crate::window::Window;
use crate::{catalog, pricing, settings};

/// A database that takes longer is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<Shop> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> Response {
    answer(StatusCode::OK, json!({ "status": "alive" }))
}

/// A node without pages has no window.
async fn ready(State(shop): State<Shop>, window: Option<Extension<Window>>) -> Response {
    let checked = tokio::time::timeout(PATIENCE, missing(&shop)).await;
    let mut missing = match checked {
        Ok(Ok(missing)) => missing,
        Ok(Err(_)) | Err(_) => vec!["the database does not answer (DATABASE_URL)"],
    };
    let sales = sales(&shop).await;
    let shows = window.is_none_or(|window| window.now().has_catalog());
    if missing.is_empty() && !shows {
        missing.push("the catalog in memory: this node is about to read it");
    }
    match missing.is_empty() {
        true => answer(StatusCode::OK, json!({ "status": "ready", "sales": sales })),
        false => {
            answer(StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "not ready", "missing": missing }))
        }
    }
}

/// Why a shop that can show its pages sells nothing, in a sentence; `null` where it sells. It is ready all the same: other
/// nodes would not sell either.
async fn sales(shop: &Shop) -> Option<String> {
    let read = async || -> sqlx::Result<_> {
        let standing =
            pricing::exchange(&mut *shop.db.acquire().await?, shop.now()).await?.standing(shop.now());
        Ok((!standing.sells()).then(|| standing.to_string()))
    };
    tokio::time::timeout(PATIENCE, read()).await.ok()?.ok()?
}

async fn missing(shop: &Shop) -> sqlx::Result<Vec<&'static str>> {
    let mut missing = Vec::new();
    if shop.stop.is_cancelled() {
        missing.push("the program is stopping");
    }
    // A newer program has migrated while this one runs: what it needs is still there (expand, then contract), and it goes
    // on selling until it is replaced. Only a start on a newer schema is refused.
    if let SchemaState::Behind(_) = db::schema_state(&shop.db).await? {
        missing.push("the schema is older than this program (simfront migrate)");
        return Ok(missing);
    }
    if !shop.upstream.configured() {
        missing.push("eSIMDual's credentials (ESIMDUAL_EMAIL and ESIMDUAL_PASSWORD, or ESIMDUAL_TOKEN)");
    }
    let mut conn = shop.db.acquire().await?;
    if settings::installation(&mut conn).await?.currency.is_none() {
        missing.push("the first contact with eSIMDual, which fixes the currency");
    }
    if catalog::version(&mut conn).await? == 0 {
        missing.push("the catalog: no sync has succeeded yet");
    }
    Ok(missing)
}

fn answer(status: StatusCode, body: serde_json::Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
