//! The job that matches the ledgers, again and again.

use std::time::Instant;

use rust_decimal::prelude::ToPrimitive as _;
use serde_json::json;
use time::OffsetDateTime;

use super::cycle::{Means, Round, match_once};
use super::funds::Standing;
use crate::plumbing::bell::Ring;
use crate::plumbing::jobs::{Kind, NewJob, Verdict, run};
use crate::shop::Shop;
use crate::wallet;

/// The kind, and the key, of the job: there is one for all nodes.
pub const MATCH_LEDGERS: &str = "match_ledgers";

/// The job that this room runs. It is never given up: it is what finds money that is lost.
pub fn kind() -> Kind<Shop> {
    Kind {
        name: MATCH_LEDGERS,
        run: |shop, _| run(async move { match_now(&shop).await }),
        give_up_after: None,
    }
}

/// A matching now; it comes back by itself.
pub fn match_job(now: OffsetDateTime) -> NewJob {
    NewJob { kind: MATCH_LEDGERS, key: MATCH_LEDGERS.to_owned(), payload: json!({}), run_at: now }
}

async fn match_now(shop: &Shop) -> anyhow::Result<Verdict> {
    let means = Means {
        db: &shop.db,
        desk: &shop.upstream,
        clock: &shop.clock,
        times: &shop.settings.times,
        low_days: shop.settings.wallet_low_days,
        public_url: &shop.settings.public_url,
    };
    let began = Instant::now();
    let round = match_once(&means).await?;
    show(&round);
    if round.stopped {
        shop.bell.ring(Ring::Window);
    }
    if round.wallet.is_some_and(|wallet| wallet.standing != Standing::Fine) {
        // A mail may wait.
        shop.bell.ring(Ring::Jobs);
    }
    let per_minute = shop.upstream.health().await.budget.per_minute;
    // Long books are matched less often, so that they never take more than a fifth of the time.
    let interval = wallet::interval(shop.settings.times.reconcile_interval, per_minute);
    Ok(Verdict::Again(interval.max(began.elapsed() * 4)))
}

/// Shows the figures to Prometheus.
fn show(round: &Round) {
    use metrics::gauge;
    gauge!("simfront_ledger_findings_open").set(u32::try_from(round.open).unwrap_or(u32::MAX));
    let Some(wallet) = &round.wallet else { return };
    gauge!("simfront_wallet_low").set(u8::from(wallet.standing != Standing::Fine));
    if let Some(available) = wallet.available.to_f64() {
        gauge!("simfront_wallet_available", "currency" => wallet.currency.clone()).set(available);
    }
    if let Some(days) = wallet.days_left.and_then(|days| days.to_f64()) {
        gauge!("simfront_wallet_days_left").set(days);
    }
}
