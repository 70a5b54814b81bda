//! What the sandbox does when nothing is asked to go wrong, and the first faults that it ever had.

use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simfront::sandbox::{
    CatalogChange, DeliveryState, Fault, Injection, Operation, OrderMode, OrderStatus, Settings,
    TransactionKind, start,
};

use crate::client::{Client, Got, eventually, france, hmac_hex, read, receiver, sandbox, start_again};

#[tokio::test]
async fn signing_in_and_out() {
    let sandbox = sandbox().await;
    let mut client = Client::anonymous(&sandbox);
    assert_eq!(client.get("").await.1["data"]["api"], "reseller");
    assert_eq!(client.get("/").await.1["data"]["version"], "1");
    assert_eq!(client.get("/ping").await.1["message"], "pong");
    let refused = json!({ "status": false, "message": "Unauthenticated." });
    assert_eq!(client.get("/packages").await, (401, refused));
    assert_eq!(client.get("/nowhere").await.0, 404);
    assert_eq!(client.http.head(format!("{}/orders", client.base)).send().await.unwrap().status(), 401);
    assert_eq!(client.http.put(format!("{}/orders", client.base)).send().await.unwrap().status(), 405);

    let (status, answer) = client.login("partner@example.com", "wrong").await;
    assert_eq!((status, answer), (401, json!({ "status": false, "message": "Invalid login details" })));
    let (status, answer) = client.login("not an address", "").await;
    assert_eq!(status, 422);
    assert!(answer["errors"]["email"].is_array() && answer["errors"]["password"].is_array(), "{answer}");

    let (status, answer) = client.login("partner@example.com", "StrongPassword123!").await;
    assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")));
    client.token = answer["access_token"].as_str().unwrap().to_owned();
    let (id, secret) = client.token.split_once('|').unwrap();
    assert!(id.parse::<u64>().is_ok() && secret.len() == 40);
    assert_eq!(client.get("/me").await.1["data"]["email"], "partner@example.com");

    let out = client.http.post(format!("{}/logout", client.base)).bearer_auth(&client.token);
    assert_eq!(out.send().await.unwrap().status(), 200);
    assert_eq!(client.get("/me").await.0, 401);
    assert_eq!(sandbox.ledger().calls_of(Operation::Login), 3);
    sandbox.stop().await;
}

#[tokio::test]
async fn the_catalog_is_large_real_and_repeatable() {
    let whole = || start(Settings { packages: 2400, ..Settings::for_tests() });
    let (one, two) = (whole().await.unwrap(), whole().await.unwrap());
    let (client, other) = (Client::signed_in(&one).await, Client::signed_in(&two).await);
    let (status, text) = client.get_text("/packages").await;
    assert_eq!(status, 200);
    assert_eq!(text, other.get_text("/packages").await.1, "the same seed makes the same catalog");
    let third = start(Settings { seed: 2, packages: 2400, ..Settings::for_tests() }).await.unwrap();
    assert_ne!(text, Client::signed_in(&third).await.get_text("/packages").await.1);

    let list: Value = serde_json::from_str(&text).unwrap();
    let packages = list["data"].as_array().unwrap();
    assert_eq!(packages.len(), 2400);
    let local = packages.iter().filter(|package| package["area_coverage"] == "Local");
    let countries: std::collections::BTreeSet<_> =
        local.map(|package| package["countries"][0]["code"].as_str().unwrap()).collect();
    assert!(countries.len() >= 150, "{}", countries.len());
    for region in ["europe", "asia", "africa", "north-america", "latin-america", "caribbean", "global"] {
        let (_, found) = client.get(&format!("/packages?region_slug={region}")).await;
        assert!(!found["data"].as_array().unwrap().is_empty(), "{region}");
    }
    for kind in ["DATA", "VOICE", "SMS", "DATA_VOICE_SMS"] {
        assert!(packages.iter().any(|package| package["package_type"] == kind), "{kind}");
    }
    assert!(packages.iter().any(|package| package["data_volume"] == -1));
    let stated = packages.iter().filter(|package| package.get("price_for_reseller").is_some()).count();
    assert!(stated > 1200 && stated < 2400, "{stated}");
}

