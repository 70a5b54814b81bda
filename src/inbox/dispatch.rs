//! A stored delivery is worked on: its event goes to the door of the room that it concerns.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use time::OffsetDateTime;

use super::delivery::Source;
use super::store;
use crate::esimdual::undocumented::{self, Undocumented};
use crate::esimdual::{Order, event};
use crate::fulfilment;
use crate::orders::{self, Actor, OrderNumber};
use crate::payments::{self, Providers, provider::Notice};
use crate::plumbing::db;
use crate::plumbing::jobs::Verdict;

/// The kind of the job that works on one delivery, asked for where the delivery is stored: its key names it, and its
/// payload says since when it waits.
pub const DELIVERY: &str = "webhook_delivery";

/// How long an event for a unit that nobody knows is kept before it is shown as unmatched: its order may be about to
/// be written.
const PATIENCE: time::Duration = time::Duration::minutes(10);
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// A delivery that fails this often for a reason that time does not heal is left to staff. Faults that pass by
/// themselves, such as a database that is away, never count: what was acknowledged is worked on.
const FAULTS: i32 = 8;

/// What was made of a delivery.
enum Made {
    /// It is written into an order: the order's id.
    Applied(i64),
    /// It concerns nobody here.
    Ended(&'static str, &'static str),
    /// Not yet: come back.
    NotYet,
}

/// Works on the delivery that a job names, and returns the id of the order that it changed. A delivery that cannot be
/// worked on ends as unmatched, for staff to see.
///
/// # Errors
/// The database's; the job tries again.
pub async fn work(
    db: &PgPool,
    providers: Providers<'_>,
    now: OffsetDateTime,
    payload: &Value,
) -> anyhow::Result<(Verdict, Option<i64>)> {
    let Some(id) = payload["delivery"].as_i64() else {
        return Ok((Verdict::GiveUp("no delivery is named".to_owned()), None));
    };
    let since =
        payload["since"].as_i64().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()).unwrap_or(now);
    // A panic leaves the transaction to its guard, which rolls it back.
    let tried = AssertUnwindSafe(once(db, providers, now, id, since)).catch_unwind().await;
    let fault = match tried {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(fault)) if db::transient(&fault) => return Err(fault.into()),
        Ok(Err(fault)) => anyhow::Error::from(fault),
        Err(_) => anyhow::anyhow!("working on a delivery panicked"),
    };
    let mut tx = db.begin().await?;
    let faults = store::count_fault(&mut tx, id).await?;
    if faults < FAULTS {
        tx.commit().await?;
        return Err(fault);
    }
    tracing::error!(
        delivery = id,
        fault = format!("{fault:#}"),
        "a webhook cannot be worked on; staff are shown it"
    );
    store::end(&mut tx, id, "unmatched", "it could not be worked on: look at its order and the log", now)
        .await?;
    tx.commit().await?;
    Ok((Verdict::Done, None))
}

async fn once(
    db: &PgPool,
    providers: Providers<'_>,
    now: OffsetDateTime,
    id: i64,
    since: OffsetDateTime,
) -> sqlx::Result<(Verdict, Option<i64>)> {
    let mut tx = db.begin().await?;
    let Some(delivery) = store::waiting(&mut tx, id).await? else { return Ok((Verdict::Done, None)) };
    if let Some(source) = Source::from_word(&delivery.source).filter(|source| source.method().is_some()) {
        return of_provider(tx, providers, source, (id, &delivery.body), (now, since)).await;
    }
    let mut seen = Undocumented::default();
    let order = event::read_noting(&delivery.body, &mut seen).and_then(|event| event.order);
    let made = match (delivery.event.as_str(), order) {
        ("ping", _) => Made::Ended("done", "the connection works"),
        ("order.completed" | "order.processing" | "order.failed", Some(report)) => {
            apply(&mut tx, &report, now, since).await?
        }
        ("order.completed" | "order.processing" | "order.failed", None) => {
            Made::Ended("unmatched", "the event names no order")
        }
        _ => Made::Ended("ignored", "an event that this version does not know"),
    };
    let order_id = match made {
        Made::NotYet => return Ok((Verdict::Again(LOOK_AGAIN), None)),
        Made::Applied(order_id) => {
            store::end(&mut tx, id, "done", "applied", now).await?;
            Some(order_id)
        }
        Made::Ended(status, note) => {
            store::end(&mut tx, id, status, note, now).await?;
            None
        }
    };
    undocumented::add(&mut tx, &seen, now).await?;
    tx.commit().await?;
    Ok((Verdict::Done, order_id))
}

/// A payment provider's delivery: whatever it says, the payments that it may concern are looked at.
async fn of_provider(
    mut tx: Transaction<'_, Postgres>,
    providers: Providers<'_>,
    source: Source,
    (id, body): (i64, &[u8]),
    (now, since): (OffsetDateTime, OffsetDateTime),
) -> sqlx::Result<(Verdict, Option<i64>)> {
    let provider = source.method().and_then(|method| Some((method, providers.of(method)?)));
    let notice = provider.and_then(|(method, provider)| Some((method, provider.notice(body)?)));
    let (status, note) = match notice {
        None => ("unmatched", "its way to pay is not configured any more"),
        Some((_, Notice { idle: Some(why), .. })) => ("ignored", why),
        Some((method, notice)) => match payments::hint(&mut tx, method, &notice, now).await? {
            0 if now - since < PATIENCE => return Ok((Verdict::Again(LOOK_AGAIN), None)),
            0 => ("unmatched", "no payment here has this name"),
            _ => ("done", "its payment is looked at"),
        },
    };
    store::end(&mut tx, id, status, note, now).await?;
    tx.commit().await?;
    Ok((Verdict::Done, None))
}

async fn apply(
    conn: &mut PgConnection,
    report: &Order,
    now: OffsetDateTime,
    since: OffsetDateTime,
) -> sqlx::Result<Made> {
    let Some(name) = report.external_order_id.as_deref() else {
        return Ok(Made::Ended("unmatched", "the order has no name of ours"));
    };
    let Some(unit) = orders::unit_by_external_id(conn, name).await? else {
        let could_be_ours = OrderNumber::from_external_order_id(name).is_some();
        return Ok(match could_be_ours && now - since < PATIENCE {
            true => Made::NotYet,
            false => Made::Ended("unmatched", "no unit has this name"),
        });
    };
    // A failure is evidence only: the order's next step asks the upstream, and refunds what it confirms.
    fulfilment::apply(conn, &unit, report, Actor::Upstream, now).await?;
    orders::nudge(conn, unit.order_id, now, now).await?;
    Ok(Made::Applied(unit.order_id))
}
