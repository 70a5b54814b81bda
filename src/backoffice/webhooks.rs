//! `/admin/webhooks`: what arrived, what was made of it, what was refused, and which secrets are in use.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::store;
use super::words::{Badge, Moment, day, sentence};
use crate::inbox::{self, SecretSeen};
use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin/webhooks", Act::Look, show)
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

/// A configured secret: its place, never its value.
struct SecretView {
    place: String,
    last: Option<Moment>,
    can_go: bool,
}

/// Many wrong signatures in a row.
struct DiffersView {
    wrong: i64,
    last_right: Option<Moment>,
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
    secrets: Vec<SecretView>,
    differs: Option<DiffersView>,
    deliveries: Vec<DeliveryView>,
    unmatched: Vec<DeliveryView>,
    refusals: Vec<RefusalView>,
}

async fn show(State(shop): State<Shop>, staff: Staff) -> Result<Response, Problem> {
    let settings = &shop.settings;
    let mut conn = shop.db.acquire().await?;
    let signatures = inbox::signatures(&mut conn, &settings.sealing_key, &settings.webhook_secrets).await?;
    drop(conn);
    let differs = signatures.secret_differs().then(|| DiffersView {
        wrong: signatures.wrong_in_a_row,
        last_right: signatures.last_right_at.map(Moment::of),
    });
    let view = WebhooksPage {
        frame: Frame::new(&shop, &staff, Part::Webhooks),
        configured: !shop.settings.webhook_secrets.is_empty(),
        address: format!("{}/webhooks/esimdual", shop.settings.public_url),
        secrets: signatures.secrets.iter().enumerate().map(secret).collect(),
        differs,
        deliveries: store::deliveries(&shop.db).await?.into_iter().map(delivery).collect(),
        unmatched: store::unmatched(&shop.db).await?.into_iter().map(delivery).collect(),
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

fn secret((place, seen): (usize, &SecretSeen)) -> SecretView {
    let name = match place {
        0 => "First".to_owned(),
        1 => "Second".to_owned(),
        2 => "Third".to_owned(),
        _ => format!("Number {}", place + 1),
    };
    SecretView { place: name, last: seen.last_at.map(Moment::of), can_go: seen.can_go }
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
