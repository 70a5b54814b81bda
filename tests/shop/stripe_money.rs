//! Money that goes back by Stripe: once, whatever happens on the way; and money that payers' banks take back.

use futures_util::future::join_all;
use serde_json::json;
use simfront::ground::{Currency, Price};
use simfront::orders::Actor;
use simfront::payments::{self, NotRefunded, Wish};
use simfront::sandbox::{CatalogChange, Fault as Upstream, Operation};

use crate::support::browser::{PASSWORD, owned};
use crate::support::stripe::{Fault, Stripe};
use crate::support::{FRANCE, Stand};

const REFUNDS: &str = "/v1/refunds";

/// A paid order whose plan is gone, so that its money goes back at once.
async fn paid_and_gone(stand: &Stand, stripe: &Stripe) -> String {
    let (token, _) = stand.check_out(FRANCE, 1).await;
    let change = CatalogChange::Withdraw { id: FRANCE.unsigned_abs() };
    stand.sandbox.change_catalog(change).unwrap();
    stripe.pay(0);
    stand.come_back(&token, "cs_test_0").await;
    token
}

/// What an admin does with an amount and a key of its form.
async fn back(stand: &Stand, minor: i64, form_key: &str) -> Result<(), NotRefunded> {
    let by = Actor::Admin("owner@example.com".to_owned());
    let wish = Wish { by: &by, reason: "a wish", now: stand.shop.now() };
    let order: i64 = stand.count("select id from orders").await;
    let mut tx = stand.shop.db.begin().await?;
    payments::by_person(&mut tx, order, Price::new(minor, Currency::USD), form_key, &wish).await?;
    Ok(tx.commit().await?)
}

fn states(order: &str, payment: &str) -> (String, String) {
    (order.to_owned(), payment.to_owned())
}

#[tokio::test]
async fn f82_twenty_refunds_of_60_percent_at_once_end_in_one_and_a_form_twice_is_one_refund() {
    let (stand, stripe) = Stand::with_stripe().await;
    let token = stand.pay_by_card(&stripe, 1).await;
    stand.drain().await;
    let keys: Vec<_> = (0..20).map(|number| format!("form-{}", number / 2)).collect();
    let tries = keys.iter().map(|key| back(&stand, 315, key));
    let done = join_all(tries).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(done, 1);
    let workers = (0..3).map(|_| stand.drain());
    join_all(workers).await;
    stand
        .told(
            &stripe,
            "charge.refunded",
            &json!({ "id": "ch_0", "object": "charge", "payment_intent": "pi_0" }),
        )
        .await;
    stand.drain().await;
    assert_eq!((stripe.refunds().len(), stripe.posts(REFUNDS)), (1, 1));
    assert_eq!(stand.state(&token).await, states("completed", "partially_refunded"));
    assert!(matches!(back(&stand, 1, "form-0").await, Err(NotRefunded::Before) | Ok(())));
    stand.end().await;
}

#[tokio::test]
async fn f83_a_refund_whose_answer_is_lost_is_asked_for_again_with_its_key_and_is_one() {
    for fault in
        [Fault::LoseAnswer, Fault::LoseRequest, Fault::Status(500), Fault::Status(429), Fault::Status(401)]
    {
        let (stand, stripe) = Stand::with_stripe().await;
        stripe.fault("refunds", fault);
        let token = paid_and_gone(&stand, &stripe).await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await.1, "paid", "{fault:?}: not told before it is true");
        stand.pass(60).await;
        assert_eq!(stand.state(&token).await, states("failed", "refunded"), "{fault:?}");
        let asked: Vec<_> =
            stripe.books().asked.iter().filter(|asked| asked.path == REFUNDS).cloned().collect();
        assert_eq!((asked.len(), stripe.refunds().len()), (2, 1), "{fault:?}");
        assert_eq!(asked[0].key, asked[1].key);
        stand.end().await;
    }
}

#[tokio::test]
async fn f83_beyond_the_keys_horizon_the_list_is_read_before_anything_is_asked_again() {
    let (stand, stripe) = Stand::with_stripe().await;
    stripe.fault("refunds", Fault::LoseAnswer);
    let token = paid_and_gone(&stand, &stripe).await;
    stand.drain().await;
    assert_eq!(stripe.refunds().len(), 1);
    // A worker that sleeps for two days.
    stand.shop.clock.advance(time::Duration::days(2));
    stand.drain().await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, states("failed", "refunded"));
    assert_eq!((stripe.posts(REFUNDS), stripe.refunds().len()), (1, 1), "it was found in the list");
    stand.end().await;
}

