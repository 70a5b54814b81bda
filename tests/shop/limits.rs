//! How much one customer may order before paying, and how often one network may ask.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use simfront::shop::Settings;
use simfront::site;

use crate::support::browser::{Answer, Fields, encoded, owned};
use crate::support::post::signed;
use crate::support::{FRANCE, Stand};

const FORM: &str = "application/x-www-form-urlencoded";

/// The same shop with other settings.
fn set(stand: &mut Stand, change: impl FnOnce(&mut Settings)) {
    let mut settings = (*stand.shop.settings).clone();
    change(&mut settings);
    stand.shop.settings = Arc::new(settings);
    stand.router = site::site(&stand.shop, &stand.stage).unwrap();
}

/// Asks over a socket of this address.
async fn from(stand: &Stand, address: &str, request: axum::http::request::Builder, body: String) -> Answer {
    let peer: SocketAddr = format!("{address}:40000").parse().unwrap();
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    stand.ask(request).await
}

async fn get_from(stand: &Stand, address: &str, path: &str) -> Answer {
    from(stand, address, Request::get(path), String::new()).await
}

async fn send_from(stand: &Stand, address: &str, form: &Fields) -> Answer {
    let request = Request::post("/checkout").header(header::CONTENT_TYPE, FORM);
    from(stand, address, request, encoded(form)).await
}

/// A new form of this e-mail.
async fn form_of(stand: &Stand, email: &str) -> Fields {
    let mut form = stand.form(FRANCE, 1).await;
    form.retain(|(name, _)| name != "email");
    form.push(("email".to_owned(), email.to_owned()));
    form
}

async fn check_out(stand: &Stand, email: &str) -> Answer {
    stand.post("/checkout", &form_of(stand, email).await).await
}

fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().unwrap()
}

#[tokio::test]
async fn an_email_with_too_many_unpaid_orders_is_told_at_its_field_and_pays_one_first() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| settings.order_limits.unpaid_per_email = 2);
    let first = form_of(&stand, "ada@example.com").await;
    let pay = stand.post("/checkout", &first).await.to().to_owned();
    check_out(&stand, "ada@example.com").await.to();
    let third = form_of(&stand, "ada@example.com").await;
    for (path, sentence) in [("/checkout", "are not paid yet"), ("/it/checkout", "non sono ancora pagati")] {
        let refused = stand.post(path, &third).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains(sentence) && refused.body.contains(r##"href="#email""##), "{path}");
        assert!(refused.body.contains(r#"value="ada@example.com""#), "what was typed stays");
    }
    assert_eq!(stand.count("select count(*) from orders").await, 2);
    assert_eq!(stand.post("/checkout", &first).await.to(), pay, "a form that has its order keeps it");
    check_out(&stand, "bob@example.com").await.to();
    stand.answer(&pay, "pay").await;
    stand.post("/checkout", &third).await.to();
    // Switched off, nothing is counted.
    set(&mut stand, |settings| settings.rate_limits = false);
    check_out(&stand, "ada@example.com").await.to();
    stand.drain().await;
    stand.end().await;
}

#[tokio::test]
async fn one_network_has_no_more_unpaid_orders_than_it_may_whoever_it_says_it_is() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| settings.order_limits.unpaid_per_address = 2);
    for number in 0..2 {
        let form = form_of(&stand, &format!("a{number}@example.com")).await;
        send_from(&stand, "192.0.2.7", &form).await.to();
    }
    let form = form_of(&stand, "a3@example.com").await;
    let refused = send_from(&stand, "192.0.2.7", &form).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(retry_after(&refused) > 0 && refused.body.contains("a3@example.com"));
    send_from(&stand, "192.0.2.8", &form).await.to();
    let kept = stand.texts("select client from orders where client is not null").await;
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|client| client.len() == 16 && !client.contains("192")), "{kept:?}");
    stand.end().await;
}

#[tokio::test]
async fn an_email_orders_for_no_more_than_it_may_within_a_day() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| settings.order_limits.spend_per_day = "10.49".parse().unwrap());
    let pay = check_out(&stand, "ada@example.com").await.to().to_owned();
    stand.answer(&pay, "pay").await;
    stand.drain().await;
    let refused = check_out(&stand, "ada@example.com").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "5.25 and 5.25 is a cent too much");
    assert!(refused.body.contains("what we take in one day"), "{}", refused.body);
    check_out(&stand, "bob@example.com").await.to();
    set(&mut stand, |settings| settings.order_limits.spend_per_day = "10.50".parse().unwrap());
    check_out(&stand, "ada@example.com").await.to();
    stand.end().await;
}

