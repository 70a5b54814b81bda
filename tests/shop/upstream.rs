//! What eSIMDual can do to a purchase.

use std::collections::BTreeSet;
use std::time::Duration;

use rust_decimal::Decimal;
use simfront::sandbox::{CatalogChange, Fault, Injection, Operation, OrderStatus, TransactionKind};

use crate::support::{FRANCE, Plan, Stand};

/// The keys of every `POST /orders` that reached the order desk.
fn keys(stand: &Stand) -> BTreeSet<String> {
    stand.ledger().order_requests.iter().filter_map(|request| request.idempotency_key.clone()).collect()
}

async fn attempted_keys(stand: &Stand) -> Vec<String> {
    stand.texts("select distinct idempotency_key from attempts order by 1").await
}

async fn is_completed_once_after(fault: Fault, patience: Duration) {
    let stand = Stand::with(Plan { patience, ..Plan::default() }).await;
    stand.sandbox.inject_once(fault);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{fault:?}");
    let ledger = stand.ledger();
    assert_eq!(ledger.calls_of(Operation::CreateOrder), 1, "{fault:?}: it was looked up, not asked again");
    assert_eq!(ledger.orders.len(), 1, "{fault:?}");
    assert_eq!(stand.texts("select outcome || ' ' || settled from attempts").await, ["doubt found"]);
    stand.end().await;
}

