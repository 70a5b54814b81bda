//! Webhooks: signed over the exact bytes that are sent, tried again with growing waits, every attempt on record.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use time::OffsetDateTime;
use tokio::task::JoinHandle;

use super::answers::php_json;
use super::desk::Desk;
use super::dress::{self, UnusualHttp};
use super::faults::{About, Point, Struck};
use super::gzip;
use super::ledger::{Attempt, Delivery, DeliveryState, Order, OrderStatus};
use super::moment::{now, stamp};
use super::operation::Operation;
use super::post::{self, Post};
use super::settings::Settings;
use super::wire::PingBody;
use super::world::Event;
use crate::ground::Entropy;

/// The account's id, as the documents have it.
pub(super) const RESELLER_ID: u64 = 3;

/// Sends webhooks.
pub(super) struct Sender {
    client: reqwest::Client,
    url: Mutex<Option<String>>,
    /// Webhooks that a fault holds back, so that they come out of order.
    held: Mutex<Vec<Delivery>>,
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
        Ok(Self { client, url: Mutex::new(settings.webhook_url.clone()), held: Mutex::default() })
    }

    pub(super) fn set_url(&self, url: Option<String>) {
        *self.url.lock().unwrap_or_else(PoisonError::into_inner) = url;
    }

    pub(super) fn url(&self) -> Option<String> {
        self.url.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn held(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the shop where an order stands. The handle ends when the webhook was taken or given up; `None` where there
/// is nothing to tell or nobody to tell it to, or where it is held back.
///
/// # Errors
/// When the journal cannot be written.
pub(super) fn announce(desk: &Arc<Desk>, order: &Order) -> anyhow::Result<Option<JoinHandle<()>>> {
    // The documents list no event for `pending`.
    if order.status == OrderStatus::Pending || desk.sender.url().is_none() {
        return Ok(None);
    }
    let own = post::made(&format!("order.{}", order.status.word()), order)?;
    let struck = desk.faults.draw(Point::Webhook, Some(Operation::CreateOrder), &About::of(order));
    let Some(struck) = struck else { return send(desk, own).map(Some) };
    let old = earlier(desk, &struck);
    let (post, note) = post::bent(&struck, order, own, old)?;
    if !note.is_empty() {
        desk.faults.note(&struck, note);
    }
    match post {
        Post::Lost(lost) => {
            record_made(desk, &lost)?;
            Ok(None)
        }
        Post::AtOnce(all) => {
            let sent = all.into_iter().map(|one| send(desk, one)).collect::<anyhow::Result<Vec<_>>>()?;
            Ok(sent.into_iter().next_back())
        }
        Post::InTurn(all) => send_in_turn(desk, all).map(Some),
        Post::Held { delivery, count, at_most } => {
            hold(desk, *delivery, count, at_most, struck.entropy)?;
            Ok(None)
        }
    }
}

/// An earlier honest webhook of an order, drawn, for whoever replays one.
fn earlier(desk: &Desk, struck: &Struck) -> Option<Delivery> {
    let book = desk.book();
    let honest = |delivery: &&Delivery| delivery.order_id.is_some() && !delivery.forged;
    let all: Vec<&Delivery> = book.world().deliveries.iter().filter(honest).collect();
    let drawn = struck.entropy.below(u64::try_from(all.len()).unwrap_or(0));
    all.get(usize::try_from(drawn).unwrap_or(0)).map(|delivery| (*delivery).clone())
}

/// Holds a webhook back. The last one that is waited for lets all of them go, in a drawn order; so does the time.
fn hold(
    desk: &Arc<Desk>,
    delivery: Delivery,
    count: usize,
    at_most: Duration,
    entropy: Entropy,
) -> anyhow::Result<()> {
    record_made(desk, &delivery)?;
    let held = {
        let mut held = desk.sender.held();
        held.push(delivery);
        held.len()
    };
    let (desk, tasks) = (Arc::clone(desk), desk.tasks.clone());
    tasks.spawn(async move {
        if held < count {
            tokio::select! {
                () = tokio::time::sleep(at_most) => {}
                () = desk.stopping.cancelled() => return,
            }
        }
        let mut all = std::mem::take(&mut *desk.sender.held());
        // Fisher and Yates: every order is as likely as any other.
        for place in (1..all.len()).rev() {
            let end = u64::try_from(place + 1).unwrap_or(1);
            all.swap(place, usize::try_from(entropy.below(end)).unwrap_or(place));
        }
        in_turn(&desk, all).await;
    });
    Ok(())
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
    send(desk, post::new_delivery("ping", None, php_json(&body)?)).map(Some)
}

fn record_made(desk: &Desk, delivery: &Delivery) -> anyhow::Result<()> {
    desk.book().record(Event::WebhookMade { delivery: Box::new(delivery.clone()) })
}

fn send(desk: &Arc<Desk>, delivery: Delivery) -> anyhow::Result<JoinHandle<()>> {
    record_made(desk, &delivery)?;
    Ok(deliver(desk, delivery))
}

/// Sends several, each after the first attempt of the one before. The handle ends with the last first attempt, or,
/// for one alone, when it was taken or given up.
fn send_in_turn(desk: &Arc<Desk>, all: Vec<Delivery>) -> anyhow::Result<JoinHandle<()>> {
    all.iter().try_for_each(|delivery| record_made(desk, delivery))?;
    let (desk, tasks) = (Arc::clone(desk), desk.tasks.clone());
    Ok(tasks.spawn(async move { in_turn(&desk, all).await }))
}

async fn in_turn(desk: &Arc<Desk>, mut all: Vec<Delivery>) {
    let last = all.pop();
    for mut delivery in all {
        let first = async {
            wait_until(delivery.dress.not_before).await;
            try_once(desk, &mut delivery).await
        };
        let state = tokio::select! {
            state = first => state,
            () = desk.stopping.cancelled() => return,
        };
        if state == DeliveryState::Pending {
            delivery.dress.not_before = Some(now() + desk.settings.webhook_retry);
            drop(deliver(desk, delivery));
        }
    }
    if let Some(last) = last {
        let _ = deliver(desk, last).await;
    }
}

/// Tries a recorded webhook until it is taken, given up, or the sandbox stops (then a restart goes on with it).
pub(super) fn deliver(desk: &Arc<Desk>, delivery: Delivery) -> JoinHandle<()> {
    let desk = Arc::clone(desk);
    let tasks = desk.tasks.clone();
    tasks.spawn(async move {
        let stopping = desk.stopping.clone();
        tokio::select! {
            () = try_until_done(&desk, delivery) => {}
            () = stopping.cancelled() => {}
        }
    })
}

async fn try_until_done(desk: &Desk, mut delivery: Delivery) {
    wait_until(delivery.dress.not_before).await;
    while try_once(desk, &mut delivery).await == DeliveryState::Pending {
        let tried = delivery.attempts.len().saturating_sub(1).min(16);
        let doubled = 1 << u32::try_from(tried).unwrap_or(16);
        tokio::time::sleep(desk.settings.webhook_retry.saturating_mul(doubled)).await;
    }
}

async fn wait_until(at: Option<OffsetDateTime>) {
    if let Some(at) = at {
        tokio::time::sleep((at - now()).max(time::Duration::ZERO).unsigned_abs()).await;
    }
}

/// One attempt, or as many at once as the webhook has copies; says what became of it.
async fn try_once(desk: &Desk, delivery: &mut Delivery) -> DeliveryState {
    let tries = desk.settings.webhook_tries.max(1);
    let done = u32::try_from(delivery.attempts.len()).unwrap_or(u32::MAX);
    let copies = if done == 0 { delivery.dress.copies.unwrap_or(1).max(1) } else { 1 };
    let attempts = join_all((0..copies).map(|_| attempt(desk, delivery))).await;
    let taken = |attempt: &Attempt| attempt.status.is_some_and(|status| (200..300).contains(&status));
    let state = match (attempts.iter().any(taken), done.saturating_add(1) >= tries) {
        (true, _) => DeliveryState::Delivered,
        (false, true) => DeliveryState::GivenUp,
        (false, false) => DeliveryState::Pending,
    };
    for attempt in attempts {
        delivery.attempts.push(attempt.clone());
        let tried = Event::WebhookTried { id: delivery.id, attempt, state };
        if let Err(error) = desk.book().record(tried) {
            tracing::error!(error = format!("{error:#}"), "the sandbox could not record a webhook");
        }
    }
    state
}

async fn attempt(desk: &Desk, delivery: &Delivery) -> Attempt {
    let at = now();
    let Some(url) = desk.sender.url() else {
        return Attempt { at, status: None, error: Some("no webhook address".to_owned()) };
    };
    match request(desk, delivery, url).send().await {
        Ok(answer) => Attempt { at, status: Some(answer.status().as_u16()), error: None },
        Err(error) => Attempt { at, status: None, error: Some(reason(&error)) },
    }
}

/// The webhook as HTTP, dressed as it is.
fn request(desk: &Desk, delivery: &Delivery, url: String) -> reqwest::RequestBuilder {
    let dress = &delivery.dress;
    let kind = match dress.http {
        Some(UnusualHttp::ContentType) => "text/plain",
        _ => "application/json",
    };
    let mut request = desk
        .sender
        .client
        .post(url)
        .header("Content-Type", kind)
        .header("X-eSIMDual-Event", dress.header_event.as_ref().unwrap_or(&delivery.event))
        .header("X-eSIMDual-Delivery", delivery.id.to_string());
    for signature in dress::signatures(delivery, &desk.settings.webhook_secret) {
        request = request.header("X-eSIMDual-Signature", signature);
    }
    let body = delivery.body.clone().into_bytes();
    match dress.http {
        Some(UnusualHttp::Gzip) => request.header("Content-Encoding", "gzip").body(gzip::stored(&body)),
        Some(UnusualHttp::Chunked) => {
            let (first, second) = body.split_at(body.len() / 2);
            let parts = [first.to_vec(), second.to_vec()].map(Ok::<_, std::io::Error>);
            request.body(reqwest::Body::wrap_stream(futures_util::stream::iter(parts)))
        }
        Some(UnusualHttp::Expect) => request.header("Expect", "100-continue").body(body),
        Some(UnusualHttp::ContentType) | None => request.body(body),
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
