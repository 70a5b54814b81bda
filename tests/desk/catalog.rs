//! Syncs into a real database: of the sandbox's catalog, and of poisoned ones.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use simfront::catalog::{self, Contents, Coverage, Data, Outcome, SetAside, Summary, SyncError};
use simfront::esimdual::Client;
use simfront::sandbox::{self, CatalogChange};
use sqlx::PgPool;

use crate::support::{BRAKE, Database, Fake, client, clock, login, reply, token};

async fn sync(db: &PgPool, upstream: &Client) -> Summary {
    catalog::sync(db, upstream, &clock(), BRAKE, &|_| {}).await.unwrap()
}

async fn read(db: &PgPool) -> Contents {
    catalog::read_on_sale(&mut db.acquire().await.unwrap()).await.unwrap()
}

/// A number that grows whenever a row of the catalog is written.
async fn writes(db: &PgPool) -> i64 {
    let written = "select coalesce(sum(xmin::text::bigint), 0)::bigint from (
        select xmin from packages union all select xmin from package_countries
        union all select xmin from countries union all select xmin from regions) as rows";
    sqlx::query_scalar(written).fetch_one(db).await.unwrap()
}

#[tokio::test]
async fn the_sandboxs_whole_catalog_and_what_changes_in_it() {
    let db = Database::new().await;
    let upstream = sandbox::start(sandbox::Settings { packages: 2_400, ..sandbox::Settings::for_tests() })
        .await
        .unwrap();
    let client = client(&upstream.base_url(), login(), db.pool.clone(), &clock());
    let started = Instant::now();
    let first = sync(&db.pool, &client).await;
    eprintln!("2,400 packages were synced in {:?}", started.elapsed());
    assert_eq!((first.outcome, first.counts.added, first.counts.set_aside), (Outcome::Applied, 2_400, 0));
    let started = Instant::now();
    let contents = read(&db.pool).await;
    eprintln!("and read in {:?}", started.elapsed());
    assert_eq!((contents.packages.len(), contents.version), (2_400, first.run));
    assert_eq!(contents.synced_at, Some(clock().now()));
    let documented = contents.packages.iter().find(|package| package.id == 1120).unwrap();
    assert_eq!((documented.name.as_str(), documented.coverage), ("France 5 GB - 30 Days", Coverage::Local));
    assert_eq!((documented.data, documented.validity_days), (Data::Bytes(5_368_709_120), Some(30)));
    assert_eq!((documented.cost.amount.to_string().as_str(), documented.countries.len()), ("4.2", 1));
    assert!(contents.countries.iter().any(|country| country.slug == "france" && country.code == "fr"));
    assert!(contents.packages.iter().any(|package| package.coverage == Coverage::Global));
    assert!(contents.packages.iter().any(|package| package.data == Data::Unlimited));

    let before = writes(&db.pool).await;
    let second = sync(&db.pool, &client).await;
    assert_eq!((second.outcome, second.counts.added, second.counts.packages), (Outcome::Unchanged, 0, 2_400));
    assert_eq!(writes(&db.pool).await, before, "an unchanged catalog costs no write");
    assert_eq!(read(&db.pool).await.version, first.run);

    let price = Decimal::new(77_777, 4);
    let reprice = CatalogChange::Reprice { id: 1120, reseller_price: price, price_for_reseller: None };
    upstream.change_catalog(reprice).unwrap();
    upstream.change_catalog(CatalogChange::Withdraw { id: 1001 }).unwrap();
    let third = sync(&db.pool, &client).await;
    assert_eq!((third.outcome, third.counts.repriced, third.counts.withdrawn), (Outcome::Applied, 1, 1));
    let mut connection = db.pool.acquire().await.unwrap();
    let repriced = catalog::package_for_sale(&mut connection, 1120).await.unwrap().unwrap();
    assert_eq!(repriced.cost.amount, price);
    assert_eq!(catalog::package_for_sale(&mut connection, 1001).await.unwrap(), None);
    assert_eq!(read(&db.pool).await.withdrawn, [1001]);

    upstream.change_catalog(CatalogChange::Restore { id: 1001 }).unwrap();
    let fourth = sync(&db.pool, &client).await;
    assert_eq!((fourth.outcome, fourth.counts.returned), (Outcome::Applied, 1));
    assert_eq!(catalog::version(&mut connection).await.unwrap(), fourth.run);
    assert!(read(&db.pool).await.withdrawn.is_empty());
    let runs = catalog::last_runs(&mut connection, 3).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [fourth.run, third.run, second.run]);
    drop(connection);
    upstream.stop().await;
    db.drop().await;
}

