//! The customer's order page and the test payment page, on a real database.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and finds its database by the environment"
)]

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::{Extension, Router};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use simfront::plumbing::bell::Ring;
use simfront::shop::{Settings, Shop};
use simfront::{orders, payments, web};
use tower::ServiceExt as _;

#[path = "support/mod.rs"]
mod support;

use support::Database;

/// Order `a…` was delivered with one unit refunded, `b…` is held, `c…` waits for its payment `f…`.
const SEED: &str = include_str!("backoffice/seed.sql");
const CODE: &str = "LPA:1$smdp.example.com$SECRET-MATCHING-ID";

struct Stand {
    shop: Shop,
    router: Router,
    database: Database,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Stand {
    async fn new(methods: &[&str]) -> Self {
        let database = Database::new("order_pages").await;
        sqlx::raw_sql(SEED).execute(&database.pool).await.unwrap();
        let settings = Settings {
            public_url: "https://shop.example".to_owned(),
            payment_methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            ..support::settings()
        };
        let shop = support::shop(database.pool.clone(), settings, support::NOWHERE, None);
        let router = orders::routes()
            .merge(payments::routes())
            .merge(web::assets::routes())
            .layer(Extension(payments::PAY_LINK))
            .layer(Extension(payments::RETURNED))
            .layer(axum::middleware::from_fn(web::problem::render))
            .with_state(shop.clone());
        Self { shop, router, database }
    }

    async fn end(self) {
        self.database.end().await;
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 4 << 20).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn order(&self, letter: &str) -> Value {
        let path = format!("/orders/{}", letter.repeat(32));
        let request = Request::get(path).header(header::ACCEPT, "application/json").body(Body::empty());
        self.ask(request.unwrap()).await.json()
    }

    async fn pay(&self, outcome: &str) -> Answer {
        let request = Request::post(format!("/pay/test/{}", "f".repeat(32)))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("outcome={outcome}")));
        self.ask(request.unwrap()).await
    }

    async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.shop.db).await.unwrap()
    }
}

#[tokio::test]
async fn the_json_is_the_contracts_before_and_after_delivery() {
    let stand = Stand::new(&["test"]).await;
    let waits = stand.order("c").await;
    assert_eq!(waits["pay_url"], format!("https://shop.example/pay/test/{}", "f".repeat(32)));
    assert_eq!((&waits["status"], &waits["payment_status"]), (&json!("awaiting_payment"), &json!("pending")));
    assert_eq!((&waits["total"], &waits["currency"]), (&json!("5.25"), &json!("USD")));
    let units = json!([{"unit": 1, "status": "pending", "claimed": false, "esim": null}]);
    assert_eq!(waits["lines"][0]["units"], units);

    let done = stand.order("a").await;
    assert_eq!((&done["pay_url"], &done["payment_status"]), (&Value::Null, &json!("partially_refunded")));
    let esim = json!({"iccid": "8988207000000000042", "activation_code": CODE, "smdp_address": "smdp.example.com",
        "matching_id": "SECRET-MATCHING-ID", "phone_number": null, "expires_on": "2027-04-14",
        "qr_svg": format!("/orders/{}/items/1/1/qr.svg", "a".repeat(32))});
    assert_eq!(done["lines"][0]["units"][0]["esim"], esim);
    assert_eq!(done["lines"][0]["units"][1]["status"], "failed");
    for customer_must_not_see in ["cost", "margin", "4.2", "sold out"] {
        assert!(!done.to_string().contains(customer_must_not_see), "{customer_must_not_see}");
    }
    stand.end().await;
}

#[tokio::test]
async fn the_page_shows_the_ticket_and_is_kept_by_nobody() {
    let stand = Stand::new(&["test"]).await;
    let page = stand.get(&format!("/orders/{}", "a".repeat(32))).await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    let text = page.text();
    for part in [
        "data-order-number=\"SF-7K3M9QWX\" data-order-status=\"completed\" data-payment-status=\"partially_refunded\"",
        &format!("data-activation-code=\"{CODE}\""),
        "/items/1/1/qr.svg\" width=\"264\" height=\"264\" alt=\"",
        &format!("https://esimsetup.apple.com/esim_qrcode_provisioning?carddata={CODE}"),
        "value=\"smdp.example.com\" readonly",
        "Do not delete",
        "went back to you",
    ] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert!(!text.contains("http-equiv") && !text.contains("data-events"), "nothing changes any more");

    let waits = stand.get(&format!("/orders/{}", "c".repeat(32))).await.text();
    assert!(waits.contains(&format!("href=\"/pay/test/{}\">Pay $5.25", "f".repeat(32))), "{waits}");
    assert!(waits.contains("<noscript><meta http-equiv=\"refresh\"") && waits.contains("data-events="));
    assert!(!waits.contains("Paid") && !waits.contains("qr.svg"), "{waits}");
    stand.end().await;
}

