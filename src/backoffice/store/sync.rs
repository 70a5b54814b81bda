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
    pub note: Option<String>,
    pub plan: Option<String>,
    pub decided_by: Option<String>,
    pub decided_at: Option<OffsetDateTime>,
}

/// One run with its plan's state, where it was held.
pub(crate) async fn sync_run(db: &PgPool, id: i64) -> sqlx::Result<Option<OneRun>> {
    sqlx::query_as!(
        OneRun,
        r#"select id, started_at, finished_at, outcome, packages, set_aside, note, state as "plan?", decided_by, decided_at
           from sync_runs
           left join sync_plans on run_id = id
           where id = $1"#,
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
