//! The three ledgers, matched every cycle: a healthy shop has no finding, and one stray cent is exactly one.

use axum::http::StatusCode;
use rust_decimal::Decimal;
use serde_json::Value;
use simfront::sandbox::{CatalogChange, Fault, Injection, Operation};
use simfront::{crew, window};

use crate::support::browser::owned;
use crate::support::{FRANCE, Stand};

/// A shop that has begun its rounds before anything was bought.
async fn stand() -> Stand {
    let stand = Stand::new().await;
    crew::start_rounds(&stand.shop).await.unwrap();
    stand.drain().await;
    stand
}

/// The open findings: kind and facts.
async fn findings(stand: &Stand) -> Vec<(String, Value)> {
    let statement = "select kind, facts from ledger_findings where closed_at is null order by id";
    sqlx::query_as(statement).fetch_all(&stand.shop.db).await.unwrap()
}

async fn kinds(stand: &Stand) -> Vec<String> {
    findings(stand).await.into_iter().map(|(kind, _)| kind).collect()
}

/// Takes so many cents out of the wallet for nothing.
fn take(stand: &Stand, cents: i64) {
    let left = stand.ledger().balance - Decimal::new(cents, 2);
    stand.sandbox.set_balance(left).unwrap();
}

/// Closes every open finding as the owner.
async fn close_all(stand: &Stand, cookie: &str, reason: &str) {
    let statement = "select id from ledger_findings where closed_at is null";
    let ids: Vec<i64> = sqlx::query_scalar(statement).fetch_all(&stand.shop.db).await.unwrap();
    for id in ids {
        let path = format!("/admin/wallet/findings/{id}");
        let sent = stand.post_with(&path, &[("cookie", cookie)], &owned(&[("reason", reason)])).await;
        assert_eq!(sent.to(), "/admin/wallet?said=closed");
    }
}

#[tokio::test]
async fn i11_a_healthy_shop_matches_whatever_befell_its_orders() {
    let stand = stand().await;
    stand.buy(FRANCE, 2).await;
    stand.sandbox.inject_once(Fault::DroppedAfterCommit);
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    // Accepted and failed later: its debit comes back.
    stand.sandbox.inject_once(Fault::StaysProcessing);
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let failing = stand.ledger().orders.last().unwrap().id;
    stand.sandbox.fail_order(failing).unwrap();
    stand.sandbox.inject(Injection::times(Fault::PackageGone, 1).on(Operation::CreateOrder));
    stand.buy(FRANCE, 1).await;
    let twice = stand.order(FRANCE, 1).await;
    stand.answer(&twice, "twice").await;
    let late = stand.order(FRANCE, 1).await;
    stand.answer(&late, "late").await;
    for _ in 0..40 {
        stand.pass(30).await;
        assert_eq!(findings(&stand).await, [], "not even for a moment");
    }
    assert_eq!(stand.count("select count(*) from ledger_findings").await, 0);
    let paid = stand.ledger().debits().len();
    let kept = "select count(*) from wallet_movements where direction = 'out'";
    assert_eq!(stand.count(kept).await, i64::try_from(paid).unwrap());
    let sums = stand.texts("select sums::text from ledger_matching").await.remove(0);
    let sums: Value = serde_json::from_str(&sums).unwrap();
    assert_eq!(sums["purchases"][0]["count"], sums["debits"][0]["count"]);
    assert_eq!(sums["purchases"][0]["sum"], sums["debits"][0]["sum"]);
    assert_eq!(
        sums["payments"][0]["minor"],
        7 * 525,
        "seven units were paid for, and the second payment does not count"
    );
    assert_eq!(sums["payments"][0]["back_minor"], 2 * 525, "the failed and the refused one");
    let lists = stand.ledger().calls_of(Operation::Orders);
    assert!(lists <= 8, "in twenty minutes the long list was read {lists} times");
    stand.end().await;
}

