//! What arrived by transfer, and what was paid back by hand.

use sqlx::PgConnection;

use crate::ground::{Currency, Price};
use crate::payments::receive::Arrival;

/// A receipt to be written.
pub(in crate::payments) struct NewTransfer {
    pub payment_id: i64,
    pub number: i32,
    pub amount: Price,
    pub outcome: &'static str,
}

/// How many receipts a payment has, and what of them counts towards it in minor units.
pub(in crate::payments) async fn received(
    conn: &mut PgConnection,
    payment_id: i64,
) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) as "count!",
                  coalesce(sum(amount_minor) filter (where outcome = 'counted'), 0)::bigint as "counted!"
           from transfers
           where payment_id = $1"#,
        payment_id,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.count, row.counted))
}

pub(in crate::payments) async fn insert_transfer(
    conn: &mut PgConnection,
    new: &NewTransfer,
    arrival: &Arrival<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into transfers (payment_id, number, amount_minor, currency, outcome, note, confirmed_by, confirmed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.payment_id,
        new.number,
        new.amount.minor,
        new.amount.currency.code(),
        new.outcome,
        arrival.note,
        arrival.admin,
        arrival.now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What counted of a payment goes back: how much it was, in minor units.
pub(in crate::payments) async fn return_counted(
    conn: &mut PgConnection,
    payment_id: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"with back as (
               update transfers
               set outcome = 'returned'
               where payment_id = $1
                 and outcome = 'counted'
               returning amount_minor
           )
           select coalesce(sum(amount_minor), 0)::bigint as "minor!"
           from back"#,
        payment_id,
    )
    .fetch_one(conn)
    .await
}

/// A parked transfer goes back: its payment and sum; `None` where it is none any more.
pub(in crate::payments) async fn return_parked(
    conn: &mut PgConnection,
    id: i64,
) -> sqlx::Result<Option<(i64, Price)>> {
    let row = sqlx::query!(
        "update transfers
         set outcome = 'returned'
         where id = $1
           and outcome = 'parked'
         returning payment_id, amount_minor, currency",
        id,
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let currency = Currency::parse(&row.currency)
        .ok_or_else(|| sqlx::Error::Decode(format!("transfers.currency of {id}").into()))?;
    Ok(Some((row.payment_id, Price::new(row.amount_minor, currency))))
}

/// Notes who paid a refund out by hand.
pub(in crate::payments) async fn sign_refund(
    conn: &mut PgConnection,
    id: i64,
    admin: &str,
    note: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update refunds
         set settled_by = $2,
             settled_note = $3
         where id = $1
           and status = 'pending'
           and by_hand",
        id,
        admin,
        note,
    )
    .execute(conn)
    .await
    .map(drop)
}
