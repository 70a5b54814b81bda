//! How much the shop takes in, as ratios to what its own PostgreSQL can commit: real HTTP to a real `simfront serve` on
//! a durable PostgreSQL, with limits, headers and logs as in life. Interleaved, the median of five rounds; what every
//! figure is held against is measured in the same round. `make bench` runs it; it ends with 1 where a figure is missed,
//! and leaves a report in JSON.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench may panic")]
#![expect(clippy::float_arithmetic, reason = "ratios and milliseconds for people; no money")]
#![allow(clippy::disallowed_methods, reason = "a bench stands for clients that are not the shop's")]

mod figure;
mod stage;
mod wire;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simfront::sandbox::OrderMode;

use figure::{Figure, percentile};
use stage::Stage;
use wire::{Wire, get, hammer, paced};

const ROUNDS: usize = 5;
/// How long each measurement of a round takes.
const TIME: Duration = Duration::from_secs(4);
/// As many for pgbench as for the shop: many senders at once, which is when the speed of taking in matters. With fewer,
/// both are bound by waiting for each other's answers, and pgbench's one statement less so than a shop's request.
const CLIENTS: usize = 64;
const WEBHOOKS_PER_SECOND: u32 = 200;
/// What a flood is: so many true webhooks in a second, and as many forged ones.
const FLOOD_PER_SECOND: u32 = 1000;
/// Customers who order meanwhile.
const ORDERS_PER_SECOND: u32 = 20;
/// As few as the measured purchases need.
const PACKAGES: usize = 120;
/// Open order pages of one round.
const PAGES: usize = 40;

#[tokio::main]
async fn main() -> ExitCode {
    // `--program PATH` measures another build, to compare with.
    let arguments: Vec<String> = std::env::args().collect();
    let other =
        arguments.iter().position(|argument| argument == "--program").map(|at| arguments[at + 1].clone());
    let program = PathBuf::from(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_simfront").to_owned()));
    let mut stage = Stage::start(&program, PACKAGES).await;
    let (figures, raw) = measure(&mut stage).await;
    for figure in &figures {
        println!("{}", figure.tell());
    }
    let report = json!({ "clients": CLIENTS, "seconds": TIME.as_secs(), "rounds": raw,
        "processors": std::thread::available_parallelism().unwrap().get(), 
        "figures": figures.iter().map(Figure::json).collect::<Vec<_>>() });
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-shop.json");
    std::fs::write(&file, serde_json::to_string_pretty(&report).unwrap()).unwrap();
    println!("report: {}", file.display());
    stage.end().await;
    ExitCode::from(u8::from(!figures.iter().all(Figure::holds)))
}

/// First a web server by itself, `serve --no-worker`: what taking in costs. Then a whole shop, whose workers do what was
/// taken in beside it: how long senders and customers wait.
async fn measure(stage: &mut Stage) -> (Vec<Figure>, Vec<Value>) {
    let pgbench = Pgbench::prepare(stage).await;
    let mut intake = Figure::new("webhook intake, of the commits that pgbench makes", "", 0.5, true);
    let mut checkout = Figure::new("checkout, of the commits that pgbench makes", "", 0.25, true);
    let mut steady = Figure::new("200 webhooks a second: the answer, p99", "ms", 300.0, false);
    let mut seen = Figure::new("a webhook's way to an open order page, p99", "ms", 500.0, false);
    let mut raw = Vec::new();
    for round in 0..ROUNDS {
        // Before and after each: a machine that is shared is not the same from one moment to the next.
        let before = tokio::task::block_in_place(|| pgbench.run());
        let webhooks = tokio::task::block_in_place(|| take_in(stage, BODY, round));
        stage.clear().await;
        let between = tokio::task::block_in_place(|| pgbench.run());
        let orders = tokio::task::block_in_place(|| check_out(stage, round));
        stage.clear().await;
        let after = tokio::task::block_in_place(|| pgbench.run());
        intake.rounds.push(webhooks / f64::midpoint(before, between));
        checkout.rounds.push(orders / f64::midpoint(between, after));
        println!(
            "round {}: {before:.0}, {between:.0} and {after:.0} commits/s by pgbench, {webhooks:.0} webhooks/s, \
             {orders:.0} orders/s",
            round + 1
        );
        raw.push(
            json!({ "pgbench_commits_per_second": [before, between, after], "webhooks_per_second": webhooks,
            "checkouts_per_second": orders }),
        );
    }
    let mut flooded =
        Figure::new("an order under a flood of webhooks, of the time without, p50", "", 2.0, false);
    for round in 0..ROUNDS {
        let [calm, flood] = [false, true]
            .map(|flood| percentile(tokio::task::block_in_place(|| orders_while(stage, round, flood)), 50));
        stage.clear().await;
        flooded.rounds.push(flood / calm);
        println!("round {}: an order takes {calm:.1} ms at p50, {flood:.1} ms in a flood", round + 1);
        raw.push(json!({ "order_ms": calm, "order_in_a_flood_ms": flood }));
    }
    stage.with_workers();
    let body = a_true_body(stage).await;
    for round in 0..ROUNDS {
        let answers = tokio::task::block_in_place(|| steadily(stage, &body, round));
        stage.clear().await;
        let told = on_the_page(stage, round).await;
        stage.clear().await;
        steady.rounds.push(percentile(answers.clone(), 99));
        seen.rounds.push(percentile(told.clone(), 99));
        let [median, slow] = [percentile(answers, 50), steady.rounds[round]];
        println!(
            "round {}: answers {median:.1} ms at p50, {slow:.1} ms at p99; to the page {:.1} ms at p50, {:.1} ms at p99",
            round + 1,
            percentile(told.clone(), 50),
            seen.rounds[round]
        );
        raw.push(json!({ "to_the_page_ms": told }));
    }
    (vec![intake, checkout, flooded, steady, seen], raw)
}

/// PostgreSQL's own bench, which commits one row after the other.
struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    url: String,
}

