//! Money goes back: recorded first, with its key and under the payment's ceiling; paid out by a job.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Payment, jobs, store};
use crate::ground::{Currency, Entropy, Price};
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
    /// What is left belongs to units that are still to come, and goes back by itself if they do not.
    #[error("the rest belongs to eSIMs that are still to come")]
    Held,
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
    /// A word of the database; a person's own words where a person wishes.
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
        note: None,
        requested_by: &asked_by,
        now,
    };
    record(conn, &format!("refund-{}", entropy.uuid()), by, &refund).await
}

/// What a person may still pay back of an order that was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refundable {
    /// No more than this.
    pub free: Price,
    /// Besides, what belongs to units that are still to come.
    pub held: Price,
    /// The payer's bank asks for the money, or has it: nothing goes back beside that.
    pub disputed: bool,
}

impl Refundable {
    /// What is left of a payment, and what units that are still to come are worth, both in minor units. Pure.
    fn of(left: i64, open: i64, disputed: bool, currency: Currency) -> Self {
        let held = open.clamp(0, left.max(0));
        let free = left.max(0).saturating_sub(held);
        Self { free: Price::new(free, currency), held: Price::new(held, currency), disputed }
    }
}

/// What a person may still pay back of an order; `None` where no payment counts for it.
///
/// # Errors
/// The database's.
pub async fn refundable(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Option<Refundable>> {
    let Some(payment) = store::counted(conn, order_id).await? else { return Ok(None) };
    let left = store::left_of(conn, payment.id).await?;
    let open = orders::open_worth(conn, order_id).await?;
    let disputed = super::is_disputed(conn, order_id).await?;
    Ok(Some(Refundable::of(left, open, disputed, payment.amount.currency)))
}

/// How much was asked for by a person's form before.
///
/// # Errors
/// The database's.
pub async fn asked_by_form(conn: &mut PgConnection, form_key: &str) -> sqlx::Result<Option<i64>> {
    store::amount_under(conn, &key_of_form(form_key)).await
}

fn key_of_form(form_key: &str) -> String {
    format!("refund-{form_key}")
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
    let key = key_of_form(form_key);
    if store::amount_under(conn, &key).await?.is_some() {
        return Err(NotRefunded::Before);
    }
    let left = refundable(conn, order_id).await?.ok_or(NotRefunded::NotCovered)?;
    match amount.minor.saturating_sub(left.free.minor) {
        _ if left.disputed => return Err(NotRefunded::Disputed),
        more if more > left.held.minor => return Err(NotRefunded::NotCovered),
        more if more > 0 => return Err(NotRefunded::Held),
        _ => {}
    }
    let asked_by = by.word();
    let refund = store::NewRefund {
        payment: &payment,
        unit_id: None,
        amount,
        reason: "by_person",
        note: Some(reason),
        requested_by: &asked_by,
        now,
    };
    record(conn, &key, by, &refund).await
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
        note: None,
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
        "reason": refund.note.unwrap_or(refund.reason) });
    let entry =
        Happened { unit_id: refund.unit_id, actor: by.clone(), event: Event::RefundRequested, detail: facts };
    orders::append(conn, order_id, &entry, refund.now).await?;
    Ok(jobs::ask_payout(conn, id, refund.now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is left and open: nothing negative, no more than is left, and units that are still to come keep
        /// what may have to go back for them.
        #[test]
        fn what_a_person_may_pay_back_leaves_open_units_their_price(left in -10_i64..10_000, open in 0_i64..20_000) {
            let may = Refundable::of(left, open, false, Currency::USD);
            prop_assert!(may.free.minor >= 0 && may.held.minor >= 0);
            prop_assert_eq!(may.free.minor + may.held.minor, left.max(0));
            prop_assert!(may.free.minor == 0 || may.held.minor == open);
        }
    }
}
