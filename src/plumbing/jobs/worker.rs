//! The workers: claim, run, write the end, until they are told to stop.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::PgPool;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::store::{self, Claim};
use super::{Kind, Verdict, pause_after_fault};
use crate::ground::{Clock, Entropy};
use crate::plumbing::bell::{Bell, Ring};

/// How workers behave in time.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// How long a claim holds without a sign of life.
    pub lease: Duration,
    /// How often to look when no bell rings.
    pub poll: Duration,
    /// How many jobs run at once.
    pub workers: usize,
}

/// How workers are told that it is over: first to take nothing new, and then to leave what is not done.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Nothing new is begun.
    pub stop: CancellationToken,
    /// What still runs is cut off and handed back.
    pub cut: CancellationToken,
}

/// Everything a worker needs besides the jobs' own context `S`.
pub struct Crew<S> {
    /// What each run function is given.
    pub context: S,
    /// The kinds that this crew runs.
    pub kinds: Vec<Kind<S>>,
    /// The table's home.
    pub db: PgPool,
    /// The one clock.
    pub clock: Clock,
    /// For spreading retries and naming workers.
    pub entropy: Entropy,
    /// Wakes an idle worker.
    pub bell: Bell,
}

impl<S: Clone + Send + Sync + 'static> Crew<S> {
    /// Works until it is told to stop; then each worker ends its current job and leaves. A job that still runs when its
    /// patience is over is cut off, as if its worker had died, and handed back, so that nobody waits for its lease.
    pub async fn work(self, rhythm: Rhythm, told: Stop) {
        let crew = Arc::new(self);
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..rhythm.workers {
            workers.spawn(crew.clone().worker(rhythm, told.clone()));
        }
        while workers.join_next().await.is_some() {}
    }

    /// Runs whatever is due now, and what that makes due, one job at a time, and returns how many ran: for tests and
    /// for commands that work in the foreground.
    ///
    /// # Errors
    /// The database's.
    pub async fn drain(&self, lease: Duration) -> sqlx::Result<usize> {
        let (name, never, mut ran) = (self.name(), CancellationToken::new(), 0);
        while let Some(claim) = self.claim(&name, lease).await? {
            self.run(&claim, lease, &never).await?;
            ran += 1;
        }
        Ok(ran)
    }

    async fn worker(self: Arc<Self>, rhythm: Rhythm, told: Stop) {
        let (name, Stop { stop, cut }) = (self.name(), told);
        // Listening begins before the first look, so that nothing falls between.
        let mut bell = self.bell.listen();
        while !stop.is_cancelled() {
            let worked = match self.claim(&name, rhythm.lease).await {
                Ok(Some(claim)) => self.run(&claim, rhythm.lease, &cut).await.map(|()| true),
                Ok(None) => Ok(false),
                Err(error) => Err(error),
            };
            match worked {
                Ok(true) => {}
                Ok(false) => self.rest(&mut bell, rhythm.poll, &stop).await,
                Err(error) => {
                    tracing::warn!(%error, "the job table cannot be reached; trying again");
                    pause(Duration::from_secs(1), &stop).await;
                }
            }
        }
    }

    async fn claim(&self, name: &str, lease: Duration) -> sqlx::Result<Option<Claim>> {
        store::claim(&self.db, name, &self.kind_names(), self.clock.now(), lease).await
    }

    /// Waits for the bell, for the next job's time, or for the poll, whichever comes first.
    async fn rest(&self, bell: &mut broadcast::Receiver<Ring>, poll: Duration, stop: &CancellationToken) {
        let due = store::next_due(&self.db, &self.kind_names()).await.ok().flatten();
        let until_due = due.map_or(poll, |at| Duration::try_from(at - self.clock.now()).unwrap_or_default());
        let rest = until_due.clamp(Duration::from_millis(5), poll);
        let rung = async {
            while !matches!(bell.recv().await, Ok(Ring::Jobs) | Err(broadcast::error::RecvError::Lagged(_))) {
            }
        };
        tokio::select! {
            () = rung => {}
            () = pause(rest, stop) => {}
        }
    }

    async fn run(&self, claim: &Claim, lease: Duration, cut: &CancellationToken) -> sqlx::Result<()> {
        let verdict = tokio::select! {
            verdict = self.attempt(claim) => verdict,
            never = self.keep_alive(claim, lease) => match never {},
            () = cut.cancelled() => {
                tracing::warn!(job = claim.key, "a job was cut off and handed back; it goes on elsewhere");
                return store::hand_back(&self.db, claim).await;
            }
        };
        let now = self.clock.now();
        match verdict {
            Ok(Verdict::Done) => store::finish(&self.db, claim, now).await,
            Ok(Verdict::Again(after)) => store::again(&self.db, claim, now + after, now, None).await,
            Ok(Verdict::GiveUp(why)) => {
                tracing::error!(job = claim.key, why, "a job was given up");
                store::give_up(&self.db, claim, now, &why).await
            }
            Err(fault) => self.after_fault(claim, &fault).await,
        }
    }

    /// Runs the job; its panic ends the run and not the worker.
    async fn attempt(&self, claim: &Claim) -> anyhow::Result<Verdict> {
        let kind = self.kinds.iter().find(|kind| kind.name == claim.kind);
        let Some(kind) = kind else { return Ok(Verdict::GiveUp("no such kind of job".to_owned())) };
        let run = (kind.run)(self.context.clone(), claim.payload.clone());
        match std::panic::AssertUnwindSafe(run).catch_unwind().await {
            Ok(result) => result,
            Err(_) => Err(anyhow::anyhow!("the job panicked")),
        }
    }

    async fn after_fault(&self, claim: &Claim, fault: &anyhow::Error) -> sqlx::Result<()> {
        let faults = u32::try_from(claim.faults).unwrap_or(0) + 1;
        let limit =
            self.kinds.iter().find(|kind| kind.name == claim.kind).and_then(|kind| kind.give_up_after);
        let now = self.clock.now();
        tracing::error!(
            job = claim.key,
            faults,
            fault = format!("{fault:#}"),
            "a job failed; it will be tried again"
        );
        if limit.is_some_and(|limit| faults >= limit) {
            return store::give_up(&self.db, claim, now, &format!("{fault:#}")).await;
        }
        let pause = pause_after_fault(faults, self.entropy.below(1000));
        store::again(&self.db, claim, now + pause, now, Some(&format!("{fault:#}"))).await
    }

    /// Prolongs the lease at a third of its length, for as long as it is polled. A lease that was lost is only told:
    /// the run goes on to its end, because cutting it off could leave a connection inside a transaction, and the
    /// fence keeps its verdict from counting.
    async fn keep_alive(&self, claim: &Claim, lease: Duration) -> std::convert::Infallible {
        let mut held = true;
        loop {
            tokio::time::sleep(lease / 3).await;
            if let Ok(false) = store::prolong(&self.db, claim, self.clock.now() + lease).await
                && std::mem::take(&mut held)
            {
                tracing::warn!(job = claim.key, "the lease was lost; another worker has this job");
            }
        }
    }

    fn kind_names(&self) -> Vec<String> {
        self.kinds.iter().map(|kind| kind.name.to_owned()).collect()
    }

    fn name(&self) -> String {
        format!("{}-{}", std::process::id(), self.entropy.uuid().simple())
    }
}

async fn pause(length: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        () = stop.cancelled() => {}
    }
}
