//! `/metrics`: the collected counts, on an address of their own, never on the public one.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::routing::get;

use crate::plumbing::metrics::Collected;

/// The one address.
pub fn metrics_site(collected: Collected) -> Router {
    let answer = move || {
        let text = collected.text();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response() }
    };
    Router::new().route("/metrics", get(answer))
}
