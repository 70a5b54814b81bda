//! Two programs on one database, and a shop whose upstream is away.

use simfront::sandbox::{self, Fault, Injection, Operation, Settings};
use sqlx::{Connection as _, PgConnection};

use crate::stand::{Customer, Database, OWNER, PASSWORD, Program, command, folder, free_port, http};
use crate::stand::{Stand, attribute, until};

const FRANCE: u32 = 1120;

#[tokio::test]
async fn two_nodes_share_the_work_and_buy_each_order_once() {
    let stand = Stand::new().await;
    let one = stand.serve(&[]).await;
    let two = stand.serve_on(free_port(), &[]).await;
    let customers = [Customer::of(&one), Customer::of(&two)];
    let mut orders = Vec::new();
    for number in 0..5 {
        orders.push(customers[number % 2].buy(FRANCE).await);
    }
    let mut expected = Vec::new();
    for order in &orders {
        let seen = customers[0].until_status(order, "completed").await;
        expected.push(format!("{}-1-1", seen["number"].as_str().unwrap()));
    }
    expected.sort();
    assert_eq!(stand.purchases(), expected);
    one.stop().await;
    two.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn a_markup_that_one_node_publishes_shows_on_the_other() {
    let stand = Stand::new().await;
    let one = stand.serve(&[]).await;
    let two = stand.serve_on(free_port(), &["--no-worker"]).await;
    let (staff, customer) = (Customer::of(&one), Customer::of(&two));
    let price = async |customer: &Customer| {
        let page = customer.page(&format!("/checkout?package_id={FRANCE}&quantity=1")).await;
        attribute(&page, "name=\"shown_price\" value=\"").parse::<i64>().unwrap()
    };
    let before = price(&customer).await;
    let cookie = staff.sign_in(OWNER, PASSWORD).await;
    let fields = [("percent", "200"), ("fixed", "0"), ("rounding", "none")];
    let request = staff.http.post(format!("{}/admin/markup", one.url)).header("cookie", cookie).form(&fields);
    assert_eq!(request.send().await.unwrap().status(), 303);
    let after = until("the other node shows the new price", async || {
        Some(price(&customer).await).filter(|after| *after != before)
    })
    .await;
    // 25 percent on top became 200, and each is rounded up to the cent.
    assert!((after * 5 - before * 12).abs() <= 12, "{before} became {after}");
    one.stop().await;
    two.stop().await;
    stand.end().await;
}

#[tokio::test]
async fn f49_a_sync_that_is_killed_holds_nobody_up() {
    let stand = Stand::new().await;
    stand.sandbox.inject(Injection::times(Fault::SilentBeforeCommit, 1).on(Operation::Packages));
    let mut first = Program::start(stand.command(&["sync"]), stand.port, stand.folder.path());
    let asked = async || (stand.sandbox.ledger().calls_of(Operation::Packages) == 1).then_some(());
    first.answers("it asks", asked).await;
    first.kill().await;
    let next = stand.run(&["sync"]).await;
    assert_eq!(next.code, Some(0), "{next:?}");
    assert!(next.out.contains("sync applied: "), "{next:?}");
    let runs = "select outcome || ': ' || coalesce(note, '') from sync_runs order by id";
    let runs = stand.database.texts(runs).await;
    assert_eq!(runs, ["failed: The program ended before the sync did.", "applied: "]);
    stand.end().await;
}

#[tokio::test]
async fn f50_a_command_that_finds_a_sync_under_way_waits_for_it_and_reads_nothing_itself() {
    let stand = Stand::new().await;
    assert_eq!(stand.run(&["sync"]).await.code, Some(0));
    let readings = || stand.sandbox.ledger().calls_of(Operation::Packages);
    let before = readings();
    // Another node syncs: as far as this one can see, that is a lock, and in the end a run.
    let mut node = PgConnection::connect(&stand.database.url).await.unwrap();
    let turn = "select pg_advisory_lock(x'73696d6373796e63'::bigint)";
    sqlx::raw_sql(turn).execute(&mut node).await.unwrap();
    let mut command = Program::start(stand.command(&["sync"]), stand.port, stand.folder.path());
    let told = async |words: &str| {
        until(words, async || command.log().contains(words).then_some(())).await;
    };
    told("another sync is under way").await;
    let done = "insert into sync_runs (started_at, finished_at, outcome, packages)
        values (clock_timestamp(), clock_timestamp(), 'unchanged', 120)";
    sqlx::raw_sql(done).execute(&mut node).await.unwrap();
    node.close().await.unwrap();
    assert_eq!(command.ended().await.code(), Some(0), "{}", command.log());
    let said = std::fs::read_to_string(command.out()).unwrap();
    assert!(said.contains("another sync unchanged: 120 packages"), "{said}");
    assert_eq!(readings(), before, "it was read just now");
    stand.end().await;
}

#[tokio::test]
async fn a_shop_whose_upstream_is_away_opens_names_it_and_recovers() {
    let (database, folder, port, upstream) = (Database::new().await, folder(), free_port(), free_port());
    let mut serve = command(folder.path(), &["serve"]);
    serve
        .env("DATABASE_URL", &database.url)
        .env("BIND_ADDR", format!("127.0.0.1:{port}"))
        .env("ESIMDUAL_BASE_URL", format!("http://127.0.0.1:{upstream}/api/reseller/v1"))
        .env("ESIMDUAL_EMAIL", "partner@example.com")
        .env("ESIMDUAL_PASSWORD", "StrongPassword123!")
        .env("SYNC_INTERVAL_SECONDS", "1");
    let mut program = Program::start(serve, port, folder.path());
    let (http, url) = (http(), program.url.clone());
    let said = program
        .answers("not ready, and says why", async || {
            let answer = http.get(format!("{url}/readyz")).send().await.ok()?;
            assert_eq!(answer.status(), 503);
            answer.text().await.ok()
        })
        .await;
    assert!(said.contains("eSIMDual") && said.contains("catalog"), "{said}");
    let home = http.get(format!("{url}/")).send().await.unwrap();
    assert_eq!(home.status(), 200, "the shop is open all the same");

    let late = sandbox::start(Settings { port: upstream, ..Settings::for_tests() }).await.unwrap();
    program.ready().await;
    program.stop().await;
    late.stop().await;
    database.end().await;
}
