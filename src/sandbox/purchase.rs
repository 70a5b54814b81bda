//! One purchase: checked, paid and written down in a single step, or not at all.

use std::sync::Arc;

use axum::http::StatusCode;

use super::answers::success_text;
use super::bend;
use super::book::Book;
use super::catalog::Package;
use super::courses;
use super::desk::Desk;
use super::ledger::{Order, OrderRequest, TransactionKind};
use super::moment;
use super::wire::OrderView;
use super::world::{Asked, Bought, Event, KeyMemory};

/// What became of a request at the order desk.
pub(super) enum Outcome {
    /// A purchase was committed just now.
    Bought { order: Box<Order>, body: String },
    /// The key was known: the stored answer, to be given again.
    Replayed { status: u16, body: String },
    /// The key was first used with another request.
    KeyReused,
    /// The package is unknown or withdrawn.
    NotAvailable,
    /// The wallet holds too little.
    InsufficientBalance,
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Self::Bought { .. } => "bought",
            Self::Replayed { .. } => "replayed",
            Self::KeyReused => "key reused",
            Self::NotAvailable => "not available",
            Self::InsufficientBalance => "insufficient balance",
        }
    }
}

/// Buys, or says why not. Everything happens under one lock, so a concurrent twin with the same key waits and then
/// finds the stored answer.
///
/// # Errors
/// When the journal cannot be written; then nothing was bought.
pub(super) fn purchase(desk: &Arc<Desk>, key: Option<&str>, asked: Asked) -> anyhow::Result<Outcome> {
    let mut book = desk.book();
    let outcome = match known(&book, key, &asked) {
        Some(outcome) => outcome,
        None => match affordable(&book, asked.package_id) {
            Ok(package) => return buy(desk, &mut book, package, key, asked),
            Err(refused) => refused,
        },
    };
    let memory = key.and_then(|key| book.world().keys.get(key));
    let order_id =
        memory.filter(|_| matches!(outcome, Outcome::Replayed { .. })).map(|memory| memory.order_id);
    let request = request(key, &asked, outcome.word(), order_id);
    book.record(Event::Asked { request })?;
    Ok(outcome)
}

/// What a key that was used before answers.
fn known(book: &Book, key: Option<&str>, asked: &Asked) -> Option<Outcome> {
    let still = |memory: &&KeyMemory| memory.forgotten_at.is_none_or(|at| moment::now() < at);
    let memory = book.world().keys.get(key?).filter(still)?;
    Some(match memory.asked == *asked {
        true => Outcome::Replayed { status: memory.status, body: memory.body.clone() },
        false => Outcome::KeyReused,
    })
}

fn affordable(book: &Book, package_id: u64) -> Result<Package, Outcome> {
    let package = book.world().catalog.get(package_id).ok_or(Outcome::NotAvailable)?;
    if book.world().balance < package.charge() {
        return Err(Outcome::InsufficientBalance);
    }
    Ok(package.clone())
}

fn buy(
    desk: &Arc<Desk>,
    book: &mut Book,
    package: Package,
    key: Option<&str>,
    asked: Asked,
) -> anyhow::Result<Outcome> {
    let course = bend::course(desk, key, book.world().next_id);
    let order = bend::new_order(book, &package, key, &asked, &course);
    let body = success_text("Order created successfully", &OrderView::of(&order))?;
    // Ids: the order's, then the debit's; the eSIM has the one after.
    let debit = book.movement(order.id + 1, TransactionKind::Debit, order.price, Some(order.id));
    let memory = key.map(|key| KeyMemory {
        key: key.to_owned(),
        order_id: order.id,
        asked: asked.clone(),
        status: StatusCode::CREATED.as_u16(),
        body: body.clone(),
        forgotten_at: course.key_kept.map(|kept| order.created_at + kept),
    });
    let request = request(key, &asked, "bought", Some(order.id));
    let bought = Bought { order: order.clone(), debit, key: memory, request };
    book.record(Event::Bought(Box::new(bought)))?;
    if let Some(due) = order.due {
        courses::wait_for(desk, order.id, due);
    }
    Ok(Outcome::Bought { order: Box::new(order), body })
}

/// The record of one request at the order desk.
pub(super) fn request(
    key: Option<&str>,
    asked: &Asked,
    outcome: &str,
    order_id: Option<u64>,
) -> OrderRequest {
    OrderRequest {
        at: moment::now(),
        idempotency_key: key.map(str::to_owned),
        external_order_id: asked.external_order_id.clone(),
        package_id: Some(asked.package_id),
        outcome: outcome.to_owned(),
        order_id,
    }
}

/// Makes a key answer 500 for ever, as services do that store whatever they answered first.
///
/// # Errors
/// When the journal cannot be written.
pub(super) fn remember_failure(desk: &Desk, key: Option<&str>) -> anyhow::Result<()> {
    let mut book = desk.book();
    let Some(memory) = key.and_then(|key| book.world().keys.get(key)).cloned() else { return Ok(()) };
    let body = r#"{"status":false,"message":"Server Error"}"#.to_owned();
    let status = StatusCode::INTERNAL_SERVER_ERROR.as_u16();
    book.record(Event::KeyRemembered { memory: KeyMemory { status, body, ..memory } })
}

/// Forgets a key: the next request under it buys again (RELIABILITY F32).
///
/// # Errors
/// When the journal cannot be written.
pub(super) fn forget_key(desk: &Desk, key: &str) -> anyhow::Result<()> {
    desk.book().record(Event::KeyForgotten { key: key.to_owned() })
}
