//! `kill -9` at the moments that cost money, and a start after it.

use simfront::sandbox::{DeliveryState, Fault, OrderMode};

use crate::stand::{Customer, Stand, until};

const FRANCE: u32 = 1120;

#[tokio::test]
async fn an_order_that_was_paid_before_a_kill_is_bought_once_after_it() {
    let stand = Stand::new().await;
    let synced = stand.run(&["sync"]).await;
    assert_eq!(synced.code, Some(0), "{synced:?}");
    // Without a worker nothing can be bought: the kill comes between payment and purchase for certain.
    let web = stand.serve(&["--no-worker"]).await;
    let customer = Customer::of(&web);
    let order = customer.buy(FRANCE).await;
    assert_eq!(customer.look(&order).await["payment_status"], "paid");
    web.kill().await;
    assert!(stand.purchases().is_empty());

    let whole = stand.serve(&[]).await;
    let seen = customer.until_status(&order, "completed").await;
    let number = seen["number"].as_str().unwrap();
    assert_eq!(stand.purchases(), [format!("{number}-1-1")]);
    let bought = stand.sandbox.ledger().orders[0].esim.clone().unwrap();
    assert_eq!(seen["lines"][0]["units"][0]["esim"]["activation_code"], bought.qr_code.as_str());
    whole.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn a_worker_that_is_killed_while_the_answer_is_held_buys_nothing_again() {
    let mut stand = Stand::without_webhooks().await;
    stand.set("ESIMDUAL_TIMEOUT_SECONDS", "300");
    let program = stand.serve(&[]).await;
    stand.sandbox.inject_once(Fault::SilentAfterCommit);
    let customer = Customer::of(&program);
    let order = customer.buy(FRANCE).await;
    until("the upstream has committed", async || (!stand.purchases().is_empty()).then_some(())).await;
    program.kill().await;

    let program = stand.serve(&[]).await;
    let seen = customer.until_status(&order, "completed").await;
    let number = seen["number"].as_str().unwrap();
    assert_eq!(stand.purchases(), [format!("{number}-1-1")]);
    program.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn a_webhook_that_was_answered_200_survives_a_kill_right_after() {
    let mut stand = Stand::without_webhooks().await;
    // Nobody asks the upstream how the order goes: only the webhook can say that it is completed.
    stand.set("RECONCILE_INTERVAL_SECONDS", "86400");
    stand.sandbox.set_mode(OrderMode::Processing);
    let program = stand.serve(&[]).await;
    let customer = Customer::of(&program);
    let order = customer.buy(FRANCE).await;
    until("the unit waits for its eSIM", async || {
        let seen = customer.look(&order).await;
        (seen["lines"][0]["units"][0]["status"] == "processing").then_some(())
    })
    .await;
    program.stop().await;

    let web = stand.serve(&["--no-worker"]).await;
    stand.send_webhooks();
    let upstream_id = stand.sandbox.ledger().orders[0].id;
    stand.sandbox.complete_order(upstream_id).unwrap();
    until("the webhook is taken", async || {
        let ledger = stand.sandbox.ledger();
        ledger.webhooks.iter().any(|one| one.state == DeliveryState::Delivered).then_some(())
    })
    .await;
    web.kill().await;
    stand.sandbox.set_webhook_url(None);

    let program = stand.serve(&[]).await;
    let seen = customer.until_status(&order, "completed").await;
    assert!(seen["lines"][0]["units"][0]["esim"]["activation_code"].as_str().unwrap().starts_with("LPA:"));
    assert_eq!(stand.purchases().len(), 1);
    program.stop().await;
    stand.end().await;
}
