//! What a payment costs the shop: margin and floor count it; and what staff see of where it came from.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use simfront::sandbox::CatalogChange;
use simfront::shop::PaymentFee;
use simfront::site;

use crate::support::{FRANCE, Stand};

/// A shop whose every payment costs 2 percent and 0.50: of 5.25 that is 0.605, and so 0.61.
async fn with_fee() -> Stand {
    let mut stand = Stand::new().await;
    let mut settings = (*stand.shop.settings).clone();
    let fee = |method| PaymentFee { method, percent: 2.into(), fixed: "0.50".parse().unwrap() };
    settings.payment_fees = vec![fee("stripe"), fee("test")];
    stand.shop.settings = Arc::new(settings);
    stand.router = site::site(&stand.shop, &stand.stage).unwrap();
    stand
}

async fn reprice(stand: &Stand, cost: &str) {
    let reseller_price = cost.parse().unwrap();
    let change =
        CatalogChange::Reprice { id: FRANCE.unsigned_abs(), reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
}

async fn staff_page(stand: &Stand, token: &str) -> String {
    let cookie = stand.owner().await;
    let number = stand.order_json(token).await["number"].as_str().unwrap().to_owned();
    let request = Request::get(format!("/admin/orders/{number}")).header("cookie", cookie);
    stand.ask(request.body(Body::empty()).unwrap()).await.body
}

#[tokio::test]
async fn the_margin_that_staff_see_is_what_the_payment_leaves() {
    let stand = with_fee().await;
    let token = stand.buy(FRANCE, 2).await;
    stand.drain().await;
    assert_eq!(stand.count("select fee_minor from payments").await, 71, "2 percent of 10.50, and 0.50");
    let page = staff_page(&stand, &token).await;
    // 10.50 less 8.40 less 0.71.
    assert!(page.contains("1.39 USD") && page.contains("fee of 0.71 USD"), "{page}");
    stand.end().await;
}

#[tokio::test]
async fn a_cost_that_the_payment_does_not_leave_holds_the_unit_like_any_that_is_above_the_price() {
    for (cost, held) in [("4.64", false), ("4.65", true)] {
        let stand = with_fee().await;
        let token = stand.buy(FRANCE, 1).await;
        reprice(&stand, cost).await;
        stand.drain().await;
        let (status, _) = stand.state(&token).await;
        assert_eq!(
            stand.units(&token).await,
            [if held { "on_hold" } else { "completed" }],
            "{cost}: {status}"
        );
        stand.end().await;
    }
}

#[tokio::test]
async fn a_late_payment_holds_only_if_it_leaves_todays_cost() {
    for (cost, state) in [("4.64", ("completed", "paid")), ("4.65", ("cancelled", "refunded"))] {
        let stand = with_fee().await;
        let pay = stand.order(FRANCE, 1).await;
        reprice(&stand, cost).await;
        let token = stand.answer(&pay, "late").await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, (state.0.into(), state.1.into()), "{cost}");
        stand.end().await;
    }
}

#[tokio::test]
async fn a_card_of_another_country_than_its_payers_is_a_flag_for_staff_and_blocks_nothing() {
    for (card, buyer, odd) in [("IT", "FR", true), ("it", "IT", false)] {
        let (stand, stripe) = Stand::with_stripe().await;
        let (token, _) = stand.check_out(FRANCE, 1).await;
        stripe.pay(0);
        stripe.change(0, "customer_details", json!({ "address": { "country": buyer, "city": null } }));
        let charge = json!({ "id": "ch_0", "object": "charge", "status": "succeeded",
            "payment_method_details": { "type": "card", "card": { "brand": "visa", "country": card } } });
        let intent = json!({ "id": "pi_0", "object": "payment_intent", "status": "succeeded",
            "latest_charge": charge });
        stripe.change(0, "payment_intent", intent);
        stand.come_back(&token, "cs_test_0").await;
        stand.drain().await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
        let page = staff_page(&stand, &token).await;
        assert_eq!(page.contains("The card was issued in IT, and its payer gave an address in FR."), odd);
        stand.end().await;
    }
}

#[tokio::test]
async fn a_disputed_order_has_its_evidence_ready_to_copy_without_any_code() {
    let (stand, stripe) = Stand::with_stripe().await;
    let token = stand.pay_by_card(&stripe, 1).await;
    stand.drain().await;
    stripe.dispute(0, 525);
    let dispute = stripe.disputes()[0].clone();
    stand.told(&stripe, "charge.dispute.created", &dispute).await;
    stand.drain().await;
    let page = staff_page(&stand, &token).await;
    let evidence = page.split("<textarea").nth(1).unwrap().split("</textarea>").next().unwrap();
    let order = stand.order_json(&token).await;
    let esim = &order["lines"][0]["units"][0]["esim"];
    for part in [
        order["number"].as_str().unwrap(),
        "Customer: ada@example.com",
        "Terms accepted by the customer: 2026-11-22 12:00:00 UTC",
        "Payment: 5.25 USD by stripe",
        "eSIM 1.1: Delivered 2026-11-22 12:00:00 UTC",
        "Your eSIM is ready",
        "Dispute du_0: 5.25 USD, fraudulent, open",
        "evidence taken until 2026-11-29",
        &format!("card number ending in {}", &esim["iccid"].as_str().unwrap()[15..19]),
    ] {
        assert!(evidence.contains(part), "{part}: {evidence}");
    }
    for secret in [&esim["activation_code"], &esim["matching_id"], &esim["iccid"]] {
        assert!(!page.contains(secret.as_str().unwrap()), "{secret}");
    }
    stand.end().await;
}
