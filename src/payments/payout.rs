//! A recorded refund is paid out: asked under its stored key, once. What is unclear is asked again with the same key; a
//! key that is older than it is trusted is used again only after the provider's own list was read.

use std::time::Duration;

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::provider::{Payout, Said, SeenRefund};
use super::store::{self, Refund};
use super::{Till, hear, look, told};
use crate::orders::{self, Actor, Event, Happened};
use crate::plumbing::jobs::Verdict;

/// How long a provider is trusted to remember a key. Stripe promises at least a day.
const KEY_HORIZON: time::Duration = time::Duration::hours(23);
/// After which an asking is repeated that did not end well.
const SOON: Duration = Duration::from_secs(30);
/// After which a refund is looked at that nothing was heard of.
const SLOWLY: Duration = Duration::from_secs(3600);

/// What is next for a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A person pays it out.
    Person,
    /// The payer's bank asks for the money too: wait until that is decided.
    Frozen,
    /// The payer's bank gave the money back already.
    GivenBack,
    /// The provider took it: fetch where it stands.
    Follow,
    /// Its key may be forgotten: only where the provider has no such refund is it asked again.
    LookFirst,
    /// Ask for it.
    Ask,
}

/// What disputes leave of a payment.
#[derive(Clone, Copy, Debug)]
struct Left {
    /// One is not decided.
    undecided: bool,
    /// What may still be paid out, in minor units.
    minor: i64,
}

fn next(refund: &Refund, left: Left, now: OffsetDateTime) -> Next {
    if refund.by_hand {
        return Next::Person;
    }
    if refund.reference.is_some() {
        return Next::Follow;
    }
    match refund.asked_at {
        // It may be under way already: a dispute changes nothing about that.
        Some(asked) if now - asked > KEY_HORIZON => Next::LookFirst,
        Some(_) => Next::Ask,
        None if left.undecided => Next::Frozen,
        None if refund.amount.minor > left.minor => Next::GivenBack,
        None => Next::Ask,
    }
}

/// Takes the next step of a refund.
///
/// # Errors
/// The database's; the job tries again with the same key.
pub(super) async fn pay_out(till: &Till<'_>, id: i64) -> anyhow::Result<Verdict> {
    let mut conn = till.db.acquire().await?;
    let Some(refund) = store::pending_refund(&mut conn, id).await? else { return Ok(Verdict::Done) };
    let left = left(&mut conn, &refund).await?;
    drop(conn);
    match next(&refund, left, till.clock.now()) {
        Next::Person => Ok(Verdict::Done),
        Next::Frozen => Ok(Verdict::Again(SLOWLY)),
        Next::GivenBack => {
            let mut tx = till.db.begin().await?;
            orders::lock_order(&mut tx, refund.order_id).await?;
            arrived(&mut tx, &refund, true, till.clock.now()).await?;
            told::arrived(&mut tx, refund.order_id, till.public_url, till.clock.now()).await?;
            tx.commit().await?;
            Ok(Verdict::Done)
        }
        Next::Follow => {
            look::look(till, refund.payment_id).await?;
            still_pending(till, id).await
        }
        Next::LookFirst => {
            look::look(till, refund.payment_id).await?;
            let found = store::pending_refund(&mut *till.db.acquire().await?, id).await?;
            match found {
                Some(refund) if refund.reference.is_none() => ask(till, &refund).await,
                _ => still_pending(till, id).await,
            }
        }
        Next::Ask => ask(till, &refund).await,
    }
}

async fn still_pending(till: &Till<'_>, id: i64) -> anyhow::Result<Verdict> {
    let mut tx = till.db.begin().await?;
    let Some(refund) = store::pending_refund(&mut tx, id).await? else { return Ok(Verdict::Done) };
    told::under_way(&mut tx, &refund, till.public_url, till.clock.now()).await?;
    tx.commit().await?;
    Ok(Verdict::Again(SLOWLY))
}

async fn left(conn: &mut PgConnection, refund: &Refund) -> sqlx::Result<Left> {
    let disputes = store::disputes_of(conn, refund.payment_id).await?;
    let undecided = disputes.iter().any(|dispute| matches!(dispute.status.as_str(), "inquiry" | "open"));
    Ok(Left { undecided, minor: store::payable(conn, refund.payment_id).await? })
}

