//! `simfront sync`: one catalog sync in the foreground.

use crate::catalog::{Outcome, Progress, Summary};
use crate::shop::Shop;
use crate::supply;

/// Syncs, says how it goes, and says what changed.
pub(super) async fn run(shop: &Shop) -> anyhow::Result<()> {
    let refreshed = supply::refresh(shop, &show).await;
    if let Err(error) = shop.upstream.write_down_notes().await {
        tracing::warn!(%error, "what eSIMDual sent and does not document was not written down");
    }
    let summary = refreshed?;
    println!("{}", words(&summary));
    // A shop that runs beside this command is told at once.
    shop.bell.tell_others(&shop.db).await;
    match summary.outcome {
        Outcome::Held => anyhow::bail!("the sync is held: {}", summary.note.unwrap_or_default()),
        _ => Ok(()),
    }
}

fn show(progress: Progress) {
    match progress {
        Progress::Asking => eprintln!("asking eSIMDual for its catalog …"),
        Progress::Received(rows) => eprintln!("{rows} rows received"),
        Progress::Comparing(packages) => eprintln!("comparing {packages} packages"),
    }
}

fn words(summary: &Summary) -> String {
    let counts = &summary.counts;
    format!(
        "sync {}: {} packages; {} added, {} changed, {} re-priced, {} withdrawn, {} returned, {} set aside",
        summary.outcome.word(),
        counts.packages,
        counts.added,
        counts.changed,
        counts.repriced,
        counts.withdrawn,
        counts.returned,
        counts.set_aside,
    )
}
