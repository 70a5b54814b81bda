//! Torture: the program is killed at every durable step and at every call to the outside, started again, and whatever
//! was going on must end as if nothing had happened.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests stand for clients that are not the shop's")]

mod bank;
mod card;
mod commits;
mod journey;
mod long;
mod post_office;
mod relay;
mod runs;
mod scripts;
mod stage;
#[allow(dead_code, reason = "it serves the journeys of the program too")]
#[path = "../program/stand.rs"]
mod stand;
mod steps;
#[path = "../support/stripe/mod.rs"]
mod stripe;
mod trap;
mod truth;
mod wire;

use crate::runs::Death;
use crate::scripts::SCRIPTS;

/// K16 is beyond what must be.
const NEEDED: [&str; 15] =
    ["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10", "K11", "K12", "K13", "K14", "K15"];

/// A variable of `make torture`, where it is set to something.
fn said(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn seed() -> u64 {
    said("TORTURE_SEED").map_or(1, |seed| seed.parse().expect("SEED is a number"))
}

/// `make test` dies a fixed few dozen deaths, `make torture` all of them, of one script or at one place where that is
/// asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f96_killed_at_any_step_the_shop_ends_as_if_it_had_not_been() {
    let (seed, script) = (seed(), said("TORTURE_SCRIPT").map(|name| scripts::named(&name)));
    if let (Some(script), Some(place)) = (script, said("TORTURE_AT")) {
        let mode = said("TORTURE_MODE").expect("MODE says how to die there").parse().unwrap();
        let death = Death { script, place: place.parse().unwrap(), mode };
        let findings = runs::die(vec![death], seed).await;
        assert!(findings.missed.is_empty(), "the run did not get there");
        return findings.judge(&[], false);
    }
    let all = said("TORTURE").is_some();
    let played = match script {
        Some(script) => vec![script],
        None if all => SCRIPTS.iter().collect(),
        None => runs::short_scripts(),
    };
    let found = runs::count_all(&played, seed).await;
    let chosen = if all { found.clone() } else { runs::short(&found) };
    let findings = runs::die(chosen, seed).await;
    findings.print(found.len());
    findings.judge(if script.is_some() { &[] } else { &NEEDED }, all);
}

/// 300 units in `make test`, and as many as `make torture-long` says.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f96_in_a_long_run_of_faults_kills_and_restarts_not_a_unit_is_lost_and_not_a_cent_adrift() {
    let units = said("TORTURE_UNITS").map_or(300, |units| units.parse().expect("UNITS is a number"));
    long::run(seed(), units).await;
}
