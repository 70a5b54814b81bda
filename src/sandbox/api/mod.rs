//! The API as the published description has it.

mod account;
mod bodies;
mod catalog;
mod gate;
mod input;
mod lists;
mod orders;
mod paging;
mod refusals;
pub(super) mod streamed;
mod struck;
mod things;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, OriginalUri, Path};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::answers::failure;
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
        .route("/login", get(account::login_page))
        .fallback(unknown_route)
        .with_state(Arc::clone(desk))
}

/// Laravel knows no such address.
async fn unknown_route(OriginalUri(uri): OriginalUri) -> Response {
    let path = uri.path().trim_start_matches('/');
    failure(StatusCode::NOT_FOUND, &format!("The route {path} could not be found."))
}

/// 405 with the methods that the address has, which the router adds; OPTIONS is told them with 200, as Laravel does.
async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::OK.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let message = format!("The {method} method is not supported for route {path}.");
    failure(StatusCode::METHOD_NOT_ALLOWED, &message)
}

/// An id in an address; whatever is no number names nothing.
struct Id(Option<u64>);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        Ok(Self(text.and_then(|Path(text)| id(&text))))
    }
}

fn id(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn not_found(what: &str) -> Response {
    failure(StatusCode::NOT_FOUND, &format!("{what} not found"))
}
