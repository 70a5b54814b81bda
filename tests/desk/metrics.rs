//! What is counted, and what never is.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use simfront::esimdual::{self, Answer};
use simfront::plumbing::metrics::Collected;
use simfront::site;
use tower::ServiceExt as _;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::support::{Act, Database, Fake, ORDER, client, clock, login, no_database, reply, token, word};

const SECRET: &str = "7|a-secret-token";
const CODE: &str = "LPA:1$example.com$AN-ACTIVATION-CODE";

#[tokio::test]
async fn every_call_is_counted_by_operation_and_outcome_and_no_secret_is_ever_told() {
    let collected = Collected::start().unwrap();
    esimdual::describe_metrics();
    let db = Database::new().await;
    let fake = Fake::start(|request, before| match (request.line.as_str(), before) {
        ("POST /login", _) => reply(200, &format!(r#"{{"status":true,"access_token":"{SECRET}"}}"#)),
        ("POST /orders", 0) => Act::Close,
        ("POST /orders", _) => {
            let data = format!(
                r#"{{"id":45,"external_order_id":"SF-7K3M9QWX-1-1","package":{{"id":1120}},"esim":{{"qr_code":"{CODE}"}}}}"#
            );
            reply(201, &format!(r#"{{"status":true,"data":{data}}}"#))
        }
        ("GET /esims/9", _) => reply(404, r#"{"status":false,"message":"eSIM not found"}"#),
        ("GET /esims/9/usage", 0) => reply(503, ""),
        _ => reply(200, r#"{"status":true,"data":{"remaining_capacity":"1 GB"}}"#),
    })
    .await;
    let client = client(&fake.url, login(), db.pool.clone(), &clock());
    assert_eq!(word(&client.place_order(&ORDER).await), "doubt");
    assert_eq!(word(&client.place_order(&ORDER).await), "done");
    assert_eq!(word(&client.esim(9).await), "refused");
    assert_eq!(word(&client.usage(9).await), "done");

    let text = scrape(collected).await;
    // Other tests of this process may count too: only what they cannot is compared exactly.
    for line in [
        r#"simfront_esimdual_calls_total{operation="get_esim",outcome="refused"}"#,
        r#"simfront_esimdual_calls_total{operation="create_order",outcome="doubt"}"#,
        r#"simfront_esimdual_calls_total{operation="create_order",outcome="done"}"#,
        r#"simfront_esimdual_calls_total{operation="login",outcome="done"}"#,
        r#"simfront_esimdual_call_seconds_bucket{operation="get_usage",le="0.5"}"#,
        r#"simfront_esimdual_requests_total{operation="get_usage",status="5xx"}"#,
        r#"simfront_esimdual_retries_total{operation="get_usage"}"#,
        r#"simfront_esimdual_budget_wait_seconds_count{urgency="purchase"}"#,
        "simfront_esimdual_breaker_open 0",
        "# HELP simfront_esimdual_calls_total",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    for secret in [SECRET, CODE, "key-1", "SF-7K3M9QWX", "partner@example.com", "StrongPassword", "127.0.0.1"]
    {
        assert!(!text.contains(secret), "{secret} is told");
    }
    db.drop().await;
}

async fn scrape(collected: Collected) -> String {
    let request = axum::http::Request::get("/metrics").body(axum::body::Body::empty()).unwrap();
    let answer = site::metrics_site(collected).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let body = axum::body::to_bytes(answer.into_body(), 1024 * 1024).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

/// Lines of the log, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_call_has_a_span_and_neither_it_nor_a_line_of_the_log_tells_a_secret_or_a_name() {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter("simfront=trace")
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // For all tests of this process, whatever order they come in: none of them may tell a secret.
    tracing::subscriber::set_global_default(log).unwrap();
    let db = Database::new().await;
    let fake = Fake::start(|request, before| match (request.line.as_str(), before) {
        ("POST /login", 0) => reply(401, r#"{"status":false,"message":"no"}"#),
        ("POST /login", _) => reply(200, &format!(r#"{{"status":true,"access_token":"{SECRET}"}}"#)),
        ("POST /orders", _) => {
            reply(201, &format!(r#"{{"data":{{"id":45,"esim":{{"qr_code":"{CODE}"}}}}}}"#))
        }
        _ => reply(500, CODE),
    })
    .await;
    let clock = clock();
    let client = client(&fake.url, login(), db.pool.clone(), &clock);
    assert_eq!(word(&client.wallet().await), "later");
    // Another test may have met this span for the first time while the log began.
    tracing::callsite::rebuild_interest_cache();
    clock.advance(time::Duration::minutes(1));
    assert_eq!(word(&client.place_order(&ORDER).await), "doubt");
    assert_eq!(word(&client.wallet().await), "later");
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for wanted in [
        r#"esimdual{operation="create_order" outcome="doubt""#,
        r#"esimdual{operation="get_wallet" outcome="later""#,
        "status=500",
        "took_ms=",
        "eSIMDual does not let us in",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
    for secret in [SECRET, CODE, "key-1", "SF-7K3M9QWX", "partner@example.com", "StrongPassword"] {
        assert!(!text.contains(secret), "{secret} is told in\n{text}");
    }
    db.drop().await;
}

#[tokio::test]
async fn health_tells_how_each_operation_fared() {
    let fake = Fake::start(|request, before| match (request.line.as_str(), before) {
        ("GET /wallet", 0) => Act::After(
            Duration::from_millis(120),
            Box::new(reply(200, r#"{"data":{"balance":1,"currency":"USD"}}"#)),
        ),
        ("GET /wallet", _) => reply(500, ""),
        _ => reply(422, r#"{"status":false,"message":"no"}"#),
    })
    .await;
    let clock = clock();
    let client = client(&fake.url, token(), no_database(), &clock);
    let since = clock.now();
    assert_eq!(word(&client.wallet().await), "done");
    clock.advance(time::Duration::minutes(3));
    assert_eq!(word(&client.wallet().await), "later");
    let Answer::Refused(_) = client.place_order(&ORDER).await else { panic!("refused") };
    let health = client.health().await;
    assert_eq!((health.since, health.refused, health.budget.used), (since, None, 3));
    let names: Vec<_> = health.operations.iter().map(|one| one.name).collect();
    assert_eq!(names, ["create_order", "get_wallet"]);
    let (order, wallet) = (&health.operations[0], &health.operations[1]);
    assert_eq!((order.refused, order.done + order.later + order.doubt, &order.last_fault), (1, 0, &None));
    assert_eq!((wallet.done, wallet.later, wallet.refused + wallet.doubt), (1, 1, 0));
    assert!(wallet.worst.unwrap() >= Duration::from_millis(120));
    assert!(wallet.mean.unwrap() < wallet.worst.unwrap());
    let fault = wallet.last_fault.as_ref().unwrap();
    assert_eq!((fault.at, fault.http_status), (since + time::Duration::minutes(3), Some(500)));
    assert_eq!(fault.reason, "the upstream failed");
}
