//! The pages: closed to strangers, complete for staff, and changing only what a role may change.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use simfront::plumbing::bell::Ring;
use simfront::staff::Role;

use crate::stand::Stand;

const SEED: &str = include_str!("seed.sql");
const PAGES: [&str; 11] = [
    "/admin",
    "/admin/orders",
    "/admin/orders/SF-7K3M9QWX",
    "/admin/orders/SF-0000000",
    "/admin/catalog/popular",
    "/admin/markup",
    "/admin/tax",
    "/admin/sync",
    "/admin/wallet",
    "/admin/webhooks",
    "/admin/upstream",
];
const POSTS: [&str; 8] = [
    "/admin/catalog/popular",
    "/admin/markup",
    "/admin/tax",
    "/admin/tax/rates",
    "/admin/sync",
    "/admin/upstream",
    "/admin/wallet",
    "/admin/wallet/findings/1",
];

#[tokio::test]
async fn every_page_is_closed_without_a_session() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let forged = format!("simfront_admin={}", "a".repeat(32));
    let customer = format!("simfront_account={0}; session={0}", "b".repeat(32));
    for cookie in ["", "simfront_admin=", "simfront_admin=' or 1=1", &forged, &customer] {
        for path in PAGES {
            for method in [Method::GET, Method::HEAD] {
                let request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header(header::COOKIE, cookie)
                    .body(Body::empty());
                let answer = stand.ask(request.unwrap()).await;
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
                assert!(answer.header("location").starts_with("/admin/login?next=%2Fadmin"), "{path}");
                assert_eq!(answer.header("cache-control"), "no-store");
                assert!(answer.body.is_empty(), "{path} says nothing");
            }
        }
        for path in POSTS {
            let fields = [("percent", "1"), ("fixed", "0"), ("rounding", "none")];
            let answer = stand.post(path, cookie, &fields).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert!(answer.body.contains("Sign in"));
        }
    }
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    assert_eq!(stand.count("select count(*) from audit_log").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn every_page_opens_for_staff_kept_by_nobody_and_looking_changes_nothing() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    // Before anything was sold or read, and after.
    for seeded in [false, true] {
        if seeded {
            stand.sql(SEED).await;
        }
        for path in PAGES {
            let answer = stand.get(path, &cookie).await;
            let there = match path {
                "/admin/orders/SF-0000000" => StatusCode::NOT_FOUND,
                "/admin/orders/SF-7K3M9QWX" if !seeded => StatusCode::NOT_FOUND,
                _ => StatusCode::OK,
            };
            assert_eq!(answer.status, there, "{path}");
            if there == StatusCode::OK {
                assert_eq!(answer.header("cache-control"), "no-store", "{path}");
                assert!(!answer.body.contains("<script") && !answer.body.contains("style="), "{path}");
                for secret in ["LPA:1$", "SECRET-MATCHING-ID", "8988207000000000042", "RAW-BODY"] {
                    assert!(!answer.body.contains(secret), "{path} shows {secret}");
                }
            }
        }
    }
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    assert_eq!(stand.count("select count(*) from jobs").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn the_overview_says_where_another_currency_came_too_late() {
    let mut stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    for (chosen, told) in [("USD", false), ("EUR", true)] {
        stand.choosing(chosen);
        let body = stand.get("/admin", &cookie).await.body;
        assert_eq!(
            body.contains("CURRENCY came too late</strong>: this shop sells in USD"),
            told,
            "{chosen}"
        );
    }
    stand.end().await;
}

#[tokio::test]
async fn the_overview_counts_what_is_there() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let body = stand.get("/admin", &cookie).await.body;
    for text in [
        r#"<span class="figure">1</span><span class="of">need a person"#,
        r#"<span class="figure">2</span><span class="of">open orders, 1 on hold"#,
        r#"<span class="figure">1</span><span class="of">jobs gave up"#,
        r#"<span class="figure">7</span><span class="of">webhooks refused today"#,
        "22.85 USD",
        // 5.25 + 12.35 for the units that did not fail, less 4.20 as charged and 9.8765 as listed.
        "3.5235 USD",
        "20 %",
        "4 packages, read",
        "112.40 USD",
        "the mail server refused the recipient",
    ] {
        assert!(body.contains(text), "{text} is missing in {body}");
    }
    stand.end().await;
}

#[tokio::test]
async fn orders_are_found_by_state_number_and_customer() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let (delivered, held, unpaid) = ("SF-7K3M9QWX", "SF-4HX2PPRT", "SF-9ZZQ2M4C");
    let table: [(&str, &[&str]); 12] = [
        ("", &[delivered, held, unpaid]),
        ("?status=completed", &[delivered]),
        ("?payment_status=paid", &[held]),
        ("?attention=1", &[held]),
        ("?open=1", &[held, unpaid]),
        ("?paid=today", &[delivered, held]),
        ("?q=sf-7k3m9qwx", &[delivered]),
        ("?q=ADA%40example.com", &[delivered]),
        ("?q=%25", &[]),
        ("?q=nobody%00%0a", &[]),
        ("?status=completed&q=linus", &[]),
        ("?status=nonsense&before=x", &[delivered, held, unpaid]),
    ];
    for (query, expected) in table {
        let body = stand.get(&format!("/admin/orders{query}"), &cookie).await.body;
        for number in [delivered, held, unpaid] {
            let link = format!("/admin/orders/{number}");
            assert_eq!(body.contains(&link), expected.contains(&number), "{query}: {number}");
        }
    }
    stand.end().await;
}

