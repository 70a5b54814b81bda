//! backoffice: the pages that staff work with, one file a page family.
//!
//! Owns no table: it reads across all rooms (`store/`, selects only) and changes things only through their doors.
//! Promises that no page opens without a live session, that no page shows an activation code, and that what moves
//! prices or the catalog is written to the audit log in the same transaction. English only, never in a language prefix.

mod frame;
mod markup;
mod order;
mod orders;
mod overview;
mod store;
mod sync;
mod upstream;
mod wallet;
mod ways;
mod webhooks;
mod words;

use axum::Router;

use crate::shop::Shop;

/// The addresses of the room; signing in and out are `staff`'s.
pub fn routes() -> Router<Shop> {
    Router::new()
        .merge(overview::routes())
        .merge(orders::routes())
        .merge(order::routes())
        .merge(markup::routes())
        .merge(sync::routes())
        .merge(webhooks::routes())
        .merge(upstream::routes())
        .merge(wallet::routes())
}
