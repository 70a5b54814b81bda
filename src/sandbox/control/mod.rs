//! The control side, `/_sandbox/`: what a test or a person at the demo moves, as JSON and as one plain page.
//!
//! It asks for no password, for it listens on loopback only; pages of other sites are refused, so that no site in
//! the same browser can move it.

mod act_catalog;
mod act_faults;
mod acts;
mod deliveries;
mod esims;
mod filled;
mod notices;
mod page;
mod token_list;

pub(super) use notices::Notices;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::amounts;
use super::answers::Broken;
use super::api::streamed;
use super::book::{FULLEST, fits_a_wallet};
use super::catalog::{CatalogChange, Package};
use super::courses;
use super::desk::Desk;
use super::faults::{Fault, Injection};
use super::ledger::{Ledger, OrderStatus, Transaction};
use super::settings::{OrderMode, is_web_address};
use super::{purchase, tokens, webhooks};

/// The control page's addresses.
pub(super) fn routes(desk: &Arc<Desk>) -> Router {
    Router::new()
        .route("/_sandbox", get(|| async { Redirect::permanent("/_sandbox/") }))
        .route("/_sandbox/", get(page::show))
        .route("/_sandbox/control.css", get(page::style))
        .route("/_sandbox/ledger", get(ledger))
        .route("/_sandbox/faults", get(faults).post(inject).delete(clear_faults))
        .route("/_sandbox/faults/cards", get(|| async { answer(StatusCode::OK, &Fault::cards()) }))
        .route("/_sandbox/wallet", get(wallet).post(set_wallet))
        .route("/_sandbox/orders/{id}", get(order).post(move_order))
        .route("/_sandbox/catalog", get(catalog).post(change_catalog))
        .route("/_sandbox/faults/{place}", post(stop_fault).delete(stop_fault))
        .route("/_sandbox/esims", get(esims::list))
        .route("/_sandbox/esims/{id}", get(esims::show).post(esims::change))
        .route("/_sandbox/tokens", get(token_list::list).post(revoke_tokens).delete(revoke_tokens))
        .route("/_sandbox/tokens/{id}", post(token_list::revoke).delete(token_list::revoke))
        .route("/_sandbox/webhooks/{id}", post(deliveries::again))
        .route("/_sandbox/ping", post(ping))
        .route("/_sandbox/mode", get(mode).post(set_mode))
        .route("/_sandbox/webhook", get(webhook).post(set_webhook))
        .route("/_sandbox/keys/forget", post(forget_key))
        .method_not_allowed_fallback(wrong_method)
        .route_layer(axum::middleware::from_fn_with_state(Arc::clone(desk), acts::take))
        .route_layer(axum::middleware::from_fn(refuse_other_sites))
        .with_state(Arc::clone(desk))
}

async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    match site {
        Some("cross-site" | "same-site") if !request.method().is_safe() => {
            problem(StatusCode::FORBIDDEN, "requests from other sites are refused")
        }
        _ => next.run(request).await,
    }
}

fn answer(status: StatusCode, value: &impl Serialize) -> Response {
    (status, axum::Json(value)).into_response()
}

fn problem(status: StatusCode, what: &str) -> Response {
    answer(status, &json!({ "error": what }))
}

async fn wrong_method(method: Method) -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, &format!("{method} is not understood here; see Allow"))
}

/// The number at the end of an address; whatever is no number names nothing.
struct Numbered(u64);

impl<S: Send + Sync> FromRequestParts<S> for Numbered {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let number = Path::<u64>::from_request_parts(parts, state).await;
        number.map(|Path(number)| Self(number)).map_err(|_| no_such_thing())
    }
}

fn no_such_thing() -> Response {
    problem(StatusCode::NOT_FOUND, "there is no such thing")
}

fn no_order() -> Response {
    problem(StatusCode::NOT_FOUND, "there is no such order")
}

/// Whether a request came from a form of the control page.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// A request's body as a script sends it, in JSON, whatever type it says it has. Forms were taken before
/// (`acts.rs`).
struct Sent<T> {
    value: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let bytes = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self { value }),
            Err(error) => Err(problem(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string())),
        }
    }
}

/// One purchase in short: what a test counts first.
#[derive(Serialize)]
struct Purchase {
    order_id: u64,
    idempotency_key: Option<String>,
    price: String,
    status: OrderStatus,
}

/// The ledger, with its purchases by the reseller's own names and the debits for orders on top.
#[derive(Serialize)]
struct LedgerView {
    purchases: BTreeMap<String, Vec<Purchase>>,
    debits: Vec<Transaction>,
    #[serde(flatten)]
    ledger: Ledger,
}

async fn ledger(State(desk): State<Arc<Desk>>) -> Response {
    let ledger = desk.ledger();
    let mut purchases: BTreeMap<String, Vec<Purchase>> = BTreeMap::new();
    for order in &ledger.orders {
        purchases.entry(order.external_order_id.clone().unwrap_or_default()).or_default().push(Purchase {
            order_id: order.id,
            idempotency_key: order.idempotency_key.clone(),
            price: order.price.normalize().to_string(),
            status: order.status,
        });
    }
    let debits = ledger.debits().into_iter().cloned().collect();
    answer(StatusCode::OK, &LedgerView { purchases, debits, ledger })
}

async fn faults(State(desk): State<Arc<Desk>>) -> Response {
    answer(StatusCode::OK, &desk.faults.list())
}

async fn inject(State(desk): State<Arc<Desk>>, sent: Sent<Injection>) -> Response {
    if sent.value.times == Some(0) {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "times must be 1 or more");
    }
    desk.inject(sent.value);
    answer(StatusCode::OK, &desk.faults.list())
}

