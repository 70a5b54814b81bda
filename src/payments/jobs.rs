//! The job that pays a refund out.

use serde_json::{Value, json};
use sqlx::PgPool;
use time::OffsetDateTime;

use super::store::{self, Refund};
use super::{Method, PaymentStatus};
use crate::orders::{self, Actor, Event, Happened};
use crate::plumbing::jobs::Verdict;

/// The kind of the job that pays one refund out.
pub const SEND_REFUND: &str = "send_refund";

/// Pays out the refund that a job names, and returns its order's id where that changed something.
///
/// # Errors
/// The database's; the job tries again with the same key.
pub async fn send_refund(
    db: &PgPool,
    now: OffsetDateTime,
    payload: &Value,
) -> anyhow::Result<(Verdict, Option<i64>)> {
    let Some(id) = payload["refund"].as_i64() else {
        return Ok((Verdict::GiveUp("no refund is named".to_owned()), None));
    };
    let mut conn = db.acquire().await?;
    let Some(refund) = store::pending_refund(&mut conn, id).await? else { return Ok((Verdict::Done, None)) };
    drop(conn);
    match refund.method {
        // No money moved in, so none moves out: the record is the refund.
        Method::Test => {}
    }
    let mut tx = db.begin().await?;
    orders::lock_order(&mut tx, refund.order_id).await?;
    if store::refund_done(&mut tx, id, now).await? {
        note(&mut tx, &refund, now).await?;
    }
    tx.commit().await?;
    Ok((Verdict::Done, Some(refund.order_id)))
}

/// Tells the order: `refunded` when all of what it was paid with went back, else `partially_refunded`.
async fn note(conn: &mut sqlx::PgConnection, refund: &Refund, now: OffsetDateTime) -> sqlx::Result<()> {
    let facts = json!({ "amount": refund.amount.to_string(), "currency": refund.amount.currency.code() });
    let entry =
        Happened { unit_id: refund.unit_id, actor: Actor::Payment, event: Event::Refunded, detail: facts };
    orders::append(conn, refund.order_id, &entry, now).await?;
    let payments = store::of_order(conn, refund.order_id).await?;
    let counted = payments.iter().find(|payment| payment.counted);
    // A second payment that goes back does not touch what the first one paid.
    if counted.is_some_and(|payment| payment.id != refund.payment_id) {
        return Ok(());
    }
    let paid = payments
        .iter()
        .find(|payment| payment.id == refund.payment_id && payment.status == PaymentStatus::Paid);
    let back = store::refunded_of(conn, refund.payment_id).await?;
    let to = if paid.is_some_and(|payment| back >= payment.amount.minor) {
        orders::PaymentStatus::Refunded
    } else {
        orders::PaymentStatus::PartiallyRefunded
    };
    let from = [
        orders::PaymentStatus::Paid,
        orders::PaymentStatus::PartiallyRefunded,
        orders::PaymentStatus::Expired,
    ];
    orders::note_payment_status(conn, refund.order_id, &from, to).await.map(drop)
}
