//! Every statement on `attempts`, `upstream_orders` and `upstream_listings`, and the two facts of a unit that buying
//! learns (its real cost is written through `orders`' row).

use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::attempt::{Attempt, Judged, Outcome};
use crate::esimdual::Order;

struct AttemptRow {
    id: i64,
    number: i32,
    idempotency_key: String,
    committed_at: OffsetDateTime,
    known_upstream_id: Option<i64>,
    outcome: Option<String>,
    settled: Option<String>,
    http_status: Option<i32>,
    named_fields: Vec<String>,
    judged: Option<String>,
    answered_at: Option<OffsetDateTime>,
    looked_at: Option<OffsetDateTime>,
    retry_at: Option<OffsetDateTime>,
    reason: Option<String>,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = sqlx::Error;

    fn try_from(row: AttemptRow) -> Result<Self, sqlx::Error> {
        let bad = |what: &str| sqlx::Error::Decode(format!("attempts {}: {what}", row.id).into());
        let outcome = match (row.outcome.as_deref(), row.settled.as_deref()) {
            (None, None) => Outcome::Open,
            (Some("done"), None) => Outcome::Done,
            (Some("refused"), None) => Outcome::Refused,
            (Some("later"), None) => Outcome::Later,
            (Some("doubt"), None) => Outcome::Doubt { settled: None },
            (Some("doubt"), Some("found")) => Outcome::Doubt { settled: Some(true) },
            (Some("doubt"), Some("absent")) => Outcome::Doubt { settled: Some(false) },
            _ => return Err(bad("outcome")),
        };
        let judged = match row.judged.as_deref() {
            None => None,
            Some("balance") => Some(Judged::Balance),
            Some("sufficient") => Some(Judged::Sufficient),
            Some(_) => return Err(bad("judged")),
        };
        Ok(Self {
            id: row.id,
            number: row.number,
            key: row.idempotency_key,
            committed_at: row.committed_at,
            known_upstream_id: row.known_upstream_id,
            outcome,
            http_status: row.http_status,
            named_fields: row.named_fields,
            judged,
            answered_at: row.answered_at,
            looked_at: row.looked_at,
            retry_at: row.retry_at,
            reason: row.reason,
        })
    }
}

/// What became of an attempt, to be written.
pub(super) struct Answered<'a> {
    pub outcome: &'a str,
    pub http_status: Option<u16>,
    pub reason: &'a str,
    pub named_fields: &'a [String],
    pub retry_at: Option<OffsetDateTime>,
    pub now: OffsetDateTime,
}

/// The attempts of a unit, the oldest first.
pub async fn attempts(conn: &mut PgConnection, unit_id: i64) -> sqlx::Result<Vec<Attempt>> {
    let rows = sqlx::query_as!(
        AttemptRow,
        "select id, number, idempotency_key, committed_at, known_upstream_id, outcome, settled, http_status,
                named_fields, judged, answered_at, looked_at, retry_at, reason
         from attempts
         where unit_id = $1
         order by number",
        unit_id,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Attempt::try_from).collect()
}

/// Commits to buy: the intention with its key and what was known upstream at this moment.
pub(super) async fn begin(
    conn: &mut PgConnection,
    unit_id: i64,
    number: i32,
    key: &str,
    now: OffsetDateTime,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into attempts (unit_id, number, idempotency_key, committed_at, known_upstream_id)
         values ($1, $2, $3, $4, (select max(id) from upstream_orders))
         returning id",
        unit_id,
        number,
        key,
        now,
    )
    .fetch_one(conn)
    .await
}

