//! What staff say of packages and of syncs that were held, and what is remembered of both.

use simfront::sandbox::{CatalogChange, NewPackage};
use simfront::{supply, window};

use crate::support::browser::{Answer, owned};
use crate::support::{FRANCE, Stand};

async fn page(stand: &Stand, cookie: &str, path: &str) -> String {
    let request = axum::http::Request::get(path).header("cookie", cookie);
    let answer = stand.ask(request.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.body);
    answer.body
}

async fn post(stand: &Stand, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    stand.post_with(path, &[("cookie", cookie)], &owned(fields)).await
}

async fn shown(stand: &Stand, path: &str) -> Answer {
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    stand.get(path).await
}

fn change(stand: &Stand, change: CatalogChange) {
    stand.sandbox.change_catalog(change).unwrap();
}

async fn last_run(stand: &Stand) -> (i64, String) {
    sqlx::query_as("select id, outcome from sync_runs order by id desc limit 1")
        .fetch_one(&stand.shop.db)
        .await
        .unwrap()
}

const ON_SALE: &str = "select count(*) from packages where withdrawn_at is null";
const WAITING: &str = "select count(*) from sync_plans where state = 'waiting'";
const KEPT: &str =
    "select (select count(*) from sync_plan_packages) + (select count(*) from sync_plan_places)";

#[tokio::test]
async fn a_held_sync_waits_once_and_accepting_it_carries_out_that_very_plan() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    change(&stand, CatalogChange::WithdrawPercent { percent: 50, seed: Some(1) });
    change(
        &stand,
        CatalogChange::Reprice {
            id: FRANCE.unsigned_abs(),
            reseller_price: "4.40".parse().unwrap(),
            price_for_reseller: None,
        },
    );
    change(&stand, CatalogChange::Restore { id: FRANCE.unsigned_abs() });
    stand.refresh().await;
    let (run, outcome) = last_run(&stand).await;
    assert_eq!((outcome.as_str(), stand.count(ON_SALE).await, stand.count(WAITING).await), ("held", 120, 1));
    assert!(stand.count(KEPT).await > 0);
    stand.refresh().await;
    assert_eq!(stand.count(WAITING).await, 1, "the same plan waits once");
    assert!(page(&stand, &cookie, "/admin/sync").await.contains(&format!("/admin/sync/{run}")));
    let differences = page(&stand, &cookie, &format!("/admin/sync/{run}")).await;
    for text in
        ["Accept: change the catalog like this", "Repriced", "4.20 USD", "4.40 USD", "+4.8 %", "Withdrawn"]
    {
        assert!(differences.contains(text), "{text}: {differences}");
    }
    assert!(shown(&stand, &format!("/plans/{FRANCE}")).await.body.contains("$5.25"), "sold as it was");

    stand.shop.clock.advance(time::Duration::minutes(1));
    let accepted = post(&stand, &cookie, &format!("/admin/sync/{run}"), &[("decision", "accept")]).await;
    assert_eq!(accepted.to(), format!("/admin/sync/{run}"));
    assert!(stand.count(ON_SALE).await < 80, "{}", stand.count(ON_SALE).await);
    assert!(shown(&stand, &format!("/plans/{FRANCE}")).await.body.contains("$5.50"));
    assert_eq!(stand.count(KEPT).await, 0);
    assert_eq!(stand.count("select count(*) from audit_log where action = 'sync_accepted'").await, 1);
    let noted =
        "select count(*) from price_history where package_id = 1120 and cost = 4.4 and price_minor = 550";
    assert_eq!(stand.count(noted).await, 1, "costs and prices are noted with the decision");
    let decided = page(&stand, &cookie, &format!("/admin/sync/{run}")).await;
    assert!(decided.contains("Accepted by owner@example.com"), "{decided}");
    assert!(!decided.contains("waits for you"), "{decided}");
    stand.refresh().await;
    assert_eq!(last_run(&stand).await.1, "unchanged", "the plan left nothing to be done");
    let again = post(&stand, &cookie, &format!("/admin/sync/{run}"), &[("decision", "accept")]).await;
    assert_eq!(again.status.as_u16(), 409);
    assert!(again.body.contains("no plan of that run waits any more"), "{}", again.body);
    stand.end().await;
}

