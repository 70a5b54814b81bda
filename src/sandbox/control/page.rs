//! The control page: wallet, orders, webhooks, and a button for each thing that may happen to them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use crate::sandbox::answers::Broken;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Delivery, DeliveryState, Order};
use crate::sandbox::moment::legible;

/// How many of the newest orders and webhooks are shown.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "sandbox/control.html")]
struct ControlPage {
    balance: String,
    currency: String,
    packages: usize,
    webhook_url: String,
    faults: Vec<String>,
    orders: Vec<OrderRow>,
    webhooks: Vec<WebhookRow>,
}

struct OrderRow {
    id: u64,
    external_id: String,
    package: String,
    price: String,
    status: &'static str,
    iccid: String,
    made: String,
}

impl OrderRow {
    fn of(order: &Order) -> Self {
        Self {
            id: order.id,
            external_id: order.external_order_id.clone().unwrap_or_default(),
            package: order.package.name.clone(),
            price: order.price.to_string(),
            status: order.status.word(),
            iccid: order.esim.as_ref().map(|esim| esim.iccid.clone()).unwrap_or_default(),
            made: legible(order.created_at),
        }
    }
}

struct WebhookRow {
    made: String,
    event: String,
    order: String,
    state: &'static str,
    attempts: String,
}

impl WebhookRow {
    fn of(delivery: &Delivery) -> Self {
        let attempts = delivery.attempts.iter().map(|attempt| match (attempt.status, &attempt.error) {
            (Some(status), _) => status.to_string(),
            (None, error) => error.clone().unwrap_or_default(),
        });
        Self {
            made: legible(delivery.created_at),
            event: delivery.event.clone(),
            order: delivery.order_id.map(|id| id.to_string()).unwrap_or_default(),
            state: match delivery.state {
                DeliveryState::Pending => "pending",
                DeliveryState::Delivered => "delivered",
                DeliveryState::GivenUp => "given up",
                DeliveryState::Lost => "lost",
            },
            attempts: attempts.collect::<Vec<_>>().join(", "),
        }
    }
}

pub(super) async fn show(State(desk): State<Arc<Desk>>) -> Result<Response, Broken> {
    let faults = desk.faults.list().into_iter().map(|armed| {
        let name = serde_json::to_string(&armed.injection.fault).unwrap_or_default();
        format!("{}: struck {} times", name.trim_matches('"'), armed.struck)
    });
    let page = {
        let book = desk.book();
        let world = book.world();
        ControlPage {
            balance: world.balance.to_string(),
            currency: world.currency.clone(),
            packages: world.catalog.on_sale().count(),
            webhook_url: desk.sender.url().unwrap_or_default(),
            faults: faults.collect(),
            orders: world.orders.values().rev().take(SHOWN).map(OrderRow::of).collect(),
            webhooks: world.deliveries.iter().rev().take(SHOWN).map(WebhookRow::of).collect(),
        }
    };
    let policy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'";
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(page.render()?)).into_response())
}

pub(super) async fn style() -> Response {
    let css = include_str!("../../../templates/sandbox/control.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}