/// Writes an open attempt's answer; false when somebody else wrote one.
pub(super) async fn answer(conn: &mut PgConnection, id: i64, answered: &Answered<'_>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update attempts
         set outcome = $2,
             http_status = $3,
             reason = $4,
             named_fields = $5,
             retry_at = $6,
             answered_at = $7
         where id = $1
           and outcome is null",
        id,
        answered.outcome,
        answered.http_status.map(i32::from),
        answered.reason,
        answered.named_fields,
        answered.retry_at,
        answered.now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Attempts whose sender died before it wrote an answer are doubts from now on.
pub(super) async fn abandon_open(
    conn: &mut PgConnection,
    unit_id: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update attempts
         set outcome = 'doubt',
             reason = 'the sender ended before it could note the answer',
             answered_at = $2
         where unit_id = $1
           and outcome is null",
        unit_id,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The order of this unit was found: none of its attempts is in doubt any more. An open one stays open: whoever sent
/// it is about to write its answer.
pub(super) async fn settle_found(conn: &mut PgConnection, unit_id: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update attempts
         set settled = 'found'
         where unit_id = $1
           and outcome = 'doubt'
           and settled is null",
        unit_id,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A list without the order proved this attempt empty.
pub(super) async fn settle_absent(conn: &mut PgConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update attempts
         set settled = 'absent'
         where id = $1
           and outcome = 'doubt'
           and settled is null",
        id,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes what the wallet said about a refusal.
pub(super) async fn judge(conn: &mut PgConnection, id: i64, word: &str) -> sqlx::Result<()> {
    sqlx::query!("update attempts set judged = $2 where id = $1", id, word).execute(conn).await.map(drop)
}

/// A list that was asked for at `begun` was looked through for what is in doubt of this unit.
pub(super) async fn looked(conn: &mut PgConnection, unit_id: i64, begun: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "update attempts
         set looked_at = $2
         where unit_id = $1
           and outcome = 'doubt'
           and settled is null",
        unit_id,
        begun,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A unit with an attempt in doubt.
pub(super) struct InDoubt {
    pub unit_id: i64,
    pub order_id: i64,
}

/// Every unit in doubt but one.
pub(super) async fn units_in_doubt(conn: &mut PgConnection, but: i64) -> sqlx::Result<Vec<InDoubt>> {
    sqlx::query_as!(
        InDoubt,
        "select distinct a.unit_id, u.order_id
         from attempts a
         join units u on u.id = a.unit_id
         where a.outcome = 'doubt'
           and a.settled is null
           and u.status not in ('completed', 'failed')
           and u.id <> $1
         order by a.unit_id",
        but,
    )
    .fetch_all(conn)
    .await
}

/// Whether the upstream's list was ever read, and whether it ever had an order under this name.
pub(super) async fn listed(conn: &mut PgConnection, name: &str) -> sqlx::Result<(bool, bool)> {
    let row = sqlx::query!(
        r#"select exists (select 1 from upstream_listings) as "listed!",
                  exists (select 1 from upstream_orders where external_order_id = $1) as "named!""#,
        name,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.listed, row.named))
}

/// Every upstream order that was ever known.
pub(super) async fn ever_known(conn: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!("select id from upstream_orders").fetch_all(conn).await
}

/// Remembers orders that the upstream named, with what they cost and what became of them as it was last told.
///
/// # Errors
/// The database's.
pub async fn remember(conn: &mut PgConnection, orders: &[Order], now: OffsetDateTime) -> sqlx::Result<()> {
    let ids: Vec<i64> = orders.iter().map(|order| order.id).collect();
    let names: Vec<Option<String>> = orders.iter().map(|order| order.external_order_id.clone()).collect();
    let prices: Vec<Option<Decimal>> = orders.iter().map(|order| order.price).collect();
    let currencies: Vec<Option<String>> = orders.iter().map(|order| order.currency.clone()).collect();
    let statuses: Vec<&str> = orders.iter().map(|order| order.status.word()).collect();
    let times: Vec<Option<OffsetDateTime>> = orders.iter().map(|order| order.created_at).collect();
    sqlx::query!(
        "insert into upstream_orders (id, external_order_id, price, currency, status, created_at, first_seen_at)
         select o.id, o.name, o.price, o.currency, o.status, o.at, $7
         from unnest($1::bigint[], $2::text[], $3::numeric[], $4::text[], $5::text[], $6::timestamptz[])
              as o (id, name, price, currency, status, at)
         on conflict (id) do nothing",
        &ids,
        &names as &[Option<String>],
        &prices as &[Option<Decimal>],
        &currencies as &[Option<String>],
        &statuses as &[&str],
        &times as &[Option<OffsetDateTime>],
        now,
    )
    .execute(&mut *conn)
    .await?;
    // A row that somebody else holds is left for the next report: nobody waits for each other in a circle here.
    sqlx::query!(
        "with told as (
             select *
             from unnest($1::bigint[], $2::numeric[], $3::text[], $4::text[], $5::timestamptz[])
                  as o (id, price, currency, status, at)
         ), stale as (
             select u.id
             from upstream_orders u
             join told t on t.id = u.id
             where (u.price, u.currency, u.status, u.created_at) is distinct from
                   (coalesce(t.price, u.price), coalesce(t.currency, u.currency), t.status, coalesce(t.at, u.created_at))
             for update of u skip locked
         )
         update upstream_orders u
         set price = coalesce(t.price, u.price),
             currency = coalesce(t.currency, u.currency),
             status = t.status,
             created_at = coalesce(t.at, u.created_at)
         from told t
         where t.id = u.id
           and u.id in (select id from stale)",
        &ids,
        &prices as &[Option<Decimal>],
        &currencies as &[Option<String>],
        &statuses as &[&str],
        &times as &[Option<OffsetDateTime>],
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that the whole list was read.
pub(super) async fn note_listing(
    conn: &mut PgConnection,
    orders: usize,
    begun: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into upstream_listings (begun_at, read_at, orders) values ($1, $2, $3)",
        begun,
        now,
        i32::try_from(orders).unwrap_or(i32::MAX),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether another unit is bound to this upstream order.
pub(super) async fn bound_elsewhere(
    conn: &mut PgConnection,
    order_id: i64,
    unit_id: i64,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from units where upstream_order_id = $1 and id <> $2) as "bound!""#,
        order_id,
        unit_id,
    )
    .fetch_one(conn)
    .await
}

/// Keeps a decimal and its currency as the upstream wrote them.
pub(super) fn real_cost(order: &Order) -> Option<(Decimal, Option<&str>)> {
    order.price.map(|price| (price, order.currency.as_deref().filter(|code| code.len() == 3)))
}

/// Ends the pauses that attempts of this unit keep.
pub(super) async fn forget_pause(conn: &mut PgConnection, unit_id: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update attempts
         set retry_at = null
         where unit_id = $1
           and outcome = 'later'
           and retry_at is not null",
        unit_id,
    )
    .execute(conn)
    .await
    .map(drop)
}