/// Asks the provider, after that was written down; stores what it says.
async fn ask(till: &Till<'_>, refund: &Refund) -> anyhow::Result<Verdict> {
    let mut conn = till.db.acquire().await?;
    let payment = store::by_id(&mut conn, refund.payment_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let order = orders::by_id(&mut conn, refund.order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let Some(provider) = till.providers.of(refund.method) else {
        let why = "a refund waits: its way to pay is not configured any more";
        orders::raise_alarm(&mut conn, order.id, why, till.clock.now()).await?;
        return Ok(Verdict::Again(SLOWLY));
    };
    let first = refund.asked_at.is_none();
    if refund.asked_at.is_none_or(|asked| till.clock.now() - asked > KEY_HORIZON) {
        store::note_asked(&mut conn, refund.id, till.clock.now()).await?;
    }
    drop(conn);
    let payout = Payout {
        key: &refund.key,
        reference: payment.reference.as_deref(),
        charge: payment.charge.as_deref(),
        number: order.number.as_str(),
        amount: refund.amount,
    };
    match provider.refund(&payout).await {
        Said::Done(seen) => {
            write(till, refund, &seen).await?;
            still_pending(till, refund.id).await
        }
        Said::Later(after) => Ok(Verdict::Again(after.unwrap_or(SOON))),
        Said::Doubt(why) => {
            tracing::warn!(
                refund = refund.id,
                why,
                "the end of a refund is unknown: asked again with its key"
            );
            Ok(Verdict::Again(after_doubt(refund, till.clock.now())))
        }
        Said::Refused(why) if first => refuse(till, refund, &why).await,
        Said::Refused(why) => {
            // An earlier asking may have been carried out: what the provider lists decides.
            look::look(till, refund.payment_id).await?;
            let found = store::pending_refund(&mut *till.db.acquire().await?, refund.id).await?;
            match found {
                Some(refund) if refund.reference.is_none() => refuse(till, &refund, &why).await,
                _ => still_pending(till, refund.id).await,
            }
        }
    }
}

/// Soon at first, then less and less often.
fn after_doubt(refund: &Refund, now: OffsetDateTime) -> Duration {
    let asked = refund.asked_at.unwrap_or(now);
    (Duration::try_from(now - asked).unwrap_or_default() / 4).clamp(SOON, SLOWLY)
}

async fn write(till: &Till<'_>, refund: &Refund, seen: &SeenRefund) -> anyhow::Result<()> {
    let now = till.clock.now();
    let mut tx = till.db.begin().await?;
    let payment = store::lock_whole(&mut tx, refund.payment_id, refund.order_id).await?;
    let payment = payment.ok_or(sqlx::Error::RowNotFound)?;
    // It is ours, whatever the provider keeps of our key.
    let ours = SeenRefund { key: Some(refund.key.clone()), ..seen.clone() };
    hear::hear_refund(&mut tx, &payment, &ours, now).await?;
    told::arrived(&mut tx, refund.order_id, till.public_url, now).await?;
    Ok(tx.commit().await?)
}

async fn refuse(till: &Till<'_>, refund: &Refund, why: &str) -> anyhow::Result<Verdict> {
    let now = till.clock.now();
    let mut tx = till.db.begin().await?;
    orders::lock_order(&mut tx, refund.order_id).await?;
    failed(&mut tx, refund, why, now).await?;
    // Whatever else of the order arrived waited for this one's end.
    told::arrived(&mut tx, refund.order_id, till.public_url, now).await?;
    tx.commit().await?;
    Ok(Verdict::Done)
}

/// A refund arrived, at the customer's or, `by_dispute`, by way of their bank.
pub(super) async fn arrived(
    conn: &mut PgConnection,
    refund: &Refund,
    by_dispute: bool,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    if !store::refund_done(conn, refund.id, by_dispute, now).await? {
        return Ok(());
    }
    let facts = json!({ "amount": refund.amount.to_string(), "currency": refund.amount.currency.code(),
        "by_dispute": by_dispute });
    let entry =
        Happened { unit_id: refund.unit_id, actor: Actor::Payment, event: Event::Refunded, detail: facts };
    orders::append(conn, refund.order_id, &entry, now).await?;
    restate(conn, refund).await
}

/// A refund will not arrive, though it may have looked done: the customer is owed it still, and a person is called.
pub(super) async fn failed(
    conn: &mut PgConnection,
    refund: &Refund,
    why: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    if !store::refund_failed(conn, refund.id, why, now).await? {
        return Ok(());
    }
    let facts =
        json!({ "amount": refund.amount.to_string(), "currency": refund.amount.currency.code(), "why": why });
    let entry = Happened {
        unit_id: refund.unit_id,
        actor: Actor::Payment,
        event: Event::RefundFailed,
        detail: facts,
    };
    orders::append(conn, refund.order_id, &entry, now).await?;
    let alarm = format!("a refund of {} {} failed: {why}", refund.amount, refund.amount.currency);
    orders::raise_alarm(conn, refund.order_id, &alarm, now).await?;
    restate(conn, refund).await
}

/// Tells the order what went back by now: `refunded` when all of what it was paid with did, else `partially_refunded`.
async fn restate(conn: &mut PgConnection, refund: &Refund) -> sqlx::Result<()> {
    let payments = store::of_order(conn, refund.order_id).await?;
    let counted = payments.iter().find(|payment| payment.counted);
    // A second payment that goes back does not touch what the first one paid.
    if counted.is_some_and(|payment| payment.id != refund.payment_id) {
        return Ok(());
    }
    let back = store::done_of(conn, refund.payment_id).await?;
    let whole =
        payments.iter().any(|payment| payment.id == refund.payment_id && back >= payment.amount.minor);
    let to = match (whole, back) {
        (true, _) => orders::PaymentStatus::Refunded,
        // A late payment of an order that stayed cancelled never was its order's.
        (false, 0) if counted.is_none() => orders::PaymentStatus::Expired,
        (false, 0) => orders::PaymentStatus::Paid,
        (false, _) => orders::PaymentStatus::PartiallyRefunded,
    };
    let from = [
        orders::PaymentStatus::Paid,
        orders::PaymentStatus::PartiallyRefunded,
        orders::PaymentStatus::Refunded,
        orders::PaymentStatus::Expired,
    ];
    orders::note_payment_status(conn, refund.order_id, &from, to).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::{Currency, Price};
    use crate::payments::Method;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
    const FREE: Left = Left { undecided: false, minor: 590 };

    fn refund(asked: Option<OffsetDateTime>, reference: Option<&str>) -> Refund {
        Refund {
            id: 1,
            order_id: 1,
            payment_id: 1,
            unit_id: None,
            amount: Price::new(590, Currency::USD),
            method: Method::Test,
            key: "refund-1".to_owned(),
            reference: reference.map(str::to_owned),
            asked_at: asked,
            by_hand: false,
        }
    }

    #[test]
    fn a_refund_is_asked_for_followed_and_looked_for_by_the_age_of_its_key() {
        let hours = |hours| Some(NOON - time::Duration::hours(hours));
        assert_eq!(next(&refund(None, None), FREE, NOON), Next::Ask);
        assert_eq!(next(&refund(hours(1), None), FREE, NOON), Next::Ask);
        assert_eq!(next(&refund(hours(23), None), FREE, NOON), Next::Ask);
        assert_eq!(next(&refund(hours(24), None), FREE, NOON), Next::LookFirst);
        assert_eq!(next(&refund(hours(24), Some("re_1")), FREE, NOON), Next::Follow);
        let by_hand = Refund { by_hand: true, ..refund(None, None) };
        assert_eq!(next(&by_hand, FREE, NOON), Next::Person);
    }

    #[test]
    fn while_a_bank_asks_the_money_back_nothing_new_is_sent_and_what_it_took_is_not_paid_twice() {
        let open = Left { undecided: true, minor: 0 };
        let lost = Left { undecided: false, minor: 589 };
        assert_eq!(next(&refund(None, None), open, NOON), Next::Frozen);
        assert_eq!(next(&refund(None, None), lost, NOON), Next::GivenBack);
        // What may be under way is followed to its end, or it would be forgotten.
        assert_eq!(next(&refund(Some(NOON), None), open, NOON), Next::Ask);
        assert_eq!(next(&refund(Some(NOON), Some("re_1")), lost, NOON), Next::Follow);
    }
}
