//! Stripe Checkout: opening, paying, coming back or not, and everything that goes wrong on the way.

use futures_util::future::join_all;
use serde_json::{Value, json};
use simfront::sandbox::{CatalogChange, Operation};

use crate::support::stripe::Fault;
use crate::support::{FRANCE, Stand};

const SESSIONS: &str = "/v1/checkout/sessions";
const COMPLETED: &str = "checkout.session.completed";

fn done() -> (String, String) {
    ("completed".to_owned(), "paid".to_owned())
}

#[tokio::test]
async fn a_card_payment_leads_to_stripe_and_back_to_an_esim() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, location) = stand.check_out(FRANCE, 2).await;
    let session = stripe.sessions().remove(0);
    assert_eq!(location, session["url"].as_str().unwrap());
    let order = stand.order_json(&token).await;
    assert_eq!((&session["amount_total"], &session["currency"]), (&json!(1050), &json!("usd")));
    assert_eq!(session["client_reference_id"], order["number"]);
    let back = format!("{}/orders/{token}", stand.origin);
    assert_eq!(session["success_url"], format!("{back}?session_id={{CHECKOUT_SESSION_ID}}"));
    assert_eq!((&session["cancel_url"], &session["locale"]), (&json!(back), &json!("en")));
    let form = stripe.books().asked[0].form.clone();
    assert_eq!(form["payment_intent_data[metadata][order_number]"], order["number"].as_str().unwrap());
    // The button leads to the same place, and so does the form again.
    let pay = order["pay_url"].as_str().unwrap().strip_prefix(&stand.origin).unwrap().to_owned();
    assert_eq!(stand.get(&pay).await.to(), location);
    assert_eq!(stripe.sessions().len(), 1);
    let page = stand.get("/checkout?package_id=1120&quantity=1").await;
    assert!(
        page.header("content-security-policy")
            .contains(&format!("form-action 'self' {} {}", stand.origin, stripe.base))
    );

    stripe.pay(0);
    let page = stand.come_back(&token, "cs_test_0").await;
    assert!(page.body.contains(r#"data-payment-status="paid""#), "{}", page.body);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, done());
    assert_eq!(stand.get(&pay).await.to(), format!("/orders/{token}"), "nothing is left to pay");
    stand.end().await;
}

#[tokio::test]
async fn f72_fifty_events_and_ten_returns_at_once_pay_and_buy_once() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    stripe.pay(0);
    let session = stripe.sessions().remove(0);
    let events = (0..50).map(|_| stand.told(&stripe, COMPLETED, &session));
    let returns = (0..10).map(|_| async {
        let page = stand.come_back(&token, "cs_test_0").await;
        assert_eq!(page.status, 200);
    });
    let workers = (0..3).map(|_| stand.drain());
    tokio::join!(join_all(events), join_all(returns), join_all(workers));
    stand.drain().await;
    assert_eq!(stand.state(&token).await, done());
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    assert_eq!(stand.count("select count(*) from order_history where event = 'paid'").await, 1);
    assert_eq!((stand.mails().len(), stripe.posts("/v1/refunds")), (2, 0));
    stand.end().await;
}

#[tokio::test]
async fn f73_without_any_webhook_a_return_or_a_look_now_and_then_finds_the_payment() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (returned, _) = stand.check_out(FRANCE, 1).await;
    let (closed, _) = stand.check_out(FRANCE, 1).await;
    stripe.pay(0);
    stripe.pay(1);
    stand.come_back(&returned, "cs_test_0").await;
    stand.drain().await;
    assert_eq!(stand.state(&returned).await, done());
    assert_eq!(stand.state(&closed).await.0, "awaiting_payment");
    stand.pass(120).await;
    assert_eq!(stand.state(&closed).await, done());
    stand.end().await;
}

