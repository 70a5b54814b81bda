//! The API as the published description has it.

mod account;
mod bodies;
mod catalog;
mod gate;
mod orders;
mod refusals;
mod struck;
mod things;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

use super::answers::{bare, failure};
use super::desk::Desk;
use super::operation::API;

pub(super) use gate::HangUp;

/// Every address of the API.
pub(super) fn routes(desk: &Arc<Desk>) -> Router {
    let gate = axum::middleware::from_fn_with_state(Arc::clone(desk), gate::pass);
    let operations = Router::new()
        .route("/", get(account::root))
        .route("/ping", get(account::ping))
        .route("/login", post(account::login))
        .route("/logout", post(account::logout))
        .route("/me", get(account::me))
        .route("/pricing", get(catalog::pricing))
        .route("/packages", get(catalog::index))
        .route("/packages/{id}", get(catalog::show))
        .route("/orders", get(orders::index).post(orders::create))
        .route("/orders/{id}", get(orders::show))
        .route("/esims", get(things::esims))
        .route("/esims/{id}", get(things::esim))
        .route("/esims/{id}/usage", get(things::usage))
        .route("/wallet", get(things::wallet))
        .route("/vpn/plans", get(catalog::vpn_plans))
        .method_not_allowed_fallback(wrong_method)
        .route_layer(gate);
    Router::new()
        .nest(API, operations)
        .route(&format!("{API}/"), get(account::root))
        .fallback(unknown_route)
        .with_state(Arc::clone(desk))
}

/// Laravel's own 404, which lacks the API's envelope.
async fn unknown_route(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    bare(StatusCode::NOT_FOUND, &json!({ "message": format!("The route {path} could not be found.") }))
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let message = format!("The {method} method is not supported for route {path}.");
    bare(StatusCode::METHOD_NOT_ALLOWED, &json!({ "message": message }))
}

/// An id in an address; whatever is no number names nothing.
fn id(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn not_found(what: &str) -> Response {
    failure(StatusCode::NOT_FOUND, &format!("{what} not found"))
}
