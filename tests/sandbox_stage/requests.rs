//! What a request may look like, and what is answered to one that is wrong.

use axum::http::Method;
use serde_json::{Value, json};

use crate::stand::{Stand, read};

/// Every field of a purchase, right and wrong, and the fields that the answer then names.
#[tokio::test]
async fn a_purchase_is_checked_field_by_field() {
    let stand = Stand::new().await;
    let long = "x".repeat(256);
    let cases: Vec<(Value, &[&str])> = vec![
        (json!({ "package_id": 1120 }), &[]),
        (json!({ "package_id": "1120" }), &[]),
        (json!({ "package_id": 1120.0 }), &[]),
        (json!({ "package_id": " 1120 ", "device_imei": "", "external_order_id": null }), &[]),
        (json!({ "package_id": 1120, "unknown": [1] }), &[]),
        (json!({}), &["package_id"]),
        (json!({ "package_id": null }), &["package_id"]),
        (json!({ "package_id": "" }), &["package_id"]),
        (json!({ "package_id": "abc" }), &["package_id"]),
        (json!({ "package_id": 1120.5 }), &["package_id"]),
        (json!({ "package_id": false }), &["package_id"]),
        (json!({ "package_id": [1120] }), &["package_id"]),
        (json!({ "package_id": { "id": 1120 } }), &["package_id"]),
        (json!({ "package_id": 0 }), &["package_id"]),
        (json!({ "package_id": -5 }), &["package_id"]),
        (json!({ "package_id": true }), &["package_id"]),
        (json!({ "package_id": 1120, "device_imei": "123" }), &["device_imei"]),
        (json!({ "package_id": 1120, "device_imei": 356_938_035_643_809_u64 }), &["device_imei"]),
        (json!({ "package_id": 1120, "external_order_id": long }), &["external_order_id"]),
        (json!({ "package_id": 1120, "external_order_id": 7 }), &["external_order_id"]),
        (
            json!({ "device_imei": [], "external_order_id": {} }),
            &["device_imei", "external_order_id", "package_id"],
        ),
        (json!([1120]), &["package_id"]),
    ];
    for (sent, wrong) in cases {
        let request = stand.http.post(stand.api("/orders")).bearer_auth(&stand.token).json(&sent);
        let (status, answer) = read(request.send().await.unwrap()).await;
        assert_eq!(status, if wrong.is_empty() { 201 } else { 422 }, "{sent}: {answer}");
        if !wrong.is_empty() {
            assert_eq!(answer["status"], false, "{sent}");
            assert!(answer["message"].is_string(), "{sent}");
            let named: Vec<&str> = answer["errors"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(named, wrong, "{sent}");
        }
    }
}

#[tokio::test]
async fn a_key_has_at_most_255_characters() {
    let stand = Stand::new().await;
    for (length, expected) in [(255, 201), (256, 422)] {
        let request = stand.http.post(stand.api("/orders")).bearer_auth(&stand.token);
        let request =
            request.header("Idempotency-Key", "k".repeat(length)).json(&json!({ "package_id": 1120 }));
        let (status, answer) = read(request.send().await.unwrap()).await;
        assert_eq!(status, expected, "{answer}");
        assert_eq!(answer["errors"]["idempotency_key"].is_array(), expected == 422);
    }
}

#[tokio::test]
async fn forms_are_read_as_well_and_what_is_not_json_holds_nothing() {
    let stand = Stand::new().await;
    let login = stand.api("/login");
    let fields = [("email", "partner@example.com"), ("password", "StrongPassword123!")];
    assert_eq!(stand.http.post(&login).form(&fields).send().await.unwrap().status(), 200);
    let order = stand.http.post(stand.api("/orders")).bearer_auth(&stand.token);
    let (status, answer) = read(order.form(&[("package_id", "1120")]).send().await.unwrap()).await;
    assert_eq!((status, &answer["data"]["package"]["id"]), (201, &json!(1120)));

    for (kind, body) in [
        ("application/json", "{\"email\": "),
        ("application/json", ""),
        ("text/plain", "{\"email\":\"partner@example.com\",\"password\":\"StrongPassword123!\"}"),
    ] {
        let request = stand.http.post(&login).header("Content-Type", kind).body(body);
        let (status, answer) = read(request.send().await.unwrap()).await;
        assert_eq!(status, 422, "{body}");
        assert_eq!(answer["message"], "The email field is required. (and 1 more error)");
        assert!(answer["errors"]["email"].is_array() && answer["errors"]["password"].is_array());
    }
}

#[tokio::test]
async fn a_login_is_checked_field_by_field() {
    let stand = Stand::new().await;
    let right = json!({ "email": "partner@example.com", "password": "StrongPassword123!" });
    let with = |field: &str, value: Value| {
        let mut sent = right.clone();
        sent[field] = value;
        sent
    };
    let cases = [
        (right.clone(), 200),
        (with("device_name", json!("server")), 200),
        (with("device_name", json!(7)), 422),
        (with("device_name", json!("x".repeat(256))), 422),
        (with("email", json!("nobody")), 422),
        (with("email", json!(5)), 422),
        (with("password", json!(["a"])), 422),
        (with("password", json!("wrong")), 401),
        (with("email", json!("other@example.com")), 401),
    ];
    for (sent, expected) in cases {
        let (status, answer) =
            read(stand.http.post(stand.api("/login")).json(&sent).send().await.unwrap()).await;
        assert_eq!(status, expected, "{sent}: {answer}");
        assert_eq!(answer["status"], expected == 200);
        // The description has a message in refusals alone.
        assert_eq!(answer["message"].is_string(), expected != 200, "{answer}");
    }
}

#[tokio::test]
async fn wrong_methods_and_unknown_addresses_are_told_in_the_envelope() {
    let stand = Stand::new().await;
    let send = async |method: Method, path: &str| {
        let request = stand.http.request(method, stand.api(path)).bearer_auth(&stand.token);
        request.send().await.unwrap()
    };
    for (method, path) in [(Method::PUT, "/orders"), (Method::DELETE, "/me"), (Method::GET, "/login")] {
        let answer = send(method, path).await;
        assert!(answer.headers().contains_key("allow"), "{path}");
        let (status, answer) = read(answer).await;
        assert_eq!((status, &answer["status"]), (405, &json!(false)), "{path}");
        assert!(answer["message"].as_str().unwrap().contains("is not supported"), "{answer}");
    }
    for path in
        ["/nothing", "/packages/abc", "/packages/+1120", "/packages/%ff", "/orders/99999999999999999999"]
    {
        let (status, answer) = read(send(Method::GET, path).await).await;
        assert_eq!((status, &answer["status"]), (404, &json!(false)), "{path}");
        assert!(answer["message"].as_str().unwrap().contains("not"), "{answer}");
    }
    let options = send(Method::OPTIONS, "/orders").await;
    assert_eq!(
        (options.status().as_u16(), options.headers()["allow"].to_str().unwrap()),
        (200, "GET,HEAD,POST")
    );
    let head = send(Method::HEAD, "/packages").await;
    assert_eq!(head.status(), 200);
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn without_a_token_everybody_is_refused_and_browsers_are_led_to_the_login_page() {
    let stand = Stand::new().await;
    for (accept, expected) in [
        ("application/json", 401),
        ("application/json, */*", 401),
        ("*/*", 401),
        ("text/html,application/xhtml+xml", 302),
    ] {
        for bearer in [None, Some("1|wrong"), Some("nonsense")] {
            let mut request = stand.http.get(stand.api("/me")).header("Accept", accept);
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), expected, "{accept}");
            match expected {
                302 => assert_eq!(answer.headers()["location"], "/login"),
                _ => assert_eq!(
                    read(answer).await.1,
                    json!({ "status": false, "message": "Unauthenticated." })
                ),
            }
        }
    }
    let login = stand.http.get(format!("{}/login", stand.sandbox.origin())).send().await.unwrap();
    assert!(login.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}
