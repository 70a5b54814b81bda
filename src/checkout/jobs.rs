//! The jobs of an order: its next step, and the sweep that finds orders nobody looks after.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;

use super::advance::advance;
use crate::orders;
use crate::plumbing::bell::Ring;
use crate::plumbing::jobs::{Kind, NewJob, Verdict, run};
use crate::shop::Shop;

/// The kind, and the key, of the sweep.
pub const SWEEP: &str = "sweep_orders";

/// The jobs that this room runs. An order's job is never given up: money depends on it.
pub fn kinds() -> Vec<Kind<Shop>> {
    vec![
        Kind {
            name: orders::ADVANCE,
            run: |shop, payload| {
                run(async move {
                    match payload["order"].as_i64() {
                        Some(order) => advance(&shop, order).await,
                        None => Ok(Verdict::GiveUp("no order is named".to_owned())),
                    }
                })
            },
            give_up_after: None,
        },
        Kind { name: SWEEP, run: |shop, _| run(async move { sweep(&shop).await }), give_up_after: None },
    ]
}

/// The first sweep; it comes back by itself.
pub fn sweep_job(now: OffsetDateTime) -> NewJob {
    NewJob { kind: SWEEP, key: SWEEP.to_owned(), payload: json!({}), run_at: now }
}

/// Gives every open order without a job a new one. A healthy shop has none; this is the last net under it.
async fn sweep(shop: &Shop) -> anyhow::Result<Verdict> {
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let forgotten = orders::stale(&mut tx, now - Duration::from_secs(60)).await?;
    for order in &forgotten {
        orders::nudge(&mut tx, *order, now, now).await?;
    }
    tx.commit().await?;
    if !forgotten.is_empty() {
        tracing::warn!(orders = forgotten.len(), "open orders without a job were found and taken up");
        shop.bell.ring(Ring::Jobs);
    }
    Ok(Verdict::Again(shop.settings.times.reconcile_interval.max(Duration::from_secs(60))))
}