#[tokio::test]
async fn i11_one_stray_debit_is_one_finding_with_its_sum_and_candidates() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    stand.buy(FRANCE, 2).await;
    stand.pass(300).await;
    assert_eq!(findings(&stand).await, []);
    // Of the amount of a purchase, so that nobody can say which of them is the stray one.
    take(&stand, 420);
    stand.pass(210).await;
    let found = findings(&stand).await;
    assert_eq!(found.len(), 1, "within one cycle, and exactly one: {found:?}");
    let (kind, facts) = &found[0];
    assert_eq!((kind.as_str(), &facts["count"], &facts["sum"]), ("debit_surplus", &1.into(), &"4.2".into()));
    assert_eq!(facts["currency"], "USD");
    let bought: Vec<u64> = stand.ledger().orders.iter().map(|order| order.id).collect();
    let candidates: Vec<u64> = facts["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["upstream_order"].as_u64().unwrap())
        .collect();
    assert!(candidates.len() == 2 && bought.iter().all(|id| candidates.contains(id)), "{candidates:?}");
    let shown = page(&stand, "/admin/wallet", &cookie).await;
    assert!(shown.contains("Debit surplus") && shown.contains("May belong to"), "{shown}");
    assert!(page(&stand, "/admin", &cookie).await.contains("do not match in the ledgers"));
    // A second one counts on in the same finding, and another amount is another finding.
    take(&stand, 420);
    take(&stand, 7);
    stand.pass(210).await;
    let told: Vec<_> = findings(&stand)
        .await
        .into_iter()
        .map(|(_, facts)| (facts["count"].clone(), facts["sum"].clone()))
        .collect();
    assert_eq!(told, [(2.into(), "8.4".into()), (1.into(), "0.07".into())]);
    // A person explains them: they stay explained, and a purchase after that is no finding.
    close_all(&stand, &cookie, "eSIMDual charged a fee").await;
    stand.buy(FRANCE, 1).await;
    stand.pass(900).await;
    assert_eq!(findings(&stand).await, []);
    assert_eq!(
        stand.count("select count(*) from ledger_findings where closed_by = 'owner@example.com'").await,
        2
    );
    assert_eq!(stand.count("select count(*) from audit_log where action = 'ledger_finding_closed'").await, 2);
    // And a further one is told again, alone.
    take(&stand, 420);
    stand.pass(210).await;
    assert_eq!(findings(&stand).await[0].1["count"], 1);
    stand.end().await;
}

async fn page(stand: &Stand, path: &str, cookie: &str) -> String {
    let request = axum::http::Request::get(path).header("cookie", cookie).body(axum::body::Body::empty());
    stand.ask(request.unwrap()).await.body
}

