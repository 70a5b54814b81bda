//! What customers and banks do to a payment.

use simfront::sandbox::{CatalogChange, Operation};

use crate::support::{FRANCE, Stand};

async fn token_of_the_only_order(stand: &Stand) -> String {
    stand.texts("select token from orders").await.remove(0)
}

fn package() -> u64 {
    FRANCE.unsigned_abs()
}

#[tokio::test]
async fn a_declined_payment_leaves_the_order_waiting_and_a_new_try_pays_it() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let token = stand.answer(&pay, "decline").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("awaiting_payment".into(), "failed".into()));
    let again = stand.order_json(&token).await["pay_url"].as_str().unwrap().to_owned();
    let again = again.strip_prefix(&stand.origin).expect("pay_url is absolute");
    assert_eq!(stand.answer(again, "pay").await, token);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().orders.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn paying_again_and_again_buys_once() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let (one, two) = tokio::join!(stand.answer(&pay, "pay"), stand.answer(&pay, "pay"));
    assert_eq!(one, two);
    stand.drain().await;
    for outcome in ["pay", "twice", "late", "decline"] {
        assert_eq!(stand.answer(&pay, outcome).await, one);
        stand.drain().await;
    }
    assert_eq!(stand.state(&one).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.texts("select status from payments").await, ["paid"]);
    assert_eq!((stand.ledger().orders.len(), stand.mails().len()), (1, 2));
    stand.end().await;
}

#[tokio::test]
async fn a_late_payment_whose_plan_and_price_hold_is_delivered() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let token = stand.answer(&pay, "late").await;
    assert_eq!(stand.state(&token).await.0, "cancelled");
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn paying_an_order_that_was_cancelled_is_late_and_is_delivered_too() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    stand.pass(3600).await;
    let token = token_of_the_only_order(&stand).await;
    assert_eq!(stand.state(&token).await, ("cancelled".into(), "expired".into()));
    assert_eq!(stand.order_json(&token).await["pay_url"], serde_json::Value::Null);
    stand.answer(&pay, "pay").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn a_late_payment_for_a_plan_that_is_gone_or_dearer_goes_back_whole() {
    let dearer = CatalogChange::Reprice {
        id: package(),
        reseller_price: "5.26".parse().unwrap(),
        price_for_reseller: None,
    };
    for change in [CatalogChange::Withdraw { id: package() }, dearer] {
        let stand = Stand::new().await;
        let pay = stand.order(FRANCE, 2).await;
        stand.sandbox.change_catalog(change.clone()).unwrap();
        stand.refresh().await;
        let token = stand.answer(&pay, "late").await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, ("cancelled".into(), "refunded".into()), "{change:?}");
        assert_eq!(stand.texts("select reason || ' ' || amount_minor from refunds").await, ["late 1050"]);
        assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 0, "{change:?}");
        stand.end().await;
    }
}

#[tokio::test]
async fn a_late_payment_that_just_covers_todays_cost_is_delivered() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let reseller_price = "5.25".parse().unwrap();
    let change = CatalogChange::Reprice { id: package(), reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
    let token = stand.answer(&pay, "late").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn of_two_full_payments_the_second_goes_back_and_one_esim_is_bought() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let token = stand.answer(&pay, "twice").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.texts("select reason || ' ' || status from refunds").await, ["second done"]);
    assert_eq!(
        stand.texts("select counted || ' ' || refunded_minor from payments order by id").await,
        ["true 0", "false 525"]
    );
    assert_eq!(stand.ledger().orders.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn an_unknown_outcome_or_payment_changes_nothing() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let fields = [("outcome".to_owned(), "free".to_owned())];
    assert_eq!(stand.post(&pay, &fields).await.status.as_u16(), 422);
    let stranger = format!("/pay/test/{}", stand.shop.entropy.token().as_str());
    let fields = [("outcome".to_owned(), "pay".to_owned())];
    assert_eq!(stand.post(&stranger, &fields).await.status.as_u16(), 404);
    assert_eq!(stand.texts("select status from payments").await, ["pending"]);
    stand.end().await;
}
