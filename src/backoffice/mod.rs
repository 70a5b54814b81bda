//! backoffice: the pages that staff work with, one file a page family.
//!
//! Owns no table: it reads across all rooms (`store/`, selects only) and changes things only through their doors.
//! Promises that no address opens without a live session whose role may do that (`gate.rs`), that no page shows an
//! activation code, and that what moves
//! prices or the catalog is written to the audit log in the same transaction. English only, never in a language prefix.

mod account;
mod again;
mod audit;
mod catalog;
mod evidence;
mod frame;
mod freshness;
mod gate;
mod markup;
mod money;
mod order;
mod orders;
mod overview;
mod rates;
mod refund;
mod rehearsal;
mod store;
mod sync;
mod tax;
mod team;
mod transfers;
mod upstream;
mod wallet;
mod ways;
mod webhooks;
mod words;

use axum::Router;

use crate::shop::Shop;

pub use gate::Door;

fn gated() -> gate::Gated {
    gate::Gated::new()
        .merge(overview::routes())
        .merge(orders::routes())
        .merge(order::routes())
        .merge(transfers::routes())
        .merge(catalog::routes())
        .merge(markup::routes())
        .merge(rates::routes())
        .merge(tax::routes())
        .merge(sync::routes())
        .merge(webhooks::routes())
        .merge(upstream::routes())
        .merge(wallet::routes())
        .merge(team::routes())
        .merge(audit::routes())
        .merge(account::routes())
}

/// The addresses of the room; signing in and out are `staff`'s.
pub fn routes() -> Router<Shop> {
    gated().into_router()
}

/// Every address of the room with what it is for.
pub fn doors() -> Vec<Door> {
    gated().doors().to_vec()
}
