//! One line a request, with an id that ties everything logged below it together.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::ground::Entropy;

/// A layer: gives each request an id, which the answer carries as `X-Request-Id`. Only the first part of the path is
/// logged, because paths of orders are secrets.
pub(super) async fn each_request(State(entropy): State<Entropy>, request: Request, next: Next) -> Response {
    let id = entropy.uuid().simple().to_string();
    let method = request.method().clone();
    let page = request.uri().path().split('/').nth(1).unwrap_or_default();
    let page: String = page.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    let span = tracing::info_span!("request", id);
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let milliseconds = began.elapsed().as_millis();
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(%method, page, status, milliseconds, "answered"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