#[tokio::test]
async fn the_documented_package_has_exact_money_in_its_text() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let (_, text) = client.get_text("/packages/1120").await;
    for part in [
        r#""name":"France 5 GB - 30 Days""#,
        r#""base_cost":3.5,"#,
        r#""profit_amount":0.7,"#,
        r#""reseller_price":4.2,"#,
        r#""price_for_reseller":4.2,"#,
        r#""data_volume":5368709120,"#,
        r#"{"id":75,"name":"France","code":"fr","slug":"france"}"#,
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (_, pricing) = client.get("/pricing?country_code=fr&search=5%20GB").await;
    let priced = pricing["data"]["countries"][0]["packages"].as_array().unwrap();
    let documented = priced.iter().find(|package| package["id"] == 1120).unwrap();
    assert_eq!((&documented["price"], &documented["currency"]), (&json!("4.20"), &json!("USD")));
    assert_eq!(client.get("/pricing?package_type=FAX").await.0, 422);
    assert_eq!(client.get("/packages/99999999").await.0, 404);
    let found = client.get("/packages?country_slug=france&package_type=DATA&search=france").await.1;
    let found = found["data"].as_array().unwrap();
    assert!(found.iter().any(|package| package["id"] == 1120));
    let is_french_data = |package: &Value| {
        let countries = package["countries"].as_array().unwrap();
        package["package_type"] == "DATA" && countries.iter().any(|country| country["code"] == "fr")
    };
    assert!(found.iter().all(is_french_data));
    let (_, plans) = client.get_text("/vpn/plans").await;
    assert!(plans.contains(r#""price_for_reseller":2.9,"#), "{plans}");
}

#[tokio::test]
async fn an_order_is_paid_delivered_and_listed() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let (status, answer) = client.buy("key-1", "SF-1-1-1").await;
    assert_eq!(status, 201, "{answer}");
    let order = &answer["data"];
    assert_eq!((&order["status"], &order["external_order_id"]), (&json!("completed"), &json!("SF-1-1-1")));
    let qr = order["esim"]["qr_code"].as_str().unwrap();
    assert!(qr.starts_with("LPA:1$smdp.example.com$"), "{qr}");
    assert!(order["provider_response"]["canary"].as_str().unwrap().starts_with("CANARY-"));

    let second = client.buy("key-2", "SF-1-1-2").await.1;
    assert_ne!(second["data"]["esim"]["iccid"], order["esim"]["iccid"]);
    assert_ne!(second["data"]["esim"]["qr_code"], order["esim"]["qr_code"]);
    let (_, list) = client.get("/orders").await;
    assert_eq!(list["data"][0], second["data"], "the newest first");
    assert_eq!(client.get(&format!("/orders/{}", order["id"])).await.1["data"], *order);
    let esim = client.get(&format!("/esims/{}", order["esim"]["id"])).await.1;
    assert_eq!(esim["data"]["qr_code"], *qr);
    let usage = client.get(&format!("/esims/{}/usage", order["esim"]["id"])).await.1;
    assert_eq!(usage["data"]["remaining"], "5 GB");
    assert_eq!(client.get("/esims").await.1["data"].as_array().unwrap().len(), 2);

    let (_, wallet) = client.get_text("/wallet").await;
    assert!(wallet.contains(r#""balance":991.6,"currency":"USD""#), "{wallet}");
    assert!(wallet.contains(r#""type":"debit","amount":4.2,"#), "{wallet}");
    assert_eq!(client.get("/orders/1").await.0, 404);
}

#[tokio::test]
async fn wrong_orders_are_refused_field_by_field() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let wrong = [
        (json!({}), "package_id"),
        (json!({ "package_id": "many" }), "package_id"),
        (json!({ "package_id": 5 }), "package_id"),
        (json!({ "package_id": 1120, "device_imei": "123" }), "device_imei"),
        (json!({ "package_id": 1120, "external_order_id": "x".repeat(256) }), "external_order_id"),
        (json!([1120]), "package_id"),
    ];
    for (body, field) in wrong {
        let (status, answer) = read(client.order("", &body).send().await.unwrap()).await;
        assert_eq!((status, &answer["status"]), (422, &json!(false)), "{body}");
        assert!(answer["errors"][field][0].is_string(), "{body}: {answer}");
    }
    let long_key = read(client.order(&"k".repeat(256), &france("a")).send().await.unwrap()).await;
    assert_eq!(long_key.0, 422);
    let ledger = sandbox.ledger();
    assert!(ledger.orders.is_empty() && ledger.transactions.is_empty());
    assert_eq!(ledger.order_requests.len(), 7);
}

#[tokio::test]
async fn one_key_buys_once() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let first = client.buy("same", "SF-2-1-1").await;
    assert_eq!(client.buy("same", "SF-2-1-1").await, first, "the stored answer again");
    let (status, answer) = client.buy("same", "SF-2-1-2").await;
    assert_eq!((status, &answer["status"]), (422, &json!(false)));

    let ledger = sandbox.ledger();
    assert_eq!((ledger.purchases_of("SF-2-1-1").len(), ledger.debits().len()), (1, 1));
    assert_eq!(ledger.balance, Decimal::new(9958, 1));
    let outcomes: Vec<_> = ledger.order_requests.iter().map(|request| request.outcome.as_str()).collect();
    assert_eq!(outcomes, ["bought", "replayed", "key reused"]);

    sandbox.forget_key("same").unwrap();
    assert_eq!(client.buy("same", "SF-2-1-1").await.0, 201);
    assert_eq!(sandbox.ledger().purchases_of("SF-2-1-1").len(), 2, "a forgotten key buys again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_twins_buy_once() {
    let sandbox = sandbox().await;
    let client = Arc::new(Client::signed_in(&sandbox).await);
    let twins: Vec<_> = (0..20)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.buy("twin", "SF-3-1-1").await })
        })
        .collect();
    let mut answers = Vec::new();
    for twin in twins {
        answers.push(twin.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 201));
    assert_eq!(sandbox.ledger().orders.len(), 1);
    assert_eq!(sandbox.ledger().debits().len(), 1);
}

