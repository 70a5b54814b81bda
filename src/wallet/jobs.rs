//! The job that reads the wallet, again and again.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;

use super::reading::read;
use crate::esimdual::Answer;
use crate::plumbing::jobs::{Kind, NewJob, Verdict, run};
use crate::shop::Shop;

/// The kind, and the key, of the job: there is one for all nodes.
pub const READ_WALLET: &str = "read_wallet";

/// The job that this room runs.
pub fn kind() -> Kind<Shop> {
    Kind { name: READ_WALLET, run: |shop, _| run(async move { read_now(&shop).await }), give_up_after: None }
}

/// A reading now; it comes back by itself.
pub fn read_job(now: OffsetDateTime) -> NewJob {
    NewJob { kind: READ_WALLET, key: READ_WALLET.to_owned(), payload: json!({}), run_at: now }
}

/// Between two readings: twice the reconciler's interval, and never more than an eighth of the budget.
pub fn interval(reconcile_interval: Duration, requests_per_minute: usize) -> Duration {
    let per_minute = u64::try_from(requests_per_minute).unwrap_or(u64::MAX).max(1);
    (reconcile_interval * 2).max(Duration::from_millis(8 * 60_000 / per_minute))
}

/// Reads; whatever came of it, it is read again an interval later.
async fn read_now(shop: &Shop) -> anyhow::Result<Verdict> {
    let pause =
        interval(shop.settings.times.reconcile_interval, shop.upstream.health().await.budget.per_minute);
    if !shop.upstream.configured() {
        return Ok(Verdict::Again(pause));
    }
    match read(&shop.db, &shop.upstream, &shop.clock).await? {
        Answer::Done(_) => {}
        Answer::Refused(refusal) => {
            tracing::info!(status = refusal.http_status, "the wallet could not be read");
        }
        Answer::Later(later) => tracing::info!(why = later.reason, "the wallet could not be read"),
        Answer::Doubt(doubt) => tracing::info!(why = doubt.reason, "the wallet could not be read"),
    }
    Ok(Verdict::Again(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_keep_to_an_eighth_of_the_budget() {
        let seconds = Duration::from_secs;
        assert_eq!(interval(seconds(30), 60), seconds(60));
        assert_eq!(interval(seconds(1), 60), seconds(8));
        assert_eq!(interval(seconds(1), 100_000), seconds(2));
        assert_eq!(interval(seconds(30), 1), seconds(480));
    }
}
