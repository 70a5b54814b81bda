//! The jobs of this room: a refund that is paid out, and a payment that is looked at. Both may ask somebody outside.

use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Till, look, payout, store};
use crate::plumbing::bell::Ring;
use crate::plumbing::jobs::{self, Kind, NewJob, Verdict, run};
use crate::shop::Shop;

/// The kind of the job that pays one refund out.
pub const SEND_REFUND: &str = "send_refund";
/// The kind of the job that fetches what is true of one payment.
pub const LOOK: &str = "look_at_payment";

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
    ]
}

async fn attend(shop: &Shop, payload: &Value) -> anyhow::Result<Verdict> {
    let Some(id) = payload["payment"].as_i64() else { return Ok(unnamed("payment")) };
    let order = store::by_id(&mut *shop.db.acquire().await?, id).await?.map(|payment| payment.order_id);
    let verdict = look::attend(&Till::of(shop), id).await;
    ring(shop, order);
    verdict
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