impl Pgbench {
    async fn prepare(stage: &Stage) -> Self {
        let program = stage.bin_dir().await.join("pgbench");
        assert!(
            program.exists(),
            "{} is missing: it comes with PostgreSQL's server programs",
            program.display()
        );
        let table = "create table bench_commits (id bigint generated always as identity primary key,
                     note text not null, at timestamptz not null default now())";
        let url = stage.url_of("postgres");
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        sqlx::raw_sql(table).execute(&pool).await.unwrap();
        pool.close().await;
        let script = stage.folder.path().join("commit.sql");
        std::fs::write(
            &script,
            "insert into bench_commits (note) values ('a row of forty letters, all of them.');\n",
        )
        .unwrap();
        Self { program, script, url }
    }

    /// Commits per second.
    fn run(&self) -> f64 {
        let mut command = Command::new(&self.program);
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        command.arg(format!("--client={CLIENTS}")).arg(format!("--time={}", TIME.as_secs() / 2));
        command.arg("--file").arg(&self.script).arg(&self.url);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let tps =
            said.lines().find_map(|line| line.strip_prefix("tps = ")).unwrap_or_else(|| panic!("{said}"));
        tps.split(' ').next().unwrap().parse().unwrap()
    }
}

/// As the documents show one, of an order that nobody knows: a web server by itself only takes it in.
const BODY: &str = r#"{"event":"order.completed","occurred_at":"2026-03-15T10:00:00Z","order":{"id":45,"external_order_id":"SF-22222222-1-1","status":"completed","currency":"USD","price":4.2},"package":{"id":1120,"name":"France 5 GB - 30 Days"},"esim":{"id":108,"iccid":"8988207000000000001","qr_code":"LPA:1$example.com$CODE"}}"#;