#[tokio::test]
async fn a_dropped_plan_asks_no_more_and_one_of_another_catalog_is_refused() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    change(&stand, CatalogChange::WithdrawPercent { percent: 50, seed: Some(1) });
    stand.refresh().await;
    let (run, _) = last_run(&stand).await;
    let dropped = post(&stand, &cookie, &format!("/admin/sync/{run}"), &[("decision", "drop")]).await;
    assert_eq!(dropped.status.as_u16(), 303);
    stand.refresh().await;
    assert_eq!((last_run(&stand).await.1.as_str(), stand.count(WAITING).await), ("held", 0));
    let note = stand.texts("select note from sync_runs order by id desc limit 1").await;
    assert!(note[0].contains("was dropped by owner@example.com"), "{note:?}");

    // Another plan waits; then the catalog becomes another one behind its back.
    change(&stand, CatalogChange::WithdrawPercent { percent: 60, seed: Some(2) });
    stand.refresh().await;
    let (run, _) = last_run(&stand).await;
    assert_eq!(stand.count(WAITING).await, 1);
    stand
        .sql("insert into sync_runs (started_at, finished_at, outcome) values (now(), now(), 'applied')")
        .await;
    let late = post(&stand, &cookie, &format!("/admin/sync/{run}"), &[("decision", "accept")]).await;
    assert_eq!(late.status.as_u16(), 409);
    assert!(late.body.contains("the catalog has changed since the plan was made"), "{}", late.body);
    assert_eq!(stand.count(ON_SALE).await, 120);

    // The upstream mends itself: what waits is about nothing any more.
    change(&stand, CatalogChange::RestoreAll);
    stand.refresh().await;
    assert_eq!((last_run(&stand).await.1.as_str(), stand.count(WAITING).await), ("unchanged", 0));
    assert_eq!(stand.count(KEPT).await, 0);
    stand.end().await;
}

#[tokio::test]
async fn a_dropped_plan_is_accepted_after_all_while_the_upstream_stands_by_it() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let half = || CatalogChange::WithdrawPercent { percent: 50, seed: Some(1) };
    let accept = async |run: i64| {
        post(&stand, &cookie, &format!("/admin/sync/{run}"), &[("decision", "accept")]).await
    };
    let line = "still lists what owner@example.com dropped";
    change(&stand, half());
    stand.refresh().await;
    let (first, _) = last_run(&stand).await;
    assert!(page(&stand, &cookie, &format!("/admin/sync/{first}")).await.contains("waits for you"));
    post(&stand, &cookie, &format!("/admin/sync/{first}"), &[("decision", "drop")]).await.to();
    stand.refresh().await;
    let (second, outcome) = last_run(&stand).await;
    assert_eq!((outcome.as_str(), second > first), ("held", true));
    for run in [first, second] {
        let run = page(&stand, &cookie, &format!("/admin/sync/{run}")).await;
        for text in ["Accept after all", "Dropped by owner@example.com"] {
            assert!(run.contains(text) && !run.contains("waits for you"), "{text}: {run}");
        }
    }
    for path in ["/admin", "/admin/sync"] {
        let told = page(&stand, &cookie, path).await;
        assert!(told.contains(line) && told.contains(&format!("/admin/sync/{second}")), "{told}");
    }

    // Something else is listed meanwhile, and waits; what was dropped is about nothing then.
    change(&stand, CatalogChange::WithdrawPercent { percent: 60, seed: Some(2) });
    stand.refresh().await;
    assert_eq!(stand.count(WAITING).await, 1);
    assert!(!page(&stand, &cookie, "/admin").await.contains(line));
    assert!(!page(&stand, &cookie, &format!("/admin/sync/{second}")).await.contains("Accept after all"));
    let late = accept(second).await;
    assert_eq!(late.status.as_u16(), 409);
    assert!(late.body.contains("eSIMDual lists something else since"), "{}", late.body);
    assert_eq!(stand.count(ON_SALE).await, 120);

    // The first list comes again: nothing waits, and what was dropped is there to be accepted, whole.
    change(&stand, CatalogChange::RestoreAll);
    change(&stand, half());
    stand.refresh().await;
    let (third, _) = last_run(&stand).await;
    assert_eq!((stand.count(WAITING).await, stand.count(KEPT).await > 0), (0, true));
    assert_eq!(accept(third).await.to(), format!("/admin/sync/{third}"));
    assert_eq!(last_run(&stand).await, (third, "applied".to_owned()));
    assert!(stand.count(ON_SALE).await < 80, "{}", stand.count(ON_SALE).await);
    assert_eq!(stand.count(KEPT).await, 0);
    assert_eq!(stand.count("select count(*) from audit_log where action = 'sync_accepted'").await, 1);
    assert!(!page(&stand, &cookie, "/admin").await.contains(line));
    for run in [first, third] {
        assert_eq!(accept(run).await.status.as_u16(), 409);
    }
    stand.refresh().await;
    assert_eq!(last_run(&stand).await.1, "unchanged", "the plan left nothing to be done");
    stand.end().await;
}

