//! From the form to the QR.

use simfront::sandbox::{DeliveryState, Fault, Injection, Operation};

use crate::support::{FRANCE, Stand};

#[tokio::test]
async fn a_purchase_ends_at_the_very_esim_that_was_bought() {
    let stand = Stand::with_webhooks().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.handed_over(1).await;
    stand.drain().await;
    let order = stand.order_json(&token).await;
    assert_eq!((&order["status"], &order["payment_status"]), (&"completed".into(), &"paid".into()));
    assert_eq!((&order["total"], &order["currency"]), (&"5.25".into(), &"USD".into()));
    assert_eq!(order["pay_url"], serde_json::Value::Null);
    let esim = &order["lines"][0]["units"][0]["esim"];
    let ledger = stand.ledger();
    let bought = ledger.orders[0].esim.as_ref().unwrap();
    assert_eq!(esim["activation_code"], bought.qr_code.as_str());
    assert_eq!(esim["iccid"], bought.iccid.as_str());
    let qr = stand.get(esim["qr_svg"].as_str().unwrap()).await;
    assert_eq!((qr.status.as_u16(), qr.header("content-type")), (200, "image/svg+xml"));
    let page = stand.get(&format!("/orders/{token}")).await;
    assert!(page.body.contains(&format!(r#"data-activation-code="{}""#, bought.qr_code)), "{}", page.body);
    assert!(page.body.contains(r#"data-order-status="completed""#));
    assert_eq!(stand.count("select count(*) from webhook_deliveries where status = 'done'").await, 1);
    assert_eq!(stand.mails().len(), 2, "the confirmation and the eSIM");
    stand.end().await;
}

#[tokio::test]
async fn f68_with_every_webhook_lost_the_shop_delivers_all_the_same() {
    let stand = Stand::with_webhooks().await;
    stand.sandbox.inject(Injection::times(Fault::WebhooksLost, 100));
    stand.sandbox.inject_once(Fault::StaysProcessing);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["processing"]);
    stand.sandbox.complete_order(stand.ledger().orders[0].id).unwrap().unwrap();
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert!(stand.ledger().webhooks.iter().all(|webhook| webhook.state == DeliveryState::Lost));
    assert_eq!(stand.count("select count(*) from webhook_deliveries").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn three_of_one_plan_are_three_purchases_under_three_keys() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 3).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["completed", "completed", "completed"]);
    let ledger = stand.ledger();
    let number = stand.order_json(&token).await["number"].as_str().unwrap().to_owned();
    let mut names: Vec<_> =
        ledger.orders.iter().filter_map(|order| order.external_order_id.clone()).collect();
    names.sort();
    assert_eq!(names, [1, 2, 3].map(|unit| format!("{number}-1-{unit}")));
    let mut keys: Vec<_> = ledger.orders.iter().filter_map(|order| order.idempotency_key.clone()).collect();
    keys.sort();
    keys.dedup();
    assert_eq!((keys.len(), ledger.calls_of(Operation::CreateOrder)), (3, 3));
    stand.end().await;
}

#[tokio::test]
async fn an_order_that_nobody_pays_buys_nothing() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 0);
    stand.pass(3600).await;
    assert_eq!(
        stand.texts("select status || ' ' || payment_status from orders").await,
        ["cancelled expired"]
    );
    assert_eq!(stand.texts("select status from payments").await, ["expired"]);
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 0);
    assert_eq!(stand.get(&pay).await.status.as_u16(), 200, "its page still says how it stands");
    stand.end().await;
}