#[tokio::test]
async fn an_empty_wallet_buys_nothing_and_a_full_one_does() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    sandbox.set_balance(Decimal::new(419, 2)).unwrap();
    let (status, answer) = client.buy("poor", "SF-4-1-1").await;
    assert_eq!((status, answer), (422, json!({ "status": false, "message": "Insufficient balance" })));
    assert!(sandbox.ledger().orders.is_empty());
    let (status, wallet) = client.control("wallet", &json!({ "top_up": 0.01 })).await;
    assert_eq!((status, &wallet["balance"]), (200, &json!("4.2")));
    assert_eq!(client.buy("rich", "SF-4-1-1").await.0, 201);
    assert_eq!(sandbox.ledger().balance, Decimal::ZERO);
}

#[tokio::test]
async fn an_answer_lost_after_the_commit_leaves_one_purchase_that_the_key_finds() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let faults = [
        Fault::DroppedAfterCommit,
        Fault::SilentAfterCommit,
        Fault::ServerErrorAfterCommit,
        Fault::BadGatewayAfterCommit,
        Fault::MalformedAfterCommit,
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let (key, name) = (format!("lost-{n}"), format!("SF-5-1-{n}"));
        sandbox.inject_once(fault);
        let request = client.order(&key, &france(&name)).timeout(Duration::from_millis(400));
        let lost = match request.send().await {
            Err(_) => true,
            Ok(answer) => {
                let status = answer.status();
                status != 201 || serde_json::from_str::<Value>(&answer.text().await.unwrap()).is_err()
            }
        };
        assert!(lost, "{fault:?}");
        assert_eq!(sandbox.ledger().purchases_of(&name).len(), 1, "{fault:?}");
        let (status, answer) = client.buy(&key, &name).await;
        assert_eq!((status, &answer["data"]["external_order_id"]), (201, &json!(name)), "{fault:?}");
        assert_eq!(sandbox.ledger().purchases_of(&name).len(), 1, "{fault:?}");
        assert_eq!(sandbox.ledger().debits().len(), n + 1);
    }
    sandbox.inject_once(Fault::ServerErrorKept);
    assert_eq!(client.buy("kept", "SF-5-2-1").await.0, 500);
    assert_eq!(client.buy("kept", "SF-5-2-1").await.0, 500, "the key keeps its 500");
    assert_eq!(sandbox.ledger().purchases_of("SF-5-2-1").len(), 1);
}

