//! What faults make of a webhook: which ones are sent in its place, before it and after it. Pure, but for the ids.

use std::time::Duration;

use super::answers::php_json;
use super::dress::{SignatureForm, UnusualHttp};
use super::faults::{ENCODINGS, Fault, Struck, reencoded};
use super::ledger::{Delivery, DeliveryState, Order, OrderStatus};
use super::moment::{now, stamp};
use super::wire::OrderEventBody;
use crate::ground::Entropy;

/// What signs a forged webhook: anything but the shared secret.
const FORGER: &str = "a secret that nobody shares with the shop";

/// What is sent for one event.
pub(super) enum Post {
    /// One after the other: each is tried once before the next.
    InTurn(Vec<Delivery>),
    /// All at once.
    AtOnce(Vec<Delivery>),
    /// Nothing, but it is on record.
    Lost(Delivery),
    /// Held back until so many are held, or the time is over.
    Held { delivery: Box<Delivery>, count: usize, at_most: Duration },
}

/// The webhook of an event of an order.
pub(super) fn made(event: &str, order: &Order) -> anyhow::Result<Delivery> {
    let body = php_json(&OrderEventBody::of(event, order, stamp(now())))?;
    Ok(new_delivery(event, Some(order.id), body))
}

pub(super) fn new_delivery(event: &str, order_id: Option<u64>, body: String) -> Delivery {
    Delivery {
        id: Entropy::system().uuid(),
        event: event.to_owned(),
        order_id,
        body,
        forged: false,
        dress: super::dress::Dress::default(),
        created_at: now(),
        state: DeliveryState::Pending,
        attempts: Vec::new(),
    }
}

/// What is sent for an event of an order, and what was drawn; `own` is its honest webhook and `old` an earlier one.
pub(super) fn bent(
    struck: &Struck,
    order: &Order,
    mut own: Delivery,
    old: Option<Delivery>,
) -> anyhow::Result<(Post, String)> {
    let injection = &struck.injection;
    let delay = injection.delay().unwrap_or_default();
    let mut note = String::new();
    let post = match struck.fault() {
        Fault::WebhooksLost => Post::Lost(Delivery { state: DeliveryState::Lost, ..own }),
        Fault::WebhooksDoubled => doubled(own, injection.text("kind"), injection.count()),
        Fault::WebhooksShuffled => {
            Post::Held { delivery: Box::new(own), count: injection.count(), at_most: delay }
        }
        Fault::WebhookForged => {
            note = injection.text("kind").to_owned();
            Post::InTurn(vec![forged(order, &own, &note)?, own])
        }
        Fault::WebhookTruncated => {
            let cut = truncated(&own, struck);
            note = format!("at byte {} of {}", cut.body.len(), own.body.len());
            Post::InTurn(vec![cut, own])
        }
        Fault::WebhookUnknownEvent => Post::InTurn(vec![made(injection.text("value"), order)?, own]),
        Fault::WebhookProcessingAfter => {
            let before = Order { status: OrderStatus::Processing, ..order.clone() };
            Post::InTurn(vec![own, made("order.processing", &before)?])
        }
        Fault::WebhookReplayed => {
            let old = old.unwrap_or_else(|| own.clone());
            note = format!("webhook {}", old.id);
            let mut again = new_delivery(&old.event, old.order_id, old.body);
            again.dress.header_event = Some(injection.text("header").to_owned());
            Post::InTurn(vec![own, again])
        }
        _ => {
            note = dress(struck, order, &mut own)?;
            Post::InTurn(vec![own])
        }
    };
    Ok((post, note))
}

/// Dresses the one webhook that is sent; says what was drawn.
fn dress(struck: &Struck, order: &Order, own: &mut Delivery) -> anyhow::Result<String> {
    let injection = &struck.injection;
    match struck.fault() {
        Fault::WebhooksLate => own.dress.not_before = Some(now() + injection.delay().unwrap_or_default()),
        Fault::WebhookSecretRotated => own.dress.secret = Some(injection.text("value").to_owned()),
        Fault::WebhookReencoded => {
            let kind = struck.kind_of(ENCODINGS);
            own.body = reencoded(&own.body, kind);
            return Ok(kind.to_owned());
        }
        Fault::WebhookSignatureForm => own.dress.signature = SignatureForm::named(injection.text("kind")),
        Fault::WebhookUnusualHttp => own.dress.http = Some(unusual(injection.text("kind"))),
        Fault::WebhookWithoutEsim => {
            own.body = made(&own.event, &Order { esim: None, ..order.clone() })?.body;
        }
        // No other fault acts here.
        _ => {}
    }
    Ok(String::new())
}

fn unusual(kind: &str) -> UnusualHttp {
    match kind {
        "content_type" => UnusualHttp::ContentType,
        "chunked" => UnusualHttp::Chunked,
        "expect" => UnusualHttp::Expect,
        _ => UnusualHttp::Gzip,
    }
}

/// Under the same id it stays one webhook that is sent several times; under fresh ones they are several.
fn doubled(mut own: Delivery, kind: &str, count: usize) -> Post {
    if kind == "same" {
        own.dress.copies = u32::try_from(count).ok();
        return Post::AtOnce(vec![own]);
    }
    let twin = |_| Delivery { id: Entropy::system().uuid(), ..own.clone() };
    let mut all: Vec<_> = (1..count).map(twin).collect();
    all.push(own);
    Post::AtOnce(all)
}

/// The same order with an eSIM that nobody sold, under a signature that must not count.
fn forged(order: &Order, own: &Delivery, kind: &str) -> anyhow::Result<Delivery> {
    let esim = super::courses::new_esim(order.id + 900_000_000, &order.package, now());
    let invented = Order { esim: Some(esim), ..order.clone() };
    let mut forged = Delivery { forged: true, ..made(&own.event, &invented)? };
    match kind {
        "wrong_secret" => forged.dress.secret = Some(FORGER.to_owned()),
        "other_body" => forged.dress.signed = Some(own.body.clone()),
        kind => forged.dress.signature = SignatureForm::named(kind),
    }
    Ok(forged)
}

/// The first bytes of the body with the signature of the whole.
fn truncated(own: &Delivery, struck: &Struck) -> Delivery {
    let at = struck.cut_of(own.body.len());
    let body: String = own.body.chars().take(at).collect();
    let mut cut = new_delivery(&own.event, own.order_id, body);
    cut.forged = true;
    cut.dress.signed = Some(own.body.clone());
    cut
}
