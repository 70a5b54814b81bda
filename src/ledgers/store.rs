//! The statements on `ledger_findings`, `ledger_listing` and `ledger_matching`. What is read across the rooms stands in
//! `store/`, selects only.

mod facts;
mod orders;

use serde_json::Value;
use sqlx::{PgConnection, query, query_as, query_scalar};
use time::OffsetDateTime;

use super::finding::{Finding, Kind};
use super::listed::{Before, Reach};

pub use facts::*;
pub use orders::*;

/// The actor of what ends by itself.
const SHOP: &str = "shop";
/// One matching at a time is written, on whichever node ("simledge" as a number).
const LOCK: i64 = 0x7369_6d6c_6564_6765;

/// Waits until no other matching is being written; the turn ends with the transaction.
pub async fn take_turn(db: &mut PgConnection) -> sqlx::Result<()> {
    query!("select pg_advisory_xact_lock($1)", LOCK).fetch_one(db).await?;
    Ok(())
}

/// Writes a finding: a new row, or the open one of its thing again. True where it is new. What a person closed stays
/// closed as long as nothing about it changes, and what happened once is told once.
pub async fn note(db: &mut PgConnection, finding: &Finding, now: OffsetDateTime) -> sqlx::Result<bool> {
    let kind = finding.kind.word();
    let again = query!(
        "update ledger_findings
         set facts = $3,
             reaches_back_to = $4,
             last_seen_at = $5
         where kind = $1
           and key = $2
           and closed_at is null",
        kind,
        finding.key,
        finding.facts,
        finding.reaches_back_to,
        now,
    )
    .execute(&mut *db)
    .await?;
    if again.rows_affected() > 0 {
        return Ok(false);
    }
    let new = query!(
        "insert into ledger_findings (kind, key, facts, reaches_back_to, package_id, first_seen_at, last_seen_at)
         select $1, $2, $3, $4, $5, $6, $6
         where not exists (
             select from ledger_findings
             where kind = $1
               and key = $2
               and ($7 or closed_by <> $8 and facts = $3)
         )",
        kind,
        finding.key,
        finding.facts,
        finding.reaches_back_to,
        finding.stops,
        now,
        finding.kind.stays(),
        SHOP,
    )
    .execute(db)
    .await?;
    Ok(new.rows_affected() == 1)
}