#[tokio::test]
async fn long_lists_go_on_where_they_stopped() {
    let stand = Stand::new().await;
    stand
        .sql(
            "insert into orders (number, token, form_key, form_fingerprint, email, language, status, payment_status, currency,
                                 total_minor, terms_accepted_at, created_at, expires_at)
             select 'SF-' || n, 't' || n, 'k' || n, '', 'a@example.com', 'en', 'awaiting_payment', 'pending', 'EUR', 100, now(), now(), now()
             from generate_series(1000, 1119) n",
        )
        .await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let (mut path, mut seen) = ("/admin/orders?open=1".to_owned(), Vec::new());
    loop {
        let body = stand.get(&path, &cookie).await.body;
        seen.extend(body.split("/admin/orders/SF-").skip(1).map(|rest| rest[..4].to_owned()));
        let Some(next) = body.split(r#"href=""#).find(|part| part.contains(r#"rel="next""#)) else { break };
        path = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    }
    let expected: Vec<_> = (1000..1120).rev().map(|n| n.to_string()).collect();
    assert_eq!(seen, expected);
    stand.end().await;
}

#[tokio::test]
async fn an_order_shows_all_that_happened_to_it() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let answer = stand.get("/admin/orders/sf-7k3m9qwx", &cookie).await;
    for text in [
        "ada@example.com",
        "10.50 USD",
        "France 5 GB - 30 Days",
        "1 failed",
        // Cost and margin of the one unit that did not fail.
        "4.20 USD",
        "1.05 USD",
        "as charged",
        "stored •••• 0042, until 14 Apr 2027",
        "88123",
        "0192f3a0-0000-4000-8000-000000000002",
        "HTTP 422: Package is sold out",
        "310 ms",
        "Refund, Unit 1.2",
        "Your eSIM is ready",
        "order.completed",
        "<strong>Delivered</strong>",
        "upstream order: 88123",
        "/orders/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert!(answer.body.contains(text), "{text} is missing in {}", answer.body);
    }
    assert!(!answer.body.contains("SF-4HX2PPRT"));
    let held = stand.get("/admin/orders/SF-4HX2PPRT", &cookie).await.body;
    assert!(held.contains("Doubt expired") && held.contains("Needs a person"));
    for odd in [
        "/admin/orders/%00",
        "/admin/orders/..%2f..",
        "/admin/orders/SF-7K3M9QWX'",
        "/admin/orders/%F0%9F%98%80",
    ] {
        assert_eq!(stand.get(odd, &cookie).await.status, StatusCode::NOT_FOUND, "{odd}");
    }
    stand.end().await;
}

#[tokio::test]
async fn a_markup_is_published_audited_and_rung_for() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    let mut bell = stand.shop.bell.listen();
    // As a script posts it: without a step, and without what a page would carry along.
    let fields = [("percent", "40"), ("fixed", "0.35"), ("rounding", "99")];
    let saved = stand.post("/admin/markup", &cookie, &fields).await;
    assert_eq!((saved.status, saved.header("location")), (StatusCode::SEE_OTHER, "/admin/markup?saved=1"));
    assert_eq!(bell.recv().await.unwrap(), Ring::Window);
    assert_eq!(
        stand.count("select count(*) from markup_rules where percent = 40 and fixed = 0.35 and rounding = '99' and currency = 'USD' and published_by = 'mia@example.com'").await,
        1
    );
    assert_eq!(
        stand.count("select count(*) from audit_log where actor = 'mia@example.com' and action = 'markup_published' and detail->>'percent' = '40'").await,
        1
    );
    let body = stand.get(saved.header("location"), &cookie).await.body;
    assert!(body.contains("Published.") && body.contains("40 % + 0.35 USD, up to the next .99"), "{body}");
    // 1.35 × 1.40 + 0.35 = 2.24, and the middling local package is the one of 1.35.
    assert!(body.contains("2.99 USD"), "{body}");
    stand.end().await;
}

