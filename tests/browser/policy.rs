//! The security floor's `form-action`, as Chromium takes it: it holds for the redirect after a form too.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{Html, Redirect};
use axum::routing::get;
use simfront::web::{PublicUrl, TrustedProxies, security};
use tokio::net::TcpListener;

use crate::chromium::{DESK, browse};
use crate::stand::until;

const FORM: &str = "<!doctype html><title>Shop</title><form method=post><button>Pay</button></form>";
const LANDED: &str = "<!doctype html><title>Payment</title><p id=landed>Landed</p>";

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    (listener, origin)
}

/// A checkout that redirects to another origin, with the floor that allows the given ones: whether one lands there,
/// and what the console says.
async fn lands(allowed: impl FnOnce(&str) -> Vec<String>) -> (bool, bool) {
    let ((shop, shop_origin), (bank, bank_origin)) = (listener().await, listener().await);
    let floor =
        security::Floor::new(PublicUrl::new(&shop_origin), TrustedProxies::default(), &allowed(&bank_origin));
    let to = format!("{bank_origin}/landed");
    let checkout = get(|| async { Html(FORM) }).post(|| async move { Redirect::to(&to) });
    let site =
        Router::new().route("/checkout", checkout).layer(from_fn_with_state(floor.unwrap(), security::floor));
    let pay = Router::new().route("/landed", get(|| async { Html(LANDED) }));
    let servers = [
        tokio::spawn(async move { axum::serve(shop, site).await.unwrap() }),
        tokio::spawn(async move { axum::serve(bank, pay).await.unwrap() }),
    ];
    let ended = browse(DESK, async |browser| {
        browser.open(&format!("{shop_origin}/checkout")).await;
        browser.click("button").await;
        until("landed, or blocked", async || {
            let landed = browser.has("#landed").await;
            let complaints = browser.complaints().await;
            let blocked = complaints.iter().any(|entry| entry.message.contains("form-action"));
            (landed || blocked).then_some((landed, blocked))
        })
        .await
    })
    .await;
    servers.iter().for_each(tokio::task::JoinHandle::abort);
    ended
}

#[tokio::test]
async fn a_form_may_be_redirected_to_an_origin_of_payments() {
    assert_eq!(lands(|bank| vec![bank.to_owned()]).await, (true, false));
}

#[tokio::test]
async fn a_form_is_not_redirected_anywhere_else() {
    assert_eq!(lands(|_| Vec::new()).await, (false, true));
    assert_eq!(lands(|_| vec!["https://checkout.stripe.com".to_owned()]).await, (false, true));
}
