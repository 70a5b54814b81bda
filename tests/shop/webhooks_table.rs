//! The table of CONTRACT section 7, from top to bottom.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::post::{PATH, PING, deliver, mac, post, signed, stored};
use crate::support::{Plan, SECRET, Stand};

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