#[tokio::test]
async fn a_rehearsal_shows_prices_and_changes_none() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    for step in ["rehearse", "something-later"] {
        let fields = [("percent", "100"), ("fixed", "0"), ("rounding", "none"), ("step", step)];
        let shown = stand.post("/admin/markup", &cookie, &fields).await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(shown.body.contains("1.69 USD") && shown.body.contains("2.70 USD"), "{}", shown.body);
        assert!(shown.body.contains("Not published yet"));
    }
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    stand.end().await;
}

/// RELIABILITY F104.
#[tokio::test]
async fn f104_impossible_markups_are_refused_at_their_field_and_kept_as_typed() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("olga@example.com", Role::Owner).await;
    let bad = [
        "",
        " ",
        "-1",
        "-100",
        "−100",
        "-0.01",
        "+5",
        "1e400",
        "1E2",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "1,5",
        "1.234,56",
        "1 000",
        "1_000",
        "1..5",
        "1.2.3",
        ".",
        "0x10",
        "12%",
        "ten",
        "null",
        "1.5e1",
        "25\0",
        "123456789012345",
        "999999999999999999999999999999999999999999",
        "0.123456789012345678901234567890",
        "1.00001",
        "'; drop table orders; --",
        "<b>1</b>",
        "١٢",
        "Ⅻ",
        "½",
    ];
    for typed in bad {
        for (name, fields) in [
            ("percent", [("percent", typed), ("fixed", "0"), ("rounding", "99")]),
            ("fixed", [("percent", "25"), ("fixed", typed), ("rounding", "99")]),
        ] {
            let answer = stand.post("/admin/markup", &cookie, &fields).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {typed:?}");
            assert_eq!(answer.body.matches(r#"class="error""#).count(), 1, "{name} {typed:?}");
            assert!(answer.body.contains(&format!(r#"id="{name}-error""#)), "{name} {typed:?}");
            assert!(answer.body.contains(r#"value="99" selected"#), "the rest is kept");
            assert!(!answer.body.contains("<b>1</b>"));
        }
    }
    for rounding in ["", "98", "NONE", "nearest", "9 9"] {
        let fields = [("percent", "33.5"), ("fixed", "0"), ("rounding", rounding)];
        let answer = stand.post("/admin/markup", &cookie, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{rounding}");
        assert!(
            answer.body.contains(r#"id="rounding-error""#) && answer.body.contains(r#"value="33.5""#),
            "{rounding}"
        );
    }
    assert_eq!(stand.post("/admin/markup", &cookie, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    assert_eq!(stand.count("select count(*) from audit_log where action = 'markup_published'").await, 0);
    stand.end().await;
}

/// RELIABILITY F105.
#[tokio::test]
async fn f105_of_two_who_edit_at_once_the_second_is_told() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let olga = stand.signed_in("olga@example.com", Role::Owner).await;
    let mia = stand.signed_in("mia@example.com", Role::Manager).await;
    let edit =
        |percent: &'static str| [("percent", percent), ("fixed", "0"), ("rounding", "none"), ("seen", "1")];
    let (one, two) = (edit("30"), edit("35"));
    let (first, second) =
        tokio::join!(stand.post("/admin/markup", &olga, &one), stand.post("/admin/markup", &mia, &two));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    let (loser, typed) = if first.status == StatusCode::CONFLICT { (first, "30") } else { (second, "35") };
    assert!(
        loser
            .body
            .contains(&format!(r#"name="percent" inputmode="decimal" autocomplete="off" value="{typed}""#))
    );
    assert!(loser.body.contains(r#"name="seen" value="2""#), "the next try is about the rule now in force");
    assert_eq!(stand.count("select count(*) from markup_rules").await, 2);
    stand.end().await;
}

#[tokio::test]
async fn without_a_currency_there_is_no_rule_to_make() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in("olga@example.com", Role::Owner).await;
    let page = stand.get("/admin/markup", &cookie).await;
    assert!(page.body.contains("The shop has no currency yet"));
    let fields = [("percent", "25"), ("fixed", "0"), ("rounding", "none")];
    assert_eq!(stand.post("/admin/markup", &cookie, &fields).await.status, StatusCode::CONFLICT);
    assert_eq!(stand.count("select count(*) from markup_rules").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn an_old_catalog_is_told_with_its_age_wherever_staff_look() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let pages = async || {
        let (overview, sync) = (stand.get("/admin", &cookie).await, stand.get("/admin/sync", &cookie).await);
        [overview.body, sync.body]
    };
    for page in pages().await {
        assert!(page.contains("The catalog was never read"), "{page}");
    }
    stand.sql(SEED).await;
    let read_at = |age: time::Duration| stand.shop.now() - age;
    let (late, old) = (time::Duration::hours(3), time::Duration::hours(26));
    for (age, said) in [
        (time::Duration::minutes(5), None),
        (late, Some(["The catalog is late", "3 h ago", "until it is 24 h old"])),
        (old, Some(["The catalog is old", "26 h ago", "it may be 24 h old"])),
    ] {
        sqlx::query("update sync_runs set started_at = $1, finished_at = $1 where outcome = 'applied'")
            .bind(read_at(age))
            .execute(&stand.shop.db)
            .await
            .unwrap();
        for page in pages().await {
            match said {
                None => assert!(!page.contains("<strong>The catalog"), "{page}"),
                Some(words) => words.iter().for_each(|word| assert!(page.contains(word), "{word}: {page}")),
            }
        }
    }
    // However many runs failed since, the last good one counts.
    stand
        .sql(
            "insert into sync_runs (started_at, finished_at, outcome, note)
             select '2026-11-22 11:56Z', '2026-11-22 11:57Z', 'failed', 'x' from generate_series(1, 25)",
        )
        .await;
    for page in pages().await {
        assert!(page.contains("26 h ago"), "{page}");
    }
    stand.end().await;
}

#[tokio::test]
async fn what_a_sync_set_aside_is_told_with_its_reason_on_its_own_page_too() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let list = stand.get("/admin/sync", &cookie).await.body;
    assert!(list.contains(r#"<a href="/admin/sync/1#aside">1</a>"#), "{list}");
    let run = stand.get("/admin/sync/1", &cookie).await.body;
    for text in ["Why it is set aside", "Nowhere &#60;b&#62;1 GB", "the cost is negative"] {
        assert!(run.contains(text), "{text}: {run}");
    }
    assert!(!stand.get("/admin/sync/2", &cookie).await.body.contains("Set aside"));
    // The next sync has its own, and each page shows those of its run.
    stand
        .sql(
            "update sync_runs set set_aside = 1 where id = 2;
             insert into packages_set_aside (run_id, package_id, reason) values (2, '78', 'it has no name')",
        )
        .await;
    for (path, shown, hidden) in [
        ("/admin/sync/1", "the cost is negative", "it has no name"),
        ("/admin/sync/2", "it has no name", "the cost is negative"),
        ("/admin/sync", "it has no name", "the cost is negative"),
    ] {
        let page = stand.get(path, &cookie).await.body;
        assert!(page.contains(shown) && !page.contains(hidden), "{path}: {page}");
    }
    // A run that is long past says how many there were.
    stand.sql("delete from packages_set_aside where run_id = 1").await;
    let run = stand.get("/admin/sync/1", &cookie).await.body;
    let gone = "Rows that could not be used: 1. Their reasons are kept for the newest hundred syncs";
    assert!(run.contains(gone), "{run}");
    stand.end().await;
}

#[tokio::test]
async fn syncs_are_listed_to_the_first_and_those_that_changed_something_by_themselves() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    stand
        .sql(
            "insert into sync_runs (started_at, finished_at, outcome)
             select '2026-11-22 11:56Z', '2026-11-22 11:57Z', case when number = 45 then 'applied' else 'unchanged' end
             from generate_series(3, 47) as number",
        )
        .await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let listed = async |query: &str| {
        let page = stand.get(&format!("/admin/sync{query}"), &cookie).await.body;
        let links = page.split("href=\"/admin/sync/").skip(1);
        let mut runs: Vec<u32> =
            links.filter_map(|rest| rest.split(['"', '#']).next()?.parse().ok()).collect();
        runs.dedup();
        let older = page.split("/admin/sync?before=").nth(1).and_then(|rest| rest.split('"').next());
        (runs, older.map(str::to_owned))
    };
    let down = |from: u32, to: u32| (to..=from).rev().collect::<Vec<_>>();
    for newest in ["", "?before=nonsense", "?before="] {
        assert_eq!(listed(newest).await, (down(47, 28), Some("28".to_owned())), "{newest}");
    }
    assert_eq!(listed("?before=28").await, (down(27, 8), Some("8".to_owned())));
    assert_eq!(listed("?before=8").await, (down(7, 1), None));
    assert_eq!(listed("?before=-5").await, (Vec::new(), None));
    let (changed, _) = listed("?changed=1").await;
    assert!(changed.first() == Some(&45) && !changed.contains(&44) && changed.len() < 4, "{changed:?}");
    assert_eq!(listed("?before=45&changed=1").await.0, changed.get(1..).unwrap());
    for nobody in ["/admin/sync/abc", "/admin/sync/999", "/admin/sync/99999999999999999999"] {
        assert_eq!(stand.get(nobody, &cookie).await.status, StatusCode::NOT_FOUND, "{nobody}");
    }
    // All rows are counted by their reasons, beyond those that are kept.
    stand
        .sql(
            "insert into packages_set_aside_reasons (run_id, reason, number)
             values (1, 'the cost is negative', 1), (1, 'it has no name', 4321)",
        )
        .await;
    let run = stand.get("/admin/sync/1", &cookie).await.body;
    assert!(run.contains("4321") && run.contains("it has no name"), "{run}");
    stand.end().await;
}

#[tokio::test]
async fn support_looks_and_changes_nothing() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let fields = [("percent", "0"), ("fixed", "0"), ("rounding", "none")];
    for path in POSTS {
        let answer = stand.post(path, &cookie, &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.body.contains("Not with this role"));
    }
    for path in ["/admin/markup", "/admin/sync", "/admin/wallet"] {
        assert!(
            !stand.get(path, &cookie).await.body.contains(r#"class="button""#),
            "{path} offers no action"
        );
    }
    assert_eq!(stand.count("select count(*) from markup_rules").await, 1);
    assert_eq!(stand.count("select count(*) from jobs where dead_at is null").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn a_sync_is_asked_for_once_however_often_it_is_clicked() {
    let stand = Stand::new().await;
    stand.sql(SEED).await;
    let cookie = stand.signed_in("mia@example.com", Role::Manager).await;
    let mut bell = stand.shop.bell.listen();
    for _ in 0..3 {
        let answer = stand.post("/admin/sync", &cookie, &[]).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, "/admin/sync?queued=1")
        );
    }
    assert_eq!(bell.recv().await.unwrap(), Ring::Jobs);
    assert_eq!(
        stand.count("select count(*) from jobs where kind = 'sync_catalog' and dead_at is null").await,
        1
    );
    assert_eq!(stand.count("select count(*) from audit_log where action = 'sync_requested'").await, 3);
    let body = stand.get("/admin/sync?queued=1", &cookie).await.body;
    for text in ["Asked for.", "It would have withdrawn 3 of 4 packages", "112.40 USD", "3.2 s"] {
        assert!(body.contains(text), "{text} is missing");
    }
    stand.end().await;
}

#[tokio::test]
async fn what_the_upstream_sends_and_does_not_document_is_told_the_newest_first() {
    let stand = Stand::new().await;
    let cookie = stand.signed_in("sam@example.com", Role::Support).await;
    let before = stand.get("/admin/upstream", &cookie).await.body;
    assert!(before.contains("No credentials are set.") && before.contains("every answer so far was as"));
    stand
        .sql(
            "insert into upstream_undocumented (place, field, kind, count, example, first_seen, last_seen)
             values ('package', 'fair_<b>use', 'new_field', 2400, '\"yes\"', '2026-11-01Z', '2026-11-20Z'),
                 ('order', 'status', 'new_value', 1, '\"refunded\"', '2026-11-21Z', '2026-11-21Z')",
        )
        .await;
    let body = stand.get("/admin/upstream", &cookie).await.body;
    let order = body.find("&#34;refunded&#34;").unwrap();
    let package = body.find("fair_&#60;b&#62;use").unwrap();
    assert!(order < package, "the newest is first");
    for text in ["New value", "New field", "2400"] {
        assert!(body.contains(text), "{text} is missing");
    }
    stand.end().await;
}
