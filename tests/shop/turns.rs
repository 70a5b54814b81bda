//! One sync at a time over all nodes, and what becomes of the turn when whoever has it is cut off (F49, F50).

use axum::body::Body;
use axum::http::Request;
use rust_decimal::Decimal;
use simfront::catalog::{Outcome, Summary};
use simfront::sandbox::{CatalogChange, Fault, Injection, Operation};
use simfront::shop::Shop;
use simfront::supply::{self, Failed};
use simfront::{crew, window};
use tokio::task::JoinHandle;

use crate::support::browser::owned;
use crate::support::{FRANCE, LEASE, Stand};

/// Keeps everybody from writing the catalog, as a decision about a plan does while it is carried out.
const NOBODY_WRITES: &str = "select pg_advisory_xact_lock(x'73696d636174616c'::bigint)";
/// Ends the session that has the turn to sync.
const CUT_OFF: &str = "select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and classid = x'73696d63'::int::oid and objid = x'73796e63'::int::oid
        and database = (select oid from pg_database where datname = current_database())";

fn reprice(stand: &Stand, cost: i64) {
    let (id, reseller_price) = (FRANCE.unsigned_abs(), Decimal::from(cost));
    let change = CatalogChange::Reprice { id, reseller_price, price_for_reseller: None };
    stand.sandbox.change_catalog(change).unwrap();
}

fn readings(stand: &Stand) -> u64 {
    stand.ledger().calls_of(Operation::Packages)
}

/// Begins a sync, which has asked the upstream when this returns.
async fn begun(stand: &Stand, shop: &Shop) -> JoinHandle<Result<Summary, Failed>> {
    let (shop, before) = (shop.clone(), readings(stand));
    let sync = tokio::spawn(async move { supply::refresh(&shop, &|_| {}).await });
    stand.eventually("it asks", || readings(stand) > before).await;
    sync
}

async fn shows(stand: &Stand, price: &str) -> bool {
    window::reload(&stand.shop, &stand.stage.window).await.unwrap();
    stand.get(&format!("/plans/{FRANCE}")).await.body.contains(price)
}

async fn staff_see(stand: &Stand, cookie: &str, path: &str) -> String {
    let request = Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap();
    stand.ask(request).await.body
}

#[tokio::test]
async fn f50_of_two_nodes_that_sync_at_once_one_reads_and_the_other_says_so() {
    let stand = Stand::new().await;
    let cookie = stand.owner().await;
    let (other, ..) = stand.second_node();
    stand.drain().await;
    reprice(&stand, 5);
    let before = readings(&stand);
    // The first one has its answer, and waits to write it for as long as this takes.
    let mut held_up = stand.shop.db.begin().await.unwrap();
    sqlx::raw_sql(NOBODY_WRITES).execute(&mut *held_up).await.unwrap();
    let first = begun(&stand, &stand.shop).await;
    assert!(matches!(supply::refresh(&other, &|_| {}).await, Err(Failed::UnderWay)));

    // What staff are told is true, on every node and whatever is asked of it.
    let page = staff_see(&stand, &cookie, "/admin/sync").await;
    assert!(page.contains("One is under way") && !page.contains("Broken off"), "{page}");
    let asked = stand.post_with("/admin/sync", &[("cookie", &cookie)], &owned(&[])).await;
    assert_eq!(asked.to(), "/admin/sync?queued=behind");
    let page = staff_see(&stand, &cookie, asked.to()).await;
    assert!(page.contains("yours begins when that one has ended"), "{page}");
    assert_eq!(
        crew::crew(&other).drain(LEASE).await.unwrap(),
        1,
        "the job comes, finds it under way, and goes"
    );
    assert_eq!(stand.count("select count(*) from jobs where kind = 'sync_catalog' and faults > 0").await, 0);
    assert_eq!(readings(&stand), before + 1, "one reading");

    held_up.rollback().await.unwrap();
    assert_eq!(first.await.unwrap().unwrap().outcome, Outcome::Applied);
    assert!(shows(&stand, "6.25").await);
    assert!(!staff_see(&stand, &cookie, "/admin/sync").await.contains("One is under way"));
    // What was asked for meanwhile comes after all.
    stand.pass(30).await;
    assert_eq!(readings(&stand), before + 2);
    stand.end().await;
}

#[tokio::test]
async fn f49_a_sync_that_is_cut_off_gives_its_turn_to_the_next_and_ends() {
    let stand = Stand::new().await;
    let (other, ..) = stand.second_node();
    stand.sandbox.inject(Injection::times(Fault::SilentBeforeCommit, 1).on(Operation::Packages));
    let lost = begun(&stand, &stand.shop).await;
    reprice(&stand, 5);
    assert!(matches!(supply::refresh(&other, &|_| {}).await, Err(Failed::UnderWay)));
    stand.sql(CUT_OFF).await;
    stand.nobody_syncs().await;
    let cookie = stand.owner().await;
    assert!(staff_see(&stand, &cookie, "/admin/sync").await.contains("Broken off"), "nobody has the turn");
    assert_eq!(supply::refresh(&other, &|_| {}).await.unwrap().outcome, Outcome::Applied);
    assert!(shows(&stand, "6.25").await);
    let notes = stand.texts("select note from sync_runs where outcome = 'failed'").await;
    assert_eq!(notes, ["The program ended before the sync did."]);
    // It finds out by itself, although the upstream says nothing more.
    assert!(matches!(lost.await.unwrap(), Err(Failed::Database(_))));
    stand.end().await;
}

#[tokio::test]
async fn f49_a_sync_whose_turn_passed_to_another_writes_nothing_when_it_comes_back() {
    let stand = Stand::new().await;
    let (other, ..) = stand.second_node();
    // Its answer is of now; then the upstream's prices are others, and it is cut off before it can write.
    let mut held_up = stand.shop.db.begin().await.unwrap();
    sqlx::raw_sql(NOBODY_WRITES).execute(&mut *held_up).await.unwrap();
    reprice(&stand, 5);
    let late = begun(&stand, &stand.shop).await;
    let waits = "select count(*) from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())";
    stand.until(waits, 1).await;
    reprice(&stand, 6);
    stand.sql(CUT_OFF).await;
    stand.nobody_syncs().await;
    // Another one begins, and closes the run of the one that is gone, as it must be.
    let next = begun(&stand, &other).await;
    held_up.rollback().await.unwrap();
    assert!(matches!(late.await.unwrap(), Err(Failed::Overtaken | Failed::Database(_))));
    assert_eq!(next.await.unwrap().unwrap().outcome, Outcome::Applied);
    assert!(shows(&stand, "7.50").await, "the newer catalog stays");
    assert_eq!(
        stand.count("select count(*) from price_history where package_id = 1120 and cost = 5").await,
        0
    );
    stand.end().await;
}
