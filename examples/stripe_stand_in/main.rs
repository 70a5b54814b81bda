//! The stand-in of Stripe that the tests ask, as a program of its own: `stripe_stand_in [EVENTS_URL]`, run by
//! `make conformance`, whose judge drives it with the vendor's own library. It prints `stripe: URL`, posts its events to
//! EVENTS_URL, and tells at `/_books` what it was asked and at `/_signed` how it signs a body at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it ends by panicking")]
#![allow(clippy::disallowed_methods, reason = "it stands for a client that is not the shop's")]

#[path = "../../tests/support/stripe/mod.rs"]
mod stripe;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use simfront::ground::Clock;
use time::OffsetDateTime;
use tokio::net::TcpListener;

use stripe::Stripe;

#[tokio::main]
async fn main() {
    let stripe = Stripe::start(Clock::running(OffsetDateTime::now_utc())).await;
    if let Some(url) = std::env::args().nth(1) {
        stripe.post_events_to(url);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let control = listener.local_addr().unwrap();
    println!(
        "stripe: {} control: http://{control} key: {} secret: {}",
        stripe.base,
        stripe::KEY,
        stripe::SECRET
    );
    let router =
        Router::new().route("/_books", get(books)).route("/_signed", post(signed)).with_state(stripe);
    axum::serve(listener, router).await.unwrap();
}

/// Everything that it was asked, in order.
async fn books(State(stripe): State<Stripe>) -> Json<Value> {
    let books = stripe.books();
    let said = |asked: &stripe::Asked| json!({ "method": asked.method, "path": asked.path, "pairs": asked.pairs, "key": asked.key });
    Json(json!({
        "asked": books.asked.iter().chain(&books.looked).map(said).collect::<Vec<_>>(),
        "sessions": books.sessions,
        "refunds": books.refunds,
    }))
}

#[derive(Deserialize)]
struct ToSign {
    at: i64,
    body: String,
}

/// The header that signs a body at a time.
async fn signed(Json(ToSign { at, body }): Json<ToSign>) -> String {
    stripe::signature(stripe::SECRET, at, &body)
}
