//! A fetched truth is written down: what arrived, what went back, what is disputed. Any number of times, in parallel; the
//! money's state moves once.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::judge::{Judgement, judge};
use super::provider::{RefundStanding, SeenRefund, Standing, Truth};
use super::store::{self, NewRefund};
use super::{Payment, PaymentStatus, decline, disputes, payout, settle, told};
use crate::orders::{self, Actor, Event, Happened, OrderStatus};

/// How long an order waits for money that is on its way, such as a debit that banks take days for.
const UNDERWAY: time::Duration = time::Duration::days(14);

/// Writes down, in the caller's transaction, what a provider says of a payment, and returns what that meant. `public_url`
/// is the shop's, for the mail that confirms an arrival.
///
/// # Errors
/// The database's, and a mail's template.
pub async fn hear(
    conn: &mut PgConnection,
    payment: &Payment,
    truth: &Truth,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<Judgement> {
    // What is known of it may have changed while somebody outside was asked.
    let read = store::lock_whole(conn, payment.id, payment.order_id).await?;
    let payment = read.ok_or(sqlx::Error::RowNotFound)?;
    let order = orders::by_id(conn, payment.order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let judgement = judge(&payment, order.number.as_str(), truth);
    let url = match &truth.standing {
        Standing::Open(url) if payment.is_open() => url.as_deref(),
        _ => None,
    };
    store::note_outside(conn, payment.id, truth.charge.as_deref(), url).await?;
    let (card, buyer) = (truth.card_country.as_deref(), truth.buyer_country.as_deref());
    store::note_countries(conn, payment.id, card, buyer).await?;
    if let Some(declined) = &truth.declined
        && store::note_decline(conn, payment.id, declined).await?
    {
        orders::note_decline(conn, order.id, now).await?;
    }
    match &judgement {
        Judgement::Settle => drop(settle(conn, &payment, public_url, now).await?),
        Judgement::Park(why) => {
            if store::park(conn, payment.id, why).await? {
                orders::raise_alarm(conn, order.id, why, now).await?;
            }
        }
        Judgement::Decline => {
            let waits = order.status == OrderStatus::AwaitingPayment;
            // Whoever was declined at once is still there and knows; a slow method fails days later.
            if decline(conn, &payment, now).await? && truth.standing == Standing::Failed && waits {
                orders::mail::payment_failed(conn, &order, payment.id, public_url, now).await?;
            }
        }
        Judgement::Wait if truth.standing == Standing::Underway => {
            orders::wait_until(conn, order.id, now + UNDERWAY).await?;
        }
        Judgement::Wait | Judgement::Close | Judgement::Over | Judgement::Known => {}
    }
    for warning in &truth.warnings {
        orders::raise_alarm(conn, order.id, warning, now).await?;
    }
    let read = store::by_id(conn, payment.id).await?;
    if let Some(paid) = read.filter(|payment| payment.status == PaymentStatus::Paid) {
        for seen in &truth.refunds {
            hear_refund(conn, &paid, seen, now).await?;
        }
        disputes::hear(conn, &paid, &truth.disputes, now).await?;
        told::arrived(conn, order.id, public_url, now).await?;
    }
    Ok(judgement)
}

/// Writes down where a refund stands: one of ours, or one that was made at the provider itself.
pub(super) async fn hear_refund(
    conn: &mut PgConnection,
    payment: &Payment,
    seen: &SeenRefund,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let known = store::refund_of(conn, payment.id, seen.reference.as_deref(), seen.key.as_deref()).await?;
    let refund = match known {
        Some(refund) => refund,
        None => match note_elsewhere(conn, payment, seen, now).await? {
            Some(refund) => refund,
            None => return Ok(()),
        },
    };
    if let Some(reference) = &seen.reference {
        store::bind_refund(conn, refund.id, reference).await?;
    }
    match seen.standing {
        RefundStanding::Done => payout::arrived(conn, &refund, false, now).await?,
        RefundStanding::Failed => {
            let why = seen.why.as_deref().unwrap_or("no reason was given");
            payout::failed(conn, &refund, why, now).await?;
        }
        RefundStanding::ByHand => store::by_hand(conn, refund.id).await?,
        RefundStanding::Pending => {}
    }
    Ok(())
}

/// A refund that nobody here asked for: somebody made it at the provider. It counts against what may go back.
async fn note_elsewhere(
    conn: &mut PgConnection,
    payment: &Payment,
    seen: &SeenRefund,
    now: OffsetDateTime,
) -> anyhow::Result<Option<store::Refund>> {
    // One that failed before anybody here knew of it moved no money.
    let Some(reference) = seen.reference.as_deref().filter(|_| seen.standing != RefundStanding::Failed)
    else {
        return Ok(None);
    };
    let readable =
        seen.amount.filter(|amount| amount.currency == payment.amount.currency && amount.minor > 0);
    let Some(amount) = readable else {
        let why = "a refund was made elsewhere whose sum cannot be read";
        orders::raise_alarm(conn, payment.order_id, why, now).await?;
        return Ok(None);
    };
    if !store::reserve(conn, payment.id, amount.minor, false).await? {
        let why = format!(
            "a refund of {amount} {} was made elsewhere, beside those that are due here",
            amount.currency
        );
        orders::raise_alarm(conn, payment.order_id, &why, now).await?;
        return Ok(None);
    }
    let by = payment.method.word();
    let new =
        NewRefund { payment, unit_id: None, amount, reason: "elsewhere", note: None, requested_by: by, now };
    let Some(id) = store::insert_seen(conn, &new, reference).await? else {
        anyhow::bail!("a refund of payment {} is of another payment too", payment.id);
    };
    let facts =
        json!({ "amount": amount.to_string(), "currency": amount.currency.code(), "reason": "elsewhere" });
    let entry = Happened::to_order(Actor::Payment, Event::RefundRequested).with(facts);
    orders::append(conn, payment.order_id, &entry, now).await?;
    Ok(store::pending_refund(conn, id).await?)
}
