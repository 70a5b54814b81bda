//! Syncs of a large catalog: 100,000 packages with 2,000,000 country links, by a real `simfront serve` with limits,
//! headers and logs as in life, on a durable PostgreSQL. How long the first one takes and one that finds nothing new, how
//! much memory the program needs at most, and how much longer visitors wait for a country's page while a sync runs: in
//! rounds, each measured right beside the same load without one. `make bench-scale` runs it; it ends with 1 where a figure
//! is missed, and leaves a report in JSON.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench may panic")]
#![expect(clippy::float_arithmetic, reason = "ratios and seconds for people; no money")]

#[path = "../shop/figure.rs"]
mod figure;
mod load;
mod stage;
mod upstream;
#[path = "../shop/wire.rs"]
#[allow(dead_code, reason = "it serves the bench of the shop too")]
mod wire;
mod written;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use figure::{Figure, percentile};
use load::{Crowd, Seen, Visitors};
use stage::{Stage, Synced};
use written::{COUNTRIES_EACH, PACKAGES};

const ROUNDS: usize = 5;
/// Visitors at once, as in the window's bench: as many as the shop can answer.
const CROWD: usize = 64;
/// The visitors of a shop that has time for them.
const PER_SECOND: u32 = 200;
const CLIENTS: usize = 16;
/// How long they are watched while nothing else is done, before and after.
const CALM: Duration = Duration::from_secs(4);
/// The country whose page they look at.
const PAGE: &str = "/destinations/france";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |word: &str| {
        let at = arguments.iter().position(|argument| argument == word)?;
        Some(PathBuf::from(&arguments[at + 1]))
    };
    if let Some(catalog) = after("--upstream") {
        return upstream::serve(catalog).await;
    }
    // `--program PATH` measures another build, to compare with.
    let program = after("--program").unwrap_or_else(|| env!("CARGO_BIN_EXE_simfront").into());
    let mut stage = Stage::start(&program).await;
    let (figures, raw) = measure(&mut stage).await;
    for figure in &figures {
        println!("{}", figure.tell());
    }
    let report = json!({ "packages": PACKAGES, "links": PACKAGES * COUNTRIES_EACH,
        "processors": std::thread::available_parallelism().unwrap().get(), "rounds": raw,
        "figures": figures.iter().map(Figure::json).collect::<Vec<_>>() });
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-scale.json");
    std::fs::write(&file, serde_json::to_string_pretty(&report).unwrap()).unwrap();
    println!("report: {}", file.display());
    stage.end().await;
    ExitCode::from(u8::from(!figures.iter().all(Figure::holds)))
}

async fn measure(stage: &mut Stage) -> (Vec<Figure>, Vec<Value>) {
    let mut first = Figure::new("the first sync, with what follows it", "s", 60.0, false);
    let mut unchanged = Figure::new("a sync that finds nothing new, with what follows it", "s", 10.0, false);
    let mut memory = Figure::new("memory at its peak", "MiB", 600.0, false);
    let mut slower = Figure::new(
        "64 visitors' p99 of a country page while a sync runs, of the same without",
        "",
        2.0,
        false,
    );
    let mut raw = Vec::new();

    stage.shows("/healthz");
    let synced = stage.synced(0).await;
    assert_eq!(synced.outcome, "applied", "{}", stage.log());
    assert_eq!(stage.number("select count(*) from package_countries").await, 2_000_000);
    println!("the first sync: {}; {:.0} MiB at its peak", told(&synced), stage.peak());
    first.rounds.push(synced.whole.as_secs_f64());
    raw.push(json!({ "first_sync_s": synced.run.as_secs_f64(), "with_what_follows_s": synced.whole.as_secs_f64() }));
    tokio::task::block_in_place(|| stage.shows(PAGE));

    for round in 0..ROUNDS {
        let runs = stage.ask_for_a_sync().await;
        let synced = stage.synced(runs).await;
        assert_eq!(synced.outcome, "unchanged", "{}", stage.log());
        unchanged.rounds.push(synced.whole.as_secs_f64());
        println!("round {}: one with nothing new: {}", round + 1, told(&synced));
    }
    for round in 0..ROUNDS {
        let compared = compare(stage, By::Crowd, round);
        println!("round {}: 64 at once: {compared}", round + 1);
        slower.rounds.push(compared.with.p99 / compared.without.p99);
        raw.push(compared.json("64 at once"));
    }
    // No figure: most of these waits is the machine's, which wakes a thread late where both processors have work.
    for round in ROUNDS..ROUNDS + 2 {
        let compared = compare(stage, By::Pace, round);
        println!("{PER_SECOND} a second: {compared}");
        raw.push(compared.json("200 a second"));
    }
    memory.rounds.push(stage.peak());
    println!("{:.0} MiB resident at the end", stage.resident());
    (vec![first, unchanged, memory, slower], raw)
}

