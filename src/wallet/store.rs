//! Every statement on `wallet_reading` (one row) and `wallet_movements`.

use std::collections::HashSet;

use rust_decimal::Decimal;
use sqlx::{PgConnection, query, query_as, query_scalar};
use time::OffsetDateTime;

use super::movement::Movement;
use super::reading::Reading;

/// One answer at a time is written, on whichever node ("simwalle" as a number).
const LOCK: i64 = 0x7369_6d77_616c_6c65;

/// Waits until no other answer is being written; the turn ends with the transaction.
pub async fn take_turn(db: &mut PgConnection) -> sqlx::Result<()> {
    query!("select pg_advisory_xact_lock($1)", LOCK).fetch_one(db).await?;
    Ok(())
}

/// Keeps a reading, unless one that was asked for later is kept already.
pub async fn keep(db: &mut PgConnection, reading: &Reading) -> sqlx::Result<()> {
    query!(
        "insert into wallet_reading (balance, currency, asked_at, read_at, known_from, movements_kept, movements_readable)
         values ($1, $2, $3, $4, $5, true, $6)
         on conflict (one) do update
         set balance = excluded.balance,
             currency = excluded.currency,
             asked_at = excluded.asked_at,
             read_at = excluded.read_at,
             known_from = excluded.known_from,
             movements_kept = true,
             movements_readable = excluded.movements_readable
         where coalesce(wallet_reading.asked_at, wallet_reading.read_at) <= excluded.asked_at",
        reading.balance,
        reading.currency,
        reading.asked_at,
        reading.read_at,
        reading.known_from,
        reading.movements_readable,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The reading that is kept.
pub async fn last(db: &mut PgConnection) -> sqlx::Result<Option<Reading>> {
    query_as!(
        Reading,
        r#"select balance, currency, coalesce(asked_at, read_at) as "asked_at!", read_at, known_from,
                  movements_kept and movements_readable as "movements_readable!"
           from wallet_reading"#
    )
    .fetch_optional(db)
    .await
}

/// What the last reading left behind.
pub struct BeforeRow {
    pub balance: Decimal,
    pub known_from: Option<OffsetDateTime>,
}

/// The last reading that kept its movements.
pub async fn before(db: &mut PgConnection) -> sqlx::Result<Option<BeforeRow>> {
    query_as!(BeforeRow, "select balance, known_from from wallet_reading where movements_kept")
        .fetch_optional(db)
        .await
}

/// Which of these movements are known.
pub async fn known(db: &mut PgConnection, keys: &[String]) -> sqlx::Result<HashSet<String>> {
    let known =
        query_scalar!("select key from wallet_movements where key = any($1)", keys).fetch_all(db).await?;
    Ok(known.into_iter().collect())
}

/// Movements column by column, as `unnest` takes them.
#[derive(Default)]
struct Columns {
    keys: Vec<String>,
    ids: Vec<Option<i64>>,
    directions: Vec<String>,
    kinds: Vec<String>,
    amounts: Vec<Option<Decimal>>,
    currencies: Vec<String>,
    balances: Vec<Option<Decimal>>,
    references: Vec<Option<String>>,
    descriptions: Vec<Option<String>>,
    times: Vec<Option<OffsetDateTime>>,
}

impl Columns {
    fn of<'a>(movements: impl Iterator<Item = &'a Movement>) -> Self {
        let mut columns = Self::default();
        for movement in movements {
            columns.keys.push(movement.key.clone());
            columns.ids.push(movement.upstream_id);
            columns.directions.push(movement.direction.word().to_owned());
            columns.kinds.push(movement.kind.clone());
            columns.amounts.push(movement.amount);
            columns.currencies.push(movement.currency.clone());
            columns.balances.push(movement.post_balance);
            columns.references.push(movement.reference.clone());
            columns.descriptions.push(movement.description.clone());
            columns.times.push(movement.happened_at);
        }
        columns
    }
}

/// Keeps movements that nobody knows yet.
pub async fn insert_movements(
    db: &mut PgConnection,
    movements: impl Iterator<Item = &Movement>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let columns = Columns::of(movements);
    if columns.keys.is_empty() {
        return Ok(());
    }
    query!(
        "insert into wallet_movements (key, upstream_id, direction, kind, amount, currency, post_balance, reference,
                                       description, happened_at, first_seen_at)
         select key, id, direction, kind, amount, currency, balance, reference, description, at, $11
         from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::numeric[], $6::text[], $7::numeric[],
                     $8::text[], $9::text[], $10::timestamptz[])
              as listed (key, id, direction, kind, amount, currency, balance, reference, description, at)
         on conflict (key) do nothing",
        &columns.keys,
        &columns.ids as &[Option<i64>],
        &columns.directions,
        &columns.kinds,
        &columns.amounts as &[Option<Decimal>],
        &columns.currencies,
        &columns.balances as &[Option<Decimal>],
        &columns.references as &[Option<String>],
        &columns.descriptions as &[Option<String>],
        &columns.times as &[Option<OffsetDateTime>],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes what the upstream says now of movements that were known, where it says something else than before.
pub async fn correct_movements(
    db: &mut PgConnection,
    movements: impl Iterator<Item = &Movement>,
) -> sqlx::Result<()> {
    let columns = Columns::of(movements);
    query!(
        "update wallet_movements m
         set direction = l.direction,
             kind = l.kind,
             amount = l.amount,
             currency = l.currency,
             post_balance = l.balance,
             happened_at = l.at
         from unnest($1::text[], $2::text[], $3::text[], $4::numeric[], $5::text[], $6::numeric[], $7::timestamptz[])
              as l (key, direction, kind, amount, currency, balance, at)
         where m.key = l.key
           and (m.direction, m.kind, m.amount, m.currency, m.post_balance, m.happened_at)
               is distinct from (l.direction, l.kind, l.amount, l.currency, l.balance, l.at)",
        &columns.keys,
        &columns.directions,
        &columns.kinds,
        &columns.amounts as &[Option<Decimal>],
        &columns.currencies,
        &columns.balances as &[Option<Decimal>],
        &columns.times as &[Option<OffsetDateTime>],
    )
    .execute(db)
    .await?;
    Ok(())
}
