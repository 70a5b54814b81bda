//! A payment arrived, or was declined. Runs any number of times, in parallel, and moves the money's state once.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Payment, jobs, store};
use crate::orders::{self, Actor, Event, Happened};

/// What an arrival changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It paid its order.
    Counted,
    /// Its order was paid or had ended before: the order's next step decides whether it goes back.
    Surplus,
    /// It had arrived before: nothing changed.
    Already,
}

/// Notes, in the caller's transaction, that a payment arrived in full, pays its order with it, mails that to the customer
/// (with links to `public_url`), and asks for the order's next step in the same commit.
///
/// # Errors
/// The database's, and a mail's template.
pub async fn settle(
    conn: &mut PgConnection,
    payment: &Payment,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<Settled> {
    orders::lock_order(conn, payment.order_id).await?;
    if !store::mark_paid(conn, payment.id, now).await? {
        return Ok(Settled::Already);
    }
    let facts = json!({ "method": payment.method.word(), "amount": payment.amount.to_string(),
        "currency": payment.amount.currency.code() });
    let counted = orders::mark_paid(conn, payment.order_id, now).await?;
    let event = if counted { Event::Paid } else { Event::PaidTooMuch };
    if counted {
        store::mark_counted(conn, payment.id).await?;
    }
    let entry = Happened::to_order(Actor::Payment, event).with(facts);
    orders::append(conn, payment.order_id, &entry, now).await?;
    if counted && let Some(order) = orders::by_id(conn, payment.order_id).await? {
        orders::mail::received(conn, &order, public_url, now).await?;
    }
    orders::nudge(conn, payment.order_id, now, now).await?;
    Ok(if counted { Settled::Counted } else { Settled::Surplus })
}

/// Notes that a try was declined; the order still waits, and a new try may succeed. False when the payment was past
/// that.
///
/// # Errors
/// The database's.
pub async fn decline(conn: &mut PgConnection, payment: &Payment, now: OffsetDateTime) -> sqlx::Result<bool> {
    orders::lock_order(conn, payment.order_id).await?;
    if !store::mark_failed(conn, payment.id).await? {
        return Ok(false);
    }
    let from = [orders::PaymentStatus::Pending, orders::PaymentStatus::Failed];
    orders::note_payment_status(conn, payment.order_id, &from, orders::PaymentStatus::Failed).await?;
    let entry = Happened::to_order(Actor::Payment, Event::PaymentDeclined);
    orders::append(conn, payment.order_id, &entry, now).await?;
    orders::note_decline(conn, payment.order_id, now).await?;
    Ok(true)
}

/// The order's time is over: its open payments are too, and those that were opened outside are closed there.
///
/// # Errors
/// The database's.
pub async fn expire_of_order(
    conn: &mut PgConnection,
    order_id: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    for outside in store::expire(conn, order_id).await? {
        jobs::ask_look(conn, outside, now, now).await?;
    }
    Ok(())
}
