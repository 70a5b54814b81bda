//! Who may speak for the upstream: signatures, their forgeries, their spellings, and the change of a secret.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use simfront::sandbox::{Fault, Injection};
use simfront::shop::{Settings, Shop};
use simfront::site;

use crate::support::browser::ask;
use crate::support::post::{
    PATH, PING, deliver, mac, made_of, post, signed, stored, two_events, write_tally,
};
use crate::support::{FRANCE, SECRET, Stand};

async fn page(stand: &Stand, cookie: &str) -> String {
    let request = Request::get("/admin/webhooks").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    stand.ask(request).await.body
}

async fn refusals(stand: &Stand) -> Vec<String> {
    write_tally(stand).await;
    stand.texts("select reason || ' ' || count from webhook_refusals order by reason").await
}

/// A ping signed with another secret than the shop's.
async fn ping_signed_with(stand: &Stand, secret: &str) -> u16 {
    let signature = hex::encode(mac(secret, PING.as_bytes()));
    post(stand, &[("x-esimdual-signature", signature.as_str())], PING).await.status.as_u16()
}

#[tokio::test]
async fn f56_no_forgery_is_stored_as_an_event() {
    let stand = Stand::with_webhooks().await;
    let kinds = ["wrong_secret", "no_header", "empty", "wrong_length", "two_headers", "other_body", "sha1"];
    for (number, kind) in (1..).zip(kinds) {
        stand.sandbox.inject(Injection::of(Fault::WebhookForged).with("kind", kind).unwrap());
        let token = stand.buy(FRANCE, 1).await;
        stand.drain().await;
        stand.handed_over(number).await;
        let forged = stand.ledger().webhooks.into_iter().rfind(|webhook| webhook.forged).unwrap();
        assert!(forged.attempts.iter().all(|attempt| attempt.status == Some(401)), "{kind}: {forged:?}");
        stand.drain().await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{kind}");
    }
    assert_eq!(stored(&stand).await, 7, "the honest ones");
    stand.end().await;
}

#[tokio::test]
async fn f56_one_changed_bit_of_body_or_signature_is_one_too_many() {
    let (stand, token, [_, completed]) = two_events().await;
    let (right, calls) = (mac(SECRET, completed.as_bytes()), stand.ledger().orders.len());
    let mut answers = std::collections::BTreeSet::new();
    let mut posts = 0;
    for bit in 0..right.len() * 8 {
        let mut wrong = right.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        let signature = hex::encode(wrong);
        let headers = [("x-esimdual-signature", signature.as_str())];
        let answer = post(&stand, &headers, completed.clone()).await;
        answers.insert((answer.status.as_u16(), answer.body));
        posts += 1;
    }
    let signature = hex::encode(&right);
    for byte in 0..completed.len() {
        let mut wrong = completed.clone().into_bytes();
        wrong[byte] ^= 1;
        let answer = post(&stand, &[("x-esimdual-signature", signature.as_str())], wrong).await;
        answers.insert((answer.status.as_u16(), answer.body));
        posts += 1;
    }
    let constant = r#"{"message":"the signature is wrong"}"#.to_owned();
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), [(401, constant)]);
    assert_eq!(stored(&stand).await, 0);
    assert_eq!(refusals(&stand).await, [format!("signature {posts}")], "a row, however many came");
    stand.drain().await;
    assert_eq!((stand.units(&token).await, stand.ledger().orders.len()), (vec!["processing".into()], calls));
    stand.end().await;
}

#[tokio::test]
async fn f57_after_several_wrong_signatures_in_a_row_staff_are_asked_whether_the_secret_differs() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let asks = "Is the secret another one?";
    for _ in 0..4 {
        assert_eq!(ping_signed_with(&stand, "the new secret").await, 401);
    }
    // A scanner that knows of no signature says nothing about the secret.
    for _ in 0..20 {
        assert_eq!(post(&stand, &[], PING).await.status.as_u16(), 401);
    }
    assert_eq!(refusals(&stand).await, ["signature 4", "unsigned 20"]);
    assert!(!page(&stand, &cookie).await.contains(asks));
    assert_eq!(ping_signed_with(&stand, "the new secret").await, 401);
    write_tally(&stand).await;
    let shown = page(&stand, &cookie).await;
    assert!(shown.contains(asks) && shown.contains("never seen"), "{shown}");
    assert_eq!(deliver(&stand, "right", PING).await, 200);
    write_tally(&stand).await;
    let shown = page(&stand, &cookie).await;
    assert!(!shown.contains(asks) && !shown.contains(SECRET) && !shown.contains("the new secret"), "{shown}");
    stand.end().await;
}

/// The same shop as it is after a restart with other secrets.
fn with_secrets(stand: &mut Stand, secrets: &[&str]) {
    let webhook_secrets = secrets.iter().map(|secret| (*secret).to_owned().into()).collect();
    let settings = Arc::new(Settings { webhook_secrets, ..(*stand.shop.settings).clone() });
    stand.shop = Shop { settings, ..stand.shop.clone() };
    stand.router = site::site(&stand.shop, &stand.stage).unwrap();
}