#[tokio::test]
async fn what_fails_before_the_commit_buys_nothing() {
    let sandbox = sandbox().await;
    let mut client = Client::signed_in(&sandbox).await;
    sandbox.inject_once(Fault::SilentBeforeCommit);
    let silent = client.order("k", &france("SF-6-1-1")).timeout(Duration::from_millis(300)).send().await;
    assert!(silent.unwrap_err().is_timeout());
    let statuses = [
        (Fault::ServerErrorBeforeCommit, 500),
        (Fault::BadGateway, 502),
        (Fault::LoginRedirect, 302),
        (Fault::AccountDisabled, 403),
        (Fault::InsufficientBalance, 422),
        (Fault::PackageGone, 422),
    ];
    for (fault, expected) in statuses {
        sandbox.inject(Injection::times(fault, 1).on(Operation::CreateOrder));
        let answer = client.order("k", &france("SF-6-1-1")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{fault:?}");
    }
    let slow_down = json!({ "fault": "too_many_requests", "times": 1, "retry_after": "7" });
    assert_eq!(client.control("faults", &slow_down).await.0, 200);
    let answer = client.order("k", &france("SF-6-1-1")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "7"));

    sandbox.inject_once(Fault::TokenRevoked);
    assert_eq!(client.buy("k", "SF-6-1-1").await.0, 401);
    assert_eq!(client.buy("k", "SF-6-1-1").await.0, 401, "the token stays revoked");
    assert!(sandbox.ledger().orders.is_empty());
    client = Client::signed_in(&sandbox).await;
    assert_eq!(client.buy("k", "SF-6-1-1").await.0, 201);

    sandbox.inject_once(Fault::EmptyCatalog);
    assert_eq!(client.get("/packages").await.1["data"], json!([]));
    assert!(!client.get("/packages").await.1["data"].as_array().unwrap().is_empty());
    assert_eq!(client.control("faults", &json!({ "fault": "no such fault" })).await.0, 422);
}