fn told(synced: &Synced) -> String {
    format!("{:.2} s, {:.2} s with what follows it", synced.run.as_secs_f64(), synced.whole.as_secs_f64())
}

#[derive(Clone, Copy)]
enum By {
    Crowd,
    Pace,
}

impl By {
    /// The visitors' answers until something has ended, and what it gave.
    fn while_it<T>(self, address: SocketAddr, done: impl FnOnce() -> T) -> (T, Vec<Seen>) {
        let request = &page(PAGE);
        match self {
            Self::Crowd => Crowd { address, clients: CROWD, request }.while_it(done),
            Self::Pace => {
                Visitors { address, clients: CLIENTS, per_second: PER_SECOND, request }.while_it(done)
            }
        }
    }
}

/// How long pages took, in milliseconds.
struct Waits {
    p50: f64,
    p99: f64,
    pages: usize,
}

impl Waits {
    fn of(seen: Vec<f64>) -> Self {
        Self { pages: seen.len(), p50: percentile(seen.clone(), 50), p99: percentile(seen, 99) }
    }
}

struct Compared {
    with: Waits,
    without: Waits,
    /// One that wrote and one that found nothing new.
    synced: [Synced; 2],
    resident: f64,
}

impl Compared {
    fn json(&self, visitors: &str) -> Value {
        json!({ "visitors": visitors, "p99_ms": self.with.p99, "without_p99_ms": self.without.p99,
            "p50_ms": self.with.p50, "without_p50_ms": self.without.p50, "resident_mib": self.resident })
    }
}

impl std::fmt::Display for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { with, without, synced: [wrote, unchanged], resident } = self;
        write!(
            f,
            "p50 {:.2} ms and p99 {:.2} ms of {} pages while a sync wrote ({}) and while one found nothing new ({}); \
             p50 {:.2} ms and p99 {:.2} ms of {} pages without; {resident:.0} MiB",
            with.p50,
            with.p99,
            with.pages,
            told(wrote),
            told(unchanged),
            without.p50,
            without.p99,
            without.pages,
        )
    }
}

/// Without before and after: a machine that is shared is not the same from one moment to the next.
fn compare(stage: &mut Stage, by: By, round: usize) -> Compared {
    let catalog = if round.is_multiple_of(2) { "other" } else { "one" };
    let calm = |stage: &Stage| by.while_it(stage.address, || std::thread::sleep(CALM)).1;
    let mut without = calm(stage);
    let (synced, with) = while_syncs_run(stage, catalog, by);
    without.extend(calm(stage));
    let without = Waits::of(without.iter().map(Seen::milliseconds).collect());
    Compared { with: Waits::of(with), without, synced, resident: stage.resident() }
}

/// While a sync that writes ran, with the making of a new window, and then one that found nothing new.
fn while_syncs_run(stage: &mut Stage, catalog: &str, by: By) -> ([Synced; 2], Vec<f64>) {
    let (handle, address) = (tokio::runtime::Handle::current(), stage.address);
    stage.upstream.sell(&stage.folder.path().join(catalog));
    let (synced, seen) = tokio::task::block_in_place(|| {
        by.while_it(address, || {
            let one = |stage: &mut Stage| {
                handle.block_on(async {
                    let runs = stage.ask_for_a_sync().await;
                    stage.synced(runs).await
                })
            };
            [one(stage), one(stage)]
        })
    });
    let outcomes = synced.each_ref().map(|synced| synced.outcome.as_str());
    assert_eq!(outcomes, ["applied", "unchanged"], "{}", stage.log());
    let during = |seen: &&Seen| synced.iter().any(|sync| sync.began <= seen.due && seen.due <= sync.ended);
    let took = seen.iter().filter(during).map(Seen::milliseconds).collect();
    (synced, took)
}

/// As a browser asks.
fn page(path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nhost: shop\r\naccept: text/html\r\naccept-encoding: gzip, deflate, br\r\n\r\n"
    )
    .into_bytes()
}
