//! Webhooks: signed over the exact bytes that are sent, tried again with growing waits, every attempt on record.

use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::task::JoinHandle;

use super::answers::php_json;
use super::desk::Desk;
use super::faults::{About, Fault, Point};
use super::ledger::{Attempt, Delivery, DeliveryState, Order, OrderStatus};
use super::moment::{now, stamp};
use super::operation::Operation;
use super::settings::Settings;
use super::wire::{OrderEventBody, PingBody};
use super::world::Event;
use crate::ground::Entropy;

/// The account's id, as the documents have it.
pub(super) const RESELLER_ID: u64 = 3;

/// What signs a forged webhook: anything but the shared secret.
const FORGER: &str = "a secret that nobody shares with the shop";

/// Sends webhooks.
pub(super) struct Sender {
    client: reqwest::Client,
    url: Mutex<Option<String>>,
}

impl Sender {
    #[expect(
        clippy::disallowed_methods,
        reason = "the sandbox stands for a foreign machine and shares no client with the shop"
    )]
    pub(super) fn new(settings: &Settings) -> anyhow::Result<Self> {
        // reqwest without a provider of its own panics unless the process has one; a second call does no harm.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder()
            .timeout(settings.webhook_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client, url: Mutex::new(settings.webhook_url.clone()) })
    }

    pub(super) fn set_url(&self, url: Option<String>) {
        *self.url.lock().unwrap_or_else(PoisonError::into_inner) = url;
    }

    pub(super) fn url(&self) -> Option<String> {
        self.url.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The lower-case hex HMAC-SHA256 of a body.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(body);
            hex::encode(mac.finalize().into_bytes())
        }
        // HMAC takes keys of every length.
        Err(_) => String::new(),
    }
}

/// Tells the shop where an order stands. The handle ends when the webhook was taken or given up; `None` where there
/// is nothing to tell or nobody to tell it to.
///
/// # Errors
/// When the journal cannot be written.
pub(super) fn announce(desk: &Arc<Desk>, order: &Order) -> anyhow::Result<Option<JoinHandle<()>>> {
    // The documents list no event for `pending`.
    if order.status == OrderStatus::Pending || desk.sender.url().is_none() {
        return Ok(None);
    }
    let struck =
        desk.faults.draw(Point::Webhook, Operation::CreateOrder, &About::default()).map(|s| s.fault());
    let event = format!("order.{}", order.status.word());
    if struck == Some(Fault::WebhookForged) {
        drop(send(desk, Delivery { forged: true, ..made(&event, &invented(order))? })?);
    }
    let mut delivery = made(&event, order)?;
    if struck == Some(Fault::WebhooksLost) {
        delivery.state = DeliveryState::Lost;
        desk.book().record(Event::WebhookMade { delivery: Box::new(delivery) })?;
        return Ok(None);
    }
    if struck == Some(Fault::WebhooksDoubled) {
        drop(send(desk, Delivery { id: Entropy::system().uuid(), ..delivery.clone() })?);
    }
    send(desk, delivery).map(Some)
}

/// Sends a `ping`; `None` where there is nobody to send it to.
///
/// # Errors
/// When the journal cannot be written.
pub(super) fn ping(desk: &Arc<Desk>) -> anyhow::Result<Option<JoinHandle<()>>> {
    if desk.sender.url().is_none() {
        return Ok(None);
    }
    let body = PingBody {
        event: "ping",
        message: "eSIMDual webhook test",
        occurred_at: stamp(now()),
        reseller_id: RESELLER_ID,
    };
    send(desk, new_delivery("ping", None, php_json(&body)?)).map(Some)
}

/// The same order with an eSIM that nobody sold.
fn invented(order: &Order) -> Order {
    let mut forged = order.clone();
    forged.esim = Some(super::courses::new_esim(order.id + 900_000_000, &order.package, now()));
    forged
}

fn made(event: &str, order: &Order) -> anyhow::Result<Delivery> {
    let body = php_json(&OrderEventBody::of(event, order, stamp(now())))?;
    Ok(new_delivery(event, Some(order.id), body))
}

fn new_delivery(event: &str, order_id: Option<u64>, body: String) -> Delivery {
    Delivery {
        id: Entropy::system().uuid(),
        event: event.to_owned(),
        order_id,
        body,
        forged: false,
        created_at: now(),
        state: DeliveryState::Pending,
        attempts: Vec::new(),
    }
}

fn send(desk: &Arc<Desk>, delivery: Delivery) -> anyhow::Result<JoinHandle<()>> {
    desk.book().record(Event::WebhookMade { delivery: Box::new(delivery.clone()) })?;
    Ok(deliver(desk, delivery))
}

/// Tries a recorded webhook until it is taken, given up, or the sandbox stops (then a restart goes on with it).
pub(super) fn deliver(desk: &Arc<Desk>, delivery: Delivery) -> JoinHandle<()> {
    let desk = Arc::clone(desk);
    let tasks = desk.tasks.clone();
    tasks.spawn(async move {
        let stopping = desk.stopping.clone();
        tokio::select! {
            () = try_until_done(&desk, &delivery) => {}
            () = stopping.cancelled() => {}
        }
    })
}

async fn try_until_done(desk: &Desk, delivery: &Delivery) {
    let tries = desk.settings.webhook_tries.max(1);
    let done = u32::try_from(delivery.attempts.len()).unwrap_or(u32::MAX);
    for n in done..tries.max(done.saturating_add(1)) {
        let attempt = attempt(desk, delivery).await;
        let taken = attempt.status.is_some_and(|status| (200..300).contains(&status));
        let state = match (taken, n + 1 >= tries) {
            (true, _) => DeliveryState::Delivered,
            (false, true) => DeliveryState::GivenUp,
            (false, false) => DeliveryState::Pending,
        };
        let tried = Event::WebhookTried { id: delivery.id, attempt, state };
        if let Err(error) = desk.book().record(tried) {
            tracing::error!(error = format!("{error:#}"), "the sandbox could not record a webhook");
        }
        if state != DeliveryState::Pending {
            return;
        }
        tokio::time::sleep(desk.settings.webhook_retry.saturating_mul(1 << n.min(16))).await;
    }
}

async fn attempt(desk: &Desk, delivery: &Delivery) -> Attempt {
    let at = now();
    let Some(url) = desk.sender.url() else {
        return Attempt { at, status: None, error: Some("no webhook address".to_owned()) };
    };
    let secret = if delivery.forged { FORGER } else { &desk.settings.webhook_secret };
    let sent = desk
        .sender
        .client
        .post(url)
        .header("Content-Type", "application/json")
        .header("X-eSIMDual-Event", &delivery.event)
        .header("X-eSIMDual-Delivery", delivery.id.to_string())
        .header("X-eSIMDual-Signature", signature(secret, delivery.body.as_bytes()))
        .body(delivery.body.clone())
        .send()
        .await;
    match sent {
        Ok(answer) => Attempt { at, status: Some(answer.status().as_u16()), error: None },
        Err(error) => Attempt { at, status: None, error: Some(reason(&error)) },
    }
}

/// Why no answer came, without the address.
fn reason(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "cannot connect"
    } else {
        "connection lost"
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", b"what do ya want for nothing?"), expected);
    }
}
