//! Holds and doubts that need a person, and the ways out of them; replacements.

use axum::http::StatusCode;
use simfront::ground::EmailAddress;
use simfront::sandbox::{CatalogChange, Fault, Injection, Operation};
use simfront::staff::{self, NewAccount, Role};
use tokio::task::JoinSet;

use crate::support::browser::{ask, encoded, owned};
use crate::support::{FRANCE, Stand};

const PASSWORD: &str = "a quiet harbour at dawn";

/// What France costs upstream from now on.
async fn reprice(stand: &Stand, cost: &str) {
    let id = FRANCE.try_into().unwrap();
    let reseller_price = cost.parse().unwrap();
    let change = CatalogChange::Reprice { id, reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
}

async fn number(stand: &Stand, token: &str) -> String {
    stand.order_json(token).await["number"].as_str().unwrap().to_owned()
}

/// Posts a decision about the first unit of an order: the status and the page.
async fn decide(stand: &Stand, cookie: &str, token: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let path = format!("/admin/orders/{}/units/1-1", number(stand, token).await);
    let mut fields = owned(fields);
    fields.push(("password".to_owned(), PASSWORD.to_owned()));
    let answer = stand.post_with(&path, &[("cookie", cookie)], &fields).await;
    (answer.status, answer.body)
}

async fn staff_page(stand: &Stand, cookie: &str, token: &str) -> String {
    let path = format!("/admin/orders/{}", number(stand, token).await);
    let request = axum::http::Request::get(path).header("cookie", cookie);
    let answer = stand.ask(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.body
}

#[tokio::test]
async fn a_cost_that_rose_above_the_price_holds_the_unit_until_a_person_buys_it() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let token = stand.buy(FRANCE, 1).await;
    reprice(&stand, "9.90").await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    assert_eq!(stand.order_json(&token).await["attention"], true);
    assert_eq!(stand.ledger().orders.len(), 0, "nothing was bought on terms that nobody agreed to");
    let page = staff_page(&stand, &cookie, &token).await;
    assert!(page.contains("Cost above floor") && page.contains("Buy at today’s cost"), "{page}");

    let (status, page) = decide(&stand, &cookie, &token, &[("way", "buy"), ("cost", "9.90")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "not without a reason");
    assert!(page.contains("Say why"), "{page}");
    for cost in ["", "9.89", "many"] {
        let cheaper = [("way", "buy"), ("cost", cost), ("reason", "a regular customer")];
        let answer = decide(&stand, &cookie, &token, &cheaper).await;
        assert_eq!(answer.0, StatusCode::UNPROCESSABLE_ENTITY, "{cost}: not at a cost that nobody saw");
    }
    let fields = [("way", "buy"), ("cost", "9.90"), ("reason", "a regular customer")];
    assert_eq!(decide(&stand, &cookie, &token, &fields).await.0, StatusCode::SEE_OTHER);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    let told = staff_page(&stand, &cookie, &token).await;
    assert!(told.contains("Decided") && told.contains("a regular customer"), "{told}");
    assert_eq!(stand.count("select count(*) from audit_log where action = 'unit_decided'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn a_cost_that_falls_again_lets_the_unit_go_on_by_itself() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    reprice(&stand, "9.90").await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    reprice(&stand, "4.30").await;
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.order_json(&token).await["attention"], false);
    stand.end().await;
}

#[tokio::test]
async fn a_unit_whose_cost_stays_above_its_price_is_refunded_at_the_deadline() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    reprice(&stand, "9.90").await;
    stand.pass(4_300).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    assert_eq!(stand.ledger().orders.len(), 0);
    stand.end().await;
}

#[tokio::test]
async fn a_cost_in_another_currency_holds_the_unit_until_it_is_the_old_one_again() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.one_flips_to_euros().await;
    stand.drain().await;
    assert_eq!(stand.texts("select hold_reason from units").await, ["currency_differs"]);
    stand.refresh().await;
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn one_reading_of_the_list_settles_every_doubt() {
    let stand = Stand::new().await;
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.inject(Injection::times(Fault::DroppedAfterCommit, 12).on(Operation::CreateOrder));
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(stand.buy(FRANCE, 2).await);
    }
    // No list has them while all twelve are sent; then one reading does.
    stand.sandbox.inject(Injection::times(Fault::OrdersLag, 100_000).on(Operation::Orders));
    stand.drain().await;
    assert_eq!(stand.count("select count(*) from attempts where outcome = 'doubt'").await, 12);
    stand.sandbox.clear_faults();
    let before = stand.ledger().calls_of(Operation::Orders);
    stand.pass(30).await;
    for token in tokens {
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    }
    let readings = stand.ledger().calls_of(Operation::Orders) - before;
    assert_eq!(readings, 1, "one reading settles all twelve");
    stand.end().await;
}

/// A unit in doubt past its horizon: bought upstream, and never listed.
async fn doubt_past_its_horizon(stand: &Stand) -> String {
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.inject_once(Fault::DroppedAfterCommit);
    stand.sandbox.inject(Injection::times(Fault::OrderOmitted, 100_000).on(Operation::Orders));
    let newest_only = Injection::times(Fault::OrdersNewestOnly, 100_000).on(Operation::Orders);
    stand.sandbox.inject(newest_only.with("count", "1").unwrap());
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.shop.clock.advance(time::Duration::seconds(72_000));
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    token
}

#[tokio::test]
async fn a_doubt_past_its_horizon_is_bound_by_a_person_to_the_order_that_is_its() {
    let stand = Stand::new().await;
    let token = doubt_past_its_horizon(&stand).await;
    let cookie = stand.owner().await;
    let page = staff_page(&stand, &cookie, &token).await;
    assert!(page.contains("It may have been bought.") && page.contains("never had one named"), "{page}");
    let (first, second) = (stand.ledger().orders[0].id.to_string(), stand.ledger().orders[1].id.to_string());
    for wrong in [first.as_str(), "999999", "forty-five", ""] {
        let fields = [("way", "bind"), ("upstream_order", wrong), ("reason", "found in the panel")];
        let (status, page) = decide(&stand, &cookie, &token, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(page.contains("role=\"alert\"") && page.contains("found in the panel"), "{page}");
    }
    let fields = [("way", "bind"), ("upstream_order", second.as_str()), ("reason", "found in the panel")];
    assert_eq!(decide(&stand, &cookie, &token, &fields).await.0, StatusCode::SEE_OTHER);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f108_however_often_a_person_gives_a_unit_up_it_is_refunded_once() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.inject(Injection::times(Fault::ServerErrorBeforeCommit, 1).on(Operation::CreateOrder));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["ordering"], "in doubt");
    let path = format!("/admin/orders/{}/units/1-1", number(&stand, &token).await);
    let (status, page) = decide(&stand, &cookie, &token, &[("way", "give_up")]).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains("Say why"), "{page}");
    // The password was given with it, and is good for the minutes in which all this happens.
    let mut presses = JoinSet::new();
    for press in 0..20 {
        let (router, path, cookie) = (stand.router.clone(), path.clone(), cookie.clone());
        let way = if press % 2 == 0 { "give_up" } else { "look_now" };
        presses.spawn(async move {
            let fields = owned(&[("way", way), ("reason", "eSIMDual says that it was not bought")]);
            let request = axum::http::Request::post(path)
                .header("cookie", cookie)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(axum::body::Body::from(encoded(&fields)));
            ask(&router, request.unwrap()).await.status
        });
    }
    for status in presses.join_all().await {
        assert!([303, 422].contains(&status.as_u16()), "{status}");
    }
    stand.sandbox.clear_faults();
    stand.pass(120).await;
    assert_eq!(stand.state(&token).await, ("failed".into(), "refunded".into()));
    assert_eq!(stand.texts("select requested_by from refunds").await, ["owner@example.com"]);
    assert_eq!(stand.ledger().orders.len(), 1, "and nothing is bought after that");
    stand.end().await;
}