/// The body of a webhook that the upstream really sent, of an order that is completed.
async fn a_true_body(stage: &Stage) -> String {
    stage.sandbox.set_webhook_url(Some(stage.webhook_url()));
    stage.buy(ROUNDS, 0);
    let began = Instant::now();
    loop {
        let sent = stage.sandbox.ledger().webhooks.into_iter().find(|one| one.event == "order.completed");
        if let Some(webhook) = sent {
            return webhook.body;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "no webhook came: {}", stage.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn delivery(round: usize, client: usize, number: usize) -> String {
    format!("{round:08}-0000-4000-{client:08}-{number:012}")
}

/// Webhooks per second, each one stored before it is answered.
fn take_in(stage: &Stage, body: &str, round: usize) -> f64 {
    let signature = stage.sign(body);
    let request = |client, number| stage.webhook(body, &signature, &delivery(round, client, number));
    let (done, time) = hammer(stage.address, CLIENTS, TIME, 200, request);
    rate(done, time)
}

/// Orders per second, from the form's post to the redirect.
fn check_out(stage: &Stage, round: usize) -> f64 {
    let request = |client, number| stage.checkout(round, client, number);
    let (done, time) = hammer(stage.address, CLIENTS, TIME, 303, request);
    rate(done, time)
}

fn rate(done: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(done).unwrap()) / time.as_secs_f64()
}

fn steadily(stage: &Stage, body: &str, round: usize) -> Vec<f64> {
    let signature = stage.sign(body);
    let request = |client, number| stage.webhook(body, &signature, &delivery(100 + round, client, number));
    paced(stage.address, CLIENTS, WEBHOOKS_PER_SECOND, TIME, 200, request)
}

/// How long a steady trickle of orders takes, in milliseconds, by itself or while true and forged webhooks pour in.
fn orders_while(stage: &Stage, round: usize, flood: bool) -> Vec<f64> {
    let kind = 200 + 2 * round + usize::from(flood);
    let signature = stage.sign(BODY);
    let forged = "0".repeat(signature.len());
    std::thread::scope(|scope| {
        if flood {
            for (wanted, signature) in [(200, &signature), (401, &forged)] {
                let request =
                    move |client, number| stage.webhook(BODY, signature, &delivery(kind, client, number));
                scope.spawn(move || paced(stage.address, CLIENTS, FLOOD_PER_SECOND, TIME, wanted, request));
            }
        }
        let request = |client, number| stage.checkout(kind, client, number);
        paced(stage.address, CLIENTS, ORDERS_PER_SECOND, TIME, 303, request)
    })
}

/// From the moment on when the upstream completes an order, and posts its webhook, to the event on the order's open
/// page: milliseconds, for each of many orders.
async fn on_the_page(stage: &Stage, round: usize) -> Vec<f64> {
    stage.sandbox.set_mode(OrderMode::Processing);
    let paths: Vec<String> =
        tokio::task::block_in_place(|| (0..PAGES).map(|number| stage.buy(round, number)).collect());
    let began = Instant::now();
    let open = async || {
        let waiting = "select count(*) from units u join orders o on o.id = u.order_id
                       where u.status <> 'processing' and o.status = 'processing'";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&stage.db).await.unwrap()
    };
    while open().await > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "orders are not placed: {}", stage.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stage.sandbox.set_mode(OrderMode::Completed);
    let ledger = stage.sandbox.ledger();
    let upstream_order = |path: &String| {
        let view: Value = serde_json::from_slice(&Wire::to(stage.address).ask(&get(path)).body).unwrap();
        let name = format!("{}-1-1", view["number"].as_str().unwrap());
        ledger.orders.iter().find(|order| order.external_order_id.as_ref() == Some(&name)).unwrap().id
    };
    tokio::task::block_in_place(|| {
        let orders: Vec<u64> = paths.iter().map(upstream_order).collect();
        std::thread::scope(|scope| {
            let open = |path: &String| {
                let mut wire = Wire::to(stage.address);
                wire.send(&get(&format!("{path}/events")));
                wire.read_until(b"\"status\":\"processing\"");
                scope.spawn(move || {
                    wire.read_until(b"\"status\":\"completed\"");
                    Instant::now()
                })
            };
            let pages: Vec<_> = paths.iter().map(open).collect();
            let complete = |order: u64| {
                let began = Instant::now();
                stage.sandbox.complete_order(order).unwrap();
                std::thread::sleep(Duration::from_millis(25));
                began
            };
            let begun: Vec<Instant> = orders.into_iter().map(complete).collect();
            let waits = pages.into_iter().zip(begun).map(|(page, began)| page.join().unwrap() - began);
            waits.map(|wait| wait.as_secs_f64() * 1000.0).collect()
        })
    })
}
