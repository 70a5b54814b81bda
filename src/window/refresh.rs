//! Keeps the window fresh: after a sync, a new markup rule and a new exchange rate, here and on every other node.

use std::time::Duration;

use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;
use tokio::sync::broadcast::error::RecvError;

use super::{Snapshot, Window};
use crate::catalog;
use crate::orders;
use crate::plumbing::apart;
use crate::plumbing::bell::Ring;
use crate::plumbing::db;
use crate::pricing;
use crate::shop::Shop;

/// Between two looks when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// What sells is counted over these weeks, and counted anew this often where nothing else changes.
const SOLD_IN: time::Duration = time::Duration::weeks(4);
const COUNT_EVERY: time::Duration = time::Duration::hours(1);

/// Reads catalog, rules and rates as of one moment and shows them, priced for now.
///
/// # Errors
/// Where the database cannot be read; what was shown stays.
pub async fn reload(shop: &Shop, window: &Window) -> anyhow::Result<()> {
    let (now, moment) =
        (shop.now(), shop.db.begin_with("begin isolation level repeatable read read only").await?);
    // Up to a hundred thousand plans are read and sorted here: nobody who is answered waits for that.
    let snapshot = apart::run(snapshot(moment, now)).await??;
    let (version, revision) = snapshot.made_from;
    let plans = snapshot.plans_count();
    let former = window.swap(snapshot);
    // As many are forgotten, unless a visitor looks at them still.
    apart::run(async move { drop(former) }).await?;
    tracing::info!(
        version,
        rules = revision.rules,
        rates = revision.rates,
        plans,
        "the window shows a new catalog"
    );
    Ok(())
}

async fn snapshot(
    mut moment: Transaction<'static, Postgres>,
    now: OffsetDateTime,
) -> anyhow::Result<Snapshot> {
    db::on_one_processor(&mut moment).await?;
    let contents = catalog::read_on_sale(&mut moment).await?;
    let prices = pricing::price_list(&mut moment, now).await?;
    let mut past = catalog::past(&mut moment).await?;
    // Prices are noted after they hold: a day that is missed here is read at the next count at the latest.
    let shown: Vec<i64> = contents.packages.iter().map(|package| package.id).collect();
    past.changed.extend(pricing::last_noted(&mut moment, &shown).await?);
    let chosen = catalog::popular::chosen(&mut moment).await?;
    let sold = orders::sold_since(&mut moment, now - SOLD_IN).await?;
    moment.commit().await?;
    Ok(Snapshot::build(contents, &prices).beside(past, &sold, now).choosing(chosen))
}

/// Reloads whenever the catalog, the rules, the rates or the chosen destinations changed, or a date of theirs passed, until
/// the program stops. The bell makes it quick; looking by itself makes it sure.
pub async fn keep_fresh(shop: Shop, window: Window) {
    let mut rings = shop.bell.listen();
    let mut failing = false;
    loop {
        match look(&shop, &window).await {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the window cannot be refreshed; it shows what it had"
                );
            }
            Err(_) => {}
        }
        tokio::select! {
            () = shop.stop.cancelled() => return,
            () = rung(&mut rings) => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn look(shop: &Shop, window: &Window) -> anyhow::Result<()> {
    let (there, chosen) = {
        let mut connection = shop.db.acquire().await?;
        let there = (catalog::version(&mut connection).await?, pricing::revision(&mut connection).await?);
        (there, catalog::popular::chosen(&mut connection).await?.edits)
    };
    let shown = window.now();
    let counted = shown.beside.read_at.is_some_and(|read_at| shop.now() - read_at < COUNT_EVERY);
    let passed = shown.next_change.is_some_and(|at| at <= shop.now());
    let same = shown.made_from == there && shown.beside.chosen.edits == chosen;
    if same && counted && !passed { Ok(()) } else { reload(shop, window).await }
}

/// Until the bell says that what the window shows changed, or that it may have been missed.
async fn rung(rings: &mut tokio::sync::broadcast::Receiver<Ring>) {
    loop {
        match rings.recv().await {
            Ok(Ring::Window) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            // No bell any more: the looks go on.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
