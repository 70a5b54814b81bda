//! Who an order is, how it goes on, and what it costs, when the upstream is wrong about it.

use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simfront::sandbox::{OrderStatus, Running, TransactionKind};

use crate::client::{Client, arm, eventually, sandbox};

async fn with_one_order() -> (Running, Client, Value) {
    let sandbox = sandbox().await;
    let client = Client::signed_in(&sandbox).await;
    let first = client.buy("first", "SF-1-1-1").await.1["data"].clone();
    (sandbox, client, first)
}

#[tokio::test]
async fn answers_are_crossed_one_after_the_other_and_at_the_same_time() {
    let (sandbox, client, first) = with_one_order().await;
    arm(&sandbox, "answers_crossed");
    assert_eq!(client.buy("second", "SF-1-1-2").await.1["data"], first);
    assert_eq!(sandbox.ledger().purchases_of("SF-1-1-2").len(), 1);

    let sandbox = crate::client::sandbox().await;
    let client = Arc::new(Client::signed_in(&sandbox).await);
    arm(&sandbox, "answers_crossed:times=2,delay_ms=5000");
    let other = Arc::clone(&client);
    let one = tokio::spawn(async move { other.buy("one", "SF-2-1-1").await.1 });
    eventually("the first is committed and waits", || sandbox.ledger().orders.len() == 1).await;
    let two = client.buy("two", "SF-2-1-2").await.1;
    let names = [&one.await.unwrap(), &two].map(|answer| answer["data"]["external_order_id"].clone());
    assert_eq!(names, [json!("SF-2-1-2"), json!("SF-2-1-1")]);
    assert_eq!(sandbox.ledger().debits().len(), 2);
}

#[tokio::test]
async fn an_answer_has_an_older_id_another_package_or_another_name() {
    let (sandbox, client, first) = with_one_order().await;
    arm(&sandbox, "older_order_id");
    let answer = client.buy("older", "SF-1-1-2").await.1;
    assert_eq!(
        (&answer["data"]["id"], &answer["data"]["external_order_id"]),
        (&first["id"], &json!("SF-1-1-2"))
    );
    arm(&sandbox, "other_package");
    let answer = client.buy("package", "SF-1-1-3").await.1;
    assert_eq!(
        (&answer["data"]["package"]["id"], sandbox.ledger().orders[2].package.id),
        (&json!(1121), 1120)
    );
    arm(&sandbox, "other_external_id:value=SF-9-9-9");
    assert_eq!(client.buy("name", "SF-1-1-4").await.1["data"]["external_order_id"], "SF-9-9-9");
    assert_eq!(sandbox.ledger().purchases_of("SF-1-1-4").len(), 1);
}

#[tokio::test]
async fn one_esim_is_handed_out_twice_and_the_ledger_says_so() {
    let (sandbox, client, first) = with_one_order().await;
    arm(&sandbox, "esim_twice");
    let second = client.buy("twice", "SF-1-1-2").await.1["data"].clone();
    assert_eq!(second["esim"], first["esim"]);
    assert_ne!(second["id"], first["id"]);
    let ledger = sandbox.ledger();
    let iccids: Vec<_> =
        ledger.orders.iter().map(|order| order.esim.as_ref().unwrap().iccid.clone()).collect();
    assert_eq!(iccids[0], iccids[1]);
    let third = client.buy("third", "SF-1-1-3").await.1["data"].clone();
    assert_ne!(third["esim"]["iccid"], first["esim"]["iccid"]);
}

#[tokio::test]
async fn parts_of_an_esim_are_missing_for_as_many_answers_as_were_asked_for() {
    let (sandbox, client, first) = with_one_order().await;
    let look = format!("/orders/{}", first["id"]);
    for (fault, is_missing) in [
        ("esim_withheld", (|esim: &Value| esim.is_null()) as fn(&Value) -> bool),
        ("qr_code_null", |esim| esim["qr_code"].is_null() && esim["iccid"].is_string()),
        ("qr_image_only", |esim| {
            esim["qr_code"].is_null() && esim["iccid"].is_null() && esim["qr_code_image"].is_string()
        }),
    ] {
        arm(&sandbox, &format!("{fault}:times=3"));
        for n in 0..3 {
            let answer = match n {
                0 => client.buy("first", "SF-1-1-1").await.1["data"].clone(),
                1 => client.get(&look).await.1["data"].clone(),
                _ => client.get("/orders").await.1["data"][0].clone(),
            };
            assert!(answer["status"] == "completed" && is_missing(&answer["esim"]), "{fault} {n}: {answer}");
        }
        assert_eq!(client.get(&look).await.1["data"]["esim"], first["esim"], "{fault}: then it is filled");
    }
}

