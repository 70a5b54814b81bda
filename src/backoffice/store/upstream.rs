//! What is known of the upstream: its catalog, its wallet, its webhooks; and the rules that price the catalog.

use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use time::{Date, OffsetDateTime};

pub(crate) struct Run {
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
    pub note: Option<String>,
}

pub(crate) struct Aside {
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

pub(crate) struct Example {
    pub id: i64,
    pub name: String,
    pub cost: Decimal,
}

pub(crate) struct OldRule {
    pub id: i64,
    pub percent: Decimal,
    pub fixed: Decimal,
    pub currency: String,
    pub rounding: String,
    pub published_by: String,
    pub published_at: OffsetDateTime,
}

pub(crate) async fn runs(db: &PgPool) -> sqlx::Result<Vec<Run>> {
    sqlx::query_as!(
        Run,
        "select started_at, finished_at, outcome, packages, added, changed, repriced, withdrawn, returned, set_aside, note
         from sync_runs
         order by id desc
         limit 20"
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn aside(db: &PgPool) -> sqlx::Result<Vec<Aside>> {
    sqlx::query_as!(
        Aside,
        "select package_id, name, reason
         from packages_set_aside
         order by id
         limit 200"
    )
    .fetch_all(db)
    .await
}

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

/// One package on sale of each coverage, of a middling cost, so that examples look like what customers buy.
pub(crate) async fn examples(db: &PgPool, currency: &str) -> sqlx::Result<Vec<Example>> {
    sqlx::query_as!(
        Example,
        r#"select id as "id!", name as "name!", cost as "cost!"
           from (
               select id, name, cost, coverage,
                      row_number() over (partition by coverage order by cost, id) as place,
                      count(*) over (partition by coverage) as of
               from packages
               where withdrawn_at is null
                 and currency = $1
           ) ranked
           where place = (of + 1) / 2
           order by cost, id"#,
        currency
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn rules(db: &PgPool) -> sqlx::Result<Vec<OldRule>> {
    sqlx::query_as!(
        OldRule,
        "select id, percent, fixed, currency, rounding, published_by, published_at
         from markup_rules
         order by id desc
         limit 10"
    )
    .fetch_all(db)
    .await
}

/// Waits, until this transaction ends, for anyone else who is about to publish a rule: so that "the rule you saw is
/// still in force" stays true until the new one is written. The number means nothing but this.
pub(crate) async fn take_turn_to_publish(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(7120311)").fetch_one(conn).await?;
    Ok(())
}
