//! Changing orders and units: each statement names the state that it comes from and says whether it found it so.

use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::orders::{Actor, Event, Happened, OrderStatus, PaymentStatus, Unit, UnitState, UnitStatus};
use crate::orders::{status, store::reads};

/// Appends to an order's history.
pub async fn append(
    conn: &mut PgConnection,
    order_id: i64,
    what: &Happened,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let actor = what.actor.word();
    sqlx::query!(
        "insert into order_history (order_id, unit_id, at, actor, event, detail)
         values ($1, $2, $3, $4, $5, $6)",
        order_id,
        what.unit_id,
        now,
        &*actor,
        what.event.word(),
        what.detail,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// `awaiting_payment` → `processing`; false when the order was not waiting any more.
pub async fn mark_paid(conn: &mut PgConnection, order_id: i64, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update orders
         set status = 'processing',
             payment_status = 'paid',
             paid_at = $2
         where id = $1
           and status = 'awaiting_payment'",
        order_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// `cancelled` → `processing`, the one way out of a final state: a late payment whose plan and price still hold.
pub async fn reopen(conn: &mut PgConnection, order_id: i64, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update orders
         set status = 'processing',
             payment_status = 'paid',
             paid_at = $2,
             finished_at = null
         where id = $1
           and status = 'cancelled'",
        order_id,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// `awaiting_payment` → `cancelled`, once the order's time is over; false when it is not, or was paid.
pub async fn cancel(conn: &mut PgConnection, order_id: i64, now: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update orders
         set status = 'cancelled',
             payment_status = 'expired',
             finished_at = $2,
             device_imei = null
         where id = $1
           and status = 'awaiting_payment'
           and expires_at <= $2",
        order_id,
        now,
    )
    .execute(&mut *conn)
    .await?;
    let cancelled = done.rows_affected() == 1;
    if cancelled {
        append(conn, order_id, &Happened::to_order(Actor::Shop, Event::Cancelled), now).await?;
    }
    Ok(cancelled)
}

/// Ends an unpaid order's time now.
pub async fn expire_now(conn: &mut PgConnection, order_id: i64, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders
         set expires_at = $2
         where id = $1
           and status = 'awaiting_payment'
           and expires_at > $2",
        order_id,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// An unpaid order waits at least until then: its money is on its way.
pub async fn wait_until(conn: &mut PgConnection, order_id: i64, until: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "update orders
         set expires_at = $2
         where id = $1
           and status = 'awaiting_payment'
           and expires_at < $2::timestamptz - interval '1 day'",
        order_id,
        until,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes where the money stands, if it stood at one of `from`.
pub async fn note_payment_status(
    conn: &mut PgConnection,
    order_id: i64,
    from: &[PaymentStatus],
    to: PaymentStatus,
) -> sqlx::Result<bool> {
    let from: Vec<String> = from.iter().map(|status| status.word().to_owned()).collect();
    let done = sqlx::query!(
        "update orders
         set payment_status = $3
         where id = $1
           and payment_status = any($2)",
        order_id,
        &from,
        to.word(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Says that a person is needed for now; writes history when that is new. It ends with the order: what is delivered or
/// refunded in the end needs nobody.
pub async fn raise_attention(
    conn: &mut PgConnection,
    order_id: i64,
    why: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let done = sqlx::query!("update orders set attention = true where id = $1 and not attention", order_id)
        .execute(&mut *conn)
        .await?;
    if done.rows_affected() == 1 {
        let entry =
            Happened::to_order(Actor::Shop, Event::NeedsAttention).with(serde_json::json!({ "why": why }));
        append(conn, order_id, &entry, now).await?;
    }
    Ok(())
}

/// Says that a person is needed whatever becomes of the order: what the upstream said contradicts what is known. Written
/// each time it is new.
pub async fn raise_alarm(
    conn: &mut PgConnection,
    order_id: i64,
    why: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let detail = serde_json::json!({ "why": why, "lasting": true });
    let known = sqlx::query_scalar!(
        r#"select exists (
             select 1 from order_history where order_id = $1 and event = 'needs_attention' and detail = $2
           ) as "known!""#,
        order_id,
        detail,
    )
    .fetch_one(&mut *conn)
    .await?;
    if known {
        return Ok(());
    }
    sqlx::query!("update orders set attention = true where id = $1", order_id).execute(&mut *conn).await?;
    let entry = Happened::to_order(Actor::Shop, Event::NeedsAttention).with(detail);
    append(conn, order_id, &entry, now).await
}

/// Moves a unit to a state, if it is in one from which that state may be reached; false when somebody was faster:
/// read again. Takes the order's row first, so that two units of one order never derive its status past each other.
pub async fn move_unit(
    conn: &mut PgConnection,
    unit: &Unit,
    to: &UnitState,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query!("select id from orders where id = $1 for update", unit.order_id)
        .fetch_one(&mut *conn)
        .await?;
    let from: Vec<String> = to.status().comes_from().iter().map(|status| status.word().to_owned()).collect();
    let (hold_reason, failure, esim_id) = match to {
        UnitState::OnHold { reason, .. } => (Some(reason.word()), None, None),
        UnitState::Failed { failure, .. } => (None, Some(failure.as_str()), None),
        UnitState::Completed { esim_id, .. } => (None, None, Some(*esim_id)),
        UnitState::Pending | UnitState::Ordering | UnitState::Processing { .. } => (None, None, None),
    };
    let done = sqlx::query!(
        "update units
         set status = $3,
             hold_reason = $4,
             failure = $5,
             esim_id = $6,
             upstream_order_id = coalesce(upstream_order_id, $7),
             changed_at = $8
         where id = $1
           and status = any($2)
           and ($7::bigint is null or upstream_order_id is null or upstream_order_id = $7)
           and ($3 <> 'ordering' or upstream_order_id is null)",
        unit.id,
        &from,
        to.status().word(),
        hold_reason,
        failure,
        esim_id,
        to.upstream_order_id(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Derives the status of a paid order from its units and writes it; returns it when that made the order final.
pub async fn settle_status(
    conn: &mut PgConnection,
    order_id: i64,
    now: OffsetDateTime,
) -> sqlx::Result<Option<OrderStatus>> {
    let units: Vec<UnitStatus> =
        reads::units(conn, order_id).await?.iter().map(|unit| unit.state.status()).collect();
    let status = status::of_paid_order(&units);
    if !status.is_final() {
        return Ok(None);
    }
    // The device's number has done its work once the order is final.
    let done = sqlx::query!(
        "update orders
         set status = $2,
             finished_at = $3,
             device_imei = null,
             attention = attention and exists (
                 select 1
                 from order_history
                 where order_id = $1
                   and event = 'needs_attention'
                   and detail @> '{\"lasting\": true}'
             )
         where id = $1
           and status = 'processing'",
        order_id,
        status.word(),
        now,
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let entry =
        Happened::to_order(Actor::Shop, Event::Finished).with(serde_json::json!({ "status": status.word() }));
    append(conn, order_id, &entry, now).await?;
    Ok(Some(status))
}

/// Takes the order's row, and reads a unit of it as it is now: whoever holds the row alone moves its units.
pub async fn lock_unit(conn: &mut PgConnection, unit: &Unit) -> sqlx::Result<Unit> {
    lock_order(conn, unit.order_id).await?;
    reads::unit_by_id(conn, unit.id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Accepts that a unit costs up to `cost`, in the currency of its line's cost, though that is above its price.
pub async fn accept_cost(conn: &mut PgConnection, unit_id: i64, cost: Decimal) -> sqlx::Result<()> {
    sqlx::query!("update units set accepted_cost = $2 where id = $1", unit_id, cost)
        .execute(conn)
        .await
        .map(drop)
}

/// Notes what a unit's purchase really cost: exact, with its currency as the upstream wrote it.
pub async fn note_real_cost(
    conn: &mut PgConnection,
    unit_id: i64,
    amount: Decimal,
    currency: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update units
         set real_cost = $2,
             real_cost_currency = $3
         where id = $1",
        unit_id,
        amount,
        currency,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes the order's row for the rest of the transaction. Whoever changes an order and something of it takes this row
/// first, so that nobody waits for each other in a circle.
pub async fn lock_order(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<()> {
    sqlx::query!("select id from orders where id = $1 for update", order_id).fetch_one(conn).await.map(drop)
}