#[tokio::test]
async fn f74_a_return_that_was_typed_in_or_names_a_foreign_session_changes_nothing() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (mine, _) = stand.check_out(FRANCE, 1).await;
    let (paid, _) = stand.check_out(FRANCE, 1).await;
    stripe.pay(1);
    for name in ["cs_test_0", "cs_test_1", "cs_test_7", "", "..%2F..%2Frefunds", "%00"] {
        let page = stand.come_back(&mine, name).await;
        assert_eq!(page.status, 200, "{name}");
        assert!(page.body.contains(r#"data-payment-status="pending""#), "{name}");
    }
    assert_eq!(stand.state(&paid).await.1, "pending", "another's session is no word about its own order");
    stand.drain().await;
    assert_eq!(stand.state(&mine).await, ("awaiting_payment".into(), "pending".into()));
    stand.end().await;
}

#[tokio::test]
async fn f75_a_slow_method_is_waited_for_beyond_the_orders_time_and_counts_when_it_arrives() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    stripe.pay_slowly(0);
    stand.told(&stripe, COMPLETED, &stripe.sessions()[0]).await;
    stand.pass(7200).await;
    assert_eq!(stand.state(&token).await, ("awaiting_payment".into(), "pending".into()));
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 0);
    stripe.pay(0);
    stand.told(&stripe, "checkout.session.async_payment_succeeded", &stripe.sessions()[0]).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, done());
    stand.end().await;
}

#[tokio::test]
async fn f75_a_slow_method_that_fails_leaves_the_order_to_be_paid_by_another_try() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    stripe.pay_slowly(0);
    stand.told(&stripe, COMPLETED, &stripe.sessions()[0]).await;
    stand.drain().await;
    stripe.fail(0);
    stand.told(&stripe, "checkout.session.async_payment_failed", &stripe.sessions()[0]).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("awaiting_payment".into(), "failed".into()));
    let pay = stand.order_json(&token).await["pay_url"].as_str().unwrap().to_owned();
    let again = stand.get(pay.strip_prefix(&stand.origin).unwrap()).await;
    assert!(again.to().ends_with("/c/pay/cs_test_1"), "{}", again.to());
    stripe.pay(1);
    stand.come_back(&token, "cs_test_1").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, done());
    stand.end().await;
}

#[tokio::test]
async fn f76_an_orders_end_ends_its_session_so_that_nobody_can_pay_it() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    // By the clock of Stripe it could be paid for longer.
    let later = stand.shop.now().unix_timestamp() + 7200;
    stripe.change(0, "expires_at", json!(later));
    stand.pass(3600).await;
    assert_eq!(stand.state(&token).await, ("cancelled".into(), "expired".into()));
    assert_eq!(stripe.sessions()[0]["status"], "expired");
    assert_eq!(stripe.posts("/v1/checkout/sessions/cs_test_0/expire"), 1);
    stand.end().await;
}

#[tokio::test]
async fn f76_a_payment_around_the_orders_end_is_delivered_or_goes_back_and_is_never_kept() {
    for (offset, gone) in [(-1, false), (0, false), (1, false), (3600, false), (1, true)] {
        let (stand, stripe) = Stand::with_stripe().await;
        let (token, _) = stand.check_out(FRANCE, 1).await;
        if gone {
            let change = CatalogChange::Withdraw { id: FRANCE.unsigned_abs() };
            stand.sandbox.change_catalog(change).unwrap();
            stand.refresh().await;
        }
        stand.shop.clock.advance(time::Duration::seconds(3600 + offset.min(1)));
        // The session's end meets a payment that was a moment faster.
        stripe.pay(0);
        stand.drain().await;
        stand.pass(offset.max(60)).await;
        let (status, payment_status) = stand.state(&token).await;
        match gone {
            // Whichever was written first, the end or the money.
            true => {
                assert!(matches!(status.as_str(), "cancelled" | "failed"), "{status}");
                assert_eq!(payment_status, "refunded");
            }
            false => assert_eq!((status, payment_status), done(), "{offset}"),
        }
        assert_eq!(stripe.refunds().len(), usize::from(gone));
        stand.end().await;
    }
}

#[tokio::test]
async fn f77_another_amount_currency_or_order_is_parked_for_a_person_and_never_counted() {
    let lies: [(&str, Value); 5] = [
        ("amount_total", json!(524)),
        ("amount_total", json!(526)),
        ("currency", json!("eur")),
        ("client_reference_id", json!("SF-22222222")),
        ("metadata", json!({ "order_number": "SF-22222222" })),
    ];
    for (name, value) in lies {
        let (stand, stripe) = Stand::with_stripe().await;
        let (token, _) = stand.check_out(FRANCE, 1).await;
        stripe.pay(0);
        stripe.change(0, name, value.clone());
        stand.told(&stripe, COMPLETED, &stripe.sessions()[0]).await;
        stand.drain().await;
        let order = stand.order_json(&token).await;
        assert_eq!(
            (&order["payment_status"], &order["attention"]),
            (&json!("pending"), &json!(true)),
            "{name} {value}"
        );
        assert_eq!(stand.count("select count(*) from payments where parked is not null").await, 1);
        stand.pass(3700).await;
        assert_eq!(stand.state(&token).await, ("cancelled".into(), "expired".into()));
        assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 0);
        stand.end().await;
    }
}