#[tokio::test]
async fn no_more_of_one_plan_is_sold_at_once_than_is_configured() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| settings.order_limits.quantity = 3);
    let form = stand.form(FRANCE, 3).await;
    let page = stand.get("/checkout?package_id=1120").await.body;
    assert!(page.contains(r#"<option value="3""#) && !page.contains(r#"<option value="4""#));
    let four: Fields = form
        .iter()
        .map(|(name, value)| (name.clone(), if name == "quantity" { "4".to_owned() } else { value.clone() }))
        .collect();
    let refused = stand.post("/checkout", &four).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("a whole number that the list has"), "{}", refused.body);
    stand.post("/checkout", &form).await.to();
    set(&mut stand, |settings| settings.order_limits.quantity = 30);
    stand.order(FRANCE, 25).await;
    stand.end().await;
}

#[tokio::test]
async fn who_tries_out_cards_waits_by_email_and_by_network_whatever_the_other_is() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| settings.order_limits.declines_per_hour = 3);
    let form = form_of(&stand, "ada@example.com").await;
    let pay = send_from(&stand, "192.0.2.7", &form).await.to().to_owned();
    for _ in 0..3 {
        stand.answer(&pay, "decline").await;
    }
    stand.shop.clock.advance(time::Duration::minutes(10));
    for (address, email) in
        [("192.0.2.7", "ada@example.com"), ("192.0.2.7", "eve@example.com"), ("192.0.2.9", "ada@example.com")]
    {
        let refused = send_from(&stand, address, &form_of(&stand, email).await).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{address} {email}");
        assert!(refused.body.contains("Too many payments were declined") && refused.body.contains(email));
        assert_eq!(retry_after(&refused), 3000);
    }
    send_from(&stand, "192.0.2.9", &form_of(&stand, "eve@example.com").await).await.to();
    stand.shop.clock.advance(time::Duration::minutes(51));
    send_from(&stand, "192.0.2.7", &form_of(&stand, "ada@example.com").await).await.to();
    stand.end().await;
}

#[tokio::test]
async fn cards_that_stripe_declines_on_its_page_count_each_once() {
    let (mut stand, stripe) = Stand::with_stripe().await;
    set(&mut stand, |settings| settings.order_limits.declines_per_hour = 2);
    let (token, _) = stand.check_out(FRANCE, 1).await;
    for charge in ["ch_1", "ch_1", "ch_2"] {
        let refused = json!({ "id": "pi_0", "object": "payment_intent", "status": "requires_payment_method",
            "latest_charge": { "id": charge, "object": "charge", "status": "failed" } });
        stripe.change(0, "payment_intent", refused.clone());
        stand.told(&stripe, "payment_intent.payment_failed", &refused).await;
        stand.come_back(&token, "cs_test_0").await;
        stand.drain().await;
    }
    assert_eq!(stand.count("select declines::bigint from orders").await, 2);
    let form = stand.form(FRANCE, 1).await;
    assert_eq!(stand.post("/checkout", &form).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(stand.state(&token).await.0, "awaiting_payment", "another card may still pay it");
    stand.end().await;
}

#[tokio::test]
async fn searches_are_limited_by_network_and_catalog_pages_are_not() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| {
        settings.rates.searches = 3;
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    });
    for _ in 0..3 {
        assert_eq!(get_from(&stand, "192.0.2.7", "/search?q=france").await.status, StatusCode::OK);
    }
    for path in ["/search?q=france", "/it/search?q=francia"] {
        let refused = get_from(&stand, "192.0.2.7", path).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(retry_after(&refused), 20);
    }
    // A proxy of ours says who asks; one that is nobody's proxy is not believed.
    for (peer, forwarded, expected) in [
        ("10.0.0.1", "192.0.2.7", StatusCode::TOO_MANY_REQUESTS),
        ("10.0.0.1", "192.0.2.8", StatusCode::OK),
        ("192.0.2.7", "192.0.2.9", StatusCode::TOO_MANY_REQUESTS),
    ] {
        let request = Request::get("/search?q=france").header("x-forwarded-for", forwarded);
        assert_eq!(from(&stand, peer, request, String::new()).await.status, expected, "{peer} {forwarded}");
    }
    for _ in 0..20 {
        assert_eq!(get_from(&stand, "192.0.2.7", "/destinations/france").await.status, StatusCode::OK);
    }
    stand.shop.clock.advance(time::Duration::seconds(20));
    assert_eq!(get_from(&stand, "192.0.2.7", "/search?q=france").await.status, StatusCode::OK);
    set(&mut stand, |settings| settings.rate_limits = false);
    for _ in 0..9 {
        assert_eq!(get_from(&stand, "192.0.2.7", "/search?q=france").await.status, StatusCode::OK);
    }
    stand.end().await;
}

