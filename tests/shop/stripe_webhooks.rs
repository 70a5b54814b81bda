//! `POST /webhooks/stripe`: who is believed, and what is kept.

use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::support::post::{made_of, stored};
use crate::support::stripe::{SECRET, signature};
use crate::support::{FRANCE, Stand};

const COMPLETED: &str = "checkout.session.completed";

#[tokio::test]
async fn f81_old_and_future_times_wrong_secrets_and_events_of_the_other_mode_change_nothing() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    stripe.pay(0);
    let body = stripe.event(COMPLETED, &stripe.sessions()[0]);
    let now = stand.shop.now().unix_timestamp();
    for header in [
        signature(SECRET, now - 301, &body),
        signature(SECRET, now + 301, &body),
        signature("whsec_of_another_endpoint", now, &body),
        signature(SECRET, now, &format!("{body} ")),
        format!("t={now},v0={}", "0".repeat(64)),
        String::new(),
    ] {
        assert_eq!(stand.hook(&body, &header).await, 401, "{header}");
    }
    assert_eq!(stored(&stand).await, 0);
    let live = body.replace(r#""livemode":false"#, r#""livemode":true"#);
    assert_eq!(stand.hook(&live, &stripe.signature(&live)).await, 200);
    stand.drain().await;
    assert_eq!(made_of(&stand).await, ["ignored"]);
    assert_eq!(stand.state(&token).await.1, "pending");

    for header in [signature(SECRET, now - 300, &body), signature(SECRET, now + 300, &body)] {
        assert_eq!(stand.hook(&body, &header).await, 200, "{header}");
    }
    assert_eq!(stored(&stand).await, 2, "one event is one delivery");
    stand.drain().await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn section_7_stripes_table() {
    let (mut stand, stripe) = Stand::with_stripe().await;
    let body = stripe.event("ping", &json!({}));
    let signed = stripe.signature(&body);
    let both = format!("{}, v1={}", signed, "0".repeat(64));
    let post = |stand: &Stand, headers: Vec<(&'static str, String)>, body: Vec<u8>| {
        let mut request = axum::http::Request::post("/webhooks/stripe");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let router = stand.router.clone();
        async move {
            let request = request.body(axum::body::Body::from(body)).unwrap();
            crate::support::browser::ask(&router, request).await.status.as_u16()
        }
    };
    let header = |value: &str| ("stripe-signature", value.to_owned());
    let bytes = || body.clone().into_bytes();
    assert_eq!(stand.get("/webhooks/stripe").await.status, 405);
    assert_eq!(post(&stand, vec![], bytes()).await, 401);
    assert_eq!(post(&stand, vec![header(&signed)], vec![b' '; 256 * 1024 + 1]).await, 413);
    assert_eq!(post(&stand, vec![header(&signed), header(&signed)], bytes()).await, 401);
    let encoded = ("content-encoding", "gzip".to_owned());
    assert_eq!(post(&stand, vec![header(&signed), encoded], bytes()).await, 401);
    for bad in ["[]", "{}", "not json", r#"{"id":"evt_1"}"#] {
        assert_eq!(stand.hook(bad, &stripe.signature(bad)).await, 400, "{bad}");
    }
    assert_eq!(stored(&stand).await, 0, "nothing that is refused is stored");
    assert_eq!(post(&stand, vec![header(&both)], bytes()).await, 200);
    assert_eq!(stand.hook(&body, &signed).await, 200);
    assert_eq!(stored(&stand).await, 1, "the same event again");
    let other = body.replace("\"livemode\":false", "\"livemode\":false,\"pending_webhooks\":0");
    assert_eq!(stand.hook(&other, &stripe.signature(&other)).await, 200);
    assert_eq!(stored(&stand).await, 2, "a known id with another body is a delivery of its own");
    stand.drain().await;
    assert_eq!(made_of(&stand).await, ["ignored", "ignored"], "an event that nobody knows is shown to staff");

    let mut stripeless = stand.shop.clone();
    stripeless.stripe = None;
    stand.shop = stripeless;
    stand.router = simfront::site::site(&stand.shop, &stand.stage).unwrap();
    assert_eq!(stand.hook(&body, &signed).await, 404, "Stripe is not enabled");
    stand.end().await;
}

#[tokio::test]
async fn an_event_of_no_payment_of_ours_is_shown_to_staff_after_a_while() {
    let (stand, stripe) = Stand::with_stripe().await;
    stand.told(&stripe, COMPLETED, &json!({ "id": "cs_foreign", "object": "checkout.session" })).await;
    stand.drain().await;
    assert_eq!(made_of(&stand).await, ["received"]);
    stand.pass(660).await;
    assert_eq!(made_of(&stand).await, ["unmatched"]);
    stand.end().await;
}

#[tokio::test]
async fn f90_the_test_payment_is_nowhere_where_it_is_not_chosen() {
    let mut stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let stripe = crate::support::stripe::Stripe::start(stand.shop.clock.clone()).await;
    stand.use_stripe(&stripe);
    assert_eq!(stand.get(&pay).await.status, 404);
    let outcome = [("outcome".to_owned(), "pay".to_owned())];
    assert_eq!(stand.post(&pay, &outcome).await.status, 404);
    let page = stand.get("/checkout?package_id=1120&quantity=1").await;
    assert!(
        !page.body.contains(r#"value="test""#) && page.body.contains(r#"value="stripe""#),
        "{}",
        page.body
    );
    let mut form = stand.form(FRANCE, 1).await;
    form.retain(|(name, _)| name != "payment_method");
    form.push(("payment_method".to_owned(), "test".to_owned()));
    assert_eq!(stand.post("/checkout", &form).await.status, 422);
    assert_eq!(stand.texts("select status from orders").await, ["awaiting_payment"]);
    let statement = "update payments set method = 'stripe'";
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&stand.shop.db).await.unwrap();
    assert_eq!(stand.get(&pay).await.status, 404, "a page of one method is none of another's");
    stand.end().await;
}

#[test]
fn f90_the_test_payment_beside_live_settings_is_refused_at_the_start() {
    use simfront::config::{Config, Source};
    let source = |url: &str, base: &str| {
        Source::of([
            ("PUBLIC_URL", url.to_owned()),
            ("ESIMDUAL_BASE_URL", base.to_owned()),
            ("PAYMENT_METHODS", "stripe,test".to_owned()),
            ("STRIPE_SECRET_KEY", "sk_live_x".to_owned()),
        ])
    };
    let here = "http://127.0.0.1:4000";
    for (url, base) in [("https://shop.example", here), (here, "https://esimdual.com/api/reseller/v1")] {
        let wrong = Config::read(&source(url, base)).err().unwrap();
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].to_string().starts_with("PAYMENT_METHODS holds test"), "{}", wrong[0]);
    }
    assert!(Config::read(&source(here, here)).is_ok());
}