#[tokio::test]
async fn f77_what_an_event_says_is_not_believed() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    let mut lie = stripe.sessions().remove(0);
    lie["payment_status"] = json!("paid");
    lie["status"] = json!("complete");
    stand.told(&stripe, COMPLETED, &lie).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("awaiting_payment".into(), "pending".into()));
    stand.end().await;
}

#[tokio::test]
async fn f78_of_two_sessions_that_are_both_paid_the_second_goes_back() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    // The first one seems to be over, so that a second tab opens another; then both are paid.
    stripe.change(0, "status", json!("expired"));
    stand.come_back(&token, "cs_test_0").await;
    let pay = stand.order_json(&token).await["pay_url"].as_str().unwrap().to_owned();
    stand.get(pay.strip_prefix(&stand.origin).unwrap()).await.to();
    stripe.pay(0);
    stripe.pay(1);
    let sessions = stripe.sessions();
    tokio::join!(
        stand.come_back(&token, "cs_test_0"),
        stand.come_back(&token, "cs_test_1"),
        stand.told(&stripe, COMPLETED, &sessions[0]),
        stand.told(&stripe, COMPLETED, &sessions[1]),
    );
    stand.drain().await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, done());
    assert_eq!(stand.texts("select reason || ' ' || status from refunds").await, ["second done"]);
    assert_eq!((stripe.refunds().len(), stand.ledger().orders.len()), (1, 1));
    stand.end().await;
}

#[tokio::test]
async fn f79_a_session_whose_answer_is_lost_is_asked_for_again_with_its_key_and_is_one() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest] {
        let (stand, stripe) = Stand::with_stripe().await;
        stripe.fault("sessions", fault);
        let (token, location) = stand.check_out(FRANCE, 1).await;
        assert_eq!(location, format!("/orders/{token}"), "the order's page has the button");
        stand.shop.clock.advance(time::Duration::seconds(40));
        let pay = stand.order_json(&token).await["pay_url"].as_str().unwrap().to_owned();
        let again = stand.get(pay.strip_prefix(&stand.origin).unwrap()).await;
        assert!(again.to().ends_with("/c/pay/cs_test_0"), "{}", again.to());
        let asked = stripe.books().asked.clone();
        assert_eq!((asked[0].key.clone(), &asked[0].form), (asked[1].key.clone(), &asked[1].form));
        assert_eq!((asked.len(), stripe.sessions().len()), (2, 1), "{fault:?}");
        stripe.pay(0);
        stand.pass(60).await;
        assert_eq!(stand.state(&token).await, done());
        stand.end().await;
    }
}

#[tokio::test]
async fn f79_a_session_that_nobody_saw_ends_with_its_order() {
    let (stand, stripe) = Stand::with_stripe().await;
    stripe.fault("sessions", Fault::LoseAnswer);
    let (token, _) = stand.check_out(FRANCE, 1).await;
    stand.pass(3700).await;
    assert_eq!(stand.state(&token).await.0, "cancelled");
    assert_eq!((stripe.sessions().len(), &stripe.sessions()[0]["status"]), (1, &json!("expired")));
    stand.end().await;
}

#[tokio::test]
async fn f80_whatever_stripe_answers_the_order_stays_and_is_paid_by_another_try() {
    for fault in
        [Fault::Status(500), Fault::Status(503), Fault::Status(429), Fault::Status(401), Fault::Status(400)]
    {
        let (stand, stripe) = Stand::with_stripe().await;
        stripe.fault("sessions", fault);
        let (token, location) = stand.check_out(FRANCE, 1).await;
        assert_eq!(location, format!("/orders/{token}"), "{fault:?}");
        let page = stand.get(&location).await;
        assert!(page.body.contains("/pay/stripe/"), "{fault:?}: {}", page.body);
        let pay = stand.order_json(&token).await["pay_url"].as_str().unwrap().to_owned();
        let again = stand.get(pay.strip_prefix(&stand.origin).unwrap()).await;
        assert!(again.to().ends_with("/c/pay/cs_test_0"), "{fault:?}: {}", again.to());
        stripe.pay(0);
        stand.come_back(&token, "cs_test_0").await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, done(), "{fault:?}");
        assert_eq!(stand.count("select count(*) from orders").await, 1);
        stand.end().await;
    }
}