#[tokio::test]
async fn f33_two_upstream_orders_of_one_unit_are_both_named_when_the_list_lagged_beyond_the_settling_time() {
    let stand = stand().await;
    stand.sandbox.inject(Injection::of(Fault::KeyForgotten).with("delay_ms", "0").unwrap());
    stand.sandbox.inject_once(Fault::DroppedAfterCommit);
    stand.sandbox.inject(Injection::times(Fault::OrderOmitted, 100_000).on(Operation::Orders));
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.pass(120).await;
    let ledger = stand.ledger();
    assert_eq!(
        ledger.orders.len(),
        2,
        "nobody can prevent it: the key is forgotten and the list hides the first"
    );
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.pass(210).await;
    let found = findings(&stand).await;
    let (_, facts) =
        found.iter().find(|(kind, _)| kind == "bought_twice").unwrap_or_else(|| panic!("{found:?}"));
    let named: Vec<u64> = facts["upstream_orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["upstream_order"].as_u64().unwrap())
        .collect();
    assert_eq!(named, ledger.orders.iter().map(|order| order.id).collect::<Vec<_>>());
    assert_eq!(facts["unit"], ledger.orders[0].external_order_id.clone().unwrap());
    // Two orders and two debits: once the list tells all, nothing else is odd.
    stand.sandbox.clear_faults();
    stand.pass(700).await;
    assert_eq!(kinds(&stand).await, ["bought_twice"]);
    stand.close().await;
}

#[tokio::test]
async fn f33_while_the_list_still_hides_the_first_order_the_second_debit_is_a_surplus() {
    let stand = stand().await;
    stand.buy(FRANCE, 1).await;
    stand.pass(60).await;
    stand.sandbox.inject(Injection::of(Fault::KeyForgotten).with("delay_ms", "0").unwrap());
    stand.sandbox.inject_once(Fault::DroppedAfterCommit);
    // All that is younger than the shop's first order is hidden, for as long as the test says.
    stand.sandbox.inject(Injection::times(Fault::OrderOmitted, 100_000).on(Operation::Orders));
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let hidden = stand.ledger().orders[1].external_order_id.clone().unwrap();
    stand.sandbox.clear_faults();
    let omitted = Injection::times(Fault::OrderOmitted, 100_000).on(Operation::Orders);
    stand.sandbox.inject(omitted.with("value", &hidden).unwrap());
    stand.sandbox.forget_key(stand.ledger().orders[1].idempotency_key.as_deref().unwrap()).unwrap();
    stand.pass(360).await;
    assert_eq!(stand.ledger().orders.len(), 3);
    let found = findings(&stand).await;
    assert_eq!(kinds(&stand).await, ["debit_surplus"], "{found:?}");
    assert_eq!((&found[0].1["count"], &found[0].1["sum"]), (&1.into(), &"4.2".into()));
    // Once the list tells, the surplus is explained, and the two orders are named.
    stand.sandbox.clear_faults();
    stand.pass(300).await;
    assert_eq!(kinds(&stand).await, ["bought_twice"]);
    stand.close().await;
}

#[tokio::test]
async fn f29_a_cost_above_the_price_paid_stops_the_plan_until_a_person_clears_it() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    stand.sandbox.inject(Injection::of(Fault::DearerDebit).with("amount", "9.90").unwrap());
    let form = stand.form(FRANCE, 1).await;
    stand.buy(FRANCE, 1).await;
    stand.pass(120).await;
    let found = findings(&stand).await;
    assert_eq!(kinds(&stand).await, ["cost_above_price"], "{found:?}");
    assert_eq!((&found[0].1["charged"], &found[0].1["price"]), (&"9.9 USD".into(), &"5.25 USD".into()));
    assert_eq!(stand.post("/checkout", &form).await.status, StatusCode::CONFLICT, "nobody pays for the next");
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    assert_eq!(stand.get("/plans/1120").await.status, StatusCode::GONE);
    // A sync does not bring it back, and neither does time.
    stand.pass(1000).await;
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    assert_eq!(stand.get("/plans/1120").await.status, StatusCode::GONE);
    assert_eq!(kinds(&stand).await, ["cost_above_price"]);
    close_all(&stand, &cookie, "a mistake of eSIMDual, credited").await;
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    assert_eq!(stand.get("/plans/1120").await.status, StatusCode::OK);
    assert_eq!(stand.post("/checkout", &form).await.status, StatusCode::SEE_OTHER);
    stand.pass(300).await;
    assert_eq!(findings(&stand).await, [], "what is cleared stays cleared");
    stand.end().await;
}

#[tokio::test]
async fn f29_a_cost_above_the_list_and_below_the_price_is_told_and_sells_on() {
    let stand = stand().await;
    stand.sandbox.inject(Injection::of(Fault::DearerDebit).with("amount", "4.50").unwrap());
    stand.buy(FRANCE, 1).await;
    stand.pass(120).await;
    assert_eq!(kinds(&stand).await, ["cost_above_quote"]);
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    assert_eq!(stand.get("/plans/1120").await.status, StatusCode::OK);
    stand.end().await;
}

#[tokio::test]
async fn f30_an_order_in_another_currency_stops_the_plan_and_its_debit_is_no_surplus() {
    let stand = stand().await;
    let cookie = stand.owner().await;
    let foreign = Injection::times(Fault::OtherCurrency, 1).with("currency", "EUR");
    stand.sandbox.inject(foreign.unwrap());
    let form = stand.form(FRANCE, 1).await;
    stand.buy(FRANCE, 2).await;
    stand.pass(400).await;
    let found = findings(&stand).await;
    assert_eq!(kinds(&stand).await, ["cost_in_other_currency"], "{found:?}");
    assert_eq!(found[0].1["charged"], "4.2 EUR");
    assert_eq!(stand.post("/checkout", &form).await.status, StatusCode::CONFLICT);
    close_all(&stand, &cookie, "settled with eSIMDual").await;
    assert_eq!(stand.post("/checkout", &form).await.status, StatusCode::SEE_OTHER);
    stand.end().await;
}

#[tokio::test]
async fn a_repriced_package_is_no_finding() {
    let stand = stand().await;
    let id = FRANCE.unsigned_abs();
    let change =
        CatalogChange::Reprice { id, reseller_price: "4.40".parse().unwrap(), price_for_reseller: None };
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    stand.sandbox.change_catalog(change).unwrap();
    stand.refresh().await;
    stand.buy(FRANCE, 1).await;
    stand.pass(400).await;
    assert_eq!(findings(&stand).await, []);
    stand.end().await;
}

