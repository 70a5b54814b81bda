//! How long reading a catalog takes, and how much memory at its peak, as ratios to serde_json reading the same bytes
//! into plain values: 100,000 packages with 20 countries each. Each way runs in a process of its own, because a
//! process remembers its peak. `make bench` runs it; it fails where we are not clearly better.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench may panic")]
#![expect(clippy::float_arithmetic, reason = "ratios for people; no money")]

#[path = "scale/written.rs"]
mod written;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use simfront::esimdual::CatalogReader;
use simfront::esimdual::reading::Undocumented;
use written::{COUNTRIES_EACH, PACKAGES, write_catalog};

const RUNS: usize = 3;
/// What the reader must keep, so that nobody loses it unseen.
const FASTER: f64 = 2.0;
const SMALLER: f64 = 10.0;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().position(|argument| argument == "--measure") {
        Some(at) => measure(&arguments[at + 1], Path::new(&arguments[at + 2])),
        None => compare(),
    }
}

/// One measured way to read.
#[derive(Clone, Copy)]
struct Measured {
    took: Duration,
    peak_kib: u64,
}

fn compare() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("packages.json");
    write_catalog(&file, |_| false);
    let mebibytes = File::open(&file).unwrap().metadata().unwrap().len() >> 20;
    println!(
        "{PACKAGES} packages with {COUNTRIES_EACH} countries each, {mebibytes} MiB of JSON, best of {RUNS} runs"
    );
    let ours = best("ours", &file);
    let slice = best("value_from_slice", &file);
    let reader = best("value_from_reader", &file);
    for (name, measured) in [
        ("simfront, a stream into rows", ours),
        ("serde_json, the whole body into Value", slice),
        ("serde_json, a reader into Value", reader),
    ] {
        let mebibytes = measured.peak_kib >> 10;
        println!("{name:<40} {:>8.2} s {mebibytes:>8} MiB at its peak", measured.took.as_secs_f64());
    }
    // Against the better of the two in each respect.
    let time = slice.took.min(reader.took).as_secs_f64() / ours.took.as_secs_f64();
    let kibibytes = |measured: Measured| f64::from(u32::try_from(measured.peak_kib).unwrap());
    let memory = kibibytes(slice).min(kibibytes(reader)) / kibibytes(ours);
    println!("ratio of time {time:.1}, ratio of memory {memory:.1}");
    assert!(time >= FASTER && memory >= SMALLER, "wanted: {FASTER} times as fast, {SMALLER} times as small");
}

/// The fastest run, each in a process of its own.
fn best(way: &str, file: &Path) -> Measured {
    let runs = (0..RUNS).map(|_| {
        let child = Command::new(std::env::current_exe().unwrap());
        let output = { child }.arg("--measure").arg(way).arg(file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut numbers = text.split_whitespace().map(|number| number.parse::<u64>().unwrap());
        Measured { took: Duration::from_micros(numbers.next().unwrap()), peak_kib: numbers.next().unwrap() }
    });
    runs.min_by_key(|run| run.took).unwrap()
}

fn measure(way: &str, path: &Path) {
    let started = Instant::now();
    let packages = match way {
        "ours" => {
            let mut seen = Undocumented::default();
            let mut catalog = CatalogReader::default();
            catalog.read_page(File::open(path).unwrap(), 1, &mut seen).unwrap();
            assert!(seen.is_empty(), "the bench's catalog is as documented: {seen:?}");
            let rows = catalog.into_rows().rows;
            assert!(rows.iter().all(|row| row.countries.len() == COUNTRIES_EACH));
            let took = started.elapsed();
            return report(rows.len(), took);
        }
        "value_from_slice" => serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap(),
        "value_from_reader" => {
            serde_json::from_reader::<_, Value>(BufReader::new(File::open(path).unwrap())).unwrap()
        }
        other => panic!("there is no way {other}"),
    };
    let took = started.elapsed();
    report(packages["data"].as_array().unwrap().len(), took);
}

fn report(packages: usize, took: Duration) {
    assert_eq!(packages, PACKAGES);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("{} {}", took.as_micros(), line.split_whitespace().next().unwrap());
}
