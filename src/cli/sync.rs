//! `simfront sync`: one catalog sync in the foreground.

use std::time::Duration;

use crate::catalog::{self, Counts, Outcome, Progress, SyncRun};
use crate::shop::Shop;
use crate::supply::{self, Failed};

/// Between two looks whether another sync has ended.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Syncs, says how it goes, and says what changed. Where another sync is under way, its end is waited for: what that one
/// has just read is not read once more.
pub(super) async fn run(shop: &Shop) -> anyhow::Result<()> {
    let asked = shop.now();
    let mut told = false;
    loop {
        match supply::refresh(shop, &show).await {
            Err(Failed::UnderWay) if !std::mem::replace(&mut told, true) => {
                eprintln!("another sync is under way; waiting for its end …");
            }
            Err(Failed::UnderWay) => {}
            own => {
                if let Err(error) = shop.upstream.write_down_notes().await {
                    tracing::warn!(%error, "what eSIMDual sent and does not document was not written down");
                }
                let summary = own?;
                println!("{}", words(summary.outcome, &summary.counts));
                // A shop that runs beside this command is told at once.
                shop.bell.tell_others(&shop.db).await;
                return held(summary.outcome, summary.note);
            }
        }
        while catalog::under_way(&mut *shop.db.acquire().await?).await? {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let last = catalog::last_runs(&mut *shop.db.acquire().await?, 1).await?.pop();
        // One that failed, or whose program was killed, is no sync: then this one tries.
        if let Some(run) = last.filter(|run| just_done(run, asked)) {
            println!("another {}", words(run.outcome, &run.counts));
            return held(run.outcome, run.note);
        }
    }
}

fn just_done(run: &SyncRun, asked: time::OffsetDateTime) -> bool {
    let ended = run.finished_at.is_some_and(|at| at >= asked);
    ended && matches!(run.outcome, Outcome::Applied | Outcome::Unchanged | Outcome::Held)
}

fn held(outcome: Outcome, note: Option<String>) -> anyhow::Result<()> {
    match outcome {
        Outcome::Held => anyhow::bail!("{} See /admin/sync", note.unwrap_or_default()),
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

fn words(outcome: Outcome, counts: &Counts) -> String {
    format!(
        "sync {}: {} packages; {} added, {} changed, {} re-priced, {} withdrawn, {} returned, {} set aside",
        outcome.word(),
        counts.packages,
        counts.added,
        counts.changed,
        counts.repriced,
        counts.withdrawn,
        counts.returned,
        counts.set_aside,
    )
}