#[tokio::test]
async fn f58_a_secret_is_changed_without_losing_a_webhook_and_staff_see_when_the_old_one_can_go() {
    let (mut stand, token, [processing, completed]) = two_events().await;
    let cookie = stand.owner().await;
    let new = "a brand new secret";
    assert_eq!(ping_signed_with(&stand, new).await, 401, "before the overlap");

    with_secrets(&mut stand, &[new, SECRET]);
    assert_eq!(deliver(&stand, "old", &processing).await, 200, "the sender still signs with the old one");
    write_tally(&stand).await;
    let shown = page(&stand, &cookie).await;
    assert!(shown.contains("First") && shown.contains("Second"), "{shown}");
    assert!(shown.contains("waiting for its first webhook") && !shown.contains("it can go"), "{shown}");

    let signature = hex::encode(mac(new, completed.as_bytes()));
    let headers = [("x-esimdual-signature", signature.as_str()), ("x-esimdual-delivery", "new")];
    assert_eq!(
        post(&stand, &headers, completed.clone()).await.status.as_u16(),
        200,
        "and now with the new one"
    );
    stand.drain().await;
    assert_eq!(made_of(&stand).await, ["done", "done"]);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    write_tally(&stand).await;
    assert!(!page(&stand, &cookie).await.contains("it can go"), "an old delivery may still be tried again");

    stand.shop.clock.advance(time::Duration::hours(25));
    let cookie = stand.sign_in_again().await;
    assert_eq!(ping_signed_with(&stand, new).await, 200);
    write_tally(&stand).await;
    let shown = page(&stand, &cookie).await;
    assert!(shown.contains("out of use: it can go"), "{shown}");
    for secret in [new, SECRET] {
        assert!(!shown.contains(secret), "no secret is ever shown");
    }
    with_secrets(&mut stand, &[new]);
    assert_eq!(ping_signed_with(&stand, SECRET).await, 401, "the old one is gone");
    write_tally(&stand).await;
    assert!(!page(&stand, &cookie).await.contains("Second"));
    stand.end().await;
}

#[tokio::test]
async fn f60_a_body_that_is_cut_at_any_place_is_refused() {
    let (stand, _, [_, completed]) = two_events().await;
    let signature = signed(&completed);
    let cuts: Vec<usize> = (0..completed.len()).step_by(64).chain([completed.len() - 1]).collect();
    for at in &cuts {
        let headers = [("x-esimdual-signature", signature.as_str())];
        let cut = completed[..*at].to_owned();
        assert_eq!(post(&stand, &headers, cut).await.status.as_u16(), 401, "cut at {at}");
    }
    assert_eq!(stored(&stand).await, 0);
    assert_eq!(refusals(&stand).await, [format!("signature {}", cuts.len())]);
    stand.end().await;
}

#[tokio::test]
async fn f63_the_same_json_in_any_other_bytes_is_taken_as_it_was_signed() {
    let stand = Stand::with_webhooks().await;
    let kinds = [
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
    ];
    for (number, kind) in (1..).zip(kinds) {
        stand.sandbox.inject(Injection::of(Fault::WebhookReencoded).with("kind", kind).unwrap());
        stand.buy(FRANCE, 1).await;
        stand.drain().await;
        stand.handed_over(number).await;
        stand.drain().await;
    }
    assert_eq!(made_of(&stand).await, vec!["done"; kinds.len()]);
    let bodies = stand.ledger().webhooks.into_iter().map(|webhook| webhook.body);
    let stored: Vec<Vec<u8>> = sqlx::query_scalar("select body from webhook_deliveries order by id")
        .fetch_all(&stand.shop.db)
        .await
        .unwrap();
    assert_eq!(stored, bodies.map(String::into_bytes).collect::<Vec<_>>(), "kept byte for byte");
    stand.end().await;
}

#[tokio::test]
async fn f64_unusual_http_is_taken_or_refused_and_never_a_fault() {
    let stand = Stand::with_webhooks().await;
    let spelled = |kind: &str| Injection::of(Fault::WebhookSignatureForm).with("kind", kind).unwrap();
    let unusual = |kind: &str| Injection::of(Fault::WebhookUnusualHttp).with("kind", kind).unwrap();
    let taken = [
        spelled("upper"),
        spelled("prefixed"),
        spelled("base64"),
        unusual("content_type"),
        unusual("chunked"),
        unusual("expect"),
    ];
    for (number, injection) in (1..).zip(taken) {
        stand.sandbox.inject(injection);
        stand.buy(FRANCE, 1).await;
        stand.drain().await;
        stand.handed_over(number).await;
    }
    stand.drain().await;
    assert_eq!(made_of(&stand).await, vec!["done"; 6]);
    // What was signed is not what was sent.
    stand.sandbox.inject(unusual("gzip"));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand
        .eventually("the compressed one is refused", || {
            stand.ledger().webhooks[6].attempts.first().is_some_and(|attempt| attempt.status == Some(401))
        })
        .await;
    assert_eq!(stored(&stand).await, 6);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    for method in ["HEAD", "OPTIONS", "TRACE"] {
        let request = Request::builder().method(method).uri(PATH).body(Body::empty()).unwrap();
        assert_eq!(ask(&stand.router, request).await.status.as_u16(), 405, "{method}");
    }
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
async fn f56_a_forged_webhook_delivers_nothing_of_what_it_says() {
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