/// Closes what does not hold any more: open findings of these kinds that are not among `kept` (kind and key) and reach
/// back no further than was looked.
pub async fn close_the_rest(
    db: &mut PgConnection,
    kinds: &[Kind],
    kept: &[Finding],
    looked_back_to: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.word().to_owned()).collect();
    let (kept_kinds, kept_keys): (Vec<String>, Vec<String>) =
        kept.iter().map(|finding| (finding.kind.word().to_owned(), finding.key.clone())).unzip();
    let done = query!(
        "update ledger_findings
         set closed_at = $5,
             closed_by = $6,
             closed_because = 'It does not hold any more.'
         where closed_at is null
           and kind = any($1)
           and (kind, key) not in (select * from unnest($2::text[], $3::text[]))
           and (reaches_back_to is null or $4::timestamptz is null or reaches_back_to >= $4)",
        &kinds,
        &kept_kinds,
        &kept_keys,
        looked_back_to,
        now,
        SHOP,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Closes an open finding by a person's word, and gives the package that it had stopped. The outer `None`: it is not open.
pub async fn close(
    db: &mut PgConnection,
    id: i64,
    by: &str,
    because: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Option<i64>>> {
    query_scalar!(
        "update ledger_findings
         set closed_at = $4,
             closed_by = $2,
             closed_because = $3
         where id = $1
           and closed_at is null
         returning package_id",
        id,
        by,
        because,
        now,
    )
    .fetch_optional(db)
    .await
}

/// Whether an open finding stops this package.
pub async fn stops(db: &mut PgConnection, package_id: i64) -> sqlx::Result<bool> {
    query_scalar!(
        r#"select exists (
             select from ledger_findings where package_id = $1 and closed_at is null
           ) as "stops!""#,
        package_id
    )
    .fetch_one(db)
    .await
}

/// How many findings are open.
pub async fn open_count(db: &mut PgConnection) -> sqlx::Result<i64> {
    query_scalar!(r#"select count(*) as "open!" from ledger_findings where closed_at is null"#)
        .fetch_one(db)
        .await
}

/// The oldest moment that an open finding about the wallet needs, by the upstream's clock.
pub async fn oldest_open(db: &mut PgConnection) -> sqlx::Result<Option<OffsetDateTime>> {
    query_scalar!(
        "select min(reaches_back_to)
         from ledger_findings
         where closed_at is null
           and kind in ('debit_surplus', 'debit_missing')"
    )
    .fetch_one(db)
    .await
}

/// Movements and upstream orders that a person has explained: they are not matched any more.
pub async fn explained(db: &mut PgConnection) -> sqlx::Result<(Vec<String>, Vec<i64>)> {
    let movements = query_scalar!(
        r#"select jsonb_array_elements_text(facts->'movements') as "key!"
           from ledger_findings
           where kind = 'debit_surplus'
             and closed_by <> $1"#,
        SHOP
    )
    .fetch_all(&mut *db)
    .await?;
    let orders = query_scalar!(
        r#"select (facts->>'upstream_order')::bigint as "id!"
           from ledger_findings
           where kind = 'debit_missing'
             and closed_by <> $1"#,
        SHOP
    )
    .fetch_all(db)
    .await?;
    Ok((movements, orders))
}

/// The last believed reading of the list of orders.
pub struct ListingRow {
    pub asked_at: OffsetDateTime,
    pub newest_id: Option<i64>,
    pub known_from: Option<OffsetDateTime>,
}

impl ListingRow {
    /// What a new reading is joined to.
    pub fn before(&self) -> Before {
        Before { newest_id: self.newest_id, known_from: self.known_from }
    }
}

/// The last believed reading of the list of orders.
pub async fn listing(db: &mut PgConnection) -> sqlx::Result<Option<ListingRow>> {
    query_as!(ListingRow, "select asked_at, newest_id, known_from from ledger_listing")
        .fetch_optional(db)
        .await
}

/// Keeps a reading of the list, unless one that was asked for later is kept already.
pub async fn keep_listing(
    db: &mut PgConnection,
    reach: Reach,
    asked_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    query!(
        "insert into ledger_listing (first_read_at, asked_at, newest_id, known_from)
         values ($1, $2, $3, $4)
         on conflict (one) do update
         set asked_at = excluded.asked_at,
             newest_id = excluded.newest_id,
             known_from = excluded.known_from
         where ledger_listing.asked_at <= excluded.asked_at",
        now,
        asked_at,
        reach.newest_id,
        reach.known_from,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the last matching left behind.
pub struct MatchingRow {
    pub units_seen_until: OffsetDateTime,
    pub wallet_low: bool,
}

/// The last matching.
pub async fn matching(db: &mut PgConnection) -> sqlx::Result<Option<MatchingRow>> {
    query_as!(MatchingRow, "select units_seen_until, wallet_low from ledger_matching")
        .fetch_optional(db)
        .await
}

/// Notes that everything was matched, and the sums.
pub async fn keep_matching(
    db: &mut PgConnection,
    sums: &Value,
    units_seen_until: OffsetDateTime,
    wallet_low: bool,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    query!(
        "insert into ledger_matching (matched_at, sums, units_seen_until, wallet_low)
         values ($1, $2, $3, $4)
         on conflict (one) do update
         set matched_at = excluded.matched_at,
             sums = excluded.sums,
             units_seen_until = excluded.units_seen_until,
             wallet_low = excluded.wallet_low",
        now,
        sums,
        units_seen_until,
        wallet_low,
    )
    .execute(db)
    .await?;
    Ok(())
}
