//! A shop whose customers pay in another currency than its eSIMDual account's: paid in euros, bought in dollars.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use simfront::ground::Currency;
use simfront::sandbox::CatalogChange;
use simfront::shop::PaymentFee;
use simfront::{crew, site, supply, window};
use time::Duration;

use crate::support::browser::{PASSWORD, comes_to, owned, plan_page};
use crate::support::{FRANCE, Plan, Stand};

/// A shop in this currency, of an account in dollars, with its owner signed in; there is no rate yet.
async fn selling_in(code: &str) -> (Stand, String) {
    let stand = Stand::with(Plan { currency: Currency::parse(code), ..Plan::default() }).await;
    let cookie = stand.owner().await;
    (stand, cookie)
}

/// The same in euros with a rate of the day: 0.92, and two percent on it.
async fn in_euros() -> (Stand, String) {
    let (stand, cookie) = selling_in("EUR").await;
    // A moment later than the first sync, so that both prices have their line in the history.
    stand.shop.clock.advance(Duration::seconds(1));
    enter(&stand, &cookie, "0.92").await;
    (stand, cookie)
}

/// Enters a rate of today as the owner, and shows what it makes.
async fn enter(stand: &Stand, cookie: &str, rate: &str) {
    let today = stand.shop.now().date().to_string();
    let fields = owned(&[("date", &today), ("rate", rate), ("confirm", "yes")]);
    let answer = stand.post_with("/admin/rates", &[("cookie", cookie)], &fields).await;
    assert_eq!(answer.to(), "/admin/rates?saved=1");
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
}

async fn staff_page(stand: &Stand, cookie: &str, path: &str) -> String {
    let request = Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap();
    stand.ask(request).await.body
}

async fn order_page(stand: &Stand, cookie: &str, token: &str) -> String {
    let number = stand.order_json(token).await["number"].as_str().unwrap().to_owned();
    staff_page(stand, cookie, &format!("/admin/orders/{number}")).await
}

async fn sales(stand: &Stand) -> String {
    let answer = stand.get("/readyz").await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    answer.json()["sales"].to_string()
}

