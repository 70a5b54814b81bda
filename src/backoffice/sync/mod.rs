//! `/admin/sync`: what the last syncs changed, what they set aside, what waits for a person, and a way to
//! start one now.

mod run;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::frame::{Frame, Part};
use super::freshness::{Freshness, Warning};
use super::gate::Gated;
use super::store;
use super::words::{Badge, Moment, exact, took};
use crate::catalog;
use crate::catalog::plans::{self, Dropped};
use crate::plumbing::bell::Ring;
use crate::plumbing::jobs::{self, NewJob};
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::web::{Cache, Problem, page};

/// The job of the catalog room, and its key: one sync at a time, however often it is asked for.
const SYNC: &str = "sync_catalog";
/// How the page is told that the sync which was asked for comes after another one.
const BEHIND: &str = "behind";

pub(super) fn routes() -> Gated {
    Gated::new()
        .get("/admin/sync", Act::Look, show)
        .post("/admin/sync", Act::RunSync, run_now)
        .get("/admin/sync/{id}", Act::Look, run::show)
        .post("/admin/sync/{id}", Act::ChangeCatalog, run::decide)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    queued: String,
    /// The list goes on before this run; anything else is the newest.
    before: String,
    /// Whether only runs that changed the catalog are asked for.
    changed: String,
}

struct RunView {
    id: i64,
    started: Moment,
    took: String,
    outcome: Badge,
    figures: [i32; 8],
    note: String,
}

/// A row that could not be used.
pub(super) struct AsideView {
    /// Where it stood in eSIMDual's list.
    pub position: String,
    pub id: String,
    pub name: String,
    pub reason: String,
}

#[derive(Template)]
#[template(path = "backoffice/sync.html")]
struct SyncPage {
    frame: Frame,
    may_run: bool,
    queued: bool,
    /// Whether another one was under way when it was asked for.
    behind: bool,
    /// Whether a sync is under way on any node.
    running: bool,
    last: Option<Moment>,
    /// The warning about an old catalog.
    stale: Option<Warning>,
    /// The run whose plan waits for a person.
    waiting: Option<i64>,
    every: String,
    balance: Option<(String, Moment)>,
    runs: Vec<RunView>,
    /// Whether only those that changed something are listed.
    changed: bool,
    /// Whether older ones than the newest are listed.
    paged: bool,
    /// Before which run the list goes on.
    older: Option<i64>,
    /// A plan that was dropped, and that eSIMDual stands by.
    dropped: Option<Dropped>,
    aside: Vec<AsideView>,
    reasons: Vec<store::ReasonRow>,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let now = shop.now();
    let running = under_way(&shop).await?;
    let (before, changed) = (asked.before.parse().ok(), !asked.changed.is_empty());
    let mut runs = store::runs(&shop.db, before.unwrap_or(i64::MAX), changed).await?;
    let older = runs.get(store::RUNS - 1).filter(|_| runs.len() > store::RUNS).map(|run| run.id);
    runs.truncate(store::RUNS);
    let running = running || under_way(&shop).await?;
    let read_at = catalog::synced_at(&mut *shop.db.acquire().await?).await?;
    let times = &shop.settings.times;
    let aside_of = store::last_compared(&shop.db).await?.unwrap_or_default();
    let freshness = Freshness::of(read_at, now, times.sync_interval, times.catalog_max_age);
    let minutes = times.sync_interval.as_secs().div_ceil(60);
    let view = SyncPage {
        frame: Frame::new(&shop, &staff, Part::Sync),
        may_run: staff.may(Act::RunSync),
        queued: !asked.queued.is_empty(),
        behind: asked.queued == BEHIND,
        running,
        last: read_at.map(|at| Moment::ago(at, now)),
        stale: freshness.warning(now, times.catalog_max_age),
        waiting: plans::waiting(&mut *shop.db.acquire().await?).await?,
        every: if minutes == 1 { "minute".to_owned() } else { format!("{minutes} minutes") },
        balance: store::wallet(&shop.db)
            .await?
            .map(|wallet| (exact(wallet.balance, &wallet.currency), Moment::ago(wallet.read_at, now))),
        dropped: plans::dropped(&mut *shop.db.acquire().await?).await?,
        changed,
        paged: before.is_some(),
        older,
        reasons: store::aside_reasons(&shop.db, aside_of).await?,
        aside: store::aside_of(&shop.db, aside_of).await?.into_iter().map(aside).collect(),
        runs: runs.into_iter().map(|run| listed(run, running)).collect(),
    };
    page(StatusCode::OK, Cache::Private, &view)
}

async fn run_now(State(shop): State<Shop>, staff: Staff) -> Result<Response, Problem> {
    let now = shop.now();
    let queued = if under_way(&shop).await? { BEHIND } else { "1" };
    let job = NewJob { kind: SYNC, key: SYNC.to_owned(), payload: json!({}), run_at: now };
    let mut tx = shop.db.begin().await?;
    jobs::enqueue(&mut tx, &job, now).await?;
    staff::record(&mut tx, now, &staff.email, "sync_requested", &json!({})).await?;
    tx.commit().await?;
    shop.bell.ring(Ring::Jobs);
    let to = format!("/admin/sync?queued={queued}");
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response())
}

/// Whether any node syncs at this moment. What is read beside it needs it asked before and after.
pub(super) async fn under_way(shop: &Shop) -> sqlx::Result<bool> {
    catalog::under_way(&mut *shop.db.acquire().await?).await
}

fn listed(row: store::Run, running: bool) -> RunView {
    RunView {
        id: row.id,
        started: Moment::of(row.started_at),
        took: row.finished_at.map_or_else(|| "—".to_owned(), |end| took(row.started_at, end)),
        outcome: became(&row.outcome, running),
        figures: [
            row.packages,
            row.added,
            row.changed,
            row.repriced,
            row.withdrawn,
            row.returned,
            row.places,
            row.set_aside,
        ],
        note: row.note.unwrap_or_default(),
    }
}

/// A run that is open while no sync is under way has lost its program; the next sync closes it.
pub(super) fn became(outcome: &str, running: bool) -> Badge {
    match outcome {
        "running" if !running => Badge::new("Broken off", "bad"),
        outcome => Badge::of(outcome),
    }
}

/// All three are as they were written, which may be nothing.
pub(super) fn aside(row: store::Aside) -> AsideView {
    let nothing = || "—".to_owned();
    AsideView {
        position: row.position.map_or_else(nothing, |position| position.to_string()),
        id: row.package_id.unwrap_or_else(nothing),
        name: row.name.unwrap_or_else(nothing),
        reason: row.reason,
    }
}