#[tokio::test]
async fn whoever_does_not_know_the_token_finds_nothing() {
    let stand = Stand::new(&["test"]).await;
    let (a, b, unknown) = ("a".repeat(32), "b".repeat(32), "z".repeat(32));
    for path in [
        format!("/orders/{unknown}"),
        "/orders/SF-7K3M9QWX".to_owned(),
        format!("/orders/{unknown}/events"),
        format!("/orders/{unknown}/items/1/1/qr.svg"),
        format!("/orders/{a}/items/1/2/qr.svg"),
        format!("/orders/{a}/items/2/1/qr.png"),
        format!("/orders/{b}/items/1/1/qr.png"),
        format!("/orders/{a}/items/x/1/qr.svg"),
        format!("/orders/{a}/items/1/99999999999/qr.png"),
        format!("/pay/test/{unknown}"),
        "/pay/test/x".to_owned(),
    ] {
        assert_eq!(stand.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    stand.end().await;
    let closed = Stand::new(&["stripe"]).await;
    assert_eq!(closed.get(&format!("/pay/test/{}", "f".repeat(32))).await.status, StatusCode::NOT_FOUND);
    assert_eq!(closed.pay("pay").await.status, StatusCode::NOT_FOUND);
    closed.end().await;
}

#[tokio::test]
async fn the_qr_reads_back_to_the_exact_code() {
    let stand = Stand::new(&["test"]).await;
    let path = format!("/orders/{}/items/1/1/qr", "a".repeat(32));
    let picture = stand.get(&format!("{path}.png")).await;
    assert_eq!((picture.header("content-type"), picture.header("cache-control")), ("image/png", "no-store"));
    assert_eq!(picture.header("x-robots-tag"), "noindex");
    let mut reader = png::Decoder::new(std::io::Cursor::new(picture.body)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (usize::try_from(info.width).unwrap(), usize::try_from(info.height).unwrap());
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    assert_eq!(image.detect_grids()[0].decode().unwrap().1, CODE);
    let drawing = stand.get(&format!("{path}.svg")).await;
    assert_eq!(drawing.header("content-type"), "image/svg+xml");
    assert!(drawing.text().starts_with("<svg"));
    stand.end().await;
}

/// The next event's text, or `None` where the stream ended.
async fn next(stream: &mut axum::body::BodyDataStream) -> Option<String> {
    let chunk = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.expect("an event in time");
    chunk.map(|bytes| String::from_utf8(bytes.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn a_follower_hears_now_and_after_each_change_and_never_a_code() {
    let stand = Stand::new(&["test"]).await;
    let follow = |letter: &str| Request::get(format!("/orders/{}/events", letter.repeat(32)));
    let response = stand.router.clone().oneshot(follow("c").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut events = response.into_body().into_data_stream();
    let first = next(&mut events).await.unwrap();
    assert!(first.contains("event: status\n") && first.contains("id: "), "{first}");
    assert!(
        first.contains("\"status\":\"awaiting_payment\"") && first.contains("pay_url\":\"https"),
        "{first}"
    );
    assert_eq!(stand.pay("decline").await.status, StatusCode::SEE_OTHER);
    assert!(next(&mut events).await.unwrap().contains("\"payment_status\":\"failed\""));
    assert_eq!(stand.pay("pay").await.status, StatusCode::SEE_OTHER);
    assert!(next(&mut events).await.unwrap().contains("\"status\":\"processing\""));
    // Without a ring it is found a little later.
    let cancel = "update orders set status = 'cancelled', finished_at = now() where token = 'cccccccccccccccccccccccccccccccc'";
    sqlx::raw_sql(cancel).execute(&stand.shop.db).await.unwrap();
    stand.shop.bell.ring(Ring::Thing(999));
    assert!(next(&mut events).await.unwrap().contains("\"status\":\"cancelled\""));
    assert_eq!(next(&mut events).await, None, "a final state ends it");

    let done = stand.ask(follow("a").body(Body::empty()).unwrap()).await;
    assert!(done.text().contains("\"status\":\"completed\"") && !done.text().contains("SECRET"));
    let again = stand.ask(follow("a").header("last-event-id", "x").body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);

    let open = stand.router.clone().oneshot(follow("b").body(Body::empty()).unwrap()).await.unwrap();
    let mut open = open.into_body().into_data_stream();
    next(&mut open).await.unwrap();
    stand.shop.stop.cancel();
    assert_eq!(next(&mut open).await, None, "a stop ends it");
    stand.end().await;
}

#[tokio::test]
async fn a_payment_is_declined_then_made_once() {
    let stand = Stand::new(&["test"]).await;
    let page = stand.get(&format!("/pay/test/{}", "f".repeat(32))).await;
    assert!(page.text().contains("This is a test") && page.text().contains("$5.25"));
    assert_eq!(stand.pay("explode").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    stand.pay("decline").await;
    let declined = stand.order("c").await;
    assert_eq!(
        (&declined["status"], &declined["payment_status"]),
        (&json!("awaiting_payment"), &json!("failed"))
    );
    assert!(declined["pay_url"].is_string(), "a new try may succeed");
    for _ in 0..2 {
        let paid = stand.pay("pay").await;
        assert_eq!(paid.status, StatusCode::SEE_OTHER);
        assert_eq!(paid.header("location"), format!("/orders/{}", "c".repeat(32)));
    }
    let paid = stand.order("c").await;
    assert_eq!((&paid["status"], &paid["payment_status"]), (&json!("processing"), &json!("paid")));
    assert_eq!(stand.count("select count(*) from payments where order_id = 3 and counted").await, 1);
    assert_eq!(
        stand.count("select count(*) from order_history where order_id = 3 and event = 'paid'").await,
        1
    );
    assert_eq!(stand.count("select count(*) from mails where key = 'received:SF-9ZZQ2M4C'").await, 1);
    assert_eq!(stand.count("select count(*) from jobs where key = 'advance:3'").await, 1);
    let page = stand.get(&format!("/pay/test/{}", "f".repeat(32))).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "nothing is left to pay");
    stand.end().await;
}

#[tokio::test]
async fn a_late_payment_does_not_count() {
    let stand = Stand::new(&["test"]).await;
    assert_eq!(stand.pay("late").await.status, StatusCode::SEE_OTHER);
    let order = stand.order("c").await;
    assert_eq!((&order["status"], &order["pay_url"]), (&json!("cancelled"), &Value::Null));
    let surplus = "select count(*) from payments where order_id = 3 and status = 'paid' and not counted";
    assert_eq!(stand.count(surplus).await, 1);
    assert_eq!(stand.count("select count(*) from mails where key like 'received:%'").await, 0);
    assert_eq!(stand.count("select count(*) from jobs where key = 'advance:3'").await, 1, "it will go back");
    stand.end().await;
}

#[tokio::test]
async fn of_two_payments_one_counts() {
    let stand = Stand::new(&["test"]).await;
    for _ in 0..2 {
        assert_eq!(stand.pay("twice").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(stand.count("select count(*) from payments where order_id = 3 and status = 'paid'").await, 2);
    assert_eq!(stand.count("select count(*) from payments where order_id = 3 and counted").await, 1);
    assert_eq!(stand.count("select sum(amount_minor)::bigint from payments where order_id = 3").await, 1050);
    assert_eq!(stand.order("c").await["status"], "processing");
    stand.end().await;
}

#[tokio::test]
async fn the_delivery_is_mailed_once_with_its_picture() {
    let stand = Stand::new(&["test"]).await;
    let mut tx = stand.shop.db.begin().await.unwrap();
    sqlx::raw_sql("delete from mails").execute(&mut *tx).await.unwrap();
    let order = orders::by_id(&mut tx, 1).await.unwrap().unwrap();
    for _ in 0..2 {
        orders::mail::delivered(&mut tx, &order, "https://shop.example", stand.shop.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(stand.count("select count(*) from mails where key = 'delivered:SF-7K3M9QWX'").await, 1);
    let whole = "select count(*) from mails where plain like '%SECRET-MATCHING-ID%' and html like '%cid:qr-1-1%' \
                 and plain like '%https://shop.example/orders/aaaa%' and pictures->0->>'name' = 'qr-1-1'";
    assert_eq!(stand.count(whole).await, 1);
    stand.end().await;
}
