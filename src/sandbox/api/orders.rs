//! Orders: buying, listing, looking up.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::gate::key_of;
use super::refusals::{insufficient_balance, package_gone};
use crate::sandbox::answers::{Broken, FieldErrors, failure, invalid, json, success};
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
    body: Bytes,
) -> Result<Response, Broken> {
    let (key, asked) = match read(&headers, &body) {
        Ok(read) => read,
        Err(errors) => {
            refuse(&desk, &headers, &body)?;
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

/// Reads a request as Laravel's validator does: numbers may be strings, absent and null are the same.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<(Option<String>, Asked), FieldErrors> {
    let sent: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut errors = FieldErrors::new();
    let mut wrong = |field: &'static str, sentence: &str| {
        errors.entry(field).or_default().push(sentence.to_owned());
    };
    let package_id = match sent.get("package_id") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(digits)) => digits.parse().ok(),
        _ => None,
    };
    match sent.get("package_id") {
        None | Some(Value::Null) => wrong("package_id", "The package id field is required."),
        Some(_) if package_id.is_none() => wrong("package_id", "The package id field must be an integer."),
        Some(_) => {}
    }
    let device_imei = optional(&sent, "device_imei");
    let digits = |imei: &String| imei.len() == 15 && imei.bytes().all(|byte| byte.is_ascii_digit());
    if !device_imei.as_ref().is_ok_and(|imei| imei.as_ref().is_none_or(digits)) {
        wrong("device_imei", "The device imei field must be 15 digits.");
    }
    let external_order_id = optional(&sent, "external_order_id");
    match &external_order_id {
        Err(()) => wrong("external_order_id", "The external order id field must be a string."),
        Ok(Some(name)) if name.chars().count() > MAX_TEXT => {
            wrong(
                "external_order_id",
                "The external order id field must not be greater than 255 characters.",
            );
        }
        Ok(_) => {}
    }
    let key = key_of(headers);
    if key.as_ref().is_some_and(|key| key.chars().count() > MAX_TEXT) {
        wrong("idempotency_key", "The idempotency key field must not be greater than 255 characters.");
    }
    match (errors.is_empty(), package_id, device_imei, external_order_id) {
        (true, Some(package_id), Ok(device_imei), Ok(external_order_id)) => {
            Ok((key, Asked { package_id, device_imei, external_order_id }))
        }
        _ => Err(errors),
    }
}

/// A text that may be absent; an error if it is something else.
fn optional(sent: &Value, field: &str) -> Result<Option<String>, ()> {
    match sent.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
        Some(_) => Err(()),
    }
}

/// Records a request that could not be understood.
fn refuse(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> anyhow::Result<()> {
    let sent: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let request = crate::sandbox::ledger::OrderRequest {
        at: crate::sandbox::moment::now(),
        idempotency_key: key_of(headers),
        external_order_id: optional(&sent, "external_order_id").unwrap_or_default(),
        package_id: sent.get("package_id").and_then(Value::as_u64),
        outcome: "invalid".to_owned(),
        order_id: None,
    };
    desk.book().record(Event::Asked { request })
}

/// All orders, the newest first.
pub(super) async fn index(State(desk): State<Arc<Desk>>) -> Response {
    let book = desk.book();
    success(&book.world().orders.values().rev().map(OrderView::of).collect::<Vec<_>>())
}

pub(super) async fn show(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let book = desk.book();
    match super::id(&id).and_then(|id| book.world().orders.get(&id)) {
        Some(order) => success(&OrderView::of(order)),
        None => super::not_found("Order"),
    }
}
