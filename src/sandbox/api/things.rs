//! eSIMs, their usage, and the wallet.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::sandbox::amounts::Number;
use crate::sandbox::answers::{failure, success};
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::{Esim, Order};
use crate::sandbox::moment::day;
use crate::sandbox::wire::{EsimView, TransactionView, WalletView, shown};
use crate::sandbox::world::World;

fn find<'a>(world: &'a World, id: &str) -> Option<(&'a Order, &'a Esim)> {
    let id = super::id(id)?;
    world
        .orders
        .values()
        .find_map(|order| shown(order).filter(|esim| esim.id == id).map(|esim| (order, esim)))
}

/// All eSIMs of completed orders, the newest first.
pub(super) async fn esims(State(desk): State<Arc<Desk>>) -> Response {
    let book = desk.book();
    let orders = book.world().orders.values().rev();
    let views = orders.filter_map(|order| shown(order).map(|esim| EsimView::of(order, esim)));
    success(&views.collect::<Vec<_>>())
}

pub(super) async fn esim(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let book = desk.book();
    match find(book.world(), &id) {
        Some((order, esim)) => success(&EsimView::of(order, esim)),
        None => super::not_found("eSIM"),
    }
}

/// Nobody installs a sandbox's eSIM, so all of its data remains; unlimited ones have no figures.
pub(super) async fn usage(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let book = desk.book();
    let Some((order, esim)) = find(book.world(), &id) else { return super::not_found("eSIM") };
    match &order.package.data {
        Some(total) => success(&json!({
            "total": total,
            "remaining": total,
            "used": "0 GB",
            "expiry_date": day(esim.expiry_date),
        })),
        None => failure(StatusCode::BAD_REQUEST, "Usage is not available for this eSIM"),
    }
}

/// The balance, and every transaction, the newest first.
pub(super) async fn wallet(State(desk): State<Arc<Desk>>) -> Response {
    let book = desk.book();
    let world = book.world();
    let transactions =
        world.transactions.iter().rev().map(|one| TransactionView::of(one, &world.currency)).collect();
    success(&WalletView { balance: Number(world.balance), currency: &world.currency, transactions })
}
