//! What is known of the upstream: its catalog, its wallet, its webhooks.

use rust_decimal::Decimal;
use sqlx::PgPool;
use time::{Date, OffsetDateTime};

pub(crate) struct Run {
    pub id: i64,
    pub started_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
    pub outcome: String,
    pub packages: i32,
    pub added: i32,
    pub changed: i32,
    pub repriced: i32,
    pub withdrawn: i32,
    pub returned: i32,
    pub set_aside: i32,
    pub places: i32,
    pub note: Option<String>,
}

pub(crate) struct Aside {
    pub position: Option<i32>,
    pub package_id: Option<String>,
    pub name: Option<String>,
    pub reason: String,
}

pub(crate) struct WalletReading {
    pub balance: Decimal,
    pub currency: String,
    pub read_at: OffsetDateTime,
}

pub(crate) struct Delivery {
    pub received_at: OffsetDateTime,
    pub source: String,
    pub event: String,
    pub status: String,
    pub order_number: Option<String>,
    pub note: Option<String>,
    pub signature_form: String,
}

pub(crate) struct Refusals {
    pub day: Date,
    pub source: String,
    pub reason: String,
    pub count: i64,
    pub last_at: OffsetDateTime,
}

/// How many runs a page lists.
pub(crate) const RUNS: usize = 20;

/// The newest runs before this one, newest first, and one more than a page lists where there are more; all of them, or those
/// that changed the catalog.
pub(crate) async fn runs(db: &PgPool, before: i64, changed: bool) -> sqlx::Result<Vec<Run>> {
    // Two statements: each is found by its own index, however many runs changed nothing.
    if changed {
        sqlx::query_as!(
            Run,
            "select id, started_at, finished_at, outcome, packages, added, changed, repriced, withdrawn, returned,
                 set_aside, places, note
             from sync_runs
             where outcome = 'applied'
                 and id < $1
             order by id desc
             limit 21",
            before
        )
        .fetch_all(db)
        .await
    } else {
        sqlx::query_as!(
            Run,
            "select id, started_at, finished_at, outcome, packages, added, changed, repriced, withdrawn, returned,
                 set_aside, places, note
             from sync_runs
             where id < $1
             order by id desc
             limit 21",
            before
        )
        .fetch_all(db)
        .await
    }
}

/// How many of a run's unusable rows are kept, and a page shows.
pub(crate) const ASIDE: usize = 200;

pub(crate) async fn wallet(db: &PgPool) -> sqlx::Result<Option<WalletReading>> {
    sqlx::query_as!(WalletReading, "select balance, currency, read_at from wallet_reading")
        .fetch_optional(db)
        .await
}

pub(crate) async fn deliveries(db: &PgPool) -> sqlx::Result<Vec<Delivery>> {
    sqlx::query_as!(
        Delivery,
        "select received_at, source, event, status, order_number, note, signature_form
         from webhook_deliveries
         order by received_at desc, id desc
         limit 100"
    )
    .fetch_all(db)
    .await
}

/// The newest that nobody could be found for.
pub(crate) async fn unmatched(db: &PgPool) -> sqlx::Result<Vec<Delivery>> {
    sqlx::query_as!(
        Delivery,
        "select received_at, source, event, status, order_number, note, signature_form
         from webhook_deliveries
         where status = 'unmatched'
         order by received_at desc, id desc
         limit 50"
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn refusals(db: &PgPool) -> sqlx::Result<Vec<Refusals>> {
    sqlx::query_as!(
        Refusals,
        "select day, source, reason, count, last_at
         from webhook_refusals
         order by day desc, last_at desc
         limit 60"
    )
    .fetch_all(db)
    .await
}