#[tokio::test]
async fn a_list_of_the_newest_orders_only_is_no_finding() {
    let stand = stand().await;
    let newest = Injection::times(Fault::OrdersNewestOnly, 100_000).on(Operation::Orders);
    stand.sandbox.inject(newest.with("count", "1").unwrap());
    for _ in 0..3 {
        stand.buy(FRANCE, 1).await;
        stand.pass(60).await;
    }
    stand.pass(1300).await;
    assert!(stand.ledger().calls_of(Operation::Orders) > 2, "it was read");
    assert_eq!(findings(&stand).await, []);
    stand.end().await;
}

#[tokio::test]
async fn an_upstream_that_cannot_be_read_is_no_finding_and_what_happened_meanwhile_is_found() {
    let stand = stand().await;
    stand.buy(FRANCE, 1).await;
    stand.drain().await;
    for operation in [Operation::Wallet, Operation::Orders] {
        stand.sandbox.inject(Injection::times(Fault::BadGateway, 100_000).on(operation));
    }
    stand.buy(FRANCE, 1).await;
    stand.pass(900).await;
    assert_eq!(findings(&stand).await, []);
    take(&stand, 5);
    stand.sandbox.clear_faults();
    stand.pass(300).await;
    assert_eq!(kinds(&stand).await, ["debit_surplus"]);
    stand.end().await;
}

#[tokio::test]
async fn f42_an_order_that_the_list_does_not_have_any_more_is_told_until_it_is_there_again() {
    let stand = stand().await;
    stand.buy(FRANCE, 2).await;
    stand.pass(120).await;
    let name = stand.ledger().orders[1].external_order_id.clone().unwrap();
    let omitted = Injection::times(Fault::OrderOmitted, 100_000).on(Operation::Orders);
    stand.sandbox.inject(omitted.with("value", &name).unwrap());
    stand.pass(700).await;
    let found = findings(&stand).await;
    assert_eq!(kinds(&stand).await, ["order_vanished"], "{found:?}");
    assert_eq!(found[0].1["unit"], name);
    stand.sandbox.clear_faults();
    stand.pass(700).await;
    assert_eq!(findings(&stand).await, []);
    assert_eq!(stand.count("select count(*) from ledger_findings where closed_by = 'shop'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn money_that_does_not_add_up_is_told_until_it_does() {
    let stand = stand().await;
    stand.buy(FRANCE, 1).await;
    stand.sandbox.inject(Injection::times(Fault::PackageGone, 1).on(Operation::CreateOrder));
    stand.buy(FRANCE, 1).await;
    stand.pass(120).await;
    assert_eq!(findings(&stand).await, []);
    let breaks = [
        (
            "payment_mismatch",
            "update payments set amount_minor = 526 where refunded_minor = 0",
            "update payments set amount_minor = 525 where amount_minor = 526",
        ),
        (
            "refund_mismatch",
            "update payments set refunded_minor = 524 where refunded_minor = 525",
            "update payments set refunded_minor = 525 where refunded_minor = 524",
        ),
        (
            "failed_without_refund",
            "create table kept as select * from refunds; update refunds set unit_id = null",
            "update refunds r set unit_id = k.unit_id from kept k where k.id = r.id",
        ),
        (
            "refunded_without_failure",
            "update refunds set unit_id = (select id from units where status = 'completed')",
            "update refunds r set unit_id = k.unit_id from kept k where k.id = r.id",
        ),
        (
            "bought_and_refunded",
            "update upstream_orders set status = 'completed'; update units set status = 'failed', failure = 'refused', esim_id = null where status = 'completed'",
            "update units u set status = 'completed', failure = null, esim_id = (select max(id) from esims) where upstream_order_id is not null",
        ),
        (
            "order_without_unit",
            "insert into upstream_orders (id, external_order_id, first_seen_at, created_at) select max(id) + 1, 'SF-ZZZZZZZZ-1-1', min(first_seen_at) + interval '1 second', now() from upstream_orders",
            "delete from upstream_orders where external_order_id = 'SF-ZZZZZZZZ-1-1'",
        ),
    ];
    for (kind, breaks, mends) in breaks {
        stand.sql(breaks).await;
        stand.pass(300).await;
        assert!(kinds(&stand).await.contains(&kind.to_owned()), "{kind}: {:?}", findings(&stand).await);
        stand.sql(mends).await;
        stand.pass(120).await;
        assert_eq!(findings(&stand).await, [], "{kind}");
    }
    stand.end().await;
}
