//! What is known of the wallet: its movements, what does not match, and the last matching.

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::PgPool;
use time::OffsetDateTime;

/// Movements on one page.
pub(crate) const MOVEMENTS: i64 = 50;

pub(crate) struct Movement {
    pub id: i64,
    pub upstream_id: Option<i64>,
    pub direction: String,
    pub kind: String,
    pub amount: Option<Decimal>,
    pub currency: String,
    pub post_balance: Option<Decimal>,
    pub reference: Option<String>,
    pub description: Option<String>,
    pub happened_at: Option<OffsetDateTime>,
}

pub(crate) struct FindingRow {
    pub id: i64,
    pub kind: String,
    pub key: String,
    pub facts: Value,
    pub package_id: Option<i64>,
    pub first_seen_at: OffsetDateTime,
    pub closed_at: Option<OffsetDateTime>,
    pub closed_by: Option<String>,
    pub closed_because: Option<String>,
}

pub(crate) struct Matching {
    pub matched_at: OffsetDateTime,
    pub sums: Value,
}

/// One page of movements and one more, the newest first.
pub(crate) async fn movements(db: &PgPool, before: Option<i64>) -> sqlx::Result<Vec<Movement>> {
    sqlx::query_as!(
        Movement,
        "select id, upstream_id, direction, kind, amount, currency, post_balance, reference, description, happened_at
         from wallet_movements
         where $1::bigint is null or id < $1
         order by id desc
         limit $2",
        before,
        MOVEMENTS + 1
    )
    .fetch_all(db)
    .await
}

/// The open findings, the newest first.
pub(crate) async fn open_findings(db: &PgPool) -> sqlx::Result<Vec<FindingRow>> {
    sqlx::query_as!(
        FindingRow,
        "select id, kind, key, facts, package_id, first_seen_at, closed_at, closed_by, closed_because
         from ledger_findings
         where closed_at is null
         order by id desc
         limit 200"
    )
    .fetch_all(db)
    .await
}

/// The findings that were closed last.
pub(crate) async fn closed_findings(db: &PgPool) -> sqlx::Result<Vec<FindingRow>> {
    sqlx::query_as!(
        FindingRow,
        "select id, kind, key, facts, package_id, first_seen_at, closed_at, closed_by, closed_because
         from ledger_findings
         where closed_at is not null
         order by closed_at desc, id desc
         limit 20"
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn matching(db: &PgPool) -> sqlx::Result<Option<Matching>> {
    sqlx::query_as!(Matching, "select matched_at, sums from ledger_matching").fetch_optional(db).await
}
