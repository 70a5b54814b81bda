//! What arrives at `POST /webhooks/esimdual`: the table of CONTRACT section 7, and what senders and networks do to it.

use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use simfront::crew;
use simfront::sandbox::{Fault, Injection};

use crate::support::browser::Answer;
use crate::support::{FRANCE, LEASE, Plan, SECRET, Stand};

const PATH: &str = "/webhooks/esimdual";

fn mac(secret: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn signed(body: &str) -> String {
    hex::encode(mac(SECRET, body.as_bytes()))
}

async fn post(stand: &Stand, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post(PATH).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    stand.ask(request.body(body.into()).unwrap()).await
}

/// A rightly signed webhook.
async fn deliver(stand: &Stand, id: &str, body: &str) -> u16 {
    let signature = signed(body);
    let headers = [("x-esimdual-signature", signature.as_str()), ("x-esimdual-delivery", id)];
    post(stand, &headers, body.to_owned()).await.status.as_u16()
}

/// What the program does every few seconds.
pub async fn write_tally(stand: &Stand) {
    let settings = &stand.shop.settings;
    let tally = &stand.stage.inbox.tally;
    tally
        .write(&stand.shop.db, &settings.sealing_key, &settings.webhook_secrets, stand.shop.now())
        .await
        .unwrap();
}

async fn stored(stand: &Stand) -> i64 {
    stand.count("select count(*) from webhook_deliveries").await
}

async fn made_of(stand: &Stand) -> Vec<String> {
    stand.texts("select status from webhook_deliveries order by id").await
}

const PING: &str = r#"{"event":"ping","message":"eSIMDual webhook test","reseller_id":3}"#;

/// A paid order whose unit is still in work upstream, with the webhooks that were made for it, none of them sent:
/// first `order.processing`, then `order.completed`.
async fn two_events() -> (Stand, String, [String; 2]) {
    let stand = Stand::with_webhooks().await;
    stand.sandbox.inject(Injection::times(Fault::WebhooksLost, 2));
    stand.sandbox.inject_once(Fault::StaysProcessing);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["processing"]);
    stand.sandbox.complete_order(stand.ledger().orders[0].id).unwrap().unwrap();
    let bodies: Vec<_> = stand.ledger().webhooks.into_iter().map(|webhook| webhook.body).collect();
    (stand, token, bodies.try_into().unwrap())
}

