//! The wallet's page: what is left for how long, what does not match, and who may close it.

use axum::http::StatusCode;
use simfront::plumbing::bell::Ring;
use simfront::staff::Role;

use crate::stand::Stand;

const SEED: &str = include_str!("seed.sql");
/// A unit of which the list says that it was not bought; a purchase, what moved the wallet, and two things that do not
/// match.
const BOOKS: &str = "
update attempts set settled = 'absent' where outcome = 'doubt';
insert into upstream_orders (id, external_order_id, price, currency, status, created_at, first_seen_at)
values (88123, 'SF-7K3M9QWX-1-1', 4.2, 'USD', 'completed', '2026-11-22 10:02Z', '2026-11-22 10:02Z');
insert into wallet_movements (key, upstream_id, direction, kind, amount, currency, post_balance, reference, description, happened_at, first_seen_at)
values ('id:501', 501, 'out', 'debit', 4.2, 'USD', 116.6, 'ABCD12345678', 'eSIM order <b>payment</b>', '2026-11-22 10:02Z', '2026-11-22 10:03Z'),
       ('id:502', 502, 'out', 'debit', 4.2, 'USD', 112.4, null, 'a fee', '2026-11-22 11:00Z', '2026-11-22 11:01Z'),
       ('row:x:0', null, 'other', 'chargeback', null, 'USD', null, null, null, null, '2026-11-22 11:01Z');
insert into package_stops (package_id, reason, stopped_at) values (1120, 'cost_above_price', '2026-11-22 10:05Z');
insert into ledger_findings (kind, key, facts, reaches_back_to, package_id, first_seen_at, last_seen_at)
values ('debit_surplus', '4.2 USD', '{\"count\": 1, \"sum\": \"4.2\", \"currency\": \"USD\", \"movements\": [\"id:502\"], \"candidates\": [{\"upstream_order\": 88123, \"unit\": \"SF-7K3M9QWX-1-1\"}]}', '2026-11-22 11:00Z', null, '2026-11-22 11:03Z', '2026-11-22 11:59Z'),
       ('cost_above_price', 'SF-7K3M9QWX-1-1', '{\"order\": \"SF-7K3M9QWX\", \"unit\": \"SF-7K3M9QWX-1-1\", \"package\": 1120, \"charged\": \"9.9 USD\"}', null, 1120, '2026-11-22 10:05Z', '2026-11-22 11:59Z');
insert into ledger_matching (matched_at, sums, units_seen_until, wallet_low)
values ('2026-11-22 11:59Z', '{\"payments\": [{\"currency\": \"USD\", \"count\": 2, \"minor\": 2285, \"back_minor\": 525}], \"purchases\": [{\"currency\": \"USD\", \"count\": 1, \"sum\": \"4.2\"}], \"others\": 3, \"debits\": [{\"currency\": \"USD\", \"count\": 2, \"sum\": \"8.4\"}]}', '2026-11-22 11:59Z', false);";

async fn stand() -> Stand {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    stand.sql(BOOKS).await;
    stand
}

#[tokio::test]
async fn the_wallet_shows_what_is_left_for_how_long_and_what_does_not_match() {
    let stand = stand().await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let body = stand.get("/admin/wallet", &cookie).await.body;
    for text in [
        "<strong>112.40 USD</strong>, read",
        // The one paid unit that is not bought yet, at its listed cost.
        "9.8765 USD",
        "102.5235 USD",
        "24.4 <span",
        "at 4.20 USD a day",
        "Debit surplus",
        "Money left the wallet for no purchase",
        "Movement: id:502",
        "May belong to: unit: SF-7K3M9QWX-1-1, upstream order: 88123",
        "We lost money",
        "Package 1120 is not sold",
        r#"<a href="/admin/orders/SF-7K3M9QWX">SF-7K3M9QWX</a>"#,
        "22.85 USD, 5.25 USD of it given back",
        "Orders at eSIMDual that are not from this shop",
        "8.40 USD",
        "eSIM order &#60;b&#62;payment&#60;/b&#62;, ABCD12345678",
        "chargeback",
        "116.60 USD",
    ] {
        assert!(body.contains(text), "{text} is missing in {body}");
    }
    stand.sql("update attempts set settled = null where outcome = 'doubt'").await;
    let doubted = stand.get("/admin/wallet", &cookie).await.body;
    assert!(!doubted.contains("102.5235 USD"), "what may have been bought before is not reserved: {doubted}");
    assert!(!body.contains(r#"action="/admin/wallet"#), "support looks and changes nothing");
    let overview = stand.get("/admin", &cookie).await.body;
    assert!(
        overview.contains(r#"<span class="figure">2</span><span class="of">do not match in the ledgers"#)
    );
    stand.end().await;
}

#[tokio::test]
async fn a_finding_is_closed_once_with_a_reason_that_is_kept() {
    let stand = stand().await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    let mut bell = stand.shop.bell.listen();
    for reason in ["", "   ", "\u{0}\n"] {
        let refused = stand.post("/admin/wallet/findings/2", &cookie, &[("reason", reason)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("say why") && refused.body.contains("We lost money"));
    }
    let because = "credited by eSIMDual, ticket <7>";
    let closed = stand.post("/admin/wallet/findings/2", &cookie, &[("reason", because)]).await;
    assert_eq!(
        (closed.status, closed.header("location")),
        (StatusCode::SEE_OTHER, "/admin/wallet?said=closed")
    );
    assert_eq!(bell.recv().await.unwrap(), Ring::Window, "the plan is sold again");
    assert_eq!(
        stand.count("select count(*) from package_stops where lifted_by = 'mia@example.com'").await,
        1
    );
    let kept =
        "select count(*) from audit_log where actor = 'mia@example.com' and action = 'ledger_finding_closed'
                  and detail->>'because' = 'credited by eSIMDual, ticket <7>' and detail->>'finding' = '2'";
    assert_eq!(stand.count(kept).await, 1);
    let again = stand.post("/admin/wallet/findings/2", &cookie, &[("reason", because)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let body = stand.get("/admin/wallet?said=closed", &cookie).await.body;
    assert!(body.contains("ticket &#60;7&#62;") && body.contains("mia@example.com"), "{body}");
    assert!(!body.contains("We lost money") && body.contains("Debit surplus"));
    let forms = body.matches(r#"action="/admin/wallet/findings/"#).count();
    assert_eq!(forms, 1, "{body}");
    stand.end().await;
}

#[tokio::test]
async fn a_low_or_empty_or_unknown_wallet_says_so() {
    let stand = stand().await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let table = [
        ("update wallet_reading set balance = 22.4", "The wallet is low", true),
        ("update wallet_reading set balance = 9.8765", "Nothing is left for new sales.", true),
        // In this shop readings are missed after twenty times two hours.
        ("update wallet_reading set read_at = '2026-11-20 19:59Z'", "nobody knows what it holds", false),
    ];
    for (change, sentence, alarm) in table {
        stand.sql(change).await;
        let body = stand.get("/admin/wallet", &cookie).await.body;
        assert!(body.contains(sentence), "{sentence} is missing in {body}");
        assert_eq!(
            stand.get("/admin", &cookie).await.body.contains("<strong>The wallet is"),
            alarm,
            "{change}"
        );
    }
    stand.end().await;
}
