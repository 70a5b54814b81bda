//! Receiving a webhook: verify, store once with its job, answer. Nothing else happens before the answer.

use secrecy::SecretString;
use sqlx::PgPool;
use time::OffsetDateTime;

use super::delivery::Delivery;
use super::queue::Queue;
use crate::esimdual::signature::Signed;
use crate::esimdual::{event, signature};
use crate::plumbing::together::NotWritten;

/// A webhook as it arrived.
pub struct Arrived<'a> {
    /// The raw body.
    pub body: Vec<u8>,
    /// `X-eSIMDual-Signature`.
    pub signature: &'a str,
    /// `X-eSIMDual-Delivery`.
    pub delivery_id: Option<&'a str>,
}

/// Why it was not stored.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not signed with any of the secrets: 401.
    #[error("the signature is wrong")]
    Signature,
    /// Signed, but not JSON or without its event: 400.
    #[error("the body names no event")]
    Unreadable(Signed),
    /// It could not be stored: 503, so that the sender tries again.
    #[error(transparent)]
    NotStored(#[from] NotWritten),
}

/// Verifies and stores a webhook, new or known; when this returns `Ok`, it survives a kill.
///
/// # Errors
/// [`Refused`].
pub async fn receive(
    queue: &Queue,
    db: &PgPool,
    secrets: &[SecretString],
    arrived: Arrived<'_>,
    now: OffsetDateTime,
) -> Result<Signed, Refused> {
    let signed = signature::verify(secrets, &arrived.body, arrived.signature).ok_or(Refused::Signature)?;
    let event = event::read(&arrived.body).ok_or(Refused::Unreadable(signed))?;
    let unit = event.order.as_ref().and_then(|order| order.external_order_id.as_deref());
    let delivery = Delivery::new(arrived.body, signed.form, event.name, unit, arrived.delivery_id);
    queue.store(db, delivery, now).await?;
    Ok(signed)
}
