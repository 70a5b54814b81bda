//! All the runs: a counting run of each script finds the points, then one run for each point and way to die there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::journey::{Run, play};
use crate::scripts::{self, SCRIPTS, Script};
use crate::steps::MOMENTS;
use crate::trap::{Mode, Place};

/// How many runs go on at once: most of a run is waiting for leases and doubts to age, but each program may take two
/// dozen connections, of which the test server has sixty.
const AT_ONCE: usize = 3;
/// A visit that a run did not get to, because its points came in another order this time, is tried so often in all.
const TRIES: u32 = 5;
/// After an answer's last byte the program lives on for less than this, as the seed says.
const LONGEST_AFTERWARDS: u64 = 50;

/// One death: where in which script, and how.
#[derive(Clone)]
pub struct Death {
    pub script: &'static Script,
    pub place: Place,
    pub mode: Mode,
}

impl Death {
    /// The one command that plays it again.
    fn again(&self, seed: u64) -> String {
        let Self { script, place, mode } = self;
        format!("make torture SCRIPT={} AT='{place}' MODE={mode} SEED={seed}", script.name)
    }

    /// How long the program lives on after an answer: drawn from the seed, the same for the same death.
    fn afterwards(&self, seed: u64) -> Duration {
        let words = format!("{seed} {} {} {}", self.script.name, self.place, self.mode);
        // FNV-1a: any even spread does.
        let drawn = words.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Duration::from_millis(drawn % LONGEST_AFTERWARDS)
    }
}

/// What all runs came to.
#[derive(Default)]
pub struct Findings {
    pub visited: Vec<Death>,
    pub missed: Vec<Death>,
    pub broken: Vec<String>,
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Plays a run on a thread of its own, so that what breaks in it ends no other run.
async fn apart(death: Option<&Death>, script: &'static Script, seed: u64) -> Result<Run, String> {
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let aim = death.map(|death| (death.place.clone(), death.mode));
    let afterwards = death.map_or(Duration::ZERO, |death| death.afterwards(seed));
    let alone = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(number, script, aim, afterwards))
    };
    let played = tokio::task::spawn_blocking(alone).await;
    played.map_err(|fault| {
        let why = fault.try_into_panic().ok().map(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
        });
        why.unwrap_or_else(|| "the run was cut off".to_owned())
    })
}

/// Counts a script's points, without a death.
pub async fn count(script: &'static Script, seed: u64) -> Vec<Place> {
    let run = apart(None, script, seed).await;
    let run = run.unwrap_or_else(|why| panic!("{} breaks even without a kill: {why}", script.name));
    assert!(!run.killed);
    let mut told = format!("{}: {} points\n", script.name, run.trace.len());
    for (place, detail) in &run.trace {
        told.push_str(&format!(
            "    {place}{}\n",
            if detail.is_empty() { String::new() } else { format!("  ({detail})") }
        ));
    }
    print!("{told}");
    run.trace.into_iter().map(|(place, _)| place).collect()
}