#[tokio::test]
async fn f03_a_connection_that_drops_after_the_commit_is_one_purchase_and_delivered() {
    is_completed_once_after(Fault::DroppedAfterCommit, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn f03_silence_after_the_commit_is_one_purchase_and_delivered() {
    is_completed_once_after(Fault::SilentAfterCommit, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn f03_a_500_after_the_commit_is_one_purchase_and_delivered() {
    is_completed_once_after(Fault::ServerErrorAfterCommit, Duration::from_secs(10)).await;
    is_completed_once_after(Fault::BadGatewayAfterCommit, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn f03_half_an_answer_is_one_purchase_and_delivered() {
    is_completed_once_after(Fault::MalformedAfterCommit, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn f07_a_500_that_its_key_keeps_is_one_purchase_and_delivered() {
    is_completed_once_after(Fault::ServerErrorKept, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn f06_a_500_before_the_commit_is_asked_again_under_its_key_once_the_doubt_has_settled() {
    for fault in [Fault::ServerErrorBeforeCommit, Fault::BadGateway] {
        let stand = Stand::new().await;
        stand.sandbox.inject_once(fault);
        let token = stand.buy(FRANCE, 1).await;
        stand.drain().await;
        assert_ne!(stand.units(&token).await, ["completed"]);
        stand.shop.clock.advance(time::Duration::seconds(59));
        stand.drain().await;
        assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1, "not before the doubt has settled");
        stand.pass(31).await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{fault:?}");
        assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 2);
        assert_eq!(attempted_keys(&stand).await.len(), 1, "{fault:?}: one key as long as there is a doubt");
        stand.end().await;
    }
}

#[tokio::test]
async fn f06_a_doubt_that_outlives_its_key_waits_for_a_person() {
    let stand = Stand::new().await;
    stand.sandbox.inject_once(Fault::ServerErrorBeforeCommit);
    // No list either: the doubt cannot be settled.
    let deaf = Injection::times(Fault::BadGateway, 100_000).on(Operation::Orders);
    let token = stand.buy(FRANCE, 1).await;
    stand.sql("insert into upstream_listings (read_at, orders) values (now(), 0)").await;
    stand.sandbox.inject(deaf);
    stand.drain().await;
    stand.pass(4200 + 60).await;
    assert_ne!(stand.units(&token).await, ["failed"], "time alone never refunds a doubt");
    stand.shop.clock.advance(time::Duration::seconds(72_000));
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    assert_eq!(stand.order_json(&token).await["attention"], true);
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    stand.end().await;
}

#[tokio::test]
async fn f09_a_429_is_waited_out_under_the_same_key() {
    let stand = Stand::new().await;
    let injection = Injection {
        retry_after: Some("90".to_owned()),
        ..Injection::times(Fault::TooManyRequests, 1).on(Operation::CreateOrder)
    };
    stand.sandbox.inject(injection);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.shop.clock.advance(time::Duration::seconds(89));
    stand.drain().await;
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1, "not before Retry-After");
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!((attempted_keys(&stand).await.len(), keys(&stand).len()), (1, 1));
    stand.end().await;
}

#[tokio::test]
async fn f11_a_token_that_dies_is_renewed_and_the_purchase_goes_on() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::times(Fault::TokenRevoked, 1).on(Operation::CreateOrder));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!((stand.ledger().calls_of(Operation::Login), stand.ledger().orders.len()), (2, 1));
    assert_eq!(attempted_keys(&stand).await.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn f13_a_redirect_to_a_login_page_buys_nothing_and_is_got_over() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::times(Fault::LoginRedirect, 1).on(Operation::CreateOrder));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.ledger().orders.len(), 0);
    stand.pass(120).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(attempted_keys(&stand).await.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn f14_without_balance_a_unit_waits_and_goes_on_under_a_new_key_after_a_top_up() {
    let stand = Stand::new().await;
    stand.sandbox.set_balance(Decimal::new(419, 2)).unwrap();
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    stand.pass(300).await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    stand.sandbox.set_balance(Decimal::from(100)).unwrap();
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(attempted_keys(&stand).await.len(), 2, "a new key after a definite refusal");
    assert_eq!(stand.ledger().orders.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn f14_without_a_top_up_the_money_goes_back_at_the_deadline() {
    let stand = Stand::new().await;
    stand.sandbox.set_balance(Decimal::ONE).unwrap();
    let token = stand.buy(FRANCE, 2).await;
    stand.drain().await;
    stand.pass(4170).await;
    assert_eq!(stand.units(&token).await, ["on_hold", "on_hold"], "not a moment too early");
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    assert_eq!(stand.texts("select status from refunds").await, ["done", "done"]);
    assert!(stand.ledger().orders.is_empty());
    stand.end().await;
}

#[tokio::test]
async fn f31_a_plan_that_is_gone_is_refunded_at_once_and_the_customer_is_told() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    let gone = FRANCE.unsigned_abs();
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id: gone }).unwrap();
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    assert_eq!(stand.units(&token).await, ["failed"]);
    assert_eq!(
        stand.texts("select r.status || ' ' || r.amount_minor || ' ' || r.currency from refunds r").await,
        ["done 525 USD"]
    );
    assert!(stand.ledger().orders.is_empty());
    assert_eq!(stand.texts("select key from mails where sent_at is not null").await.len(), 3);
    assert_eq!(stand.mails().len(), 3, "paid; not delivered; and paid back");
    stand.end().await;
}

#[tokio::test]
async fn f16_one_unit_that_is_refused_does_not_take_the_others_with_it() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::times(Fault::PackageGone, 1).on(Operation::CreateOrder));
    let token = stand.buy(FRANCE, 2).await;
    stand.drain().await;
    let mut units = stand.units(&token).await;
    units.sort();
    assert_eq!(units, ["completed", "failed"]);
    assert_eq!(stand.state(&token).await, ("completed".into(), "partially_refunded".into()));
    assert_eq!(stand.count("select sum(amount_minor)::bigint from refunds").await, 525);
    stand.end().await;
}

#[tokio::test]
async fn f24_an_order_that_takes_its_time_is_completed_by_asking() {
    let stand = Stand::new().await;
    stand.sandbox.inject_once(Fault::StaysProcessing);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()));
    stand.pass(300).await;
    assert_eq!(stand.units(&token).await, ["processing"]);
    stand.sandbox.complete_order(stand.ledger().orders[0].id).unwrap().unwrap();
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    stand.end().await;
}

#[tokio::test]
async fn f25_completed_without_an_esim_is_never_shown_as_completed() {
    let stand = Stand::new().await;
    stand.sandbox.inject_once(Fault::CompletedWithoutEsim);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.ledger().orders[0].status, OrderStatus::Completed);
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()));
    stand.pass(4200).await;
    assert_eq!(stand.units(&token).await, ["processing"], "bought, so time alone refunds nothing");
    assert_eq!(stand.order_json(&token).await["lines"][0]["units"][0]["esim"], serde_json::Value::Null);
    assert_eq!(stand.order_json(&token).await["attention"], true, "a person is told at the deadline");
    stand.sandbox.complete_order(stand.ledger().orders[0].id).unwrap().unwrap();
    stand.pass(90).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f40_an_order_that_fails_later_is_refunded_once() {
    let stand = Stand::new().await;
    stand.sandbox.inject_once(Fault::StaysProcessing);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.fail_order(stand.ledger().orders[0].id).unwrap().unwrap();
    stand.pass(90).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    assert_eq!(stand.texts("select status from refunds").await, ["done"]);
    let ledger = stand.ledger();
    assert_eq!(ledger.transactions.last().unwrap().kind, TransactionKind::Credit);
    assert_eq!(
        ledger.calls_of(Operation::CreateOrder),
        1,
        "it is not bought again behind the customer's back"
    );
    stand.end().await;
}

