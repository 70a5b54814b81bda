//! Webhooks once more: `POST /_sandbox/webhooks/{id}`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::{answer, no_such_thing};
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::Delivery;
use crate::sandbox::webhooks;

/// Sends a webhook once more under its own delivery id, byte for byte; `None` if there is none of that id.
pub(super) fn resend(desk: &Arc<Desk>, id: &str) -> Option<Delivery> {
    let id = Uuid::parse_str(id).ok()?;
    let delivery = desk.book().world().deliveries.iter().find(|delivery| delivery.id == id).cloned()?;
    drop(webhooks::deliver(desk, delivery.clone()));
    Some(delivery)
}

pub(super) async fn again(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    match resend(&desk, &id) {
        Some(delivery) => answer(StatusCode::ACCEPTED, &delivery),
        None => no_such_thing(),
    }
}