#[tokio::test]
async fn an_order_costs_more_than_listed_or_is_in_another_currency() {
    let (sandbox, client, _) = with_one_order().await;
    arm(&sandbox, "dearer_debit:amount=9.90");
    assert_eq!(client.buy("dear", "SF-1-1-2").await.1["data"]["price"], json!(9.9));
    arm(&sandbox, "dearer_debit");
    client.buy("double", "SF-1-1-3").await;
    arm(&sandbox, "other_currency");
    assert_eq!(client.buy("euro", "SF-1-1-4").await.1["data"]["currency"], "EUR");
    let ledger = sandbox.ledger();
    let debited: Vec<_> = ledger.debits().iter().map(|debit| debit.amount).collect();
    let expected = ["4.2", "9.9", "8.4", "4.2"].map(|amount| amount.parse::<Decimal>().unwrap());
    assert_eq!(debited, expected);
    assert_eq!(ledger.orders[3].currency, "EUR");
    assert!(
        client.get_text("/packages/1120").await.1.contains(r#""reseller_price":4.2,"#),
        "the list is as before"
    );
}

#[tokio::test]
async fn orders_change_their_mind() {
    let (sandbox, client, _) = with_one_order().await;
    let status = |name: &str| sandbox.ledger().purchases_of(name)[0].status;
    arm(&sandbox, "failed_then_completed:delay_ms=400");
    let answer = client.buy("back", "SF-1-1-2").await.1;
    assert_eq!((&answer["data"]["status"], &answer["data"]["esim"]), (&json!("processing"), &Value::Null));
    eventually("failed first", || status("SF-1-1-2") == OrderStatus::Failed).await;
    eventually("completed then", || status("SF-1-1-2") == OrderStatus::Completed).await;
    let id = answer["data"]["id"].as_u64();
    let ledger = sandbox.ledger();
    let money: Vec<_> = ledger.transactions.iter().filter(|t| t.order_id == id).map(|t| t.kind).collect();
    assert_eq!(money, [TransactionKind::Debit, TransactionKind::Credit, TransactionKind::Debit]);

    arm(&sandbox, "completed_then_failed:delay_ms=100");
    let answer = client.buy("lost", "SF-1-1-3").await.1;
    assert!(answer["data"]["esim"]["qr_code"].is_string());
    eventually("failed after all", || status("SF-1-1-3") == OrderStatus::Failed).await;
    let look = format!("/orders/{}", answer["data"]["id"]);
    assert_eq!(client.get(&look).await.1["data"]["status"], "failed");

    arm(&sandbox, "completes_later:delay_ms=100");
    client.buy("later", "SF-1-1-4").await;
    eventually("completed later", || status("SF-1-1-4") == OrderStatus::Completed).await;
    arm(&sandbox, "order_forgotten:times=2");
    assert_eq!(client.get(&look).await.0, 404);
    assert_eq!(client.get(&look).await.1["status"], json!(false));
    assert_eq!(client.get(&look).await.0, 200);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_time_or_at_once() {
    let (sandbox, client, _) = with_one_order().await;
    arm(&sandbox, "key_forgotten:delay_ms=700");
    let bought = client.buy("soon", "SF-1-1-2").await;
    assert_eq!(client.buy("soon", "SF-1-1-2").await, bought, "not yet");
    tokio::time::sleep(Duration::from_millis(710)).await;
    assert_ne!(client.buy("soon", "SF-1-1-2").await.1["data"]["id"], bought.1["data"]["id"]);
    assert_eq!(sandbox.ledger().purchases_of("SF-1-1-2").len(), 2, "the ledger tells of both");
    arm(&sandbox, "key_forgotten:delay_ms=0");
    arm(&sandbox, "dropped_after_commit");
    assert!(client.order("now", &crate::client::france("SF-1-1-3")).send().await.is_err());
    assert_eq!(client.buy("now", "SF-1-1-3").await.0, 201);
    assert_eq!(sandbox.ledger().purchases_of("SF-1-1-3").len(), 2);
}

#[tokio::test]
async fn a_key_can_keep_its_500() {
    let (sandbox, client, _) = with_one_order().await;
    arm(&sandbox, "server_error_kept");
    for _ in 0..3 {
        assert_eq!(client.buy("kept", "SF-1-1-2").await.0, 500);
    }
    assert_eq!(sandbox.ledger().purchases_of("SF-1-1-2").len(), 1);
    assert_eq!(client.get("/orders").await.1["data"][0]["external_order_id"], "SF-1-1-2", "the list tells");
}
