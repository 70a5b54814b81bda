//! Money goes back: recorded first, with its key and under the payment's ceiling; paid out by a job.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Payment, jobs, store};
use crate::ground::{Entropy, Price};
use crate::orders::{self, Actor, Event, Happened, Unit};

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum NotRefunded {
    /// This unit, or this payment, was refunded before.
    #[error("it was refunded before")]
    Before,
    /// The order has no payment that counts, or less of it is left than this refund asks.
    #[error("no payment covers this refund")]
    NotCovered,
    /// The payer's bank asks for the money, or has it.
    #[error("the payer's bank asks for the money too")]
    Disputed,
    /// The database's.
    #[error(transparent)]
    Fault(#[from] sqlx::Error),
}

/// Who wants money back, why and when.
#[derive(Debug)]
pub struct Wish<'a> {
    /// The shop, or a member of staff.
    pub by: &'a Actor,
    /// A word of the database.
    pub reason: &'a str,
    /// When.
    pub now: OffsetDateTime,
}

/// Records the refund of one unit, as the shop or a person asks, in the caller's transaction (the one that makes the unit `failed`).
///
/// # Errors
/// [`NotRefunded`]; the caller's transaction must then not commit.
pub async fn for_unit(
    conn: &mut PgConnection,
    entropy: &Entropy,
    unit: &Unit,
    amount: Price,
    wish: &Wish<'_>,
) -> Result<(), NotRefunded> {
    let Wish { by, reason, now } = *wish;
    let payment = store::counted(conn, unit.order_id).await?.ok_or(NotRefunded::NotCovered)?;
    let asked_by = by.word();
    let refund = store::NewRefund {
        payment: &payment,
        unit_id: Some(unit.id),
        amount,
        reason,
        requested_by: &asked_by,
        now,
    };
    record(conn, &format!("refund-{}", entropy.uuid()), by, &refund).await
}

/// Records that a person pays part of an order's payment back, or all of it, beside what its units are due. The same
/// `form_key` again is the same refund: [`NotRefunded::Before`].
///
/// # Errors
/// [`NotRefunded`]; the caller's transaction must then not commit.
pub async fn by_person(
    conn: &mut PgConnection,
    order_id: i64,
    amount: Price,
    form_key: &str,
    wish: &Wish<'_>,
) -> Result<(), NotRefunded> {
    let Wish { by, reason, now } = *wish;
    orders::lock_order(conn, order_id).await?;
    let payment = store::counted(conn, order_id).await?.ok_or(NotRefunded::NotCovered)?;
    if amount.minor <= 0 || amount.currency != payment.amount.currency {
        return Err(NotRefunded::NotCovered);
    }
    let asked_by = by.word();
    let refund =
        store::NewRefund { payment: &payment, unit_id: None, amount, reason, requested_by: &asked_by, now };
    record(conn, &format!("refund-{form_key}"), by, &refund).await
}

/// Records that a payment which does not count goes back whole: a late one, or a second one.
///
/// # Errors
/// [`NotRefunded`].
pub async fn back_whole(
    conn: &mut PgConnection,
    entropy: &Entropy,
    payment: &Payment,
    reason: &str,
    now: OffsetDateTime,
) -> Result<(), NotRefunded> {
    let by = Actor::Shop;
    let asked_by = by.word();
    let refund = store::NewRefund {
        payment,
        unit_id: None,
        amount: payment.amount,
        reason,
        requested_by: &asked_by,
        now,
    };
    record(conn, &format!("refund-{}", entropy.uuid()), &by, &refund).await
}

async fn record(
    conn: &mut PgConnection,
    key: &str,
    by: &Actor,
    refund: &store::NewRefund<'_>,
) -> Result<(), NotRefunded> {
    let id = store::insert_refund(conn, refund, key).await?.ok_or(NotRefunded::Before)?;
    // What is due for goods that did not come is recorded in any case, and paid out once no bank asks for it too. What a
    // person wishes is not: they would pay twice.
    let wished = matches!(by, Actor::Admin(_));
    if wished && super::is_disputed(conn, refund.payment.order_id).await? {
        return Err(NotRefunded::Disputed);
    }
    if !store::reserve(conn, refund.payment.id, refund.amount.minor, wished).await? {
        return Err(NotRefunded::NotCovered);
    }
    let order_id = refund.payment.order_id;
    let facts = json!({ "amount": refund.amount.to_string(), "currency": refund.amount.currency.code(),
        "reason": refund.reason });
    let entry =
        Happened { unit_id: refund.unit_id, actor: by.clone(), event: Event::RefundRequested, detail: facts };
    orders::append(conn, order_id, &entry, refund.now).await?;
    Ok(jobs::ask_payout(conn, id, refund.now).await?)
}
