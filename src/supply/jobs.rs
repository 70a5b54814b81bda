//! The job that keeps the catalog fresh.

use serde_json::json;
use time::OffsetDateTime;

use super::refresh::{Failed, refresh};
use crate::plumbing::jobs::{Kind, NewJob, Verdict, run};
use crate::shop::Shop;

/// The kind, and the key, of the job: there is one for all nodes.
pub const SYNC_CATALOG: &str = "sync_catalog";

/// The job that this room runs.
pub fn kind() -> Kind<Shop> {
    Kind { name: SYNC_CATALOG, run: |shop, _| run(async move { sync(&shop).await }), give_up_after: None }
}

/// A sync now; it comes back by itself.
pub fn sync_job(now: OffsetDateTime) -> NewJob {
    NewJob { kind: SYNC_CATALOG, key: SYNC_CATALOG.to_owned(), payload: json!({}), run_at: now }
}

/// Syncs, and comes back after the interval, or sooner where the upstream could not be asked and the shop is empty.
async fn sync(shop: &Shop) -> anyhow::Result<Verdict> {
    let interval = shop.settings.times.sync_interval;
    match refresh(shop, &|_| {}).await {
        Ok(summary) => {
            tracing::info!(outcome = ?summary.outcome, run = summary.run, "the catalog was synced");
            Ok(Verdict::Again(interval))
        }
        Err(Failed::NoCredentials) => Ok(Verdict::Again(interval)),
        Err(Failed::Upstream(why)) => {
            tracing::warn!(why, "the catalog could not be synced; the last good one stays");
            Ok(Verdict::Again(interval.min(std::time::Duration::from_secs(15))))
        }
        Err(Failed::Database(error)) => Err(error.into()),
    }
}
