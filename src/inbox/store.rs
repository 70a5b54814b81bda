//! Every statement on this room's tables.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::delivery::{Delivery, Source};
use super::dispatch::DELIVERY;

/// A stored delivery that waits.
pub(super) struct Waiting {
    pub source: String,
    pub event: String,
    pub body: Vec<u8>,
}

/// Stores deliveries, each that is new with its job. One that is known with the same body is stored already; a known id
/// with another body is a new delivery, known by its body.
///
/// Outside a transaction each statement commits by itself, and what arrives under new ids needs but one. A fault between
/// two of them leaves deliveries that are stored with their jobs, and unanswered: their senders come again, and they are
/// known then.
///
/// Rows are written in the order of their keys, so that two nodes that store the same ones do not wait for each other.
pub(super) async fn insert(
    conn: &mut PgConnection,
    all: &[&Delivery],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    for source in Source::ALL {
        let of_one: Vec<&Delivery> = all.iter().copied().filter(|one| one.source == source).collect();
        if !of_one.is_empty() {
            insert_of(conn, source, &of_one, now).await?;
        }
    }
    Ok(())
}

async fn insert_of(
    conn: &mut PgConnection,
    source: Source,
    all: &[&Delivery],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // Of those that come at once under one key the first counts; the others are compared with it below.
    let mut first: BTreeMap<&str, &Delivery> = BTreeMap::new();
    for one in all {
        first.entry(&one.key).or_insert(one);
    }
    let rows: Vec<_> = first.iter().map(|(key, one)| ((*key).to_owned(), *one)).collect();
    if insert_rows(conn, source, &rows, now).await? == all.len() {
        return Ok(());
    }
    let keys: Vec<String> = first.keys().map(|key| (*key).to_owned()).collect();
    let known = bodies(conn, source, &keys).await?;
    let mut others: BTreeMap<String, &Delivery> = BTreeMap::new();
    for one in all {
        // Stored a moment ago, by us or by another: a row that is not there would be an answer without its delivery.
        let stored = known.get(&one.key).ok_or(sqlx::Error::RowNotFound)?;
        if *stored != one.body_hash {
            others.entry(one.body_key()).or_insert(one);
        }
    }
    let rows: Vec<_> = others.into_iter().collect();
    insert_rows(conn, source, &rows, now).await.map(drop)
}

/// The hash of the body that is stored under each of these keys.
async fn bodies(
    conn: &mut PgConnection,
    source: Source,
    keys: &[String],
) -> sqlx::Result<HashMap<String, Vec<u8>>> {
    let rows = sqlx::query!(
        "select delivery_key, body_hash
         from webhook_deliveries
         where source = $2
           and delivery_key = any($1)",
        keys,
        source.word(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.delivery_key, row.body_hash)).collect())
}

/// Stores each delivery under its key, where nothing is stored under it yet, and asks for its job, in one statement; how
/// many were new.
async fn insert_rows(
    conn: &mut PgConnection,
    source: Source,
    rows: &[(String, &Delivery)],
    now: OffsetDateTime,
) -> sqlx::Result<usize> {
    if rows.is_empty() {
        return Ok(0);
    }
    let keys: Vec<&str> = rows.iter().map(|(key, _)| key.as_str()).collect();
    let ids: Vec<Option<&str>> = rows.iter().map(|(_, one)| one.delivery_id.as_deref()).collect();
    let events: Vec<&str> = rows.iter().map(|(_, one)| one.event.as_str()).collect();
    let bodies: Vec<&[u8]> = rows.iter().map(|(_, one)| one.body.as_slice()).collect();
    let hashes: Vec<&[u8]> = rows.iter().map(|(_, one)| one.body_hash.as_slice()).collect();
    let forms: Vec<&str> = rows.iter().map(|(_, one)| one.form).collect();
    let numbers: Vec<Option<&str>> =
        rows.iter().map(|(_, one)| one.order_number.as_ref().map(|number| number.as_str())).collect();
    let new = sqlx::query!(
        r#"with stored as (
             insert into webhook_deliveries (source, delivery_key, delivery_id, event, body, body_hash, signature_form,
                                             status, order_number, received_at)
             select $11, delivery_key, delivery_id, event, body, body_hash, form, 'received', number, $8
             from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::text[], $7::text[])
                  as new (delivery_key, delivery_id, event, body, body_hash, form, number)
             on conflict (source, delivery_key) do nothing
             returning id
           )
           select count(*) as "stored!",
                  enqueue_jobs(array_agg($9::text), array_agg('delivery:' || id),
                               array_agg(jsonb_build_object('delivery', id, 'since', $10::bigint)),
                               array_agg($8::timestamptz), $8) as asked
           from stored"#,
        keys.as_slice() as &[&str],
        ids.as_slice() as &[Option<&str>],
        events.as_slice() as &[&str],
        bodies.as_slice() as &[&[u8]],
        hashes.as_slice() as &[&[u8]],
        forms.as_slice() as &[&str],
        numbers.as_slice() as &[Option<&str>],
        now,
        DELIVERY,
        now.unix_timestamp(),
        source.word(),
    )
    .fetch_one(conn)
    .await?;
    usize::try_from(new.stored).map_err(|fault| sqlx::Error::Decode(fault.into()))
}