fn row(id: i64) -> Value {
    json!({
        "id": id, "name": format!("France {id}"), "slug": "france", "package_type": "DATA", "data_quantity": 5,
        "data_unit": "GB", "data_volume": 5_368_709_120_i64, "voice_quantity": 0, "sms_quantity": 0,
        "package_validity": 30, "package_validity_unit": "Day", "network_speed": "5G", "reloadable": true,
        "area_coverage": "Local", "region": {"id": 4, "name": "Europe", "slug": "europe"},
        "countries": [{"id": 75, "name": "France", "code": "fr", "slug": "france"}],
        "pricing": {"reseller_price": 4.2, "currency": "USD"}, "price_for_reseller": 4.2, "currency": "USD",
    })
}

/// A fake that lists whatever it was given last.
async fn listing(rows: Vec<Value>) -> (Fake, Arc<Mutex<Vec<Value>>>) {
    let shelf = Arc::new(Mutex::new(rows));
    let shown = shelf.clone();
    let fake = Fake::start(move |request, _| match request.line.as_str() {
        "GET /packages" => reply(200, &json!({"status": true, "data": *shown.lock().unwrap()}).to_string()),
        _ => reply(500, ""),
    })
    .await;
    (fake, shelf)
}

#[tokio::test]
async fn a_catalog_that_vanishes_is_held_and_nothing_changes() {
    let db = Database::new().await;
    let (fake, shelf) = listing((1..=10).map(row).collect()).await;
    let client = client(&fake.url, token(), db.pool.clone(), &clock());
    assert_eq!(sync(&db.pool, &client).await.outcome, Outcome::Applied);
    let before = (read(&db.pool).await.packages, writes(&db.pool).await);
    let broken = |id| {
        let mut row = row(id);
        row["price_for_reseller"] = json!("NaN");
        row
    };
    let mut last = 0;
    for rows in [vec![], (1..=6).map(row).collect(), vec![json!("x"); 10], (1..=10).map(broken).collect()] {
        *shelf.lock().unwrap() = rows;
        let held = sync(&db.pool, &client).await;
        assert_eq!(held.outcome, Outcome::Held);
        assert!(held.note.unwrap().contains("nothing was changed"));
        last = held.run;
        assert_eq!((read(&db.pool).await.packages, writes(&db.pool).await), before);
    }
    let aside = aside(&db.pool, last).await;
    assert_eq!(aside.len(), 10);
    assert_eq!(aside[0].reason, "its price cannot be read");
    *shelf.lock().unwrap() = (1..=7).map(row).collect();
    let applied = sync(&db.pool, &client).await;
    assert_eq!((applied.outcome, applied.counts.withdrawn), (Outcome::Applied, 3));
    db.drop().await;
}

#[tokio::test]
async fn a_failed_call_is_remembered_and_changes_nothing() {
    let db = Database::new().await;
    let fake = Fake::start(|_, _| reply(502, "<html>Bad gateway</html>")).await;
    let client = client(&fake.url, token(), db.pool.clone(), &clock());
    let failed = catalog::sync(&db.pool, &client, &clock(), BRAKE, &|_| {}).await;
    assert!(matches!(failed, Err(SyncError::Upstream(_))));
    let runs = catalog::last_runs(&mut db.pool.acquire().await.unwrap(), 9).await.unwrap();
    assert_eq!((runs.len(), runs[0].outcome), (1, Outcome::Failed));
    assert!(runs[0].note.as_deref().unwrap().contains("eSIMDual gave no catalog"));
    assert_eq!(read(&db.pool).await.synced_at, None);
    db.drop().await;
}

