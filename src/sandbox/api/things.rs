//! eSIMs, their usage, and the wallet.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::Id;
use super::lists::{self, Listing};
use crate::sandbox::amounts::Number;
use crate::sandbox::answers::{Broken, failure, success, write_php_json};
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Esim, Order};
use crate::sandbox::moment::{day, now};
use crate::sandbox::usage::Line;
use crate::sandbox::wire::{EsimView, TransactionView, WalletView, shown};
use crate::sandbox::world::World;

/// All eSIMs of completed orders, the newest first.
pub(super) async fn esims(State(desk): State<Arc<Desk>>, listing: Listing) -> Result<Response, Broken> {
    let at = now();
    let lines: Vec<(Order, Line)> = {
        let book = desk.book();
        let world = book.world();
        let orders = world.orders.values().rev();
        orders.filter_map(|order| Some((order.clone(), world.line(order, shown(order)?, at)))).collect()
    };
    lists::answer(&desk.settings, &listing, lines, |text, (order, line)| match &order.esim {
        Some(esim) => write_php_json(text, &EsimView::of(&order, esim, line)),
        // Only orders with an eSIM are listed.
        None => Ok(()),
    })
}

pub(super) async fn esim(State(desk): State<Arc<Desk>>, Id(id): Id) -> Response {
    let book = desk.book();
    let world = book.world();
    let found = id.and_then(|id| world.esim(id)).and_then(|(order, _)| Some((order, shown(order)?)));
    match found {
        Some((order, esim)) => success(&EsimView::of(order, esim, world.line(order, esim, now()))),
        None => super::not_found("eSIM"),
    }
}

/// What is left. There are no figures where the order is not completed, the provider is silent, or the eSIM came
/// without data.
pub(super) async fn usage(State(desk): State<Arc<Desk>>, Id(id): Id) -> Response {
    let book = desk.book();
    let world = book.world();
    let Some((order, esim)) = id.and_then(|id| world.esim(id)) else { return super::not_found("eSIM") };
    match shown(order).and_then(|esim| figures(world, order, esim)) {
        Some([total, remaining, used, expiry_date]) => success(&json!({
            "total": total,
            "remaining": remaining,
            "used": used,
            "expiry_date": expiry_date,
        })),
        None => {
            tracing::debug!(esim = esim.id, "no usage to tell");
            failure(StatusCode::BAD_REQUEST, "Usage unavailable")
        }
    }
}

fn figures(world: &World, order: &Order, esim: &Esim) -> Option<[String; 4]> {
    let line = world.line(order, esim, now());
    let [total, remaining, used] = line.figures()?;
    let ends = line.expires_at.map_or(esim.expiry_date, |end| end.date());
    Some([total, remaining, used, day(ends)])
}

/// The balance, and every transaction, the newest first.
pub(super) async fn wallet(State(desk): State<Arc<Desk>>) -> Response {
    let book = desk.book();
    let world = book.world();
    let transactions =
        world.transactions.iter().rev().map(|one| TransactionView::of(one, &world.currency)).collect();
    success(&WalletView { balance: Number(world.balance), currency: &world.currency, transactions })
}