#[tokio::test]
async fn f14_two_units_share_what_the_wallet_holds() {
    let stand = Stand::new().await;
    stand.sandbox.set_balance(Decimal::from(5)).unwrap();
    let token = stand.buy(FRANCE, 2).await;
    stand.drain().await;
    let mut units = stand.units(&token).await;
    units.sort();
    assert_eq!(units, ["completed", "on_hold"]);
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()));
    stand.sandbox.set_balance(Decimal::from(5)).unwrap();
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f16_a_422_that_nothing_explains_is_tried_once_more_under_a_new_key_and_then_refunded() {
    for (times, end) in [(1, ("completed", "paid")), (2, ("failed", "refunded"))] {
        let stand = Stand::new().await;
        stand.sandbox.inject(Injection::times(Fault::InsufficientBalance, times));
        let token = stand.buy(FRANCE, 1).await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, (end.0.into(), end.1.into()));
        assert_eq!(attempted_keys(&stand).await.len(), 2);
        assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 2);
        stand.end().await;
    }
}

#[tokio::test]
async fn f14_a_wallet_that_cannot_be_read_is_no_proof_of_anything() {
    let stand = Stand::new().await;
    stand.sandbox.inject_once(Fault::InsufficientBalance);
    stand.sandbox.inject(Injection::times(Fault::BadGateway, 3).on(Operation::Wallet));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    stand.pass(180).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f17_an_account_that_is_disabled_holds_orders_under_their_key_until_the_deadline() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::times(Fault::AccountDisabled, 100_000));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.pass(4170).await;
    assert_eq!(stand.state(&token).await, ("processing".into(), "paid".into()));
    assert!(attempted_keys(&stand).await.len() <= 1);
    stand.pass(360).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    stand.end().await;
}

#[tokio::test]
async fn f43_a_catalog_that_is_suddenly_empty_is_held_and_goes_on_selling() {
    let stand = Stand::new().await;
    stand.sandbox.inject_once(Fault::EmptyCatalog);
    stand.refresh().await;
    assert_eq!(stand.texts("select outcome from sync_runs order by id desc limit 1").await, ["held"]);
    assert_eq!(stand.get("/plans/1120").await.status.as_u16(), 200);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn what_was_bought_shows_the_contracts_json_and_nothing_else() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let order = stand.order_json(&token).await;
    let names = |value: &serde_json::Value| {
        let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    let (line, unit) = (&order["lines"][0], &order["lines"][0]["units"][0]);
    assert_eq!(
        names(&order),
        "attention currency discount lines number pay_url payment_status status tax total"
    );
    assert_eq!(names(line), "name package_id position quantity unit_price units");
    assert_eq!(names(unit), "claimed esim status unit");
    assert_eq!(
        names(&unit["esim"]),
        "activation_code expires_on iccid matching_id phone_number qr_svg smdp_address"
    );
    stand.end().await;
}

#[tokio::test]
async fn an_order_upstream_that_the_shop_does_not_remember_is_not_bought_again() {
    let stand = Stand::new().await;
    stand.sandbox.inject_once(Fault::StaysProcessing);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    // As after a restore from a backup that is older than the purchase.
    stand
        .sql(
            "delete from attempts; delete from upstream_orders; delete from upstream_listings;
             update units set status = 'pending', upstream_order_id = null",
        )
        .await;
    let lists = stand.ledger().calls_of(Operation::Orders);
    stand.pass(30).await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    assert_eq!(stand.order_json(&token).await["attention"], true, "a person is told");
    assert_eq!(stand.ledger().calls_of(Operation::Orders), lists + 1, "and nobody is asked all the time");
    // It is bound to what was bought, and delivered from there.
    stand.sandbox.complete_order(stand.ledger().orders[0].id).unwrap();
    stand.pass(60).await;
    assert_eq!(stand.units(&token).await, ["completed"]);
    assert_eq!(stand.order_json(&token).await["attention"], true, "what contradicted stays to be seen");
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    stand.end().await;
}