#[tokio::test]
async fn costs_that_leap_wait_for_a_person_too() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    change(&stand, CatalogChange::RepriceAll { percent: 250.into(), seed: None });
    stand.refresh().await;
    let (run, outcome) = last_run(&stand).await;
    assert_eq!(outcome, "held");
    let note = stand.texts("select note from sync_runs order by id desc limit 1").await;
    assert!(note[0].contains("more than 3 times") && note[0].contains("SYNC_MAX_LEAP_PERCENT"), "{note:?}");
    post(&stand, &cookie, &format!("/admin/sync/{run}"), &[("decision", "accept")]).await.to();
    // 4.20 is 14.70 by now, and a quarter more.
    assert!(shown(&stand, &format!("/plans/{FRANCE}")).await.body.contains("$18.38"));
    stand.end().await;
}

#[tokio::test]
async fn what_the_shop_says_of_a_package_survives_every_sync() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let path = format!("/admin/catalog/{FRANCE}");
    let said = [("name", "Paris & beyond"), ("featured", "1"), ("note", "asked for by mail"), ("seen", "0")];
    post(&stand, &cookie, &path, &said).await.to();
    let stale = post(&stand, &cookie, &path, &[("name", "Other"), ("seen", "0")]).await;
    assert_eq!(stale.status.as_u16(), 409, "made from what is not there any more");
    assert!(stale.body.contains("somebody else changed this package"), "{}", stale.body);
    change(
        &stand,
        CatalogChange::Reprice {
            id: FRANCE.unsigned_abs(),
            reseller_price: "4.40".parse().unwrap(),
            price_for_reseller: None,
        },
    );
    stand.refresh().await;
    let plan = shown(&stand, &format!("/plans/{FRANCE}")).await.body;
    assert!(plan.contains("Paris &#38; beyond") && plan.contains("$5.50"), "{plan}");
    let country = stand.get("/destinations/france").await.body;
    let first = country.split("/plans/").nth(1).unwrap();
    assert!(first.starts_with(&FRANCE.to_string()), "it comes first: {country}");
    let token = stand.buy(FRANCE, 1).await;
    assert_eq!(stand.order_json(&token).await["lines"][0]["name"], "Paris & beyond");
    let list = page(&stand, &cookie, "/admin/catalog?state=featured").await;
    assert!(list.contains("Paris &#38; beyond") && list.contains("the whole shop"), "{list}");
    assert!(page(&stand, &cookie, &path).await.contains("asked for by mail"));

    post(&stand, &cookie, &path, &[("hidden", "1"), ("seen", "1")]).await.to();
    stand.refresh().await;
    assert_eq!(shown(&stand, &format!("/plans/{FRANCE}")).await.status.as_u16(), 410);
    assert_eq!(stand.get(&format!("/checkout?package_id={FRANCE}")).await.status.as_u16(), 410);
    post(&stand, &cookie, &path, &[("seen", "2")]).await.to();
    assert_eq!(shown(&stand, &format!("/plans/{FRANCE}")).await.status.as_u16(), 200);
    assert_eq!(stand.count("select count(*) from audit_log where action = 'package_changed'").await, 3);
    stand.drain().await;
    stand.end().await;
}

#[tokio::test]
async fn nothing_that_somebody_said_of_a_package_is_overwritten_unseen() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let path = format!("/admin/catalog/{FRANCE}");
    let named = async |name: &str| {
        let [stored] = &stand.texts("select name from package_overrides").await[..] else {
            panic!("one row")
        };
        assert_eq!(stored, name);
    };
    for odd in ["999", "-1", "x", "9223372036854775807", "9223372036854775808"] {
        let refused = post(&stand, &cookie, &path, &[("name", "Odd"), ("seen", odd)]).await;
        assert_eq!(refused.status.as_u16(), 409, "{odd}");
    }
    assert_eq!(stand.count("select count(*) from package_overrides").await, 0);
    // A script compares nothing, whether or not it is the first.
    post(&stand, &cookie, &path, &[("name", "By script")]).await.to();
    let open_before = post(&stand, &cookie, &path, &[("name", "By an old form"), ("seen", "0")]).await;
    assert_eq!(open_before.status.as_u16(), 409);
    named("By script").await;
    post(&stand, &cookie, &path, &[("name", "By script again")]).await.to();
    named("By script again").await;
    post(&stand, &cookie, &path, &[("name", "By a form"), ("seen", "2")]).await.to();
    named("By a form").await;
    stand.drain().await;
    stand.end().await;
}

