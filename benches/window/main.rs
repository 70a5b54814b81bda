//! How fast the window is. Search in process, on one core. A country's page with about 20 plans, compressed, of a real
//! `simfront serve` with limits, headers and logs as in life, beside a bare axum handler in a process of its own that
//! sends the very same bytes and headers: interleaved, the median of five rounds. And how much memory the program has
//! after a thousand pages, and how soon it is ready. `make bench-window` runs it; it ends with 1 where a figure is
//! missed, and leaves a report in JSON.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench may panic")]
#![expect(clippy::float_arithmetic, reason = "ratios and milliseconds for people; no money")]
#![allow(clippy::disallowed_methods, reason = "a bench stands for clients that are not the shop's")]

mod bare;
#[path = "../shop/figure.rs"]
mod figure;
mod load;
#[path = "../shop/stage.rs"]
#[allow(dead_code, reason = "it serves the bench of the shop too")]
mod stage;
#[path = "../shop/wire.rs"]
#[allow(dead_code, reason = "it serves the bench of the shop too")]
mod wire;

use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simfront::catalog;
use simfront::pricing;
use simfront::window::Snapshot;

use bare::Bare;
use figure::{Figure, percentile};
use load::{Load, page};
use stage::Stage;
use wire::{Wire, get};

const PACKAGES: usize = 5_000;
const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(4);
const CLIENTS: usize = 64;
/// How many plans the measured page should have.
const PLANS: usize = 20;
/// How many pages are read before the memory is looked at.
const PAGES: usize = 1_000;
/// As people type: whole names, beginnings, codes, other names, slips, amounts, and nothing that there is.
const QUERIES: [&str; 24] = [
    "france",
    "fr",
    "United Kingdom",
    "uk",
    "ital",
    "j",
    "turkiye",
    "emirates",
    "frnace",
    "germny",
    "Côte d'Ivoire",
    "thialand",
    "spain 5 gb",
    "europe 10gb 30 days",
    "usa unlimited",
    "new york",
    "stati uniti",
    "gbr",
    "a",
    "unitde arab emirates",
    "xyzzy",
    "south",
    "portgual 1 gb",
    "esim for japan",
];

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--bare") {
        return bare::serve(&arguments[at + 1]).await;
    }
    // `--program PATH` measures another build, to compare with.
    let other =
        arguments.iter().position(|argument| argument == "--program").map(|at| arguments[at + 1].clone());
    let program = PathBuf::from(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_simfront").to_owned()));
    let mut stage = Stage::start(&program, PACKAGES).await;
    let snapshot = snapshot(&stage).await;
    let (mut figures, raw) = tokio::task::block_in_place(|| pages(&stage, &snapshot));
    figures.insert(0, tokio::task::block_in_place(|| search(&snapshot)));
    figures.extend(tokio::task::block_in_place(|| life(&mut stage, &snapshot)));
    for figure in &figures {
        println!("{}", figure.tell());
    }
    let report = json!({ "clients": CLIENTS, "packages": PACKAGES, "seconds": TIME.as_secs(), "rounds": raw,
        "processors": std::thread::available_parallelism().unwrap().get(),
        "figures": figures.iter().map(Figure::json).collect::<Vec<_>>() });
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-window.json");
    std::fs::write(&file, serde_json::to_string_pretty(&report).unwrap()).unwrap();
    println!("report: {}", file.display());
    stage.end().await;
    ExitCode::from(u8::from(!figures.iter().all(Figure::holds)))
}

/// What the program shows, built here as the program builds it.
async fn snapshot(stage: &Stage) -> Snapshot {
    let mut conn = stage.db.acquire().await.unwrap();
    let contents = catalog::read_on_sale(&mut conn).await.unwrap();
    let prices = pricing::price_list(&mut conn, time::OffsetDateTime::now_utc()).await.unwrap();
    Snapshot::build(contents, &prices)
}

fn search(snapshot: &Snapshot) -> Figure {
    let mut figure = Figure::new("searches a second, one core", "1/s", 10_000.0, true);
    for _ in 0..ROUNDS {
        let (began, mut asked) = (Instant::now(), 0_u32);
        while began.elapsed() < TIME / 4 {
            for query in QUERIES {
                black_box(snapshot.find(black_box(query)));
            }
            asked += u32::try_from(QUERIES.len()).unwrap();
        }
        figure.rounds.push(f64::from(asked) / began.elapsed().as_secs_f64());
    }
    figure
}

/// The country page whose number of shown plans is the nearest to the wanted one.
fn measured_page(stage: &Stage, snapshot: &Snapshot) -> String {
    let mut wire = Wire::to(stage.address);
    let near = snapshot.countries().map(|place| {
        let path = format!("/destinations/{}", place.slug);
        let body = String::from_utf8(wire.ask(&get(&path)).body).unwrap();
        (body.matches("<a class=\"ticket\"").count().abs_diff(PLANS), path)
    });
    let (off, path) = near.min().unwrap();
    println!("{path} is measured: {off} off {PLANS} plans");
    path
}

fn pages(stage: &Stage, snapshot: &Snapshot) -> (Vec<Figure>, Vec<Value>) {
    let request = page(&measured_page(stage, snapshot));
    let answer = Wire::to(stage.address).ask(&request);
    assert_eq!(answer.header("content-encoding"), Some("br"), "{}", answer.head);
    println!("{} bytes of body", answer.body.len());
    let bare = Bare::start(&answer.head, &answer.body);
    let mut rate = Figure::new("a country page's requests, of the bare handler's", "", 0.7, true);
    let mut slow = Figure::new("a country page's p99, of the bare handler's", "", 2.0, false);
    let mut raw = Vec::new();
    for round in 0..ROUNDS {
        let measure =
            |address| Load { address, clients: CLIENTS, time: TIME }.measure(&request, answer.body.len());
        let (shop, handler) = (measure(stage.address), measure(bare.address));
        let (shop_slow, handler_slow) =
            (percentile(shop.took.clone(), 99), percentile(handler.took.clone(), 99));
        rate.rounds.push(shop.per_second / handler.per_second);
        slow.rounds.push(shop_slow / handler_slow);
        println!(
            "round {}: {:.0} pages/s, p99 {shop_slow:.2} ms; the bare handler {:.0}/s, p99 {handler_slow:.2} ms",
            round + 1,
            shop.per_second,
            handler.per_second
        );
        raw.push(json!({ "pages_per_second": shop.per_second, "p99_ms": shop_slow,
            "bare_per_second": handler.per_second, "bare_p99_ms": handler_slow }));
    }
    (vec![rate, slow], raw)
}

/// How soon the program is ready, and what it weighs after many pages.
fn life(stage: &mut Stage, snapshot: &Snapshot) -> [Figure; 2] {
    let mut soon = Figure::new("from the start to ready", "s", 1.0, false);
    let mut weight = Figure::new("resident after 1,000 pages", "MiB", 60.0, false);
    for _ in 0..ROUNDS {
        soon.rounds.push(stage.with_workers().as_secs_f64());
        let mut wire = Wire::to(stage.address);
        let places = snapshot.countries().map(|place| format!("/destinations/{}", place.slug));
        let plans = (1..).filter(|id| snapshot.plan(*id).is_some()).map(|id| format!("/plans/{id}"));
        for path in places.chain(plans).take(PAGES) {
            assert_eq!(wire.ask(&page(&path)).status, 200, "{path}");
        }
        weight.rounds.push(stage.resident());
    }
    [soon, weight]
}
