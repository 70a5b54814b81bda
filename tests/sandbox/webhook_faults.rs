//! Webhooks that come late, often, forged, cut, or in another spelling; and what the ledger says of each.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::Value;
use simfront::sandbox::{DeliveryState, Running};

use crate::client::{Client, Got, arm, eventually, hmac_hex, receiver, sandbox};

const SECRET: &str = "sandbox-webhook-secret";

struct Stand {
    sandbox: Running,
    client: Client,
    got: Arc<Mutex<Vec<Got>>>,
    bought: usize,
}

impl Stand {
    async fn new() -> Self {
        let (url, got) = receiver(0).await;
        let sandbox = sandbox().await;
        sandbox.set_webhook_url(Some(url));
        let client = Client::signed_in(&sandbox).await;
        Self { sandbox, client, got, bought: 0 }
    }

    /// Buys once with a fault armed, and gives the webhooks that come, `number` of them.
    async fn bought(&mut self, flag: &str, number: usize) -> Vec<Got> {
        let before = self.got.lock().unwrap().len();
        if !flag.is_empty() {
            arm(&self.sandbox, flag);
        }
        self.bought += 1;
        let name = format!("SF-{}-1-1", self.bought);
        assert_eq!(self.client.buy(&name, &name).await.0, 201);
        eventually(flag, || self.got.lock().unwrap().len() == before + number).await;
        self.got.lock().unwrap()[before..].to_vec()
    }
}

fn order(got: &Got) -> Value {
    serde_json::from_slice(&got.body).unwrap_or(Value::Null)
}

fn is_rightly_signed(got: &Got) -> bool {
    got.signature == hmac_hex(SECRET, &got.body)
}

#[tokio::test]
async fn webhooks_come_twice_or_fifty_times_with_fresh_ids_or_with_the_same() {
    let mut stand = Stand::new().await;
    let ids = |all: &[Got]| {
        all.iter().map(|one| one.delivery.clone()).collect::<std::collections::BTreeSet<_>>().len()
    };
    let twice = stand.bought("webhooks_doubled", 2).await;
    assert_eq!((ids(&twice), twice[0].body == twice[1].body), (2, true));
    let often = stand.bought("webhooks_doubled:kind=same,count=50", 50).await;
    assert_eq!(ids(&often), 1);
    assert!(often.iter().all(is_rightly_signed));
    eventually("every copy is on record", || {
        let last = stand.sandbox.ledger().webhooks.pop().unwrap();
        (last.state, last.attempts.len()) == (DeliveryState::Delivered, 50)
    })
    .await;
    assert_eq!(ids(&stand.bought("webhooks_doubled:count=50", 50).await), 50);
}

#[tokio::test]
async fn webhooks_come_late_or_never() {
    let mut stand = Stand::new().await;
    let begun = Instant::now();
    let late = stand.bought("webhooks_late:delay_ms=300", 1).await;
    assert!(begun.elapsed() >= Duration::from_millis(300) && is_rightly_signed(&late[0]));
    stand.bought("webhooks_lost", 0).await;
    assert_eq!(stand.sandbox.ledger().webhooks.last().unwrap().state, DeliveryState::Lost);
}