#[tokio::test]
async fn new_packages_are_held_where_the_shop_says_so_until_somebody_releases_them() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    post(&stand, &cookie, "/admin/catalog", &[("new_packages", "hold")]).await.to();
    let new = |id| CatalogChange::Add {
        package: NewPackage {
            id: Some(id),
            name: None,
            country_code: "fr".to_owned(),
            gigabytes: 7,
            days: 7,
            reseller_price: "2.00".parse().unwrap(),
        },
    };
    change(&stand, new(900_001));
    change(&stand, new(900_002));
    stand.refresh().await;
    for id in [900_001, 900_002] {
        let answer = stand.get(&format!("/plans/{id}")).await;
        assert_eq!(answer.status.as_u16(), 404, "nobody has ever seen it");
        assert_eq!(stand.get(&format!("/checkout?package_id={id}")).await.status.as_u16(), 404);
    }
    assert!(page(&stand, &cookie, "/admin/catalog").await.contains("2 new ones are held"));
    let one = post(&stand, &cookie, "/admin/catalog/900001", &[("change", "release")]).await;
    assert_eq!(one.to(), "/admin/catalog/900001?saved=1");
    assert!(shown(&stand, "/plans/900001").await.body.contains("$2.50"));
    assert_eq!(stand.get("/plans/900002").await.status.as_u16(), 404);
    post(&stand, &cookie, "/admin/catalog", &[("release", "all")]).await.to();
    assert_eq!(shown(&stand, "/plans/900002").await.status.as_u16(), 200);
    post(&stand, &cookie, "/admin/catalog", &[("new_packages", "sell")]).await.to();
    change(&stand, new(900_003));
    stand.refresh().await;
    assert_eq!(stand.get("/plans/900003").await.status.as_u16(), 200);
    stand.end().await;
}

#[tokio::test]
async fn costs_and_prices_are_remembered_where_they_change() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let noted = "select cost::text || ' ' || price_minor::text from price_history where package_id = 1120 order by noted_at";
    let minute = time::Duration::minutes(1);
    assert_eq!(stand.texts(noted).await, ["4.2 525"]);
    stand.shop.clock.advance(minute);
    supply::refresh(&stand.shop, &|_| {}).await.unwrap();
    assert_eq!(stand.texts(noted).await, ["4.2 525"], "nothing changed");
    stand.shop.clock.advance(minute);
    let fields = [("percent", "50"), ("fixed", "0"), ("rounding", "none")];
    post(&stand, &cookie, "/admin/markup", &fields).await.to();
    stand.shop.clock.advance(minute);
    change(
        &stand,
        CatalogChange::Reprice {
            id: FRANCE.unsigned_abs(),
            reseller_price: "4.40".parse().unwrap(),
            price_for_reseller: None,
        },
    );
    stand.refresh().await;
    assert_eq!(stand.texts(noted).await, ["4.2 525", "4.2 630", "4.4 660"]);
    let history = page(&stand, &cookie, &format!("/admin/catalog/{FRANCE}")).await;
    for text in ["5.25 USD", "6.30 USD", "6.60 USD", "4.40 USD"] {
        assert!(history.contains(text), "{text}: {history}");
    }
    stand.end().await;
}

#[tokio::test]
async fn the_list_of_packages_is_searched_narrowed_and_paged() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let mut seen = Vec::new();
    let mut path = "/admin/catalog".to_owned();
    for _ in 0..4 {
        let body = page(&stand, &cookie, &path).await;
        let ids = body.split(r#"<td class="id"><a href="/admin/catalog/"#).skip(1);
        seen.extend(ids.map(|rest| rest.split('"').next().unwrap().parse::<i64>().unwrap()));
        let Some(next) = body.split("<a href=\"/admin/catalog?").find(|rest| rest.contains(r#"rel="next""#))
        else {
            break;
        };
        path = format!("/admin/catalog?{}", next.split('"').next().unwrap().replace("&#38;", "&"));
    }
    assert_eq!(seen.len(), 120);
    assert!(seen.is_sorted_by(|a, b| a < b), "each once");
    for (query, there) in [
        ("q=1120", true),
        ("q=france+5", true),
        ("q=%00%27%3B--", false),
        ("country=fr", true),
        ("country=it&coverage=local", false),
        ("q=1120&coverage=local", true),
        ("q=1120&coverage=nonsense", true),
        ("state=hidden", false),
        ("after=1120", false),
    ] {
        let body = page(&stand, &cookie, &format!("/admin/catalog?{query}")).await;
        assert_eq!(body.contains(r#"href="/admin/catalog/1120""#), there, "{query}");
    }
    stand.end().await;
}