/// A delivery, if nobody worked on it yet.
pub(super) async fn waiting(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Waiting>> {
    sqlx::query_as!(
        Waiting,
        "select source, event, body
         from webhook_deliveries
         where id = $1
           and status = 'received'",
        id,
    )
    .fetch_optional(conn)
    .await
}

/// Writes what was made of a delivery: `done`, `ignored` or `unmatched`.
pub(super) async fn end(
    conn: &mut PgConnection,
    id: i64,
    status: &str,
    note: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhook_deliveries
         set status = $2,
             note = $3,
             processed_at = $4
         where id = $1
           and status = 'received'",
        id,
        status,
        note,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Counts a fault that time does not heal: how many there were so far.
pub(super) async fn count_fault(conn: &mut PgConnection, id: i64) -> sqlx::Result<i32> {
    sqlx::query_scalar!(
        "update webhook_deliveries
         set faults = faults + 1
         where id = $1
         returning faults",
        id,
    )
    .fetch_one(conn)
    .await
}

/// Adds refused posts to the day's count.
pub(super) async fn count_refusals(
    conn: &mut PgConnection,
    source: Source,
    reason: &str,
    count: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into webhook_refusals (source, day, reason, count, last_at)
         values ($5, $1, $2, $3, $4)
         on conflict (source, day, reason) do update
         set count = webhook_refusals.count + excluded.count,
             last_at = excluded.last_at",
        now.date(),
        reason,
        count,
        now,
        source.word(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes when a secret signed last.
pub(super) async fn note_secret(
    conn: &mut PgConnection,
    source: Source,
    mark: &str,
    last_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into webhook_secret_marks (source, mark, last_at)
         values ($3, $1, $2)
         on conflict (source, mark) do update
         set last_at = greatest(webhook_secret_marks.last_at, excluded.last_at)",
        mark,
        last_at,
        source.word(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes right and wrong signatures: `wrong` came since the last right one, or, where there was none since the last
/// note, besides those that were noted before.
pub(super) async fn note_signatures(
    conn: &mut PgConnection,
    source: Source,
    wrong: i64,
    last_wrong_at: Option<OffsetDateTime>,
    last_right_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into webhook_signatures (source, wrong_in_a_row, last_wrong_at, last_right_at)
         values ($4, $1, $2, $3)
         on conflict (source) do update
         set wrong_in_a_row = case when $3::timestamptz is null then webhook_signatures.wrong_in_a_row else 0 end
                              + excluded.wrong_in_a_row,
             last_wrong_at = coalesce(excluded.last_wrong_at, webhook_signatures.last_wrong_at),
             last_right_at = coalesce(excluded.last_right_at, webhook_signatures.last_right_at)",
        wrong,
        last_wrong_at,
        last_right_at,
        source.word(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The marks of secrets that signed, each with its last time.
pub(super) async fn secret_marks(conn: &mut PgConnection) -> sqlx::Result<HashMap<String, OffsetDateTime>> {
    let rows = sqlx::query!("select mark, last_at from webhook_secret_marks where source = 'esimdual'")
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.mark, row.last_at)).collect())
}

/// Right and wrong signatures, as they were noted.
#[derive(Default)]
pub(super) struct Noted {
    pub wrong_in_a_row: i64,
    pub last_wrong_at: Option<OffsetDateTime>,
    pub last_right_at: Option<OffsetDateTime>,
}

/// How signatures stand; `None` before the first one.
pub(super) async fn signatures(conn: &mut PgConnection) -> sqlx::Result<Option<Noted>> {
    sqlx::query_as!(
        Noted,
        "select wrong_in_a_row, last_wrong_at, last_right_at
         from webhook_signatures
         where source = 'esimdual'",
    )
    .fetch_optional(conn)
    .await
}
