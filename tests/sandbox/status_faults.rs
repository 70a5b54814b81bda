//! Refusals that the upstream gives without having done anything, and statuses that hide that it did.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simfront::sandbox::{Fault, Running};

use crate::client::{Client, arm, france, read, sandbox};

/// The status, the content type and the body of a purchase's answer.
async fn bought(client: &Client, key: &str, name: &str) -> (u16, String, String) {
    let answer = client.order(key, &france(name)).send().await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
    (status, kind, answer.text().await.unwrap())
}

#[tokio::test]
async fn any_status_comes_in_any_form_before_the_commit_and_after_it() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let json_kind = "application/json";
    type Begins<'a> = &'a dyn Fn(u16) -> String;
    let forms: [(&str, &str, Begins<'_>); 4] = [
        ("envelope", json_kind, &|_| r#"{"status":false,"message":"#.to_owned()),
        ("bare", json_kind, &|_| r#"{"message":"#.to_owned()),
        ("html", "text/html", &|status| format!("<html>\r\n<head><title>{status} ")),
        ("empty", "", &|_| String::new()),
    ];
    let mut orders = 0;
    for status in [400, 401, 403, 404, 408, 409, 418, 425, 429, 500, 502, 503, 504] {
        for (form, kind, begins) in &forms {
            let name = format!("SF-{status}-{form}");
            arm(&sandbox, &format!("status_before_commit:status={status},form={form}"));
            let before = bought(&client, &name, &name).await;
            assert_eq!(sandbox.ledger().orders.len(), orders, "{name}: nothing is committed before");
            arm(&sandbox, &format!("status_after_commit:status={status},form={form}"));
            let after = bought(&client, &name, &name).await;
            orders += 1;
            assert_eq!(sandbox.ledger().orders.len(), orders, "{name}: it is committed after");
            for (got, which, text) in [before, after] {
                assert_eq!(got, status, "{name}");
                assert!(
                    which.starts_with(kind) && text.starts_with(&begins(status)),
                    "{name}: {which} {text}"
                );
                assert_eq!(text.is_empty(), *form == "empty", "{name}");
            }
        }
    }
    arm(&sandbox, "status_after_commit:status=500,body=Whoops/");
    assert_eq!(bought(&client, "own", "SF-own").await.2, "Whoops/");
    arm(&sandbox, "status_before_commit:status=504,operation=wallet");
    assert_eq!(client.get("/wallet").await.0, 504);
}

#[tokio::test]
async fn throttling_speaks_every_language_of_retry_after() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    for (given, expected) in [
        ("7", Some("7")),
        ("-5", Some("-5")),
        ("abc", Some("abc")),
        ("1e12", Some("1e12")),
        ("315360000", Some("315360000")),
        ("none", None),
    ] {
        arm(&sandbox, &format!("too_many_requests:retry_after={given}"));
        let answer = client.order("k", &france("SF-1-1-1")).send().await.unwrap();
        let told = answer.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), told), (429, expected));
    }
    arm(&sandbox, "too_many_requests:retry_after=date+7");
    let answer = client.order("k", &france("SF-1-1-1")).send().await.unwrap();
    let date = answer.headers()["retry-after"].to_str().unwrap();
    let parsed = time::OffsetDateTime::parse(date, &time::format_description::well_known::Rfc2822);
    let ahead = parsed.unwrap() - time::OffsetDateTime::now_utc();
    assert!((4..=8).contains(&ahead.whole_seconds()), "{date}");
    assert!(sandbox.ledger().orders.is_empty());
}

