//! Doubts and the lists that settle them, row by row of the fault matrix (F15, F32 to F36): what must never lead to a
//! second purchase or to a refund beside a purchase.

use std::time::Duration;

use rust_decimal::Decimal;
use simfront::sandbox::{Fault, Injection, Operation};

use crate::support::{FRANCE, Plan, Stand};

/// The list of orders leaves out the newest one, until somebody says otherwise.
fn newest_is_not_listed() -> Injection {
    Injection::times(Fault::OrderOmitted, 100_000).on(Operation::Orders)
}

async fn keys(stand: &Stand) -> i64 {
    stand.count("select count(distinct idempotency_key) from attempts").await
}

#[tokio::test]
async fn f15_a_422_after_the_first_attempt_drained_the_wallet_refunds_nothing() {
    let stand = Stand::new().await;
    stand.sandbox.set_balance(Decimal::new(420, 2)).unwrap();
    stand.sandbox.inject_once(Fault::DrainedAndDropped);
    stand.sandbox.inject(newest_is_not_listed());
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.pass(90).await;
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 2, "sent again, and answered 422");
    let said = "select outcome || ' ' || coalesce(http_status::text, '-') from attempts order by number";
    assert_eq!(stand.texts(said).await, ["doubt -", "doubt 422"], "a 422 after a doubt is no refusal");
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.sandbox.clear_faults();
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().orders.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn f32_a_key_that_the_upstream_forgot_is_never_needed_because_the_list_is_asked_first() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::of(Fault::KeyForgotten).with("delay_ms", "0").unwrap());
    stand.sandbox.inject_once(Fault::DroppedAfterCommit);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.pass(120).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1, "looked up, not asked again");
    stand.end().await;
}

#[tokio::test]
async fn f33_a_forgotten_key_and_a_list_that_lags_less_than_the_settling_time_are_one_purchase() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::of(Fault::KeyForgotten).with("delay_ms", "0").unwrap());
    stand.sandbox.inject_once(Fault::DroppedAfterCommit);
    stand.sandbox.inject(newest_is_not_listed());
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    // Looked for again and again, and not there: not yet long enough ago to mean anything.
    stand.pass(30).await;
    stand.shop.clock.advance(time::Duration::seconds(29));
    stand.drain().await;
    assert!(stand.ledger().calls_of(Operation::Orders) >= 2);
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1, "not before the doubt has settled");
    stand.sandbox.clear_faults();
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().orders.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn f34_a_list_of_the_newest_orders_only_proves_no_absence() {
    let stand = Stand::new().await;
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    // The second purchase is committed, its answer lost, and not listed until a third one pushed it out.
    stand.sandbox.inject_once(Fault::DroppedAfterCommit);
    stand.sandbox.inject(newest_is_not_listed());
    let lost = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.clear_faults();
    let newest = Injection::times(Fault::OrdersNewestOnly, 100_000).on(Operation::Orders);
    stand.sandbox.inject(newest.with("count", "1").unwrap());
    stand.pass(600).await;
    assert!(stand.ledger().calls_of(Operation::Orders) > 5, "it is looked for");
    assert_eq!(stand.units(&lost).await, ["ordering"], "neither bought again nor refunded");
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 3);
    // Past the horizon of its key a person decides.
    stand.shop.clock.advance(time::Duration::seconds(72_000));
    stand.drain().await;
    assert_eq!(stand.units(&lost).await, ["on_hold"]);
    assert_eq!(stand.order_json(&lost).await["attention"], true);
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.sandbox.clear_faults();
    stand.pass(60).await;
    assert_eq!(stand.state(&lost).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().orders.len(), 3);
    stand.end().await;
}

#[tokio::test]
async fn f35_a_key_that_is_in_use_is_waited_for_and_never_replaced() {
    for status in ["409", "425"] {
        let stand = Stand::new().await;
        let busy = Injection::times(Fault::StatusBeforeCommit, 3).on(Operation::CreateOrder);
        stand.sandbox.inject(busy.with("status", status).unwrap());
        let token = stand.buy(FRANCE, 1).await;
        stand.drain().await;
        stand.pass(120).await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{status}");
        assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 4, "{status}");
        assert_eq!(keys(&stand).await, 1, "{status}: one key");
        stand.end().await;
    }
}

#[tokio::test]
async fn f36_a_late_twin_that_is_carried_out_after_its_successor_buys_nothing() {
    let stand = Stand::with(Plan { patience: Duration::from_secs(1), ..Plan::default() }).await;
    stand.sandbox.inject(Injection::of(Fault::DelayedRequest).with("delay_ms", "3000").unwrap());
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.pass(90).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    let both = || stand.ledger().order_requests.len() == 2;
    stand.eventually("the first request is carried out too", both).await;
    assert_eq!(keys(&stand).await, 1);
    assert_eq!(stand.ledger().orders.len(), 1, "the key makes it the same purchase");
    stand.end().await;
}
