//! Answers that contradict what is known, row by row of the fault matrix (F26 to F30, F41, F42): nobody is shown what
//! is somebody else's, nobody gets eSIM and money both, and a person is told.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simfront::sandbox::{Fault, Injection, Operation};

use crate::support::{FRANCE, Stand};

fn esim(order: &Value) -> &Value {
    &order["lines"][0]["units"][0]["esim"]
}

#[tokio::test]
async fn f26_an_answer_with_the_id_of_another_units_order_is_not_bound() {
    let stand = Stand::new().await;
    let first = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.inject_once(Fault::OlderOrderId);
    let second = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.pass(60).await;
    // The list names its true order, and the invariants below hold its code against what was bought for it.
    let order = stand.order_json(&second).await;
    assert_eq!((&order["status"], &order["attention"]), (&json!("completed"), &json!(true)));
    let one = stand.order_json(&first).await;
    assert_ne!(esim(&one)["activation_code"], esim(&order)["activation_code"]);
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 2);
    stand.end().await;
}

#[tokio::test]
async fn f27_an_answer_that_names_another_order_or_package_is_looked_up() {
    for fault in [Fault::OtherExternalId, Fault::OtherPackage] {
        let stand = Stand::new().await;
        stand.sandbox.inject(Injection::times(fault, 1).on(Operation::CreateOrder));
        let token = stand.buy(FRANCE, 1).await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{fault:?}");
        assert_eq!(stand.texts("select outcome || ' ' || settled from attempts").await, ["doubt found"]);
        assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1, "{fault:?}");
        stand.end().await;
    }
}

#[tokio::test]
async fn f28_an_esim_that_is_handed_out_twice_is_shown_to_its_first_customer_only() {
    let stand = Stand::new().await;
    let first = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.inject_once(Fault::EsimTwice);
    let second = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.pass(300).await;
    assert_eq!(stand.units(&second).await, ["on_hold"]);
    let order = stand.order_json(&second).await;
    assert_eq!((esim(&order), &order["attention"]), (&Value::Null, &json!(true)));
    let qr = stand.get(&format!("/orders/{second}/items/1/1/qr.svg")).await;
    assert_eq!(qr.status.as_u16(), 404);
    assert_eq!(stand.units(&first).await, ["completed"]);
    assert_eq!(stand.count("select count(*) from esims").await, 1);
    assert_eq!(stand.count("select count(*) from refunds").await, 0, "it was bought: a person decides");
    stand.end().await;
}

#[tokio::test]
async fn f29_a_dearer_debit_is_recorded_and_the_customer_pays_what_was_agreed() {
    let stand = Stand::new().await;
    let dearer = Injection::of(Fault::DearerDebit).with("amount", "9.90").unwrap();
    stand.sandbox.inject(dearer);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.order_json(&token).await["total"], "5.25");
    assert_eq!(stand.count("select amount_minor from payments").await, 525);
    let cost = "select trim_scale(real_cost)::text || ' ' || real_cost_currency from units";
    assert_eq!(stand.texts(cost).await, ["9.9 USD"]);
    stand.end().await;
}

#[tokio::test]
async fn f30_an_order_in_another_currency_is_delivered_and_its_true_cost_recorded() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::of(Fault::OtherCurrency).with("currency", "EUR").unwrap());
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "the money is spent");
    let order = stand.order_json(&token).await;
    assert_eq!((&order["total"], &order["currency"]), (&json!("5.25"), &json!("USD")));
    assert_eq!(stand.texts("select real_cost_currency from units").await, ["EUR"]);
    stand.end().await;
}

/// An order that the upstream has taken and not finished, and its id there.
async fn taken(stand: &Stand) -> (String, u64) {
    stand.sandbox.inject_once(Fault::StaysProcessing);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["processing"]);
    (token, stand.ledger().orders[0].id)
}

#[tokio::test]
async fn f41_failed_and_then_completed_before_anything_went_back_is_delivered() {
    let stand = Stand::new().await;
    let (token, id) = taken(&stand).await;
    stand.sandbox.fail_order(id).unwrap().unwrap();
    stand.sandbox.complete_order(id).unwrap().unwrap();
    stand.pass(90).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.close().await;
}

#[tokio::test]
async fn f41_failed_and_then_completed_after_the_money_went_back_calls_a_person() {
    let stand = Stand::with_webhooks().await;
    let (token, id) = taken(&stand).await;
    stand.sandbox.fail_order(id).unwrap().unwrap();
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    let handed_over = stand.ledger().webhooks.len();
    stand.sandbox.complete_order(id).unwrap().unwrap();
    stand.handed_over(handed_over + 1).await;
    stand.drain().await;
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()), "never silently both");
    let order = stand.order_json(&token).await;
    assert_eq!((esim(&order), &order["attention"]), (&Value::Null, &json!(true)));
    assert_eq!(stand.count("select count(*) from refunds").await, 1);
    // The sandbox charged the order a second time when it completed it, which is what a person must settle.
    assert_eq!(stand.ledger().orders.len(), 1);
    stand.close().await;
}

#[tokio::test]
async fn f42_what_was_delivered_stays_delivered_whatever_the_upstream_says_later() {
    let stand = Stand::with_webhooks().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.handed_over(1).await;
    stand.drain().await;
    let before = stand.order_json(&token).await;
    stand.sandbox.fail_order(stand.ledger().orders[0].id).unwrap().unwrap();
    stand.handed_over(2).await;
    stand.drain().await;
    stand.pass(300).await;
    let after = stand.order_json(&token).await;
    assert_eq!((&after["status"], &after["payment_status"]), (&json!("completed"), &json!("paid")));
    assert_eq!((esim(&after), &after["attention"]), (esim(&before), &json!(true)));
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn f42_an_order_that_the_upstream_forgets_is_neither_refunded_nor_bought_again() {
    let stand = Stand::new().await;
    let (token, id) = taken(&stand).await;
    stand.sandbox.inject(Injection::times(Fault::OrderForgotten, 100_000).on(Operation::Order));
    stand.pass(4260).await;
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()));
    assert_eq!(stand.order_json(&token).await["attention"], true, "a person is told at the deadline");
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    stand.sandbox.clear_faults();
    stand.sandbox.complete_order(id).unwrap().unwrap();
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().orders[0].price, Decimal::new(42, 1));
    stand.end().await;
}