#[tokio::test]
async fn the_account_and_the_address_are_refused_in_their_own_words() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let login = || client.login("partner@example.com", "StrongPassword123!");
    for status in [401, 403, 422] {
        arm(&sandbox, &format!("login_refused:status={status}"));
        let (got, answer) = login().await;
        assert_eq!((got, &answer["status"]), (status, &json!(false)), "{answer}");
        assert_eq!(answer.get("errors").is_some(), status == 422, "{answer}");
        assert!(answer.get("access_token").is_none());
    }
    for (fault, word) in [("account_disabled", "disabled"), ("email_unverified", "verified")] {
        arm(&sandbox, &format!("{fault}:times=2"));
        assert_eq!(login().await.0, 403);
        let (status, answer) = client.get("/me").await;
        assert!(status == 403 && answer["message"].as_str().unwrap().contains(word), "{answer}");
    }
    arm(&sandbox, "base_url_moved:times=2");
    let (status, text) = client.get_text("/ping").await;
    assert!(status == 404 && text.starts_with("<html>"), "{text}");
    assert!(client.get_text("/orders").await.1.starts_with("<html>"));
    arm(&sandbox, "base_url_moved:form=bare");
    assert_eq!(client.get("/me").await, (404, json!({ "message": "Not Found" })));
    arm(&sandbox, "login_redirect:operation=orders");
    let redirected = client.http.get(format!("{}/orders", client.base)).bearer_auth(&client.token);
    let redirected = redirected.send().await.unwrap();
    assert_eq!(
        (redirected.status().as_u16(), redirected.headers()["location"].to_str().unwrap()),
        (302, "/login")
    );
    arm(&sandbox, "token_revoked:operation=wallet");
    assert_eq!((client.get("/wallet").await.0, client.get("/me").await.0), (401, 401));
    assert_eq!(login().await.0, 200);
}

#[tokio::test]
async fn a_key_in_use_is_refused_for_a_time_and_then_buys_once() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    for status in [409, 422, 425] {
        let name = format!("SF-{status}");
        arm(&sandbox, &format!("key_in_use:status={status},delay_ms=600"));
        let begun = Instant::now();
        let (got, answer) = client.buy(&name, &name).await;
        assert_eq!((got, &answer["status"]), (status, &json!(false)));
        assert_eq!(client.buy(&name, &name).await.0, status, "still");
        assert_eq!(client.buy(&format!("other-{name}"), &format!("other-{name}")).await.0, 201);
        while client.buy(&name, &name).await.0 == status {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(begun.elapsed() >= Duration::from_millis(600));
        assert_eq!(sandbox.ledger().purchases_of(&name).len(), 1);
    }
}

async fn one_of(sandbox: &Running, client: &Client, flag: &str) -> (u16, Value) {
    arm(sandbox, flag);
    read(client.order("k", &france("SF-1-1-1")).send().await.unwrap()).await
}

#[tokio::test]
async fn money_and_packages_are_refused_whatever_is_true() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let (status, answer) = one_of(&sandbox, &client, "insufficient_balance").await;
    assert_eq!((status, &answer["message"]), (422, &json!("Insufficient balance")));
    let (status, answer) = one_of(&sandbox, &client, "package_gone").await;
    assert!(status == 422 && answer["errors"]["package_id"].is_array(), "{answer}");
    arm(&sandbox, "package_gone:operation=package");
    assert_eq!(client.get("/packages/1120").await.0, 404);
    assert!(sandbox.ledger().orders.is_empty());
}

#[tokio::test]
async fn a_purchase_that_drains_the_wallet_and_is_lost_makes_the_next_try_a_true_422() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "drained_and_dropped");
    assert!(client.order("k", &france("SF-1-1-1")).send().await.is_err());
    let (status, answer) = client.buy("k", "SF-1-1-1").await;
    assert_eq!((status, &answer["message"]), (422, &json!("Insufficient balance")));
    let ledger = sandbox.ledger();
    assert_eq!((ledger.purchases_of("SF-1-1-1").len(), ledger.debits().len()), (1, 1));
    assert!(ledger.balance.is_zero());
    let strike = &ledger.faults.strikes[0];
    assert_eq!((strike.fault, strike.order_id), (Fault::DrainedAndDropped, Some(ledger.orders[0].id)));
    assert_eq!(strike.idempotency_key.as_deref(), Some("k"));
}