#[tokio::test]
async fn poison_in_any_field_is_made_harmless_or_set_aside() {
    let poisons = [
        Value::Null,
        json!(""),
        json!("\u{0}\u{202e}<script>alert(1)</script>'; drop table packages; --"),
        json!("../../etc/passwd"),
        json!("x".repeat(100_000)),
        json!(-1),
        json!(0),
        json!(1e300),
        json!(i64::MAX),
        json!(true),
        json!([]),
        json!([[null, {"code": "\u{0}"}, 7]]),
        json!({}),
        json!({"name": "\u{0}", "slug": "\u{202e}", "code": "\u{0}\u{0}", "id": "a"}),
    ];
    let fields: Vec<String> = row(1).as_object().unwrap().keys().cloned().collect();
    let mut rows = vec![row(1)];
    for field in &fields {
        for poison in &poisons {
            let mut poisoned = row(i64::try_from(rows.len()).unwrap() + 1);
            poisoned[field] = poison.clone();
            rows.push(poisoned);
        }
    }
    for poison in &poisons {
        for place in ["name", "code", "slug", "id"] {
            let mut poisoned = row(i64::try_from(rows.len()).unwrap() + 1);
            poisoned["countries"][0][place] = poison.clone();
            poisoned["region"][place] = poison.clone();
            poisoned["area_coverage"] = json!("Regional");
            rows.push(poisoned);
        }
    }
    let number = rows.len();
    let db = Database::new().await;
    let (fake, _) = listing(rows).await;
    let client = client(&fake.url, token(), db.pool.clone(), &clock());
    let summary = sync(&db.pool, &client).await;
    assert_eq!(summary.outcome, Outcome::Applied);
    let counted = summary.counts.packages + summary.counts.set_aside;
    assert_eq!(usize::try_from(counted).unwrap(), number);
    let contents = read(&db.pool).await;
    assert!(contents.packages.len() > number / 2, "{} of {number}", contents.packages.len());
    for package in &contents.packages {
        assert!(package.name.chars().count() <= 200 && !package.name.chars().any(char::is_control));
        assert!(package.cost.amount > Decimal::ZERO);
        let safe =
            |slug: &str| slug.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && slug.len() <= 80;
        assert!(package.slug.as_deref().is_none_or(safe));
    }
    assert_eq!(sync(&db.pool, &client).await.outcome, Outcome::Unchanged);
    db.drop().await;
}

#[tokio::test]
async fn two_syncs_at_once_do_not_mix() {
    let db = Database::new().await;
    let (fake, shelf) = listing((1..=50).map(row).collect()).await;
    let client = client(&fake.url, token(), db.pool.clone(), &clock());
    sync(&db.pool, &client).await;
    for price in 5..10 {
        for row in shelf.lock().unwrap().iter_mut() {
            row["price_for_reseller"] = json!(price);
        }
        let clock = clock();
        let one = || catalog::sync(&db.pool, &client, &clock, BRAKE, &|_| {});
        let (one, two) = tokio::join!(one(), one());
        let mut became: Vec<String> = [one, two].into_iter().map(outcome).collect();
        became.sort();
        // The second came while the first was under way, or just after it.
        assert!(
            became == ["another sync is under way", "applied"] || became == ["applied", "unchanged"],
            "{became:?}"
        );
        let contents = read(&db.pool).await;
        assert!(contents.packages.iter().all(|package| package.cost.amount == Decimal::from(price)));
    }
    db.drop().await;
}

fn outcome(synced: Result<Summary, SyncError>) -> String {
    synced.map_or_else(|why| why.to_string(), |summary| summary.outcome.word().to_owned())
}

