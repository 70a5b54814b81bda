//! Collects every room's routes, and adds the layers in one visible order.

mod health;
mod log;
mod metrics;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use tokio_util::task::TaskTracker;
use tower::ServiceBuilder;
use tower::util::MapRequestLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use crate::shop::Shop;
use crate::web::{self, Problem, PublicUrl, TrustedProxies, security};
use crate::window::{self, Window};
use crate::{backoffice, checkout, inbox, orders, payments, staff};

pub use metrics::metrics_site;

/// The most that any form may carry; webhooks have a limit of their own.
const LARGEST_FORM: usize = 128 * 1024;

/// What the pages need besides the shop.
#[derive(Clone, Default)]
pub struct Stage {
    /// The priced catalog in memory.
    pub window: Window,
    /// Webhooks that wait for their commit, and what was counted of all.
    pub inbox: inbox::Inbox,
    /// Checkout forms that wait to become orders.
    pub counter: checkout::Counter,
    /// Requests that must come to their end: wait for them at a stop.
    pub carried: TaskTracker,
}

/// The whole site.
///
/// # Errors
/// Where PUBLIC_URL cannot stand in a header.
pub fn site(shop: &Shop, stage: &Stage) -> anyhow::Result<Router> {
    let public_url = PublicUrl::new(&shop.settings.public_url);
    let proxies = TrustedProxies::new(&shop.settings.trusted_proxies);
    // The shop's own address first: a form that was opened under another name of it may lead here too.
    let leads_to: Vec<String> =
        std::iter::once(&shop.settings.public_url).chain(&shop.settings.payment_origins).cloned().collect();
    let floor = security::Floor::new(public_url, proxies, &leads_to)?;
    let rates = shop.settings.rate_limits.then_some(shop.settings.rates);
    let limits = web::Limits::new(rates, shop.clock.clone());
    let desk = checkout::Desk { counter: stage.counter.clone(), limits: limits.clone() };
    // Each room with what it needs: what stands on a route is copied for each of its requests.
    let pages = Router::new()
        .merge(window::web::routes())
        .merge(checkout::routes().layer(Extension(desk)))
        .merge(orders_with_payments())
        .merge(payments::routes())
        .merge(staff::routes())
        .merge(backoffice::routes())
        .merge(web::assets::routes())
        .merge(health::routes())
        .layer(Extension(stage.window.clone()))
        .layer(RequestBodyLimitLayer::new(LARGEST_FORM))
        // Webhooks need none: what is to be stored is handed over whole, and stored by somebody else.
        .layer(from_fn_with_state(stage.carried.clone(), web::carry::carry));
    let routes = pages
        .merge(inbox::routes().layer(Extension(stage.inbox.clone())))
        .fallback(|| async { Problem::NotFound })
        .with_state(shop.clone());
    // Around the router and not on its routes, since those are copied with every layer, and what stands in it, for each
    // request. The first is the first to see a request.
    let around = ServiceBuilder::new()
        .layer(MapRequestLayer::new(web::language::strip_prefix))
        .layer(from_fn_with_state(shop.entropy.clone(), log::each_request))
        .layer(from_fn_with_state(stage.window.clone(), window::web::keep_ready))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(floor.clone(), security::floor))
        .layer(from_fn(web::problem::render))
        .layer(CatchPanicLayer::custom(caught))
        .layer(from_fn_with_state(floor, security::refuse_foreign))
        .layer(from_fn(web::page::revalidate))
        .layer(from_fn_with_state(limits, web::limits::guard));
    Ok(Router::new().fallback_service(around.service(routes)))
}

/// The pages of an order, told where customers pay for it.
fn orders_with_payments() -> Router<Shop> {
    orders::routes()
        .layer(Extension(payments::PAY_LINK))
        .layer(Extension(payments::TRANSFER_DUE))
        .layer(Extension(payments::RETURNED))
}

/// The addresses of a node that only works: `/healthz` and `/readyz`.
pub fn worker_site(shop: &Shop) -> Router {
    Router::new().merge(health::routes()).with_state(shop.clone())
}

fn caught(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let words = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::Fault(anyhow::anyhow!("a handler panicked: {}", words.unwrap_or_default())).into_response()
}
