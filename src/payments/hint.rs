//! Somebody says that a payment moved: a webhook, or a browser that comes back. Nothing of it is believed; what it
//! concerns is looked at.

use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::provider::Notice;
use super::{Method, Payment, Till, jobs, look, store};

/// How long a returning browser waits for what the provider says; then the page goes on looking by itself.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks, in the caller's transaction, that every payment be looked at which a notice may concern. How many those are:
/// none where it concerns nobody here.
///
/// # Errors
/// The database's.
pub async fn hint(
    conn: &mut PgConnection,
    method: Method,
    notice: &Notice,
    now: OffsetDateTime,
) -> sqlx::Result<usize> {
    let payments = store::hinted(conn, method, &notice.references, notice.order.as_deref()).await?;
    for payment in &payments {
        jobs::ask_look(conn, payment.id, now, now).await?;
    }
    Ok(payments.len())
}

/// A browser came back to an order's page and names a payment of its provider's. If it is one of this order that has not
/// arrived yet, it is looked at, for a few seconds at once and else by a job. Whether anything was looked at.
///
/// # Errors
/// The database's.
pub async fn returned(till: &Till<'_>, order_id: i64, reference: &str) -> sqlx::Result<bool> {
    let now = till.clock.now();
    let mut conn = till.db.acquire().await?;
    let payments = store::of_order(&mut conn, order_id).await?;
    let named =
        |payment: &&Payment| payment.reference.as_deref() == Some(reference) && payment.settled_at.is_none();
    let Some(payment) = payments.iter().find(named) else { return Ok(false) };
    jobs::ask_look(&mut conn, payment.id, now, now).await?;
    drop(conn);
    match tokio::time::timeout(PATIENCE, look::look(till, payment.id)).await {
        Ok(Ok(_)) => {}
        Ok(Err(fault)) => tracing::warn!(fault = format!("{fault:#}"), "a payment is looked at later"),
        Err(_) => tracing::warn!("a payment is looked at later: its provider takes its time"),
    }
    Ok(true)
}