async fn clear_faults(State(desk): State<Arc<Desk>>) -> Response {
    desk.faults.clear();
    answer(StatusCode::OK, &desk.faults.list())
}

/// Stops the fault at a place of the list, from 0.
async fn stop_fault(State(desk): State<Arc<Desk>>, Numbered(place): Numbered) -> Response {
    match usize::try_from(place).is_ok_and(|place| desk.faults.disarm(place)) {
        true => answer(StatusCode::OK, &desk.faults.list()),
        false => no_such_thing(),
    }
}

/// The wallet in short; the ledger has its transactions.
fn wallet_in_short(desk: &Desk) -> impl Serialize + use<> {
    let book = desk.book();
    let world = book.world();
    json!({ "balance": world.balance.normalize().to_string(), "currency": world.currency })
}

async fn wallet(State(desk): State<Arc<Desk>>) -> Response {
    answer(StatusCode::OK, &wallet_in_short(&desk))
}

/// Either of the two: the new balance, or what is added to the old one.
#[derive(Deserialize)]
struct WalletWish {
    #[serde(with = "amounts::maybe_text", default)]
    balance: Option<Decimal>,
    #[serde(with = "amounts::maybe_text", default)]
    top_up: Option<Decimal>,
}

async fn set_wallet(State(desk): State<Arc<Desk>>, sent: Sent<WalletWish>) -> Result<Response, Broken> {
    {
        let mut book = desk.book();
        let wanted = match (sent.value.balance, sent.value.top_up) {
            (Some(balance), None) => Some(balance).filter(|balance| fits_a_wallet(*balance)),
            (None, Some(top_up)) => book.topped_up(top_up),
            _ => return Ok(problem(StatusCode::UNPROCESSABLE_ENTITY, "send either balance or top_up")),
        };
        let Some(wanted) = wanted else {
            let what = format!("a wallet holds at most {FULLEST}");
            return Ok(problem(StatusCode::UNPROCESSABLE_ENTITY, &what));
        };
        book.set_balance(wanted)?;
    }
    Ok(answer(StatusCode::OK, &wallet_in_short(&desk)))
}

async fn order(State(desk): State<Arc<Desk>>, Numbered(id): Numbered) -> Response {
    match desk.book().world().orders.get(&id) {
        Some(order) => answer(StatusCode::OK, order),
        None => no_order(),
    }
}

#[derive(Deserialize)]
struct OrderWish {
    status: OrderStatus,
}

async fn move_order(
    State(desk): State<Arc<Desk>>,
    Numbered(id): Numbered,
    sent: Sent<OrderWish>,
) -> Result<Response, Broken> {
    let moved = courses::move_order(&desk, id, sent.value.status)?;
    Ok(moved.map_or_else(no_order, |order| answer(StatusCode::OK, &order)))
}

async fn catalog(State(desk): State<Arc<Desk>>) -> Response {
    let packages: Vec<Arc<Package>> = desk.book().world().catalog.on_sale().cloned().collect();
    let write = |text: &mut Vec<u8>, package: Arc<Package>| serde_json::to_writer(text, package.as_ref());
    streamed::list("[".to_owned(), packages.into_iter(), write, "]".to_owned())
}

async fn change_catalog(
    State(desk): State<Arc<Desk>>,
    sent: Sent<CatalogChange>,
) -> Result<Response, Broken> {
    Ok(match desk.book().change_catalog(sent.value)? {
        Ok(change) => answer(StatusCode::OK, &change),
        Err(refusal) => problem(StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_string()),
    })
}

async fn revoke_tokens(State(desk): State<Arc<Desk>>) -> Result<Response, Broken> {
    tokens::revoke_all(&desk)?;
    Ok(answer(StatusCode::OK, &json!({ "revoked": true })))
}

async fn ping(State(desk): State<Arc<Desk>>) -> Result<Response, Broken> {
    let sent = webhooks::ping(&desk)?.is_some();
    Ok(answer(StatusCode::OK, &json!({ "sent": sent })))
}

#[derive(Serialize, Deserialize)]
struct ModeWish {
    mode: OrderMode,
}

async fn mode(State(desk): State<Arc<Desk>>) -> Response {
    answer(StatusCode::OK, &ModeWish { mode: desk.faults.mode() })
}

async fn set_mode(State(desk): State<Arc<Desk>>, sent: Sent<ModeWish>) -> Response {
    desk.faults.set_mode(sent.value.mode);
    answer(StatusCode::OK, &sent.value)
}

#[derive(Serialize, Deserialize)]
struct WebhookWish {
    url: Option<String>,
}

async fn webhook(State(desk): State<Arc<Desk>>) -> Response {
    answer(StatusCode::OK, &WebhookWish { url: desk.sender.url() })
}

async fn set_webhook(State(desk): State<Arc<Desk>>, sent: Sent<WebhookWish>) -> Response {
    let url = sent.value.url.filter(|url| !url.trim().is_empty());
    if url.as_deref().is_some_and(|url| !is_web_address(url)) {
        let what = "url must begin with http:// or https://, or be empty";
        return problem(StatusCode::UNPROCESSABLE_ENTITY, what);
    }
    desk.sender.set_url(url.clone());
    answer(StatusCode::OK, &WebhookWish { url })
}

#[derive(Deserialize)]
struct KeyWish {
    key: String,
}

async fn forget_key(State(desk): State<Arc<Desk>>, sent: Sent<KeyWish>) -> Result<Response, Broken> {
    purchase::forget_key(&desk, &sent.value.key)?;
    Ok(answer(StatusCode::OK, &json!({ "forgotten": sent.value.key })))
}
