//! One sync: what it changed or would change, and what was decided about it.

use rust_decimal::Decimal;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::Aside;

pub(crate) struct OneRun {
    pub id: i64,
    pub started_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
    pub outcome: String,
    pub packages: i32,
    pub set_aside: i32,
    pub places: i32,
    pub note: Option<String>,
    /// The run that kept the plan which this one found.
    pub plan_run: Option<i64>,
    pub plan: Option<String>,
    pub decided_by: Option<String>,
    pub decided_at: Option<OffsetDateTime>,
    /// Whether its plan was dropped and the newest sync is held by it all the same.
    pub after_all: bool,
}

/// One run with the state of the plan that it found, where it was held.
pub(crate) async fn sync_run(db: &PgPool, id: i64) -> sqlx::Result<Option<OneRun>> {
    sqlx::query_as!(
        OneRun,
        r#"select sync_runs.id, started_at, finished_at, sync_runs.outcome, packages, set_aside, places, note,
               sync_runs.plan_run, sync_plans.state as "plan?", sync_plans.decided_by as "decided_by?",
               sync_plans.decided_at as "decided_at?",
               coalesce(
                   sync_plans.state = 'dropped' and newest.outcome = 'held' and newest.plan_run = sync_runs.plan_run,
                   false
               ) as "after_all!"
           from sync_runs
           left join sync_plans on sync_plans.run_id = sync_runs.plan_run
           left join lateral (
               select outcome, plan_run
               from sync_runs
               where outcome in ('applied', 'unchanged', 'held')
               order by id desc
               limit 1
           ) as newest on true
           where sync_runs.id = $1"#,
        id
    )
    .fetch_optional(db)
    .await
}

/// The newest run that read the whole list, whatever came of it.
pub(crate) async fn last_compared(db: &PgPool) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!("select max(id) from sync_runs where outcome in ('applied', 'unchanged', 'held')")
        .fetch_one(db)
        .await
}

/// What this run could not use; the limit is [`super::ASIDE`]. A run that is long past has none any more.
pub(crate) async fn aside_of(db: &PgPool, run: i64) -> sqlx::Result<Vec<Aside>> {
    sqlx::query_as!(
        Aside,
        "select position, package_id, name, reason
         from packages_set_aside
         where run_id = $1
         order by id
         limit 200",
        run
    )
    .fetch_all(db)
    .await
}

pub(crate) struct ChangeRow {
    pub package_id: i64,
    pub kind: String,
    pub name: String,
    pub cost_before: Option<Decimal>,
    pub currency_before: Option<String>,
    pub cost_after: Option<Decimal>,
    pub currency_after: Option<String>,
}

/// The differences that were kept, kind by kind.
pub(crate) async fn sync_changes(db: &PgPool, run: i64) -> sqlx::Result<Vec<ChangeRow>> {
    sqlx::query_as!(
        ChangeRow,
        "select package_id, kind, name, cost_before, currency_before, cost_after, currency_after
         from sync_changes
         where run_id = $1
         order by array_position(array['withdrawn', 'repriced', 'returned', 'added', 'changed'], kind), package_id",
        run
    )
    .fetch_all(db)
    .await
}

pub(crate) struct PlaceRow {
    pub kind: String,
    pub place: String,
    pub what: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What was kept of the run's changes of countries and regions.
pub(crate) async fn place_changes(db: &PgPool, run: i64) -> sqlx::Result<Vec<PlaceRow>> {
    sqlx::query_as!(
        PlaceRow,
        "select kind, place, what, before, after
         from sync_place_changes
         where run_id = $1
         order by kind, what = 'new', place, what",
        run
    )
    .fetch_all(db)
    .await
}

pub(crate) struct ReasonRow {
    pub reason: String,
    pub number: i32,
}

/// How many rows the run set aside for which reason, the most frequent first.
pub(crate) async fn aside_reasons(db: &PgPool, run: i64) -> sqlx::Result<Vec<ReasonRow>> {
    sqlx::query_as!(
        ReasonRow,
        "select reason, number
         from packages_set_aside_reasons
         where run_id = $1
         order by number desc, reason",
        run
    )
    .fetch_all(db)
    .await
}
