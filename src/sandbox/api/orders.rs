//! Orders: buying, listing, looking up.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::Id;
use super::gate::key_of;
use super::input::Input;
use super::lists::{self, Listing};
use super::refusals::{insufficient_balance, package_gone};
use crate::sandbox::answers::{Broken, FieldErrors, failure, invalid, json, success, write_php_json};
use crate::sandbox::desk::Desk;
use crate::sandbox::faults::{About, Point};
use crate::sandbox::ledger::Order;
use crate::sandbox::operation::Operation;
use crate::sandbox::purchase::{Outcome, purchase};
use crate::sandbox::webhooks;
use crate::sandbox::wire::OrderView;
use crate::sandbox::world::{Asked, Event};

/// The longest key that the documents allow, and the longest name.
const MAX_TEXT: usize = 255;

pub(super) async fn create(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    sent: Input,
) -> Result<Response, Broken> {
    let (key, asked) = match read(&headers, &sent) {
        Ok(read) => read,
        Err(errors) => {
            refuse(&desk, &headers, &sent)?;
            return Ok(invalid(&errors));
        }
    };
    match purchase(&desk, key.as_deref(), asked)? {
        Outcome::Bought { order, body } => {
            announce(&desk, &order).await?;
            Ok(json(StatusCode::CREATED, body))
        }
        Outcome::Replayed { status, body } => Ok(json(StatusCode::from_u16(status)?, body)),
        Outcome::KeyReused => Ok(failure(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Idempotency-Key was already used with a different request.",
        )),
        Outcome::NotAvailable => Ok(package_gone()),
        Outcome::InsufficientBalance => Ok(insufficient_balance()),
    }
}

/// Tells the shop of a new order: meanwhile, or first where a fault says so.
async fn announce(desk: &Arc<Desk>, order: &Order) -> Result<(), Broken> {
    let first = desk.faults.draw(Point::Announce, Some(Operation::CreateOrder), &About::of(order)).is_some();
    let delivery = webhooks::announce(desk, order)?;
    if let Some(delivery) = delivery.filter(|_| first) {
        delivery.await?;
    }
    Ok(())
}

/// Checks a request as Laravel's validator does: numbers may be strings, absent and null are the same.
fn read(headers: &HeaderMap, sent: &Input) -> Result<(Option<String>, Asked), FieldErrors> {
    let mut errors = FieldErrors::new();
    let mut wrong = |field: &'static str, sentence: &str| {
        errors.entry(field).or_default().push(sentence.to_owned());
    };
    let package_id = sent.integer("package_id");
    match sent.get("package_id") {
        None => wrong("package_id", "The package id field is required."),
        Some(_) if package_id.is_none() => wrong("package_id", "The package id field must be an integer."),
        Some(_) => {}
    }
    let digits = |imei: &str| imei.len() == 15 && imei.bytes().all(|byte| byte.is_ascii_digit());
    match sent.get("device_imei").map(Value::as_str) {
        Some(None) => wrong("device_imei", "The device imei field must be a string."),
        Some(Some(imei)) if !digits(imei) => {
            wrong("device_imei", "The device imei field must be 15 digits.");
        }
        _ => {}
    }
    match sent.get("external_order_id").map(Value::as_str) {
        Some(None) => wrong("external_order_id", "The external order id field must be a string."),
        Some(Some(name)) if name.chars().count() > MAX_TEXT => {
            wrong("external_order_id", "The external order id field must not be greater than 255 characters.")
        }
        _ => {}
    }
    let key = key_of(headers);
    if key.as_ref().is_some_and(|key| key.chars().count() > MAX_TEXT) {
        wrong("idempotency_key", "The idempotency key field must not be greater than 255 characters.");
    }
    match (errors.is_empty(), package_id) {
        (true, Some(package_id)) => Ok((key, asked(sent, package_id))),
        _ => Err(errors),
    }
}

fn asked(sent: &Input, package_id: i64) -> Asked {
    Asked {
        // Nothing on sale has the id 0.
        package_id: u64::try_from(package_id).unwrap_or(0),
        device_imei: sent.text("device_imei").map(str::to_owned),
        external_order_id: sent.text("external_order_id").map(str::to_owned),
    }
}

/// Records a request that could not be understood.
fn refuse(desk: &Desk, headers: &HeaderMap, sent: &Input) -> anyhow::Result<()> {
    let request = crate::sandbox::ledger::OrderRequest {
        at: crate::sandbox::moment::now(),
        idempotency_key: key_of(headers),
        external_order_id: sent.text("external_order_id").map(str::to_owned),
        package_id: sent.integer("package_id").and_then(|id| u64::try_from(id).ok()),
        outcome: "invalid".to_owned(),
        order_id: None,
    };
    desk.book().record(Event::Asked { request })
}

/// All orders, the newest first.
pub(super) async fn index(State(desk): State<Arc<Desk>>, listing: Listing) -> Result<Response, Broken> {
    let orders: Vec<Order> = desk.book().world().orders.values().rev().cloned().collect();
    lists::answer(&desk.settings, &listing, orders, |text, order| {
        write_php_json(text, &OrderView::of(&order))
    })
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, Id(id): Id) -> Response {
    let book = desk.book();
    match id.and_then(|id| book.world().orders.get(&id)) {
        Some(order) => success(&OrderView::of(order)),
        None => super::not_found("Order"),
    }
}