#[tokio::test]
async fn a_code_that_came_by_another_way_is_stored_only_if_a_phone_can_read_it_and_nobody_has_it() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let taken = stand.ledger().orders[0].esim.clone().unwrap().qr_code;
    stand.sandbox.inject(Injection::times(Fault::QrCodeNull, 100_000));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["processing"], "completed without a code is not completed");
    for (code, iccid) in
        [("", ""), ("https://x", ""), (taken.as_str(), ""), ("LPA:1$rsp.example.com$NEW", "12")]
    {
        let fields = [
            ("way", "deliver"),
            ("activation_code", code),
            ("iccid", iccid),
            ("reason", "by mail from support"),
        ];
        let (status, page) = decide(&stand, &cookie, &token, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{code}: {page}");
        assert_eq!(stand.units(&token).await, ["processing"], "{code}");
    }
    let truth = stand.ledger().orders[1].esim.clone().unwrap().qr_code;
    let fields =
        [("way", "deliver"), ("activation_code", truth.as_str()), ("reason", "by mail from support")];
    assert_eq!(decide(&stand, &cookie, &token, &fields).await.0, StatusCode::SEE_OTHER);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

/// Asks for a replacement of an order's first unit: where it leads.
async fn replace(stand: &Stand, cookie: &str, token: &str, key: &str) -> (StatusCode, String) {
    let path = format!("/admin/orders/{}/units/1-1/replacement", number(stand, token).await);
    let fields = owned(&[("form_key", key), ("reason", "deleted by mistake"), ("password", PASSWORD)]);
    let answer = stand.post_with(&path, &[("cookie", cookie)], &fields).await;
    (answer.status, answer.header("location").to_owned())
}

#[tokio::test]
async fn a_replacement_is_given_once_through_the_same_machine_and_costs_the_customer_nothing() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let token = stand.buy(FRANCE, 1).await;
    let key = "6f7c2f6e-9b1d-4c62-8d0c-0f6f8a1f2b3c";
    assert_eq!(
        replace(&stand, &cookie, &token, key).await.0,
        StatusCode::UNPROCESSABLE_ENTITY,
        "not delivered"
    );
    stand.drain().await;
    let given = replace(&stand, &cookie, &token, key).await;
    assert_eq!(given.0, StatusCode::SEE_OTHER);
    assert_eq!(replace(&stand, &cookie, &token, key).await, given, "a second click finds the first");
    stand.drain().await;
    assert_eq!(stand.ledger().orders.len(), 2);
    let gift = &stand.texts("select token from orders where replaces_unit_id is not null").await[0];
    let order = stand.order_json(gift).await;
    assert_eq!((&order["status"], &order["payment_status"]), (&"completed".into(), &"paid".into()));
    assert_eq!((order["total"].as_str(), order["pay_url"].as_str()), (Some("0.00"), None));
    assert!(order["lines"][0]["units"][0]["esim"]["activation_code"].is_string(), "{order}");
    let page = stand.get(&format!("/orders/{token}")).await.body;
    assert!(page.contains(&format!("/orders/{gift}")), "the first page leads to it");
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "and stays final");
    let subjects = stand.texts("select subject from mails order by id").await;
    assert!(subjects.iter().any(|subject| subject.starts_with("A replacement")), "{subjects:?}");
    stand.end().await;
}