#[tokio::test]
async fn each_run_keeps_the_rows_that_it_could_not_use_within_bounds() {
    let db = Database::new().await;
    let (fake, shelf) = listing((1..=10).map(row).collect()).await;
    let client = client(&fake.url, token(), db.pool.clone(), &clock());
    let nameless = |id| {
        let mut row = row(id);
        row["name"] = Value::Null;
        row
    };
    let ids = |rows: Vec<SetAside>| rows.into_iter().filter_map(|row| row.package_id).collect::<Vec<_>>();
    *shelf.lock().unwrap() = (1..=10).map(row).chain([nameless(11)]).collect();
    let first = sync(&db.pool, &client).await.run;
    *shelf.lock().unwrap() = (1..=10).map(row).chain((12..=261).map(nameless)).collect();
    let second = sync(&db.pool, &client).await;
    assert_eq!(second.counts.set_aside, 250, "all are counted");
    let reasons: Vec<(String, i32)> =
        sqlx::query_as("select reason, number from packages_set_aside_reasons where run_id = $1")
            .bind(second.run)
            .fetch_all(&db.pool)
            .await
            .unwrap();
    assert_eq!(reasons, [("it has no name".to_owned(), 250)], "and by their reasons");
    *shelf.lock().unwrap() = (1..=10).map(row).collect();
    let third = sync(&db.pool, &client).await.run;
    let kept = ids(aside(&db.pool, second.run).await);
    assert_eq!(
        (kept.len(), kept[0].as_str(), kept[199].as_str()),
        (200, "12", "211"),
        "the first ones, in order"
    );
    assert_eq!(
        (ids(aside(&db.pool, first).await), aside(&db.pool, third).await.len()),
        (vec!["11".to_owned()], 0)
    );

    // The newest hundred runs keep theirs, this one among them, and the one before them does not.
    let more = "insert into sync_runs (started_at, finished_at, outcome)
        select now(), now(), 'failed' from generate_series(1, 97)";
    sqlx::query(more).execute(&db.pool).await.unwrap();
    sync(&db.pool, &client).await;
    assert_eq!((aside(&db.pool, first).await.len(), aside(&db.pool, second.run).await.len()), (0, 200));
    sync(&db.pool, &client).await;
    assert_eq!(aside(&db.pool, second.run).await, []);
    db.drop().await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stops_no_other_and_is_told_by_its_place() {
    let huge = format!(r#"{{"id":3,"name":"{}"}}"#, "x".repeat(17 * 1024 * 1024));
    let bad = [r#"{"id":3,"price_for_reseller":NaN}"#, &huge, "{\"id\":3,\"name\":\"a\u{1}\"}"];
    for (bad, why) in bad.into_iter().zip(["it is not JSON", "it is larger than 16 MB", "it is not JSON"]) {
        let db = Database::new().await;
        let rows = [row(1).to_string(), row(2).to_string(), bad.to_owned(), row(4).to_string()];
        let body = format!(r#"{{"status":true,"data":[{}]}}"#, rows.join(","));
        let fake = Fake::start(move |_, _| reply(200, &body)).await;
        let client = client(&fake.url, token(), db.pool.clone(), &clock());
        let summary = sync(&db.pool, &client).await;
        assert_eq!((summary.outcome, summary.counts.packages), (Outcome::Applied, 3), "{why}");
        let told = aside(&db.pool, summary.run).await;
        let told: Vec<_> = told.iter().map(|row| (row.position, row.reason.as_str())).collect();
        assert_eq!(told, [(Some(3), why)]);
        db.drop().await;
    }
}

#[tokio::test]
async fn changes_of_places_are_told_with_their_run() {
    let db = Database::new().await;
    let regional = |name: &str| {
        let mut row = row(1);
        row["area_coverage"] = json!("Regional");
        row["region"]["name"] = json!(name);
        row
    };
    let told = async || -> Vec<String> {
        let rows = "select concat_ws(' ', run_id, kind, place, what, before, after)
            from sync_place_changes where run_id = (select max(id) from sync_runs) order by kind";
        sqlx::query_scalar(rows).fetch_all(&db.pool).await.unwrap()
    };
    let (fake, shelf) = listing(vec![regional("Europe"), row(2)]).await;
    let client = client(&fake.url, token(), db.pool.clone(), &clock());
    let first = sync(&db.pool, &client).await;
    assert_eq!(first.counts.places, 2);
    let run = first.run;
    assert_eq!(
        told().await,
        [format!("{run} country fr new France"), format!("{run} region europe new Europe")]
    );
    *shelf.lock().unwrap() = vec![regional("All of Europe"), row(2)];
    let second = sync(&db.pool, &client).await;
    assert_eq!((second.outcome, second.counts.places), (Outcome::Applied, 1));
    assert_eq!(told().await, [format!("{} region europe renamed Europe All of Europe", second.run)]);
    assert_eq!(sync(&db.pool, &client).await.outcome, Outcome::Unchanged);
    assert!(told().await.is_empty());
    // Neither does one row rename a country.
    let mut poisoned = row(2);
    poisoned["countries"][0]["name"] = json!("BUY AT evil.example");
    *shelf.lock().unwrap() = vec![regional("All of Europe"), poisoned];
    assert_eq!(sync(&db.pool, &client).await.outcome, Outcome::Unchanged);
    assert_eq!(read(&db.pool).await.countries[0].name, "France");
    db.drop().await;
}

async fn aside(db: &PgPool, run: i64) -> Vec<SetAside> {
    catalog::set_aside(&mut db.acquire().await.unwrap(), run).await.unwrap()
}

#[tokio::test]
async fn rows_without_a_currency_are_priced_in_the_accounts() {
    let mut bare = row(1);
    bare["currency"] = Value::Null;
    bare["pricing"]["currency"] = Value::Null;
    let fake = Fake::start(move |request, _| match request.line.as_str() {
        "GET /packages" => reply(200, &json!({"status": true, "data": [bare]}).to_string()),
        _ => reply(200, r#"{"status":true,"data":{"currency":"EUR","balance":1}}"#),
    })
    .await;
    let db = Database::new().await;
    let client = client(&fake.url, token(), db.pool.clone(), &clock());
    sync(&db.pool, &client).await;
    assert_eq!(read(&db.pool).await.packages[0].cost.currency.code(), "EUR");
    db.drop().await;
}
