//! `/admin/webhooks`: what arrived, what was made of it, and what was refused.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::frame::{Frame, Part};
use super::store;
use super::words::{Badge, Moment, day, sentence};
use crate::shop::Shop;
use crate::staff::Staff;
use crate::web::{Cache, Problem, page};

pub(super) fn routes() -> Router<Shop> {
    Router::new().route("/admin/webhooks", get(show))
}

struct DeliveryView {
    at: Moment,
    source: String,
    event: String,
    status: Badge,
    order: Option<String>,
    note: String,
    form: String,
}

struct RefusalView {
    day: String,
    source: String,
    reason: String,
    count: i64,
    last: Moment,
}

#[derive(Template)]
#[template(path = "backoffice/webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    configured: bool,
    address: String,
    deliveries: Vec<DeliveryView>,
    refusals: Vec<RefusalView>,
}

async fn show(State(shop): State<Shop>, staff: Staff) -> Result<Response, Problem> {
    let view = WebhooksPage {
        frame: Frame::new(&shop, &staff, Part::Webhooks),
        configured: !shop.settings.webhook_secrets.is_empty(),
        address: format!("{}/webhooks/esimdual", shop.settings.public_url),
        deliveries: store::deliveries(&shop.db).await?.into_iter().map(delivery).collect(),
        refusals: store::refusals(&shop.db).await?.into_iter().map(refusal).collect(),
    };
    page(StatusCode::OK, Cache::Private, &view)
}

fn delivery(row: store::Delivery) -> DeliveryView {
    DeliveryView {
        at: Moment::of(row.received_at),
        source: row.source,
        event: row.event,
        status: Badge::of(&row.status),
        order: row.order_number,
        note: row.note.unwrap_or_default(),
        form: sentence(&row.signature_form),
    }
}

fn refusal(row: store::Refusals) -> RefusalView {
    RefusalView {
        day: day(row.day),
        source: row.source,
        reason: sentence(&row.reason),
        count: row.count,
        last: Moment::of(row.last_at),
    }
}
