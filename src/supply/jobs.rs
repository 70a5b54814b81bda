//! The jobs that keep the catalog fresh, and the history of prices whole.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;

use super::refresh::{Failed, note_prices_now, refresh};
use crate::catalog;
use crate::ground::Entropy;
use crate::plumbing::jobs::{Kind, NewJob, Verdict, run};
use crate::shop::Shop;

/// The kind, and the key, of the job: there is one for all nodes.
pub const SYNC_CATALOG: &str = "sync_catalog";

/// After which a shop that has nothing to show tries again, and one that found another sync under way.
const SOON: Duration = Duration::from_secs(15);

/// The kind, and the key, of the job that notes prices when a rule or rate begins or ends.
pub const NOTE_PRICES: &str = "note_prices";

/// The jobs that this room runs.
pub fn kinds() -> [Kind<Shop>; 2] {
    [
        Kind {
            name: SYNC_CATALOG,
            run: |shop, _| run(async move { sync(&shop).await }),
            give_up_after: None,
        },
        Kind { name: NOTE_PRICES, run: |shop, _| run(async move { note(&shop).await }), give_up_after: None },
    ]
}

/// A noting of prices at that date.
pub(super) fn note_job(at: OffsetDateTime) -> NewJob {
    NewJob { kind: NOTE_PRICES, key: NOTE_PRICES.to_owned(), payload: json!({}), run_at: at }
}

/// Notes, and comes back at the next date.
async fn note(shop: &Shop) -> anyhow::Result<Verdict> {
    let next = note_prices_now(shop).await?;
    let after = next.map(|next| Duration::try_from(next - shop.now()).unwrap_or_default());
    Ok(after.map_or(Verdict::Done, Verdict::Again))
}

/// A sync now; it comes back by itself.
pub fn sync_job(now: OffsetDateTime) -> NewJob {
    NewJob { kind: SYNC_CATALOG, key: SYNC_CATALOG.to_owned(), payload: json!({}), run_at: now }
}

/// Syncs, and comes back after the interval, or sooner where the upstream could not be asked.
async fn sync(shop: &Shop) -> anyhow::Result<Verdict> {
    let interval = shop.settings.times.sync_interval;
    match refresh(shop, &|_| {}).await {
        Ok(summary) => {
            tracing::info!(outcome = ?summary.outcome, run = summary.run, "the catalog was synced");
            Ok(Verdict::Again(interval))
        }
        Err(Failed::NoCredentials) => Ok(Verdict::Again(interval)),
        // Whoever asked for this one may know of something that the other has read past.
        Err(Failed::UnderWay) => {
            tracing::info!("another sync is under way; this one waits for its end");
            Ok(Verdict::Again(SOON))
        }
        Err(Failed::Overtaken) => {
            tracing::warn!("this sync was cut off and another one took over; the catalog is that one's");
            Ok(Verdict::Again(interval))
        }
        Err(Failed::Upstream(why)) => {
            tracing::warn!(why, "the catalog could not be synced; the last good one stays");
            let synced_at = catalog::synced_at(&mut *shop.db.acquire().await?).await?;
            let age = synced_at.map(|at| Duration::try_from(shop.now() - at).unwrap_or_default());
            Ok(Verdict::Again(spread(pause_after_failure(age, interval), &shop.entropy)))
        }
        Err(Failed::Database(error)) => Err(error.into()),
    }
}

/// After a sync that failed: soon while the shop has nothing to show; else after a tenth of the catalog's age, so that
/// the pauses grow by themselves, and never later than an ordinary sync.
fn pause_after_failure(age: Option<Duration>, interval: Duration) -> Duration {
    age.map_or(SOON, |age| (age / 10).max(SOON)).min(interval)
}

/// Up to a tenth longer by chance, so that many shops do not come back at once.
fn spread(pause: Duration, entropy: &Entropy) -> Duration {
    let tenth = u64::try_from(pause.as_millis() / 10).unwrap_or(0);
    pause + Duration::from_millis(entropy.below(tenth.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_shop_tries_soon_and_one_with_a_catalog_less_and_less_often() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let pause = |age| pause_after_failure(age, minutes(15));
        assert_eq!(pause(None), SOON);
        assert_eq!(pause(Some(minutes(1))), SOON);
        assert_eq!(pause(Some(minutes(20))), minutes(2));
        assert_eq!(pause(Some(minutes(24 * 60))), minutes(15), "as often as an ordinary sync");
        assert_eq!(pause_after_failure(None, Duration::from_secs(1)), Duration::from_secs(1));
        let entropy = Entropy::seeded(1);
        for _ in 0..100 {
            let spread = spread(minutes(10), &entropy);
            assert!(spread >= minutes(10) && spread <= minutes(11), "{spread:?}");
        }
    }
}