#[tokio::test]
async fn f52_a_webhook_that_comes_before_the_answer_is_the_same_purchase() {
    let stand = Stand::with_webhooks().await;
    stand.sandbox.inject_once(Fault::WebhookBeforeAnswer);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(made_of(&stand).await, ["done"]);
    assert_eq!(stand.count("select count(*) from order_history where event = 'delivered'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f52_a_webhook_delivers_while_the_answer_never_comes() {
    let patience = std::time::Duration::from_secs(60);
    let mut stand = Stand::with(Plan { webhooks: true, patience, ..Plan::default() }).await;
    stand.sandbox.inject_once(Fault::WebhookBeforeAnswer);
    stand.sandbox.inject_once(Fault::SilentAfterCommit);
    let token = stand.buy(FRANCE, 1).await;
    let asking = {
        let crew = crew::crew(&stand.shop);
        tokio::spawn(async move { crew.drain(LEASE).await.unwrap() })
    };
    stand.handed_over(1).await;
    stand.drain().await;
    assert!(!asking.is_finished(), "the purchase is still waiting for its answer");
    assert_eq!(stand.units(&token).await, ["completed"]);
    let port = stand.upstream_goes_away().await;
    asking.await.unwrap();
    stand.upstream_comes_back(port).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.mails().len(), 2, "told once that it is there");
    stand.end().await;
}

#[tokio::test]
async fn f54_fifty_duplicates_at_once_deliver_once() {
    let (stand, token, [_, completed]) = two_events().await;
    let ids: Vec<String> =
        (0..50).map(|n| if n % 2 == 0 { "same".to_owned() } else { format!("fresh-{n}") }).collect();
    let answers = join_all(ids.iter().map(|id| deliver(&stand, id, &completed))).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_eq!(stored(&stand).await, 26);
    let crews: Vec<_> = (0..3).map(|_| crew::crew(&stand.shop)).collect();
    join_all(crews.iter().map(|crew| crew.drain(LEASE)))
        .await
        .into_iter()
        .for_each(|ran| assert!(ran.is_ok()));
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert!(made_of(&stand).await.iter().all(|status| status == "done"));
    assert_eq!(stand.count("select count(*) from esims").await, 1);
    assert_eq!(stand.count("select count(*) from order_history where event = 'delivered'").await, 1);
    assert_eq!(stand.mails().len(), 2);
    stand.end().await;
}

#[tokio::test]
async fn f55_events_out_of_order_never_lead_backwards() {
    let (stand, token, [processing, completed]) = two_events().await;
    assert_eq!(deliver(&stand, "2", &completed).await, 200);
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["completed"]);
    assert_eq!(deliver(&stand, "1", &processing).await, 200);
    let failed =
        completed.replace("order.completed", "order.failed").replace(r#""completed""#, r#""failed""#);
    assert_eq!(deliver(&stand, "3", &failed).await, 200);
    stand.pass(120).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn f40_a_failure_that_only_a_webhook_tells_of_is_checked_upstream_before_money_goes_back() {
    let (stand, token, [processing, _]) = two_events().await;
    let failed =
        processing.replace("order.processing", "order.failed").replace(r#""processing""#, r#""failed""#);
    assert_eq!(deliver(&stand, "lie", &failed).await, 200);
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "upstream it is completed");
    stand.end().await;
}

#[tokio::test]
async fn f59_a_replay_under_a_fresh_id_changes_nothing() {
    let (stand, token, [_, completed]) = two_events().await;
    for id in ["first", "replay-1", "replay-2"] {
        assert_eq!(deliver(&stand, id, &completed).await, 200);
        stand.drain().await;
    }
    stand.shop.clock.advance(time::Duration::days(3));
    assert_eq!(deliver(&stand, "days later", &completed).await, 200);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.count("select count(*) from order_history where event = 'delivered'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f60_f63_what_was_cut_or_changed_after_signing_is_refused_and_not_stored() {
    let (stand, token, [_, completed]) = two_events().await;
    let signature = signed(&completed);
    let headers = [("x-esimdual-signature", signature.as_str())];
    let cut = completed[..completed.len() - 10].to_owned();
    assert_eq!(post(&stand, &headers, cut.clone()).await.status.as_u16(), 401, "cut on the way");
    let changed = completed.replace("LPA:1$", "LPA:1$evil");
    assert_ne!(changed, completed);
    assert_eq!(post(&stand, &headers, changed).await.status.as_u16(), 401, "other bytes were signed");
    let spaced = completed.replacen(':', ": ", 1);
    assert_eq!(post(&stand, &headers, spaced).await.status.as_u16(), 401, "the same JSON in other bytes");
    let of_cut = signed(&cut);
    assert_eq!(post(&stand, &[("x-esimdual-signature", of_cut.as_str())], cut).await.status.as_u16(), 400);
    assert_eq!(stored(&stand).await, 0);
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["processing"]);
    write_tally(&stand).await;
    assert_eq!(
        stand.texts("select reason || ' ' || count from webhook_refusals order by reason").await,
        ["signature 3", "unreadable 1"]
    );
    stand.end().await;
}

#[tokio::test]
async fn f63_a_forged_webhook_delivers_nothing_of_what_it_says() {
    let stand = Stand::with_webhooks().await;
    stand.sandbox.inject_once(Fault::WebhookForged);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.handed_over(1).await;
    stand
        .eventually("the forged one is refused", || {
            let ledger = stand.ledger();
            let forged = ledger.webhooks.iter().find(|webhook| webhook.forged);
            forged.is_some_and(|forged| forged.attempts.iter().any(|attempt| attempt.status == Some(401)))
        })
        .await;
    stand.drain().await;
    assert_eq!(stored(&stand).await, 1);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f65_f66_unknown_events_and_foreign_orders_are_stored_for_staff_and_change_nothing() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let event = |name: &str, order: &str| {
        json!({ "event": name, "order": { "id": 77, "external_order_id": order, "status": "completed",
            "currency": "USD", "price": 4.2 }, "package": { "id": FRANCE } })
        .to_string()
    };
    assert_eq!(deliver(&stand, "a", &event("order.teleported", "SF-AAAAAAAA-1-1")).await, 200);
    assert_eq!(deliver(&stand, "b", &event("order.completed", "another shop's 17")).await, 200);
    assert_eq!(deliver(&stand, "c", &event("order.completed", "SF-22222222-1-1")).await, 200);
    assert_eq!(deliver(&stand, "d", r#"{"event":"order.completed"}"#).await, 200);
    assert_eq!(deliver(&stand, "e", PING).await, 200);
    stand.pass(660).await;
    assert_eq!(made_of(&stand).await, ["ignored", "unmatched", "unmatched", "unmatched", "done"]);
    let cookie = stand.owner().await;
    let request = Request::get("/admin/webhooks").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    let page = stand.ask(request).await;
    assert!(page.body.contains("order.teleported"), "{}", page.body);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn section_7_every_row_of_the_table() {
    let stand = Stand::new().await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let request = Request::builder().method(method).uri(PATH).body(Body::empty()).unwrap();
        assert_eq!(stand.ask(request).await.status.as_u16(), 405, "{method}");
    }
    // A body that never ends: only an answer that does not read it can come.
    let endless = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    assert_eq!(post(&stand, &[], endless).await.status.as_u16(), 401, "before the body is read");

    let large = "x".repeat(256 * 1024 + 1);
    let signature = signed(&large);
    let right = [("x-esimdual-signature", signature.as_str())];
    assert_eq!(post(&stand, &right, large.clone()).await.status.as_u16(), 413);
    let unannounced = futures_util::stream::iter([Ok::<_, std::io::Error>(large)]);
    assert_eq!(post(&stand, &right, Body::from_stream(unannounced)).await.status.as_u16(), 413);

    let signature = signed(PING);
    let right = ("x-esimdual-signature", signature.as_str());
    let wrong = hex::encode(mac("another secret", PING.as_bytes()));
    for headers in [
        vec![("x-esimdual-signature", wrong.as_str())],
        vec![("x-esimdual-signature", "")],
        vec![("x-esimdual-signature", "sha256=")],
        vec![right, right],
        vec![right, ("content-encoding", "gzip")],
        vec![right, ("content-encoding", "identity")],
    ] {
        assert_eq!(post(&stand, &headers, PING).await.status.as_u16(), 401, "{headers:?}");
    }
    assert_eq!(deliver(&stand, "x", "not JSON").await, 400);
    assert_eq!(deliver(&stand, "x", r#"{"message":"no event"}"#).await, 400);
    assert_eq!(deliver(&stand, "x", "").await, 400);
    assert_eq!(stored(&stand).await, 0, "nothing of all that was kept");

    assert_eq!(deliver(&stand, "one", PING).await, 200);
    assert_eq!(stored(&stand).await, 1, "stored");
    assert_eq!(deliver(&stand, "one", PING).await, 200);
    assert_eq!(stored(&stand).await, 1, "known");
    let other = PING.replace("test", "test 2");
    assert_eq!(deliver(&stand, "one", &other).await, 200);
    assert_eq!(stored(&stand).await, 2, "a known id with another body");
    assert_eq!(deliver(&stand, "one", &other).await, 200);
    assert_eq!(stored(&stand).await, 2, "known by its body");
    assert_eq!(post(&stand, &[right], PING).await.status.as_u16(), 200);
    assert_eq!(stored(&stand).await, 3, "without an id");
    assert_eq!(post(&stand, &[right], PING).await.status.as_u16(), 200);
    assert_eq!(stored(&stand).await, 3, "without an id, known by its body");
    stand.end().await;
}

#[tokio::test]
async fn section_7_without_a_secret_nothing_is_taken() {
    let stand = Stand::with(Plan { secret: false, ..Plan::default() }).await;
    assert_eq!(deliver(&stand, "one", PING).await, 503);
    let empty = hex::encode(mac("", PING.as_bytes()));
    let answer = post(&stand, &[("x-esimdual-signature", empty.as_str())], PING).await;
    assert_eq!(answer.status.as_u16(), 503);
    assert_eq!(stored(&stand).await, 0);
    stand.end().await;
}

#[tokio::test]
async fn section_7_with_the_database_away_the_sender_is_asked_to_come_again() {
    let stand = Stand::new().await;
    stand.shop.db.close().await;
    let signature = signed(PING);
    let answer = post(&stand, &[("x-esimdual-signature", signature.as_str())], PING).await;
    assert_eq!(answer.status.as_u16(), 503);
    assert!(!answer.header("retry-after").is_empty());
    let unsigned = post(&stand, &[("x-esimdual-signature", "00")], PING).await;
    assert_eq!(unsigned.status.as_u16(), 401, "a forger learns nothing");
    stand.close().await;
}

#[tokio::test]
async fn section_7_a_signature_is_read_in_every_usual_form() {
    let stand = Stand::new().await;
    let bytes = mac(SECRET, PING.as_bytes());
    let hex = hex::encode(&bytes);
    let forms =
        [hex.clone(), hex.to_uppercase(), format!("sha256={hex}"), STANDARD.encode(&bytes), "0".repeat(64)];
    let mut answers = Vec::new();
    for (n, form) in forms.iter().enumerate() {
        let id = format!("form-{n}");
        let headers = [("x-esimdual-signature", form.as_str()), ("x-esimdual-delivery", id.as_str())];
        answers.push(post(&stand, &headers, PING).await.status.as_u16());
    }
    assert_eq!(answers, [200, 200, 200, 200, 401]);
    assert_eq!(
        stand.texts("select signature_form from webhook_deliveries order by id").await,
        ["hex", "hex", "prefixed_hex", "base64"]
    );
    stand.end().await;
}

#[tokio::test]
async fn a_report_about_a_unit_that_was_never_paid_for_delivers_nothing_and_calls_a_person() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let name = stand.texts("select external_order_id from units").await.remove(0);
    for status in ["processing", "completed", "failed"] {
        let body = json!({ "event": format!("order.{status}"),
            "order": { "id": 77, "external_order_id": name, "status": status, "currency": "USD", "price": 4.2 },
            "package": { "id": FRANCE },
            "esim": { "id": 5, "iccid": "8988207000000000001", "qr_code": "LPA:1$rsp.example.com$GIFT" } });
        assert_eq!(deliver(&stand, status, &body.to_string()).await, 200);
        stand.drain().await;
        assert_eq!(stand.texts("select status from units").await, ["pending"], "{status}");
    }
    let token = stand.texts("select token from orders").await.remove(0);
    assert_eq!(stand.state(&token).await, ("awaiting_payment".into(), "pending".into()));
    assert_eq!(stand.order_json(&token).await["attention"], true);
    stand.answer(&pay, "pay").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn a_report_of_another_package_is_held_until_the_upstreams_own_answer() {
    let (stand, token, [_, completed]) = two_events().await;
    let other = completed.replace(&format!(r#""package":{{"id":{FRANCE}"#), r#""package":{"id":1121"#);
    assert_ne!(other, completed);
    assert_eq!(deliver(&stand, "other", &other).await, 200);
    stand.drain().await;
    let order = stand.order_json(&token).await;
    // The hold asks the upstream at once, whose own answer is right; a person looks all the same.
    assert_eq!((&order["status"], &order["attention"]), (&json!("completed"), &json!(true)));
    assert_eq!(stand.count("select count(*) from order_history where event = 'held'").await, 1);
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn one_esim_is_never_handed_to_two_customers() {
    let (stand, token, [_, completed]) = two_events().await;
    assert_eq!(deliver(&stand, "first", &completed).await, 200);
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["completed"]);
    stand.sandbox.inject_once(Fault::StaysProcessing);
    stand.sandbox.inject(Injection::times(Fault::WebhooksLost, 10));
    let second = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let ledger = stand.ledger();
    let (one, two) = (&ledger.orders[0], &ledger.orders[1]);
    // The first one's eSIM under the second one's name.
    let stolen = completed
        .replace(&one.id.to_string(), &two.id.to_string())
        .replace(one.external_order_id.as_deref().unwrap(), two.external_order_id.as_deref().unwrap());
    assert_eq!(deliver(&stand, "stolen", &stolen).await, 200);
    stand.drain().await;
    assert_eq!(stand.units(&second).await, ["on_hold"]);
    let view = stand.order_json(&second).await;
    assert_eq!((&view["attention"], &view["lines"][0]["units"][0]["esim"]), (&true.into(), &json!(null)));
    assert_eq!(stand.count("select count(*) from esims").await, 1);
    stand.end().await;
}
