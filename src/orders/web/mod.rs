//! The customer's page of an order: what there is to see, its pictures, and its changes as they happen. Whoever knows
//! the token sees it; nobody else learns that it exists.

mod events;
mod progress;
mod qr;
mod show;
pub(super) mod wording;

use axum::Router;
use axum::routing::get;
use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::Order;
use crate::ground::Price;
use crate::ground::token::Token;
use crate::shop::Shop;
use crate::web::Problem;

/// Finds where an order can be paid: a path of the shop, none where nothing is open. Orders know no payments, so
/// whoever puts the shop together hands it in as an `Extension`.
#[derive(Clone, Copy, Debug)]
pub struct PayLink(pub for<'c> fn(&'c mut PgConnection, i64) -> BoxFuture<'c, sqlx::Result<Option<String>>>);

/// Finds what is still to be transferred for an order that waits for a bank transfer; none where it does not wait for one.
/// Handed in like [`PayLink`].
#[derive(Clone, Copy, Debug)]
pub struct TransferDue(
    pub for<'c> fn(&'c mut PgConnection, i64) -> BoxFuture<'c, sqlx::Result<Option<Price>>>,
);

/// Looks at a payment outside that a returning browser names, and tells whether it was looked at: an order's id and the
/// name. It is a hint, and nothing of it is believed.
#[derive(Clone, Copy, Debug)]
pub struct Returned(pub for<'a> fn(&'a Shop, i64, &'a str) -> BoxFuture<'a, sqlx::Result<bool>>);

/// The addresses of an order. Handlers need `Extension<PayLink>` and `Extension<Returned>`.
pub fn routes() -> Router<Shop> {
    Router::new()
        .route("/orders/{token}", get(show::show))
        .route("/orders/{token}/events", get(events::follow))
        .route("/orders/{token}/items/{position}/{unit}/qr.svg", get(qr::svg))
        .route("/orders/{token}/items/{position}/{unit}/qr.png", get(qr::png))
}

/// The order of a token; a malformed one is as unknown as a wrong one.
async fn find(conn: &mut PgConnection, token: &str) -> Result<Order, Problem> {
    let token = Token::parse(token).ok_or(Problem::NotFound)?;
    super::by_token(conn, &token).await?.ok_or(Problem::NotFound)
}