#[tokio::test]
async fn webhooks_are_signed_over_their_bytes_and_tried_again() {
    let (url, got) = receiver(2).await;
    let sandbox = sandbox().await;
    sandbox.set_webhook_url(Some(url));
    let client = Client::signed_in(&sandbox).await;
    let (_, answer) = client.buy("hook", "SF-7-1-1").await;
    eventually("the third attempt is taken", || {
        sandbox.ledger().webhooks.iter().any(|delivery| delivery.state == DeliveryState::Delivered)
    })
    .await;
    let all = got.lock().unwrap().clone();
    assert_eq!(all.len(), 3);
    for one in &all {
        assert_eq!((one.event.as_str(), &one.delivery), ("order.completed", &all[0].delivery));
        assert_eq!(one.body, all[0].body);
        assert_eq!(one.signature, hmac_hex("sandbox-webhook-secret", &one.body));
    }
    let text = std::str::from_utf8(&all[0].body).unwrap();
    assert!(text.contains(r"https:\/\/cdn.example.com\/qr\/"), "slashes as PHP escapes them: {text}");
    assert!(text.contains(r#""price":4.2,"#), "{text}");
    let body: Value = serde_json::from_str(text).unwrap();
    assert_eq!(body["order"]["external_order_id"], "SF-7-1-1");
    assert_eq!(body["esim"]["qr_code"], answer["data"]["esim"]["qr_code"]);
    let ledger = sandbox.ledger();
    let answers: Vec<_> = ledger.webhooks[0].attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(answers, [Some(503), Some(503), Some(200)]);

    sandbox.ping().await.unwrap();
    assert_eq!(got.lock().unwrap().last().unwrap().event, "ping");
}

#[tokio::test]
async fn webhooks_come_first_twice_forged_or_never() {
    let (url, got) = receiver(0).await;
    let sandbox = sandbox().await;
    sandbox.set_webhook_url(Some(url));
    let client = Client::signed_in(&sandbox).await;

    sandbox.inject_once(Fault::WebhookBeforeAnswer);
    sandbox.inject_once(Fault::DroppedAfterCommit);
    assert!(client.order("first", &france("SF-8-1-1")).send().await.is_err());
    assert_eq!(got.lock().unwrap().len(), 1, "taken before the answer was lost");

    sandbox.inject_once(Fault::WebhooksDoubled);
    client.buy("doubled", "SF-8-1-2").await;
    eventually("both are taken", || got.lock().unwrap().len() == 3).await;

    sandbox.inject_once(Fault::WebhooksLost);
    client.buy("lost", "SF-8-1-3").await;
    assert_eq!(sandbox.ledger().webhooks.last().unwrap().state, DeliveryState::Lost);

    sandbox.inject_once(Fault::WebhookForged);
    client.buy("forged", "SF-8-1-4").await;
    eventually("the forged and the true one", || got.lock().unwrap().len() == 5).await;
    let wrong = |one: &&Got| one.signature != hmac_hex("sandbox-webhook-secret", &one.body);
    assert_eq!(got.lock().unwrap().iter().filter(wrong).count(), 1);
}

#[tokio::test]
async fn orders_go_on_later() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let status = |name: &str| sandbox.ledger().purchases_of(name)[0].status;

    sandbox.set_mode(OrderMode::CompletedLater);
    let (code, answer) = client.buy("later", "SF-9-1-1").await;
    assert_eq!((code, &answer["data"]["status"]), (201, &json!("processing")));
    assert_eq!(answer["data"]["esim"], Value::Null);
    eventually("completed", || status("SF-9-1-1") == OrderStatus::Completed).await;
    assert_eq!(client.buy("later", "SF-9-1-1").await.1, answer, "the key keeps its first answer");

    sandbox.set_mode(OrderMode::Completed);
    sandbox.inject_once(Fault::FailsLater);
    client.buy("fails", "SF-9-1-2").await;
    eventually("failed", || status("SF-9-1-2") == OrderStatus::Failed).await;
    let ledger = sandbox.ledger();
    assert_eq!(ledger.transactions.last().unwrap().kind, TransactionKind::Credit);
    assert_eq!(ledger.balance, Decimal::new(9958, 1), "a failed order gives its debit back");

    sandbox.inject_once(Fault::StaysProcessing);
    let id = client.buy("stays", "SF-9-1-3").await.1["data"]["id"].as_u64().unwrap();
    assert_eq!(client.control(&format!("orders/{id}"), &json!({ "status": "completed" })).await.0, 200);
    assert!(client.get(&format!("/orders/{id}")).await.1["data"]["esim"]["qr_code"].is_string());

    sandbox.inject_once(Fault::CompletedWithoutEsim);
    let bare = client.buy("bare", "SF-9-1-4").await.1;
    assert_eq!((&bare["data"]["status"], &bare["data"]["esim"]), (&json!("completed"), &Value::Null));
    let filled = sandbox.complete_order(bare["data"]["id"].as_u64().unwrap()).unwrap().unwrap();
    assert!(filled.esim.is_some());
    assert!(sandbox.fail_order(1).unwrap().is_none());
}

#[tokio::test]
async fn the_catalog_changes_by_hand() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let reprice = json!({ "action": "reprice", "id": 1120, "reseller_price": "9.90" });
    assert_eq!(client.control("catalog", &reprice).await.0, 200);
    let (_, text) = client.get_text("/packages/1120").await;
    assert!(text.contains(r#""reseller_price":9.9,"#) && !text.contains("price_for_reseller"), "{text}");
    client.buy("dear", "SF-10-1-1").await;
    assert_eq!(sandbox.ledger().orders[0].price, Decimal::new(99, 1));

    sandbox.change_catalog(CatalogChange::Withdraw { id: 1120 }).unwrap();
    assert_eq!(client.get("/packages/1120").await.0, 404);
    assert_eq!(client.buy("gone", "SF-10-1-2").await.0, 422);
    assert_eq!(client.buy("dear", "SF-10-1-1").await.0, 201, "a known key is answered all the same");
    sandbox.change_catalog(CatalogChange::Restore { id: 1120 }).unwrap();
    assert_eq!(client.get("/packages/1120").await.0, 200);

    let package = json!({ "country_code": "IT", "gigabytes": 7, "days": 14, "reseller_price": "5.55" });
    let (status, added) = client.control("catalog", &json!({ "action": "add", "package": package })).await;
    assert_eq!(status, 200, "{added}");
    let (_, package) = client.get(&format!("/packages/{}", added["package"]["id"])).await;
    assert_eq!(package["data"]["name"], "Italy 7 GB - 14 Days");
    assert_eq!(client.control("catalog", &json!({ "action": "withdraw", "id": 5 })).await.0, 422);
}

#[tokio::test]
async fn everything_committed_survives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let state_dir = directory.path().join("sandbox");
    let settings = || Settings { state_dir: Some(state_dir.clone()), ..Settings::for_tests() };
    let sandbox = start(settings()).await.unwrap();
    let client = Client::signed_in(&sandbox).await;
    sandbox.inject_once(Fault::CompletesLater);
    let first = client.buy("kept", "SF-11-1-1").await;
    sandbox.change_catalog(CatalogChange::Withdraw { id: 1001 }).unwrap();
    // An address where nobody listens: the webhook is still owed when the sandbox goes.
    sandbox.set_webhook_url(Some("http://127.0.0.1:9/hook".to_owned()));
    client.buy("owed", "SF-11-1-2").await;
    assert!(start(settings()).await.is_err(), "one journal has one owner");
    let before = sandbox.ledger();
    assert_eq!(before.orders[0].status, OrderStatus::Processing, "dropped before its time");
    drop(sandbox);

    let journal = state_dir.join("journal.jsonl");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&journal).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // A line that a kill cut off in the middle; its answer never left.
    let mut text = std::fs::read_to_string(&journal).unwrap();
    text.push_str(r#"{"event":"moved","transac"#);
    std::fs::write(&journal, text).unwrap();

    let (url, got) = receiver(0).await;
    let again = start_again(|| Settings { webhook_url: Some(url.clone()), ..settings() }).await;
    let after = again.ledger();
    assert_eq!((after.balance, after.orders.len()), (before.balance, 2));
    let client = Client { token: client.token, ..Client::anonymous(&again) };
    assert_eq!(client.buy("kept", "SF-11-1-1").await, first, "the token and the key are still known");
    assert_eq!(again.ledger().debits().len(), 2);
    assert_eq!(client.get("/packages/1001").await.0, 404);
    eventually("the waiting order is completed", || {
        again.ledger().purchases_of("SF-11-1-1")[0].status == OrderStatus::Completed
    })
    .await;
    eventually("the owed webhook arrives", || {
        got.lock().unwrap().iter().any(|one| String::from_utf8_lossy(&one.body).contains("SF-11-1-2"))
    })
    .await;
    let newest = client.buy("new", "SF-11-1-3").await.1["data"]["id"].as_u64().unwrap();
    assert!(before.orders.iter().all(|order| order.id < newest), "ids go on where they were");
}

#[tokio::test]
async fn the_control_page_shows_and_refuses_other_sites() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    client.buy("page", "SF-12<script>").await;
    let page = client.http.get(format!("{}/_sandbox/", client.origin)).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let html = page.text().await.unwrap();
    assert!(html.contains("995.8 USD") && html.contains("SF-12&#60;script&#62;"), "{html}");
    assert!(!html.contains("LPA:"), "no activation code on the page");

    let wallet = format!("{}/_sandbox/wallet", client.origin);
    let form = client.http.post(&wallet).form(&[("top_up", "4.2")]).send().await.unwrap();
    assert_eq!(
        (form.status().as_u16(), form.headers()["location"].to_str().unwrap()),
        (303, "/_sandbox/?said=1#wallet")
    );
    assert_eq!(sandbox.ledger().balance, Decimal::from(1000));
    let foreign = client.http.post(&wallet).header("Sec-Fetch-Site", "cross-site").form(&[("top_up", "1")]);
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(sandbox.ledger().balance, Decimal::from(1000));

    let ledger = client.http.get(format!("{}/_sandbox/ledger", client.origin)).send().await.unwrap();
    let (_, ledger) = read(ledger).await;
    assert_eq!(ledger["purchases"]["SF-12<script>"][0]["idempotency_key"], "page");
    assert_eq!(ledger["debits"].as_array().unwrap().len(), 1);
    assert_eq!((&ledger["orders"][0]["price"], &ledger["calls"]["create_order"]), (&json!("4.2"), &json!(1)));
}

#[tokio::test]
async fn amounts_without_room_and_counts_of_nothing_are_refused() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    for wish in [json!({ "balance": "79228162514264337593543950335" }), json!({ "top_up": "1000000001" })] {
        let (status, told) = client.control("wallet", &wish).await;
        assert_eq!((status, &told["error"]), (422, &json!("a wallet holds at most 1000000000")), "{wish}");
    }
    assert_eq!(client.control("wallet", &json!({ "top_up": "5" })).await.0, 200);
    let free = json!({ "action": "reprice", "id": 1120, "reseller_price": "-1" });
    assert_eq!(client.control("catalog", &free).await.0, 422);
    let never = json!({ "fault": "bad_gateway", "times": 0 });
    assert_eq!(client.control("faults", &never).await.0, 422);
    assert_eq!(client.buy("plain", "SF-11-1-1").await.0, 201);
    let ledger = serde_json::to_value(sandbox.ledger()).unwrap();
    let day = ledger["orders"][0]["esim"]["expiry_date"].as_str().map(str::len);
    assert_eq!(day, Some("2026-04-14".len()), "{ledger}");
}
