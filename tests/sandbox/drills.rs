//! Drills: what was armed and what struck survives the process; forms, flags and cards agree; the log tells of calls.

use std::time::Duration;

use serde_json::{Value, json};
use simfront::sandbox::{Fault, Operation, OrderMode, Settings, start};

use crate::client::{Client, arm, eventually, france, read, receiver, sandbox, start_again};

#[tokio::test]
async fn a_drill_goes_on_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let state_dir = directory.path().join("sandbox");
    let settings = || Settings { state_dir: Some(state_dir.clone()), ..Settings::for_tests() };
    let sandbox = start(settings()).await.unwrap();
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "bad_gateway:times=3");
    arm(&sandbox, "key_in_use:operation=create_order,times=1,delay_ms=60000,status=425");
    sandbox.set_mode(OrderMode::Processing);
    assert_eq!(client.order("k", &france("SF-1-1-1")).send().await.unwrap().status(), 502);
    let before = sandbox.ledger();
    // What a kill leaves of a line that was being written.
    drop(sandbox);
    let journal = state_dir.join("drill.jsonl");
    let mut text = std::fs::read_to_string(&journal).unwrap();
    text.push_str(r#"{"event":"stru"#);
    std::fs::write(&journal, text).unwrap();

    let again = start_again(settings).await;
    let client = Client { token: client.token, ..Client::anonymous(&again) };
    assert_eq!(again.ledger().calls, before.calls, "calls are still counted");
    assert_eq!(again.ledger().faults.by_fault, before.faults.by_fault);
    let answers = [502, 502, 425, 425];
    for status in answers {
        let answer = client.order("k", &france("SF-1-1-1")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    let (status, answer) = client.buy("other", "SF-1-1-2").await;
    assert_eq!((status, &answer["data"]["status"]), (201, &json!("processing")), "and the mode is the same");
    let strikes = again.ledger().faults.strikes;
    assert_eq!(strikes.iter().map(|strike| strike.number).collect::<Vec<_>>(), [0, 1, 2, 3]);
    drop(again);
    let third = start_again(settings).await;
    let client = Client { token: client.token, ..Client::anonymous(&third) };
    assert_eq!(client.buy("k", "SF-1-1-1").await.0, 425, "the twin still runs");
    third.clear_faults();
    assert_eq!(client.buy("k", "SF-1-1-1").await.0, 201);
}

#[tokio::test]
async fn a_forgetful_key_and_a_late_webhook_survive_too() {
    let directory = tempfile::tempdir().unwrap();
    let (url, got) = receiver(0).await;
    let settings = || Settings {
        state_dir: Some(directory.path().to_owned()),
        webhook_url: Some(url.clone()),
        ..Settings::for_tests()
    };
    let sandbox = start(settings()).await.unwrap();
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "key_forgotten:delay_ms=1500");
    arm(&sandbox, "webhooks_late:delay_ms=1500");
    let first = client.buy("k", "SF-1-1-1").await;
    drop(sandbox);
    let again = start_again(settings).await;
    let client = Client { token: client.token, ..Client::anonymous(&again) };
    assert_eq!(client.buy("k", "SF-1-1-1").await, first);
    assert!(got.lock().unwrap().is_empty());
    eventually("the late webhook", || got.lock().unwrap().len() == 1).await;
    assert_ne!(client.buy("k", "SF-1-1-1").await.1["data"]["id"], first.1["data"]["id"]);
}

#[tokio::test]
async fn every_fault_can_be_armed_by_its_card_and_is_listed() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let cards = client.http.get(format!("{}/_sandbox/faults/cards", client.origin)).send().await.unwrap();
    let (status, cards) = read(cards).await;
    assert_eq!(status, 200);
    let cards = cards.as_array().unwrap();
    assert_eq!(cards.len(), Fault::cards().len());
    let mut armed = 0;
    for card in cards {
        // An absence that waits for no call would close the door to this very test.
        if card["name"] == "away" {
            continue;
        }
        // Exactly what the form of the control page sends when nobody changes anything.
        let mut form = vec![("fault".to_owned(), card["name"].as_str().unwrap().to_owned())];
        for parameter in card["takes"].as_array().unwrap() {
            let text = |key: &str| parameter[key].as_str().unwrap().to_owned();
            form.push((text("name"), text("default")));
        }
        for empty in ["operation", "times", "probability", "seed"] {
            form.push((empty.to_owned(), String::new()));
        }
        let sent =
            client.http.post(format!("{}/_sandbox/faults", client.origin)).form(&form).send().await.unwrap();
        assert_eq!(sent.status(), 303, "{card}");
        armed += 1;
    }
    let listed = client.http.get(format!("{}/_sandbox/faults", client.origin)).send().await.unwrap();
    let listed = read(listed).await.1;
    assert_eq!(listed.as_array().unwrap().len(), armed);
    assert!(listed.as_array().unwrap().iter().all(|one| one["times"] == 1 && one["struck"] == 0));
    assert_eq!(
        client.http.delete(format!("{}/_sandbox/faults", client.origin)).send().await.unwrap().status(),
        200
    );
    for (body, reason) in [
        (json!({ "fault": "bad_gateway", "status": 500 }), "does not take"),
        (json!({ "fault": "catalog_cut", "percent": 101 }), "cannot be"),
        (json!({ "times": 3 }), "no fault is named"),
    ] {
        let (status, answer) = client.control("faults", &body).await;
        assert!(status == 422 && answer["error"].as_str().unwrap().contains(reason), "{answer}");
    }
}

#[tokio::test]
async fn the_log_tells_when_calls_came_and_what_they_got() {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    arm(&sandbox, "dropped_after_commit");
    let _ = client.order("k", &france("SF-1-1-1")).send().await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    client.buy("k", "SF-1-1-1").await;
    client.get("/orders/1").await;
    let ledger = client.http.get(format!("{}/_sandbox/ledger", client.origin)).send().await.unwrap();
    let ledger = read(ledger).await.1;
    let calls = ledger["call_log"].as_array().unwrap();
    let told: Vec<_> =
        calls.iter().map(|call| (&call["operation"], &call["status"], &call["idempotency_key"])).collect();
    assert_eq!(
        told,
        [
            (&json!("login"), &json!(200), &Value::Null),
            (&json!("create_order"), &Value::Null, &json!("k")),
            (&json!("create_order"), &json!(201), &json!("k")),
            (&json!("order"), &json!(404), &Value::Null),
        ]
    );
    let log = sandbox.ledger().call_log;
    assert_eq!(log[2].accept.as_deref(), Some("application/json"));
    assert!(log[2].at - log[1].at >= Duration::from_millis(30));
    assert_eq!(ledger["faults"]["by_fault"], json!({ "dropped_after_commit": 1 }));
    let strike = &ledger["faults"]["strikes"][0];
    assert_eq!(
        (&strike["fault"], &strike["order_id"]),
        (&json!("dropped_after_commit"), &ledger["orders"][0]["id"])
    );
    assert_eq!(sandbox.ledger().calls_of(Operation::CreateOrder), 2);
}