#[tokio::test]
async fn webhooks_are_shuffled_by_the_seed_and_none_is_lost() {
    let order_of = async |seed: u64| {
        let mut stand = Stand::new().await;
        arm(&stand.sandbox, &format!("webhooks_shuffled:count=6,times=6,delay_ms=60000,seed={seed}"));
        for _ in 0..5 {
            stand.bought("", 0).await;
        }
        let all = stand.bought("", 6).await;
        all.iter().map(|one| order(one)["order"]["external_order_id"].to_string()).collect::<Vec<_>>()
    };
    let (first, again, other) = (order_of(1).await, order_of(1).await, order_of(2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    let mut sorted = first.clone();
    sorted.sort();
    sorted.dedup();
    assert!(sorted.len() == 6 && sorted != first, "{first:?}");
    // Where too few come, the time lets them go.
    let mut stand = Stand::new().await;
    stand.bought("webhooks_shuffled:count=9,delay_ms=100", 1).await;
}

#[tokio::test]
async fn an_older_state_a_replay_and_an_unknown_event_come_beside_the_true_one() {
    let mut stand = Stand::new().await;
    let events = |all: &[Got]| all.iter().map(|one| one.event.clone()).collect::<Vec<_>>();
    let backwards = stand.bought("webhook_processing_after", 2).await;
    assert_eq!(events(&backwards), ["order.completed", "order.processing"]);
    assert_eq!(order(&backwards[1])["order"]["status"], "processing");
    assert!(order(&backwards[1])["esim"].is_null() && is_rightly_signed(&backwards[1]));

    let unknown = stand.bought("webhook_unknown_event", 2).await;
    assert_eq!(events(&unknown), ["order.archived", "order.completed"]);
    assert!(is_rightly_signed(&unknown[0]));

    let replayed = stand.bought("webhook_replayed:seed=5", 2).await;
    assert_eq!(events(&replayed), ["order.completed", "order.failed"]);
    let earlier = stand.got.lock().unwrap().clone();
    let original = earlier.iter().find(|one| one.body == replayed[1].body).unwrap();
    assert_ne!(original.delivery, replayed[1].delivery, "an old body under a fresh id");
    assert!(is_rightly_signed(&replayed[1]));

    let bare = stand.bought("webhook_without_esim", 1).await;
    assert!(order(&bare[0])["order"]["status"] == "completed" && order(&bare[0])["esim"].is_null());
}

#[tokio::test]
async fn forgeries_carry_an_esim_that_nobody_sold_and_no_signature_that_counts() {
    let mut stand = Stand::new().await;
    for kind in ["wrong_secret", "no_header", "empty", "wrong_length", "two_headers", "other_body", "sha1"] {
        let both = stand.bought(&format!("webhook_forged:kind={kind}"), 2).await;
        let (forged, own) = (&both[0], &both[1]);
        assert!(is_rightly_signed(own), "{kind}");
        assert_ne!(order(forged)["esim"]["iccid"], order(own)["esim"]["iccid"], "{kind}");
        assert!(!is_rightly_signed(forged), "{kind}");
        let headers: Vec<_> = forged.headers.get_all("x-esimdual-signature").iter().collect();
        match kind {
            "no_header" => assert!(headers.is_empty()),
            "empty" => assert_eq!((headers.len(), forged.signature.as_str()), (1, "")),
            "wrong_length" => assert_eq!(forged.signature.len(), 40),
            "two_headers" => assert_eq!((headers.len(), headers[0].to_str().unwrap()), (2, &*"0".repeat(64))),
            "other_body" => assert_eq!(forged.signature, own.signature),
            "sha1" => assert!(forged.signature.starts_with("sha1=")),
            _ => assert_eq!(forged.signature.len(), 64),
        }
    }
    let ledger = stand.sandbox.ledger();
    assert_eq!(ledger.webhooks.iter().filter(|delivery| delivery.forged).count(), 7);
    assert_eq!(ledger.faults.strikes[3].detail.as_deref(), Some("wrong_length"));
}

#[tokio::test]
async fn a_body_is_cut_under_the_signature_of_the_whole() {
    let mut stand = Stand::new().await;
    for flag in ["webhook_truncated:at_byte=64", "webhook_truncated:at_byte=0", "webhook_truncated:seed=4"] {
        let both = stand.bought(flag, 2).await;
        assert!(both[1].body.starts_with(&both[0].body) && both[0].body.len() < both[1].body.len(), "{flag}");
        assert_eq!(both[0].signature, both[1].signature);
        assert!(is_rightly_signed(&both[1]));
    }
}

#[tokio::test]
async fn the_same_json_comes_in_ten_other_encodings_signed_as_sent() {
    let mut stand = Stand::new().await;
    for kind in [
        "pretty",
        "crlf",
        "spaced",
        "bare_slashes",
        "bare_unicode",
        "escaped",
        "two_decimals",
        "exponent",
        "reordered",
        "trailing_newline",
    ] {
        let one = stand.bought(&format!("webhook_reencoded:kind={kind}"), 1).await.remove(0);
        assert!(is_rightly_signed(&one), "{kind}");
        assert_eq!(order(&one)["order"]["price"], 4.2, "{kind}");
        let text = String::from_utf8(one.body.to_vec()).unwrap();
        let sign = match kind {
            "pretty" => "{\n    \"event\": \"order.completed\"",
            "crlf" => "{\r\n  \"event\"",
            "spaced" => "{ \"event\": ",
            "escaped" => r#""event":"\u006F\u0072"#,
            "two_decimals" => r#""price":4.20,"#,
            "exponent" => r#""price":42e-1,"#,
            "reordered" => r#"{"esim":{"#,
            "trailing_newline" => "}\n",
            _ => "https://cdn.example.com/qr/",
        };
        assert!(text.contains(sign), "{kind}: {text}");
    }
    stand.bought("webhook_reencoded:seed=9", 1).await;
    assert!(stand.sandbox.ledger().faults.strikes[10].detail.is_some(), "the drawn one is on record");
}

#[tokio::test]
async fn signatures_come_in_other_spellings_and_under_another_secret() {
    let mut stand = Stand::new().await;
    let upper = stand.bought("webhook_signature_form:kind=upper", 1).await.remove(0);
    assert_eq!(upper.signature, hmac_hex(SECRET, &upper.body).to_uppercase());
    let prefixed = stand.bought("webhook_signature_form:kind=prefixed", 1).await.remove(0);
    assert_eq!(prefixed.signature, format!("sha256={}", hmac_hex(SECRET, &prefixed.body)));
    let base64 = stand.bought("webhook_signature_form:kind=base64", 1).await.remove(0);
    let bytes = base64::engine::general_purpose::STANDARD.decode(&base64.signature).unwrap();
    assert_eq!(hex::encode(bytes), hmac_hex(SECRET, &base64.body));
    let rotated = stand.bought("webhook_secret_rotated:value=the next one", 1).await.remove(0);
    assert_eq!(rotated.signature, hmac_hex("the next one", &rotated.body));
}

#[tokio::test]
async fn webhooks_come_in_unusual_http() {
    let mut stand = Stand::new().await;
    let typed = stand.bought("webhook_unusual_http:kind=content_type", 1).await.remove(0);
    assert_eq!(typed.headers["content-type"], "text/plain");
    let chunked = stand.bought("webhook_unusual_http:kind=chunked", 1).await.remove(0);
    assert_eq!(chunked.headers["transfer-encoding"], "chunked");
    let expecting = stand.bought("webhook_unusual_http:kind=expect", 1).await.remove(0);
    assert_eq!(expecting.headers["expect"], "100-continue");
    assert!([&typed, &chunked, &expecting].into_iter().all(is_rightly_signed));

    let packed = stand.bought("webhook_unusual_http:kind=gzip", 1).await.remove(0);
    assert_eq!(packed.headers["content-encoding"], "gzip");
    // Somebody else's gzip unpacks it, and checks its sum.
    let body = packed.body.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let serve = move || async move { ([("content-encoding", "gzip")], body) };
    let router = axum::Router::new().route("/", axum::routing::get(serve));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let unpacked = stand.client.http.get(url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(packed.signature, hmac_hex(SECRET, &unpacked));
    assert_eq!(serde_json::from_slice::<Value>(&unpacked).unwrap()["event"], "order.completed");
}