#[tokio::test]
async fn f83_a_500_that_stripe_keeps_is_found_in_the_list() {
    let (stand, stripe) = Stand::with_stripe().await;
    stripe.fault("refunds", Fault::Keep500);
    let token = paid_and_gone(&stand, &stripe).await;
    stand.drain().await;
    for _ in 0..26 {
        stand.shop.clock.advance(time::Duration::hours(1));
        stand.drain().await;
    }
    assert_eq!(stand.state(&token).await, states("failed", "refunded"));
    assert_eq!(stripe.refunds().len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn f84_a_pending_refund_is_no_refund_yet_and_one_that_fails_later_calls_a_person() {
    let (stand, stripe) = Stand::with_stripe().await;
    stripe.refunds_are("pending");
    let token = paid_and_gone(&stand, &stripe).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, states("failed", "paid"));
    for (status, name, shown) in [
        ("succeeded", "refund.updated", "refunded"),
        ("failed", "refund.failed", "paid"),
        ("failed", "refund.failed", "paid"),
    ] {
        stripe.set_refund(0, status);
        stand.told(&stripe, name, &stripe.refunds()[0]).await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, states("failed", shown), "{status}");
    }
    assert_eq!(stand.order_json(&token).await["attention"], true);
    assert_eq!(stand.texts("select status from refunds").await, ["failed"]);
    assert_eq!(stand.count("select count(*) from order_history where event = 'refund_failed'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f84_a_refund_that_stripe_refuses_calls_a_person_and_is_not_asked_for_again() {
    let (stand, stripe) = Stand::with_stripe().await;
    stripe.fault("refunds", Fault::Status(400));
    let token = paid_and_gone(&stand, &stripe).await;
    stand.pass(7200).await;
    let order = stand.order_json(&token).await;
    assert_eq!((&order["payment_status"], &order["attention"]), (&json!("paid"), &json!(true)));
    assert_eq!(stripe.posts(REFUNDS), 1);
    stand.end().await;
}

#[tokio::test]
async fn f85_thirds_of_an_odd_amount_add_up_and_one_cent_more_is_refused() {
    let (stand, stripe) = Stand::with_stripe().await;
    let token = stand.pay_by_card(&stripe, 1).await;
    stand.drain().await;
    for (number, minor) in [175, 174, 175].into_iter().enumerate() {
        back(&stand, minor, &format!("third-{number}")).await.unwrap();
        stand.drain().await;
        assert_eq!(stand.state(&token).await.1, "partially_refunded");
    }
    back(&stand, 1, "rest").await.unwrap();
    stand.drain().await;
    assert_eq!(stand.state(&token).await.1, "refunded");
    assert!(matches!(back(&stand, 1, "more").await, Err(NotRefunded::NotCovered)));
    for odd in [0, -1] {
        assert!(matches!(back(&stand, odd, "odd").await, Err(NotRefunded::NotCovered)));
    }
    let sum: i64 = stripe.refunds().iter().map(|refund| refund["amount"].as_i64().unwrap()).sum();
    assert_eq!((sum, stripe.refunds().len()), (525, 4));
    stand.end().await;
}

#[tokio::test]
async fn f86_a_unit_that_may_be_bought_already_is_not_given_up_before_that_is_known() {
    let (stand, stripe) = Stand::with_stripe().await;
    stand.sandbox.inject_once(Upstream::SlowAnswer);
    let token = stand.pay_by_card(&stripe, 1).await;
    let cookie = stand.owner().await;
    let number = stand.order_json(&token).await["number"].as_str().unwrap().to_owned();
    let page = format!("/admin/orders/{number}/units/1-1");
    let fields = owned(&[("way", "give_up"), ("reason", "the customer asks"), ("password", PASSWORD)]);
    let press = async {
        // The request is on its way, or has been answered already on a machine that was asleep meanwhile.
        for _ in 0..6000 {
            if stand.count("select count(*) from attempts").await > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        stand.post_with(&page, &[("cookie", &cookie)], &fields).await
    };
    let (_, pressed) = tokio::join!(stand.drain(), press);
    assert_eq!(pressed.status, 422, "{}", pressed.body);
    assert!(pressed.body.contains("cannot go this way"), "{}", pressed.body);
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.pass(300).await;
    assert_eq!(stand.state(&token).await, states("completed", "paid"));
    assert_eq!(stripe.posts(REFUNDS), 0);
    stand.end().await;
}

#[tokio::test]
async fn f87_a_dispute_before_the_purchase_stops_it_and_pays_nothing_beside_the_bank() {
    for (end, payment_status, refunds) in [("won", "refunded", 1), ("lost", "refunded", 0)] {
        let (stand, stripe) = Stand::with_stripe().await;
        let token = stand.pay_by_card(&stripe, 1).await;
        stripe.dispute(0, 525);
        stand.drain().await;
        assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 0, "nothing is bought any more");
        assert_eq!(stand.state(&token).await, states("failed", "paid"));
        stand.pass(7200).await;
        assert_eq!(stripe.posts(REFUNDS), 0, "frozen while the bank decides");
        stripe.close_dispute(0, end);
        stand.told(&stripe, "charge.dispute.closed", &stripe.disputes()[0]).await;
        stand.drain().await;
        stand.pass(60).await;
        assert_eq!(stand.state(&token).await, states("failed", payment_status), "{end}");
        assert_eq!(stripe.refunds().len(), refunds, "{end}: once by the bank or once by us");
        assert_eq!(stand.order_json(&token).await["attention"], true);
        stand.end().await;
    }
}

#[tokio::test]
async fn f87_a_dispute_after_delivery_locks_refunds_and_calls_a_person_once_however_often_it_is_told() {
    let (stand, stripe) = Stand::with_stripe().await;
    let token = stand.pay_by_card(&stripe, 1).await;
    stand.drain().await;
    stripe.dispute(0, 525);
    for name in ["charge.dispute.closed", "charge.dispute.created", "charge.dispute.created"] {
        stand.told(&stripe, name, &stripe.disputes()[0]).await;
        stand.drain().await;
    }
    assert_eq!(stand.state(&token).await, states("completed", "paid"));
    assert_eq!(stand.order_json(&token).await["attention"], true);
    assert!(matches!(back(&stand, 100, "wish").await, Err(NotRefunded::Disputed)));
    assert_eq!(stand.texts("select status || ' ' || amount_minor from disputes").await, ["open 525"]);
    assert_eq!(stand.count("select count(*) from order_history where event = 'disputed'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f87_a_dispute_of_a_payment_that_went_back_pays_nothing_twice() {
    let (stand, stripe) = Stand::with_stripe().await;
    let token = paid_and_gone(&stand, &stripe).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, states("failed", "refunded"));
    stripe.dispute(0, 525);
    stand.told(&stripe, "charge.dispute.created", &stripe.disputes()[0]).await;
    stand.drain().await;
    assert_eq!((stand.state(&token).await, stripe.refunds().len()), (states("failed", "refunded"), 1));
    assert_eq!(stand.order_json(&token).await["attention"], true);
    stand.end().await;
}

#[tokio::test]
async fn f88_a_dispute_that_is_decided_is_noted_once_and_stays_decided() {
    for end in ["won", "lost"] {
        let (stand, stripe) = Stand::with_stripe().await;
        let token = stand.pay_by_card(&stripe, 1).await;
        stand.drain().await;
        stripe.dispute(0, 525);
        stripe.close_dispute(0, end);
        for status in [end, end, "needs_response", end] {
            stripe.close_dispute(0, status);
            stand.told(&stripe, "charge.dispute.closed", &stripe.disputes()[0]).await;
            stand.drain().await;
        }
        assert_eq!(stand.texts("select status from disputes").await, [end]);
        assert_eq!(stand.count("select count(*) from order_history where event = 'dispute_closed'").await, 1);
        let taken = if end == "lost" { 525 } else { 0 };
        assert_eq!(stand.count("select disputed_minor from payments").await, taken);
        assert_eq!(stand.state(&token).await, states("completed", "paid"));
        stand.end().await;
    }
}

#[tokio::test]
async fn a_refund_made_at_stripe_itself_counts_against_what_may_go_back() {
    let (stand, stripe) = Stand::with_stripe().await;
    let token = stand.pay_by_card(&stripe, 1).await;
    stand.drain().await;
    stripe.refund_elsewhere(0, 500);
    for _ in 0..3 {
        stand
            .told(&stripe, "charge.refunded", &json!({ "object": "charge", "payment_intent": "pi_0" }))
            .await;
        stand.drain().await;
    }
    assert_eq!(stand.state(&token).await, states("completed", "partially_refunded"));
    assert_eq!(
        stand.texts("select reason || ' ' || amount_minor || ' ' || status from refunds").await,
        ["elsewhere 500 done"]
    );
    assert!(matches!(back(&stand, 26, "too much").await, Err(NotRefunded::NotCovered)));
    back(&stand, 25, "the rest").await.unwrap();
    stand.drain().await;
    assert_eq!(stand.state(&token).await.1, "refunded");
    stand.end().await;
}

#[tokio::test]
async fn an_early_warning_of_fraud_calls_a_person() {
    let (stand, stripe) = Stand::with_stripe().await;
    let token = stand.pay_by_card(&stripe, 1).await;
    stand.drain().await;
    stripe.warn(0);
    let warning = stripe.books().warnings[0].clone();
    stand.told(&stripe, "radar.early_fraud_warning.created", &warning).await;
    stand.drain().await;
    assert_eq!(stand.order_json(&token).await["attention"], true);
    assert_eq!(stand.state(&token).await, states("completed", "paid"));
    stand.end().await;
}