#[tokio::test]
async fn checkout_forms_are_limited_by_network_and_one_form_counts_once() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| settings.rates.checkouts = 2);
    let first = form_of(&stand, "ada@example.com").await;
    for _ in 0..6 {
        send_from(&stand, "192.0.2.7", &first).await.to();
    }
    let second = form_of(&stand, "ada@example.com").await;
    send_from(&stand, "192.0.2.7", &second).await.to();
    let third = form_of(&stand, "cleo@example.com").await;
    let refused = send_from(&stand, "192.0.2.7", &third).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.body.contains("cleo@example.com") && refused.body.contains("Nothing was charged"));
    assert_eq!(retry_after(&refused), 30);
    send_from(&stand, "192.0.2.7", &first).await.to();
    // A node that has forgotten still knows the form by its order.
    set(&mut stand, |settings| settings.rates.checkouts = 1);
    let spends = form_of(&stand, "dan@example.com").await;
    send_from(&stand, "192.0.2.7", &spends).await.to();
    send_from(&stand, "192.0.2.7", &first).await.to();
    assert_eq!(stand.count("select count(*) from orders").await, 3);
    stand.end().await;
}

#[tokio::test]
async fn tries_to_sign_in_and_look_ups_of_what_is_not_there_are_limited_and_what_is_there_is_not() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| (settings.rates.sign_ins, settings.rates.look_ups) = (2, 3));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let order = format!("/orders/{token}");
    for _ in 0..9 {
        assert_eq!(get_from(&stand, "192.0.2.7", &order).await.status, StatusCode::OK);
    }
    let nothing = format!("/orders/{}", "a".repeat(token.len()));
    for status in [404, 404, 404, 429] {
        assert_eq!(get_from(&stand, "192.0.2.7", &nothing).await.status, status);
    }
    assert_eq!(get_from(&stand, "192.0.2.8", &order).await.status, StatusCode::OK);
    let qr = format!("{order}/items/1/1/qr.svg");
    assert_eq!(get_from(&stand, "192.0.2.7", &qr).await.status, StatusCode::OK, "codes have no limit");
    let fields = encoded(&owned(&[("email", "olga@example.com"), ("password", "wrong")]));
    for limited in [false, false, true] {
        let request = Request::post("/admin/login").header(header::CONTENT_TYPE, FORM);
        let answer = from(&stand, "192.0.2.7", request, fields.clone()).await;
        assert_eq!(answer.status == StatusCode::TOO_MANY_REQUESTS, limited, "{}", answer.status);
    }
    stand.end().await;
}

#[tokio::test]
async fn wrong_signatures_are_limited_by_network_and_right_ones_never() {
    let mut stand = Stand::new().await;
    set(&mut stand, |settings| settings.rates.failed_signatures = 3);
    let body = r#"{"event":"order.updated","data":{"id":999}}"#;
    let hook = async |signature: &str| {
        let request = Request::post("/webhooks/esimdual").header("x-esimdual-signature", signature);
        from(&stand, "192.0.2.7", request, body.to_owned()).await
    };
    for status in [401, 401, 401, 429, 429] {
        assert_eq!(hook("sha256=00").await.status, status);
    }
    for _ in 0..9 {
        assert_eq!(hook(&signed(body)).await.status, StatusCode::OK);
    }
    assert!(retry_after(&hook("sha256=00").await) >= 20);
    stand.end().await;
}
