//! eSIMs and their usage: `/_sandbox/esims`, `/_sandbox/esims/{id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use time::OffsetDateTime;

use super::{Numbered, Sent, answer, no_such_thing, problem};
use crate::sandbox::answers::Broken;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Esim, Order};
use crate::sandbox::moment::now;
use crate::sandbox::usage::{EsimChange, Line, Total};
use crate::sandbox::world::{Event, World};

/// An eSIM and its life so far. Its activation code stands with its order.
#[derive(Serialize)]
struct EsimView<'a> {
    id: u64,
    order_id: u64,
    iccid: &'a str,
    #[serde(with = "time::serde::rfc3339::option")]
    installed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    activated_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    expired: bool,
    silent: bool,
    used_mb: u64,
    /// Null where it has no figures, −1 for unlimited.
    total_mb: Option<i64>,
}

impl<'a> EsimView<'a> {
    fn of(world: &World, order: &Order, esim: &'a Esim) -> Self {
        let Line { installed_at, activated_at, expires_at, expired, total, used_mb, silent } =
            world.line(order, esim, now());
        Self {
            id: esim.id,
            order_id: order.id,
            iccid: &esim.iccid,
            installed_at,
            activated_at,
            expires_at,
            expired,
            silent,
            used_mb,
            total_mb: match total {
                Total::Megabytes(all) => i64::try_from(all).ok(),
                Total::Unlimited => Some(-1),
                Total::None => None,
            },
        }
    }
}

pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Response {
    let book = desk.book();
    let world = book.world();
    let views: Vec<_> = world
        .orders
        .values()
        .filter_map(|order| order.esim.as_ref().map(|esim| EsimView::of(world, order, esim)))
        .collect();
    answer(StatusCode::OK, &views)
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, Numbered(id): Numbered) -> Response {
    let book = desk.book();
    match book.world().esim(id) {
        Some((order, esim)) => answer(StatusCode::OK, &EsimView::of(book.world(), order, esim)),
        None => no_such_thing(),
    }
}

pub(super) async fn change(
    State(desk): State<Arc<Desk>>,
    Numbered(id): Numbered,
    sent: Sent<EsimChange>,
) -> Result<Response, Broken> {
    if sent.value.is_empty() {
        let fields = "send use_mb, installed, expired or silent";
        return Ok(problem(StatusCode::UNPROCESSABLE_ENTITY, fields));
    }
    let mut book = desk.book();
    if book.world().esim(id).is_none() {
        return Ok(no_such_thing());
    }
    book.record(Event::EsimChanged { id, at: now(), change: sent.value })?;
    Ok(match book.world().esim(id) {
        Some((order, esim)) => answer(StatusCode::OK, &EsimView::of(book.world(), order, esim)),
        None => no_such_thing(),
    })
}