#[tokio::test]
async fn a_replacement_that_cannot_be_delivered_refunds_nothing_and_calls_a_person() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.change_catalog(CatalogChange::Withdraw { id: FRANCE.try_into().unwrap() }).unwrap();
    replace(&stand, &cookie, &token, "6f7c2f6e-9b1d-4c62-8d0c-0f6f8a1f2b3c").await;
    stand.drain().await;
    let gift = &stand.texts("select token from orders where replaces_unit_id is not null").await[0];
    assert_eq!(stand.state(gift).await, ("failed".into(), "paid".into()));
    assert_eq!(stand.order_json(gift).await["attention"], true);
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    let page = stand.get(&format!("/orders/{gift}")).await.body;
    assert!(page.contains("You paid nothing for it"), "{page}");
    stand.end().await;
}

#[tokio::test]
async fn support_looks_and_decides_nothing() {
    let stand = Stand::new().await;
    let email = EmailAddress::parse("support@example.com").unwrap();
    let new = NewAccount { email: &email, password: PASSWORD, role: Role::Support };
    staff::create(&stand.shop.db, &stand.shop.clock, &stand.shop.entropy, new).await.unwrap();
    let fields = [("email", "support@example.com"), ("password", PASSWORD)];
    let answer = stand.post("/admin/login", &owned(&fields)).await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let give_up = [("way", "give_up"), ("reason", "no")];
    assert_eq!(decide(&stand, &cookie, &token, &give_up).await.0, StatusCode::FORBIDDEN);
    let key = "6f7c2f6e-9b1d-4c62-8d0c-0f6f8a1f2b3c";
    assert_eq!(replace(&stand, &cookie, &token, key).await.0, StatusCode::FORBIDDEN);
    assert!(!staff_page(&stand, &cookie, &token).await.contains("Give a replacement"));
    stand.end().await;
}