async fn reprice(stand: &Stand, cost: &str) {
    let (id, reseller_price) = (FRANCE.unsigned_abs(), cost.parse().unwrap());
    let change = CatalogChange::Reprice { id, reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
}

#[tokio::test]
async fn without_a_rate_the_shop_browses_and_sells_nothing() {
    let (stand, cookie) = selling_in("EUR").await;
    assert_eq!(stand.texts("select currency || upstream_currency from installation").await, ["EURUSD"]);
    let page = plan_page(&stand.router).await;
    assert!(page.contains("France") && !page.contains('€') && !page.contains("$5.25"), "{page}");
    // In small letters, where a price has large ones that never break.
    let list = stand.get("/destinations/france").await.body;
    assert!(list.contains("<span class=\"ticket-detail\">Not on sale yet</span>"), "{list}");
    let checkout = stand.get(&format!("/checkout?package_id={FRANCE}")).await;
    assert!(checkout.body.contains("not open for orders"), "{}", checkout.body);
    assert!(sales(&stand).await.contains("no exchange rate from USD to EUR"));
    assert!(staff_page(&stand, &cookie, "/admin").await.contains("no exchange rate from USD to EUR"));
    assert!(staff_page(&stand, &cookie, "/admin/markup").await.contains("no exchange rate from USD to EUR"));
    // A form of a moment when there was one.
    enter(&stand, &cookie, "0.92").await;
    let form = stand.form(FRANCE, 1).await;
    stand.sql("delete from exchange_rates").await;
    let sent = stand.post("/checkout", &form).await;
    assert_eq!(sent.status.as_u16(), 503, "{}", sent.body);
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn paid_in_euros_bought_in_dollars_and_the_margin_is_what_is_left() {
    let (mut stand, cookie) = in_euros().await;
    let mut settings = (*stand.shop.settings).clone();
    settings.payment_fees =
        vec![PaymentFee { method: "test", percent: 1.into(), fixed: "0.10".parse().unwrap() }];
    stand.shop.settings = Arc::new(settings);
    stand.router = site::site(&stand.shop, &stand.stage).unwrap();
    crew::start_rounds(&stand.shop).await.unwrap();
    // 4.20 × 0.92 × 1.02 = 3.94128; and a quarter 4.9266.
    assert!(plan_page(&stand.router).await.contains("€4.93"));
    assert_eq!(sales(&stand).await, "null");
    let token = stand.buy(FRANCE, 1).await;
    // Until the ledgers were held against each other.
    stand.pass(1_200).await;
    let order = stand.order_json(&token).await;
    assert_eq!(
        (&order["status"], &order["total"], &order["currency"]),
        (&"completed".into(), &"4.93".into(), &"EUR".into())
    );
    let frozen = "select concat_ws(' ', l.cost, l.cost_currency, l.exchange_rate, l.exchange_margin, r.valid_on, r.source)
                  from order_lines l join exchange_rates r on r.id = l.exchange_rate_id";
    assert_eq!(stand.texts(frozen).await, ["4.2 USD 0.92 2 2026-11-22 by_hand"]);
    assert_eq!(stand.texts("select amount_minor || currency from payments").await, ["493EUR"]);
    let bought = "select concat_ws(' ', real_cost, real_cost_currency) from units";
    assert_eq!(stand.texts(bought).await, ["4.2 USD"]);
    let debit =
        "select concat_ws(' ', amount::float8, currency) from wallet_movements where direction = 'out'";
    assert_eq!(stand.texts(debit).await, ["4.2 USD"]);
    let findings = stand.texts("select kind from ledger_findings").await;
    assert!(findings.is_empty(), "the ledgers agree: {findings:?}");
    // 4.93 less 3.864 less a fee of 0.15.
    let page = order_page(&stand, &cookie, &token).await;
    assert!(page.contains("0.916 EUR") && page.contains("at 0.92 EUR, sold with 2 % on it"), "{page}");
    // The overview's margin is before fees.
    assert!(staff_page(&stand, &cookie, "/admin").await.contains("1.066 EUR"));
    let noted = "select concat_ws(' ', cost, cost_currency, price_minor, currency) from price_history
                 where package_id = 1120 and price_minor is not null";
    assert_eq!(stand.texts(noted).await, ["4.2 USD 493 EUR"]);
    stand.end().await;
}

#[tokio::test]
async fn currencies_of_no_and_of_three_decimals_are_charged_as_shown() {
    for (code, rate, total) in [("JPY", "150.25", "805"), ("KWD", "0.30715", "1.645")] {
        let (stand, cookie) = selling_in(code).await;
        enter(&stand, &cookie, rate).await;
        let token = stand.buy(FRANCE, 2).await;
        stand.drain().await;
        let order = stand.order_json(&token).await;
        assert_eq!((&order["status"], &order["currency"]), (&"completed".into(), &code.into()));
        assert_eq!(order["lines"][0]["unit_price"], total, "{order}");
        stand.end().await;
    }
}

#[tokio::test]
async fn a_rate_that_is_too_old_stops_sales_with_a_sentence_while_the_catalog_is_shown() {
    let (stand, _) = in_euros().await;
    let form = stand.form(FRANCE, 1).await;
    // Its last moment, a week after its day, and a little after that; the catalog is fresh each time.
    stand.shop.clock.advance(Duration::days(7) + Duration::hours(11));
    stand.refresh().await;
    assert!(plan_page(&stand.router).await.contains("€4.93"));
    // After days a session is over.
    let cookie = stand.sign_in_again().await;
    assert!(staff_page(&stand, &cookie, "/admin").await.contains("Sales end after 2026-11-29"));
    stand.shop.clock.advance(Duration::hours(1));
    stand.refresh().await;
    let sent = stand.post("/checkout", &form).await;
    assert_eq!(sent.status.as_u16(), 503, "{}", sent.body);
    assert!(!sent.header("retry-after").is_empty());
    assert!(sent.body.contains("not open for orders"), "{}", sent.body);
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    let page = plan_page(&stand.router).await;
    assert!(page.contains("France") && !page.contains("€4.93"), "{page}");
    assert!(sales(&stand).await.contains("of 2026-11-22 is too old since 2026-11-30"));
    let cookie = stand.sign_in_again().await;
    enter(&stand, &cookie, "0.92").await;
    let sent = stand.post("/checkout", &form).await;
    assert_eq!(sent.status.as_u16(), 303, "the same form at the same price: {}", sent.body);
    stand.drain().await;
    stand.end().await;
}

#[tokio::test]
async fn f106_a_new_rate_prices_new_orders_and_older_ones_keep_theirs() {
    let (stand, cookie) = in_euros().await;
    let pay = stand.order(FRANCE, 1).await;
    let (young, stale) = (stand.form(FRANCE, 1).await, stand.form(FRANCE, 1).await);
    enter(&stand, &cookie, "0.95").await;
    // 4.20 × 0.969 = 4.0698; and a quarter 5.08725.
    assert!(plan_page(&stand.router).await.contains("€5.09"));
    let quoted = stand.post("/checkout", &young).await.to().to_owned();
    let quoted = stand.answer(&quoted, "pay").await;
    // After its quote's lifetime; staff stay signed in as long as they look.
    for _ in 0..2 {
        stand.pass(900).await;
        order_page(&stand, &cookie, &quoted).await;
    }
    let moved = stand.post("/checkout", &stale).await;
    assert_eq!(moved.status.as_u16(), 409, "the customer saw another price");
    assert!(moved.body.contains("€5.09"), "{}", moved.body);
    let old = stand.answer(&pay, "pay").await;
    let new = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    for (token, total) in [(&old, "4.93"), (&quoted, "4.93"), (&new, "5.09")] {
        let order = stand.order_json(token).await;
        assert_eq!((&order["status"], &order["total"]), (&"completed".into(), &total.into()));
    }
    let rates = "select exchange_rate::text from order_lines order by id";
    assert_eq!(stand.texts(rates).await, ["0.92", "0.95", "0.95"]);
    // 4.93 less 3.864: the margin of an order does not move with the rate of today.
    assert!(order_page(&stand, &cookie, &old).await.contains("1.066 EUR"));
    // 5.09 less 3.99.
    assert!(order_page(&stand, &cookie, &new).await.contains("1.10 EUR"));
    stand.end().await;
}

#[tokio::test]
async fn f106_a_quote_that_a_new_rate_puts_under_the_cost_is_asked_about() {
    let (stand, cookie) = in_euros().await;
    let form = stand.form(FRANCE, 1).await;
    // 4.20 × 1.2036 = 5.05512, of 4.93 that were quoted.
    enter(&stand, &cookie, "1.18").await;
    let asked = stand.post("/checkout", &form).await;
    assert_eq!(asked.status.as_u16(), 409);
    assert!(asked.body.contains("€6.32"), "{}", asked.body);
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn a_rate_by_which_the_price_is_under_the_cost_holds_what_was_not_bought_yet() {
    let (stand, cookie) = in_euros().await;
    let token = stand.buy(FRANCE, 1).await;
    // 4.20 × 1.1738 is 4.92996, and by 1.18 it is 4.956.
    enter(&stand, &cookie, "1.18").await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    assert_eq!(stand.texts("select hold_reason from units").await, ["cost_above_floor"]);
    assert_eq!(stand.ledger().orders.len(), 0, "nothing was bought at a loss");
    enter(&stand, &cookie, "1.17").await;
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "4.914 is covered");
    stand.end().await;
}

#[tokio::test]
async fn a_cost_in_dollars_is_held_against_what_was_paid_in_euros() {
    // 5.35 × 0.92 = 4.922 and 5.36 × 0.92 = 4.9312, of 4.93 that were paid; as mere figures both are more.
    for (cost, status) in [("5.35", "completed"), ("5.36", "on_hold")] {
        let (stand, _) = in_euros().await;
        let token = stand.buy(FRANCE, 1).await;
        reprice(&stand, cost).await;
        stand.drain().await;
        assert_eq!(stand.units(&token).await, [status], "{cost}");
        stand.end().await;
    }
}

#[tokio::test]
async fn a_person_may_buy_at_a_cost_in_dollars_and_a_replacement_keeps_the_rate() {
    let (stand, cookie) = in_euros().await;
    let token = stand.buy(FRANCE, 1).await;
    reprice(&stand, "9.90").await;
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["on_hold"]);
    let number = stand.order_json(&token).await["number"].as_str().unwrap().to_owned();
    let unit = format!("/admin/orders/{number}/units/1-1");
    let fields = owned(&[("way", "buy"), ("cost", "9.90"), ("reason", "a regular"), ("password", PASSWORD)]);
    let decided = stand.post_with(&unit, &[("cookie", &cookie)], &fields).await;
    assert_eq!(decided.status.as_u16(), 303, "{}", decided.body);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    // 4.93 less 9.108.
    assert!(order_page(&stand, &cookie, &token).await.contains("-4.178 EUR"));
    let key = "6f7c2f6e-9b1d-4c62-8d0c-0f6f8a1f2b3c";
    let fields = owned(&[("form_key", key), ("reason", "deleted"), ("password", PASSWORD)]);
    let given = stand.post_with(&format!("{unit}/replacement"), &[("cookie", &cookie)], &fields).await;
    assert_eq!(given.status.as_u16(), 303, "{}", given.body);
    stand.drain().await;
    assert_eq!(stand.ledger().orders.len(), 2);
    let rates =
        "select distinct concat_ws(' ', exchange_rate_id, exchange_rate, exchange_margin) from order_lines";
    assert_eq!(stand.texts(rates).await.len(), 1);
    stand.end().await;
}

#[tokio::test]
async fn a_late_payment_holds_only_where_the_cost_of_today_is_covered_in_its_currency() {
    // 4.20 × 1.15 × 1.02 = 4.9266, and by 1.16 it is 4.96944.
    for (rate, days, outcome) in
        [("1.15", 0, "completed"), ("1.16", 0, "cancelled"), ("0.92", 9, "cancelled")]
    {
        let (stand, cookie) = in_euros().await;
        let pay = stand.order(FRANCE, 1).await;
        enter(&stand, &cookie, rate).await;
        if days > 0 {
            stand.sql("insert into exchange_terms (from_currency, to_currency, margin_percent, max_age_days, published_by, published_at)
                       values ('USD', 'EUR', 2, 1, 'x', now())").await;
            stand.sql("update exchange_rates set valid_on = valid_on - 9").await;
        }
        let token = stand.answer(&pay, "late").await;
        stand.drain().await;
        assert_eq!(stand.order_json(&token).await["status"], outcome, "{rate}");
        let refunded =
            stand.count("select count(*) from refunds where currency = 'EUR' and amount_minor = 493").await;
        assert_eq!(refunded, i64::from(outcome == "cancelled"), "{rate}: all of it goes back");
        stand.end().await;
    }
}

#[tokio::test]
async fn every_node_shows_a_new_rate_and_takes_the_price_away_when_it_is_too_old() {
    let (stand, cookie) = in_euros().await;
    let (shop, stage, other) = stand.second_node();
    tokio::spawn(window::keep_fresh(stand.shop.clone(), stand.stage.window.clone()));
    tokio::spawn(window::keep_fresh(shop, stage.window.clone()));
    let nodes = [&stand.router, &other];
    for node in nodes {
        comes_to(node, "€4.93", true).await;
    }
    // A rate of tomorrow comes into force by itself; today's stays until then.
    let tomorrow = stand.shop.now().date().next_day().unwrap().to_string();
    let fields = owned(&[("date", &tomorrow), ("rate", "0.95")]);
    assert_eq!(
        stand.post_with("/admin/rates", &[("cookie", &cookie)], &fields).await.to(),
        "/admin/rates?saved=1"
    );
    enter(&stand, &cookie, "0.93").await;
    for node in nodes {
        // 4.20 × 0.9486 and a quarter is 4.98015.
        comes_to(node, "€4.99", true).await;
    }
    stand.shop.clock.advance(Duration::hours(12));
    supply::refresh(&stand.shop, &|_| {}).await.unwrap();
    for node in nodes {
        comes_to(node, "€5.09", true).await;
    }
    let token = stand.buy(FRANCE, 1).await;
    assert_eq!(stand.order_json(&token).await["total"], "5.09");
    stand.shop.clock.advance(Duration::days(8));
    for node in nodes {
        comes_to(node, "€", false).await;
    }
    stand.drain().await;
    stand.close().await;
}

#[tokio::test]
async fn f47_what_flips_into_the_currency_of_prices_is_not_sold_at_the_same_figure() {
    let (stand, _) = in_euros().await;
    let form = stand.form(FRANCE, 1).await;
    stand.one_flips_to_euros().await;
    assert!(
        !plan_page(&stand.router).await.contains('€'),
        "the wallet is in dollars, so that nobody knows what it would cost"
    );
    assert_eq!(stand.post("/checkout", &form).await.status.as_u16(), 503);
    assert_eq!(stand.count("select count(*) from orders").await, 0);
    stand.end().await;
}
