//! Jobs: work that must survive the process that thought of it, in one table beside the data that it is about.
//!
//! Promises: a job that was committed runs at least once; one that runs holds a lease, and only the newest claim may
//! write its end (a worker that was frozen and wakes up changes nothing); a request for a job that is waiting moves
//! it forward, and one for a job that is running makes it run once more. A job must be safe to run twice.

mod store;
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;

pub use store::{Waiting, enqueue, given_up, waiting};
pub use worker::{Crew, Rhythm, Stop};

/// A request for work.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Which run function: a name from the crew.
    pub kind: &'static str,
    /// What it is about: one job for one key.
    pub key: String,
    /// What the run function is given.
    pub payload: Value,
    /// Not before.
    pub run_at: OffsetDateTime,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is left to do.
    Done,
    /// It went well, and there is more to do after this long.
    Again(Duration),
    /// It can never succeed; kept for a person to see.
    GiveUp(String),
}

/// What a run function returns: a fault is retried with growing pauses.
pub type Run = Pin<Box<dyn Future<Output = anyhow::Result<Verdict>> + Send>>;

/// One kind of job.
pub struct Kind<S> {
    /// Its name in the table.
    pub name: &'static str,
    /// Calls a verb with what the job is about.
    pub run: fn(S, Value) -> Run,
    /// A run that fails this often is given up. Jobs on which money depends never are: `None`.
    pub give_up_after: Option<u32>,
}

/// Boxes the future of a run function.
pub fn run<F>(future: F) -> Run
where
    F: Future<Output = anyhow::Result<Verdict>> + Send + 'static,
{
    Box::pin(future)
}

/// How long to wait after the n-th fault in a row: from a second, doubling, to five minutes. `chance` (0 to 999)
/// takes up to a quarter off, so that jobs that failed together do not come back together.
fn pause_after_fault(faults: u32, chance: u64) -> Duration {
    let seconds = 1_u64 << faults.saturating_sub(1).min(9);
    let millis = (seconds * 1000).min(300_000);
    Duration::from_millis(millis - millis / 4 * chance / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_minutes_and_spread() {
        let millis = |faults, chance| pause_after_fault(faults, chance).as_millis();
        assert_eq!((millis(1, 0), millis(2, 0), millis(4, 0)), (1_000, 2_000, 8_000));
        assert_eq!((millis(9, 0), millis(10, 0), millis(400, 0)), (256_000, 300_000, 300_000));
        assert_eq!(millis(1, 999), 751);
    }
}
