//! Receiving a webhook: verify, store once with its job, answer. Nothing else happens before the answer.

use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::delivery::Delivery;
use super::dispatch::DELIVERY;
use super::store;
use crate::esimdual::{event, signature};
use crate::plumbing::jobs::{self, NewJob};

/// A webhook as it arrived.
pub struct Arrived<'a> {
    /// The raw body.
    pub body: &'a [u8],
    /// `X-eSIMDual-Signature`.
    pub signature: &'a str,
    /// `X-eSIMDual-Delivery`.
    pub delivery_id: Option<&'a str>,
}

/// What storing came to. Both are a 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is new, and a job will work on it.
    New,
    /// It was known, with the same body.
    Known,
}

/// Why it was not stored.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not signed with any of the secrets: 401.
    #[error("the signature is wrong")]
    Signature,
    /// Signed, but not JSON or without its event: 400.
    #[error("the body names no event")]
    Unreadable,
    /// It could not be stored: 503, so that the sender tries again.
    #[error(transparent)]
    Fault(#[from] sqlx::Error),
}

/// Verifies and stores a webhook; when this returns `Ok`, it survives a kill.
///
/// # Errors
/// [`Refused`].
pub async fn receive(
    db: &PgPool,
    secrets: &[secrecy::SecretString],
    arrived: &Arrived<'_>,
    now: OffsetDateTime,
) -> Result<Stored, Refused> {
    let form = signature::verify(secrets, arrived.body, arrived.signature).ok_or(Refused::Signature)?;
    let event = event::read(arrived.body).ok_or(Refused::Unreadable)?;
    let delivery = Delivery {
        delivery_id: arrived.delivery_id,
        event: &event.name,
        body: arrived.body,
        form,
        external_order_id: event.order.as_ref().and_then(|order| order.external_order_id.as_deref()),
    };
    let mut tx = db.begin().await?;
    let Some(id) = store::insert(&mut tx, &delivery, now).await? else { return Ok(Stored::Known) };
    let job = NewJob {
        kind: DELIVERY,
        key: format!("delivery:{id}"),
        payload: json!({ "delivery": id, "since": now.unix_timestamp() }),
        run_at: now,
    };
    jobs::enqueue(&mut tx, &job, now).await?;
    tx.commit().await?;
    Ok(Stored::New)
}
