//! What the shop says of itself, and what it does while eSIMDual or the database is away.

use simfront::sandbox::Operation;
use simfront::{crew, supply, window};
use tokio::net::TcpListener;

use crate::support::{FRANCE, Plan, Stand};

/// `/readyz`: its status and what it misses.
async fn ready(stand: &Stand) -> (u16, String) {
    let answer = stand.get("/readyz").await;
    (answer.status.as_u16(), answer.json()["missing"].to_string())
}

/// A port where nobody listens.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn without_credentials_the_shop_is_up_but_not_ready_and_says_which() {
    let stand = Stand::with(Plan { credentials: false, met: false, ..Plan::default() }).await;
    let (status, missing) = ready(&stand).await;
    assert_eq!(status, 503);
    assert!(missing.contains("ESIMDUAL_EMAIL") && missing.contains("ESIMDUAL_TOKEN"), "{missing}");
    assert_eq!(stand.get("/healthz").await.status.as_u16(), 200);
    assert_eq!(stand.get("/").await.status.as_u16(), 200);
    assert!(supply::refresh(&stand.shop, &|_| {}).await.is_err());
    assert!(stand.ledger().calls.is_empty(), "nobody was asked");
    stand.end().await;
}

#[tokio::test]
async fn f01_with_the_upstream_away_at_the_start_the_shop_opens_and_catches_up_later() {
    let port = free_port().await;
    let mut stand = Stand::with(Plan { upstream_port: Some(port), met: false, ..Plan::default() }).await;
    crew::start_rounds(&stand.shop).await.unwrap();
    stand.drain().await;
    let failed = supply::refresh(&stand.shop, &|_| {}).await;
    assert!(matches!(failed, Err(supply::Failed::Upstream(_))), "{failed:?}");
    let (status, missing) = ready(&stand).await;
    assert_eq!(status, 503);
    assert!(missing.contains("catalog") && missing.contains("first contact"), "{missing}");
    assert_eq!(stand.get("/").await.status.as_u16(), 200);
    assert_eq!(stand.get("/healthz").await.status.as_u16(), 200);
    stand.upstream_goes_away().await;
    stand.upstream_comes_back(port).await;
    stand.pass(60).await;
    let (status, missing) = ready(&stand).await;
    assert_eq!(status, 503);
    assert!(missing.contains("in memory") && !missing.contains("sync"), "it came back by itself: {missing}");
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    assert_eq!(ready(&stand).await, (200, "null".to_owned()));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f01_an_order_that_finds_nobody_upstream_waits_and_is_delivered_under_its_first_key() {
    let mut stand = Stand::new().await;
    let port = stand.upstream_goes_away().await;
    assert!(supply::refresh(&stand.shop, &|_| {}).await.is_err());
    assert_eq!(ready(&stand).await.0, 200, "what it knows still sells");
    assert_eq!(stand.get("/plans/1120").await.status.as_u16(), 200);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.pass(300).await;
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()));
    stand.upstream_comes_back(port).await;
    stand.pass(330).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    assert!(stand.count("select count(distinct idempotency_key) from attempts").await == 1);
    stand.end().await;
}

#[tokio::test]
async fn f01_an_order_that_finds_nobody_upstream_is_refunded_at_the_deadline() {
    let mut stand = Stand::new().await;
    stand.upstream_goes_away().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.pass(4170).await;
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()));
    stand.pass(360).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    stand.end().await;
}

#[tokio::test]
async fn f51_an_hour_of_failed_syncs_closes_no_checkout_whose_catalog_is_young() {
    let mut stand = Stand::new().await;
    crew::start_rounds(&stand.shop).await.unwrap();
    stand.drain().await;
    stand.upstream_goes_away().await;
    for _ in 0..60 {
        stand.pass(60).await;
    }
    let failed = stand.count("select count(*) from sync_runs where outcome = 'failed'").await;
    assert!((3..=25).contains(&failed), "it tries less and less often: {failed} times");
    // Nobody is asked about a plan of a catalog that is an hour old.
    stand.order(FRANCE, 1).await;
    assert_eq!(stand.count("select count(*) from orders where status = 'awaiting_payment'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn a_catalog_that_is_too_old_is_checked_upstream_before_it_sells() {
    let mut stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    stand.shop.clock.advance(time::Duration::seconds(86_401));
    let port = stand.upstream_goes_away().await;
    let answer = stand.post("/checkout", &form).await;
    assert_eq!(answer.status.as_u16(), 503);
    assert!(!answer.header("retry-after").is_empty() && answer.body.contains("form_key"), "the form is back");
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    stand.upstream_comes_back(port).await;
    stand.post("/checkout", &form).await.to();
    assert_eq!(stand.count("select count(*) from orders").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn without_its_database_the_shop_lives_shows_its_window_and_is_not_ready() {
    let stand = Stand::new().await;
    stand.shop.db.close().await;
    let (status, missing) = ready(&stand).await;
    assert_eq!(status, 503);
    assert!(missing.contains("DATABASE_URL"), "{missing}");
    assert_eq!(stand.get("/healthz").await.status.as_u16(), 200);
    assert_eq!(stand.get("/plans/1120").await.status.as_u16(), 200, "pages come from memory");
    let order = stand.get(&format!("/orders/{}", stand.shop.entropy.token().as_str())).await;
    assert!(matches!(order.status.as_u16(), 500 | 503), "{}", order.status);
    assert!(!order.body.to_lowercase().contains("pool"), "no internals: {}", order.body);
    stand.close().await;
}