#[tokio::test]
async fn f80_a_500_that_stripe_keeps_for_its_key_ends_with_another_key() {
    let (stand, stripe) = Stand::with_stripe().await;
    stripe.fault("sessions", Fault::Keep500);
    let (token, _) = stand.check_out(FRANCE, 1).await;
    let pay = stand.order_json(&token).await["pay_url"].as_str().unwrap().to_owned();
    let pay = pay.strip_prefix(&stand.origin).unwrap();
    let page = format!("/orders/{token}");
    assert_eq!(stand.get(pay).await.to(), page);
    assert_eq!(stand.get(pay).await.to(), page);
    assert!(stand.get(pay).await.to().ends_with("/c/pay/cs_test_1"), "the first was shown to nobody");
    stripe.pay(1);
    stand.come_back(&token, "cs_test_1").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, done());
    stand.end().await;
}

#[tokio::test]
async fn f80_a_stripe_that_says_nothing_keeps_no_customer_waiting_and_its_order_is_paid_later() {
    let (mut stand, stripe) = Stand::with_stripe().await;
    let mut settings = (*stand.shop.settings).clone();
    settings.times.pay_page_patience = std::time::Duration::from_millis(50);
    stand.shop.settings = std::sync::Arc::new(settings);
    stand.router = simfront::site::site(&stand.shop, &stand.stage).unwrap();
    stripe.fault("sessions", Fault::Silence);
    let (token, location) = stand.check_out(FRANCE, 1).await;
    assert_eq!(location, format!("/orders/{token}"));
    stand.pass(60).await;
    assert_eq!(stripe.sessions().len(), 1, "the job asked again, with the same key");
    stripe.pay(0);
    stand.pass(60).await;
    assert_eq!(stand.state(&token).await, done());
    stand.end().await;
}

#[tokio::test]
async fn f107_a_plan_that_is_gone_while_its_customer_pays_is_still_bought_or_paid_back() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    let change = CatalogChange::Withdraw { id: FRANCE.unsigned_abs() };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
    stripe.pay(0);
    stand.come_back(&token, "cs_test_0").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    assert_eq!(stripe.refunds()[0]["amount"], 525);
    stand.end().await;
}

#[tokio::test]
async fn f106_a_markup_that_changes_while_a_customer_pays_changes_nothing_for_them() {
    let (stand, stripe) = Stand::with_stripe().await;
    let (token, _) = stand.check_out(FRANCE, 1).await;
    let cookie = stand.owner().await;
    let fields = [("percent", "80"), ("fixed", "0"), ("rounding", "none")];
    let fields = crate::support::browser::owned(&fields);
    let sent = stand.post_with("/admin/markup", &[("cookie", &cookie)], &fields).await;
    assert!(sent.status.is_success() || sent.status.is_redirection(), "{}", sent.body);
    stand.refresh().await;
    stripe.pay(0);
    stand.come_back(&token, "cs_test_0").await;
    stand.drain().await;
    let order = stand.order_json(&token).await;
    assert_eq!((&order["status"], &order["total"]), (&json!("completed"), &json!("5.25")));
    let page = stand.get("/checkout?package_id=1120&quantity=1").await;
    assert!(page.body.contains(r#"name="shown_price" value="756""#), "the next customer sees the new price");
    stand.end().await;
}

#[tokio::test]
async fn a_sum_that_stripe_cannot_charge_is_told_at_the_field_and_stores_nothing() {
    let (stand, stripe) = Stand::with_stripe().await;
    let reseller_price = "0.30".parse().unwrap();
    let change =
        CatalogChange::Reprice { id: FRANCE.unsigned_abs(), reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
    let form = stand.form(FRANCE, 1).await;
    let sent = stand.post("/checkout", &form).await;
    assert_eq!(sent.status, 422);
    assert!(sent.body.contains("does not take this amount"), "{}", sent.body);
    assert_eq!((stand.count("select count(*) from orders").await, stripe.posts(SESSIONS)), (0, 0));
    stand.check_out(FRANCE, 2).await;
    assert_eq!(stripe.sessions()[0]["amount_total"], 76);
    stand.end().await;
}
