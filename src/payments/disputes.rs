//! A payer's bank asks money back: nothing else goes back of that payment until it is decided, staff are told until when
//! evidence is taken, and what the bank took counts against what may be refunded.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::provider::{DisputeStanding, SeenDispute};
use super::{Payment, jobs, store};
use crate::orders::{self, Actor, Event, Happened};

/// Writes down where disputes of a payment stand. A dispute that was decided stays decided, however often it is told.
pub(super) async fn hear(
    conn: &mut PgConnection,
    payment: &Payment,
    seen: &[SeenDispute],
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    for one in seen {
        // A sum that cannot be read is taken for all of it: nothing may go back then.
        let amount = one.amount.filter(|amount| amount.currency == payment.amount.currency);
        let amount = amount.unwrap_or(payment.amount);
        let Some(before) = store::note_dispute(conn, payment.id, one, amount, now).await? else { continue };
        let facts = json!({ "amount": amount.to_string(), "currency": amount.currency.code(),
            "dispute": one.reference, "reason": one.reason, "status": one.standing.word() });
        let event = if one.standing.is_final() { Event::DisputeClosed } else { Event::Disputed };
        if before.is_none() && one.standing.is_final() {
            let opened = Happened::to_order(Actor::Payment, Event::Disputed).with(facts.clone());
            orders::append(conn, payment.order_id, &opened, now).await?;
        }
        let entry = Happened::to_order(Actor::Payment, event).with(facts);
        orders::append(conn, payment.order_id, &entry, now).await?;
        orders::raise_alarm(conn, payment.order_id, &alarm(one), now).await?;
        store::sum_disputed(conn, payment.id).await?;
        for refund in store::pending_of(conn, payment.id).await? {
            jobs::ask_payout(conn, refund, now).await?;
        }
        orders::nudge(conn, payment.order_id, now, now).await?;
    }
    Ok(())
}

fn alarm(dispute: &SeenDispute) -> String {
    let until =
        dispute.due_by.map_or_else(String::new, |at| format!("; evidence is taken until {}", at.date()));
    match dispute.standing {
        DisputeStanding::Inquiry => {
            format!("the payer's bank asks about the payment ({}){until}", dispute.reason)
        }
        DisputeStanding::Open => {
            format!("the payer's bank took the money back for now ({}){until}", dispute.reason)
        }
        DisputeStanding::Won => format!("the dispute {} was won: the money stays", dispute.reference),
        DisputeStanding::Lost => format!("the dispute {} was lost: the money is gone", dispute.reference),
    }
}

/// Whether a payer's bank asks the money of a payment back, or has it: nothing is bought for it any more.
///
/// # Errors
/// The database's.
pub async fn is_disputed(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<bool> {
    let Some(payment) = store::counted(conn, order_id).await? else { return Ok(false) };
    let disputes = store::disputes_of(conn, payment.id).await?;
    Ok(disputes.iter().any(|dispute| dispute.status != "won"))
}