/// Counts several scripts at once.
pub async fn count_all(scripts: &[&'static Script], seed: u64) -> Vec<Death> {
    let (room, mut counting) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for script in scripts {
        let script: &'static Script = script;
        let room = Arc::clone(&room);
        counting.spawn(async move {
            let _place = room.acquire_owned().await.unwrap();
            (script, count(script, seed).await)
        });
    }
    let mut counted = counting.join_all().await;
    // In the order of the table, so that the choice does not depend on who was faster.
    counted.sort_by_key(|(script, _)| SCRIPTS.iter().position(|one| one.name == script.name));
    let mut deaths = Vec::new();
    for (script, places) in counted {
        for place in places {
            deaths.extend(place.modes().iter().map(|mode| Death {
                script,
                place: place.clone(),
                mode: *mode,
            }));
        }
    }
    deaths
}

/// Dies all these deaths.
pub async fn die(deaths: Vec<Death>, seed: u64) -> Findings {
    let (began, all) = (Instant::now(), deaths.len());
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    for death in deaths {
        let room = Arc::clone(&room);
        runs.spawn(async move {
            let _place = room.acquire_owned().await.unwrap();
            for _ in 0..TRIES {
                match apart(Some(&death), death.script, seed).await {
                    Ok(run) if run.killed => return (death, Ok(true)),
                    Ok(_) => {}
                    Err(why) => return (death, Err(why)),
                }
            }
            (death, Ok(false))
        });
    }
    let mut findings = Findings::default();
    let mut ended_runs = 0;
    while let Some(ended) = runs.join_next().await {
        ended_runs += 1;
        if ended_runs % 100 == 0 {
            println!("{ended_runs} of {all} deaths after {} s", began.elapsed().as_secs());
        }
        match ended.expect("runs are played apart") {
            (death, Ok(true)) => findings.visited.push(death),
            (death, Ok(false)) => findings.missed.push(death),
            (death, Err(why)) => {
                let sentence = format!("{why}\n    {}", death.again(seed));
                println!("BROKEN: {sentence}");
                findings.broken.push(sentence);
            }
        }
    }
    println!("{all} deaths in {} s", began.elapsed().as_secs());
    findings
}

impl Findings {
    /// Prints what was found and visited.
    pub fn print(&self, found: usize) {
        let mut visits: BTreeMap<(&str, Mode), usize> = BTreeMap::new();
        for death in &self.visited {
            *visits.entry((&death.place.point, death.mode)).or_insert(0) += 1;
        }
        println!("points and ways to die found: {found}; died there: {}", self.visited.len());
        for ((point, mode), times) in visits {
            println!("    {point} {mode}: {times}");
        }
        for death in &self.missed {
            println!("    not reached: {} {} {}", death.script.name, death.place, death.mode);
        }
        for moment in MOMENTS {
            let times = self.visited.iter().filter(|death| moment.is_at(&death.place, death.mode)).count();
            println!("    {:<4} {times:>4}  {}", moment.name, moment.what);
        }
    }

    /// Nothing broke, few places were not reached because their points came in another order each time, at each point a
    /// death of each mode was died, and the moments that must be among the deaths are: in the whole with each of their
    /// places.
    pub fn judge(&self, needed: &[&str], whole: bool) {
        assert!(self.broken.is_empty(), "{} broken:\n{}", self.broken.len(), self.broken.join("\n"));
        let (missed, all) = (self.missed.len(), self.missed.len() + self.visited.len());
        assert!(missed <= 2 + all / 20, "{missed} of {all} deaths were not reached");
        // A visit may come to nothing, a whole boundary may not; but where few deaths are died, one that only a race shows
        // (a webhook that overtakes its answer) may not come again.
        let kind = |death: &Death| (death.place.point.clone(), death.mode);
        let died: BTreeSet<_> = self.visited.iter().map(kind).collect();
        let never: BTreeSet<_> = self.missed.iter().map(kind).filter(|kind| !died.contains(kind)).collect();
        assert!(!whole || never.is_empty(), "found, and never died at in any script: {never:?}");
        let died_at = |(point, mode): &&(&str, Mode)| {
            self.visited.iter().any(|death| death.place.point == *point && death.mode == *mode)
        };
        let lacks = |name: &&&str| {
            let moment = MOMENTS.iter().find(|moment| moment.name == **name).expect("a moment of the table");
            let died = moment.at.iter().filter(died_at).count();
            // Refunds have few ways to be killed, and each is tried whenever anything is.
            let all = whole || REFUNDS.contains(name);
            died < if all { moment.at.len() } else { 1 }
        };
        let lacking: Vec<_> = needed.iter().filter(lacks).collect();
        assert!(lacking.is_empty(), "never killed at {lacking:?}");
    }
}

/// The moments of a refund.
const REFUNDS: [&str; 2] = ["K13", "K14"];
/// The script of the happy path.
const HAPPY: &str = "happy";
/// Besides the moments of the table, the steps of the happy path at whose first visit `make test` kills.
const ALSO: &[(&str, Mode)] = &[
    ("shop: POST /webhooks/esimdual", Mode::C),
    ("upstream: POST /orders", Mode::C),
    ("mail: handed over", Mode::C),
    ("commit: order begun", Mode::A),
    ("commit: job claimed", Mode::B),
    ("commit: list read", Mode::B),
    ("commit: attempt begun", Mode::A),
    ("upstream: POST /orders", Mode::A),
    ("commit: webhook worked on", Mode::B),
    ("commit: mail written", Mode::A),
    ("mail: handed over", Mode::A),
    ("commit: job done", Mode::A),
];

/// The part that `make test` has time for: the first visit of whatever a moment of the table names, once over all
/// scripts, and the happy path's other steps.
pub fn short(found: &[Death]) -> Vec<Death> {
    let mut chosen: Vec<Death> = Vec::new();
    for death in found.iter().filter(|death| death.place.visit == 1) {
        let of_the_table = MOMENTS.iter().any(|moment| moment.is_at(&death.place, death.mode));
        let also = ALSO.contains(&(death.place.point.as_str(), death.mode)) && death.script.name == HAPPY;
        let known = |one: &Death| one.place == death.place && one.mode == death.mode;
        if (of_the_table || also) && !chosen.iter().any(known) {
            chosen.push(death.clone());
        }
    }
    if found.iter().any(|death| death.script.name == HAPPY) {
        let lacks = |(point, mode): &&(&str, Mode)| {
            !chosen.iter().any(|death| death.place.point == *point && death.mode == *mode)
        };
        let lacking: Vec<_> = ALSO.iter().filter(lacks).collect();
        assert!(lacking.is_empty(), "the happy path does not pass {lacking:?} any more");
    }
    chosen
}

/// The scripts of the short part: together they meet every moment of the table but a migration's.
pub fn short_scripts() -> Vec<&'static Script> {
    let names =
        [HAPPY, "processing", "fails-later", "stripe-happy", "stripe-refund-of-a-failed-unit", "sync"];
    names.map(scripts::named).into()
}
