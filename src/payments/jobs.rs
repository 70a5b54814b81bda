//! The jobs of this room: a refund that is paid out, and a payment that is looked at. Both may ask somebody outside.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Method, NewPayment, Till, look, payout, receive, store, transfer};
use crate::orders::mail::TransferAsk;
use crate::orders::{self, OrderStatus};
use crate::plumbing::bell::Ring;
use crate::plumbing::jobs::{self, Kind, NewJob, Verdict, run};
use crate::shop::Shop;

/// The kind of the job that pays one refund out.
pub const SEND_REFUND: &str = "send_refund";
/// The kind of the job that fetches what is true of one payment.
pub const LOOK: &str = "look_at_payment";

/// The kind of the job that tells a customer how to transfer, and reminds them.
const ASK_FOR_TRANSFER: &str = "ask_for_transfer";

/// The jobs that this room runs. None is given up: money depends on each.
pub fn kinds() -> Vec<Kind<Shop>> {
    vec![
        Kind {
            name: SEND_REFUND,
            run: |shop, payload| {
                run(async move {
                    let Some(id) = payload["refund"].as_i64() else { return Ok(unnamed("refund")) };
                    let order = store::order_of_refund(&mut *shop.db.acquire().await?, id).await?;
                    let done = payout::pay_out(&Till::of(&shop), id).await;
                    ring(&shop, order);
                    done
                })
            },
            give_up_after: None,
        },
        Kind {
            name: LOOK,
            run: |shop, payload| run(async move { attend(&shop, &payload).await }),
            give_up_after: None,
        },
        Kind {
            name: ASK_FOR_TRANSFER,
            run: |shop, payload| run(async move { ask_for_transfer(&shop, &payload).await }),
            give_up_after: None,
        },
    ]
}

async fn attend(shop: &Shop, payload: &Value) -> anyhow::Result<Verdict> {
    let Some(id) = payload["payment"].as_i64() else { return Ok(unnamed("payment")) };
    let order = store::by_id(&mut *shop.db.acquire().await?, id).await?.map(|payment| payment.order_id);
    let verdict = look::attend(&Till::of(shop), id).await;
    ring(shop, order);
    verdict
}

/// The mail that says how to pay, and later the one that reminds; nothing once the order does not wait any more.
async fn ask_for_transfer(shop: &Shop, payload: &Value) -> anyhow::Result<Verdict> {
    let Some(id) = payload["order"].as_i64() else { return Ok(unnamed("order")) };
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    orders::lock_order(&mut tx, id).await?;
    let order = orders::by_id(&mut tx, id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let due = receive::due(&mut tx, id).await?;
    let Some(due) = due.filter(|_| order.status == OrderStatus::AwaitingPayment) else {
        return Ok(Verdict::Done);
    };
    let remind_at = transfer::remind_at(order.created_at, order.expires_at, &shop.settings.times);
    let kind = if now < remind_at { TransferAsk::First } else { TransferAsk::Reminder };
    let asked =
        orders::mail::TransferAsked { kind, due, instructions: &shop.settings.bank_transfer_instructions };
    orders::mail::transfer(&mut tx, &order, &asked, &shop.settings.public_url, now).await?;
    tx.commit().await?;
    shop.bell.ring(Ring::Jobs);
    Ok(match kind {
        TransferAsk::First => Verdict::Again(Duration::try_from(remind_at - now).unwrap_or_default()),
        TransferAsk::Reminder | TransferAsk::Rest(_) => Verdict::Done,
    })
}

/// Asks, in the transaction that opens a payment, that its customer be told how to make it, where that needs telling.
///
/// # Errors
/// The database's.
pub async fn announce(conn: &mut PgConnection, payment: &NewPayment<'_>) -> sqlx::Result<()> {
    if payment.method != Method::BankTransfer {
        return Ok(());
    }
    let job = NewJob {
        kind: ASK_FOR_TRANSFER,
        key: format!("transfer:{}", payment.order_id),
        payload: json!({ "order": payment.order_id }),
        run_at: payment.now,
    };
    jobs::enqueue(conn, &job, payment.now).await
}

fn unnamed(what: &str) -> Verdict {
    Verdict::GiveUp(format!("no {what} is named"))
}

fn ring(shop: &Shop, order: Option<i64>) {
    if let Some(order) = order {
        shop.bell.ring(Ring::Thing(order));
        shop.bell.ring(Ring::Jobs);
    }
}

/// Asks, in the caller's transaction, that a payment be looked at: now, or at `at`.
pub(super) async fn ask_look(
    conn: &mut PgConnection,
    payment_id: i64,
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let job = NewJob {
        kind: LOOK,
        key: format!("payment:{payment_id}"),
        payload: json!({ "payment": payment_id }),
        run_at: at,
    };
    jobs::enqueue(conn, &job, now).await
}

/// Asks, in the caller's transaction, that a refund be paid out.
pub(super) async fn ask_payout(
    conn: &mut PgConnection,
    refund_id: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let job = NewJob {
        kind: SEND_REFUND,
        key: format!("refund:{refund_id}"),
        payload: json!({ "refund": refund_id }),
        run_at: now,
    };
    jobs::enqueue(conn, &job, now).await
}
