//! The finished answer, on its way through the faults that spoil it: whatever it tells of is committed already.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_decimal::Decimal;

use super::gate::hung_up;
use super::{bodies, refusals};
use crate::sandbox::answers::{Broken, json, success_text};
use crate::sandbox::desk::Desk;
use crate::sandbox::faults::{About, Asked, Fault, Point, Struck, Told, Tree, spoil};
use crate::sandbox::ledger::Order;
use crate::sandbox::line::{Drip, Fate};
use crate::sandbox::moment;
use crate::sandbox::operation::Operation;
use crate::sandbox::purchase;
use crate::sandbox::wire::OrderView;

/// What is known of a call while it passes.
pub(super) struct Passing {
    pub operation: Operation,
    pub about: About,
    /// Its connection's.
    pub fate: Arc<Fate>,
    /// Where a list was asked for, and which page of it.
    list: Asked,
}

impl Passing {
    pub(super) fn of(operation: Operation, request: &Request, about: About, fate: Arc<Fate>) -> Self {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let uri =
            request.extensions().get::<axum::extract::OriginalUri>().map_or(request.uri(), |uri| &uri.0);
        let asked = |name: &str| {
            let pairs = uri.query().unwrap_or_default().split('&');
            let value = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
            value.and_then(|(_, value)| value.parse::<usize>().ok())
        };
        let list = Asked {
            address: format!("http://{}{}", host.unwrap_or("127.0.0.1"), uri.path()),
            page: asked("page").unwrap_or(1).max(1),
            cursor: asked("cursor").unwrap_or(0),
            hidden: Vec::new(),
        };
        Self { operation, about, fate, list }
    }
}

/// Whether nothing of the true answer is left for another fault.
fn ends(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::SilentAfterCommit
            | Fault::DroppedAfterCommit
            | Fault::ResetAfterCommit
            | Fault::ResetAfterHead
            | Fault::ResetInBody
            | Fault::ServerErrorAfterCommit
            | Fault::ServerErrorKept
            | Fault::BadGatewayAfterCommit
            | Fault::StatusAfterCommit
            | Fault::DrainedAndDropped
            | Fault::SlowDrip
            | Fault::EndlessBody
            | Fault::GzipBomb
    )
}

/// An answer as it leaves. A refusal leaves as it is: these faults are about answers that something stands behind.
pub(super) async fn answered(
    desk: &Arc<Desk>,
    mut passing: Passing,
    answer: Response,
) -> Result<Response, Broken> {
    if !answer.status().is_success() {
        return Ok(answer);
    }
    let answer = match passing.operation {
        Operation::CreateOrder => with_its_order(&mut passing, answer).await?,
        _ => answer,
    };
    let drawn = desk.faults.draw_each(Point::Answer, Some(passing.operation), &passing.about, ends);
    if drawn.is_empty() {
        // An honest answer is not held up: a long list leaves while it is written.
        return Ok(answer);
    }
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), usize::MAX).await?;
    let text = String::from_utf8(bytes.into())
        .unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned());
    let mut told = Told { status, content_type: None, text };
    for strike in &drawn {
        if ends(strike.fault()) {
            return cut_off(desk, strike, &passing, &told).await;
        }
        match strike.fault() {
            Fault::LateAnswer => tokio::time::sleep(strike.injection.delay().unwrap_or_default()).await,
            Fault::AnswersCrossed => cross(desk, strike, &passing, &mut told).await?,
            _ => {
                let (list, oldest) = known(desk, strike, &passing);
                // A long list takes a while, in which others have their turn.
                let its = strike.clone();
                let spoiling = move || {
                    let mut spoiled = told;
                    let note = spoil(&mut spoiled, &its, &list, oldest);
                    (spoiled, note)
                };
                let note;
                (told, note) = tokio::task::spawn_blocking(spoiling).await?;
                let note = note.unwrap_or_else(|| "nothing to spoil".to_owned());
                if !note.is_empty() {
                    desk.faults.note(strike, note);
                }
            }
        }
    }
    Ok(sent(told))
}

/// The answer as it is, and on the strikes to come the order that it tells of.
async fn with_its_order(passing: &mut Passing, answer: Response) -> Result<Response, Broken> {
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await?;
    let told = Tree::read(&String::from_utf8_lossy(&bytes));
    let id = told.as_ref().and_then(|answer| answer.get("data")?.get("id")?.bare());
    passing.about.order_id = id.and_then(|id| id.parse().ok());
    Ok(Response::from_parts(parts, bytes.into()))
}

fn status_of(told: &Told) -> StatusCode {
    StatusCode::from_u16(told.status).unwrap_or(StatusCode::OK)
}

fn sent(told: Told) -> Response {
    let status = status_of(&told);
    if status == StatusCode::NO_CONTENT {
        return status.into_response();
    }
    let mut answer = json(status, told.text);
    if let Some(kind) = told.content_type {
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    answer
}

/// What happens instead of the answer.
async fn cut_off(
    desk: &Arc<Desk>,
    strike: &Struck,
    passing: &Passing,
    told: &Told,
) -> Result<Response, Broken> {
    let (status, injection) = (status_of(told), &strike.injection);
    let chunked = injection.text("framing") == "chunked";
    let reset = (injection.text("ending") == "reset").then(|| Arc::clone(&passing.fate));
    let key = passing.about.idempotency_key.as_deref();
    Ok(match strike.fault() {
        Fault::SilentAfterCommit => std::future::pending().await,
        Fault::ResetAfterCommit => hung_up(Some(&passing.fate)),
        Fault::ResetAfterHead => bodies::cut(status, &told.text, 0, chunked, reset),
        Fault::ResetInBody => {
            let at = strike.cut_of(told.text.len());
            desk.faults.note(strike, format!("at byte {at} of {}", told.text.len()));
            bodies::cut(status, &told.text, at, chunked, reset)
        }
        Fault::ServerErrorAfterCommit => refusals::server_error(),
        Fault::ServerErrorKept => {
            purchase::remember_failure(desk, key)?;
            refusals::server_error()
        }
        Fault::BadGatewayAfterCommit => refusals::bad_gateway(),
        Fault::StatusAfterCommit => refusals::any_status(injection),
        Fault::DrainedAndDropped => {
            desk.book().set_balance(Decimal::ZERO)?;
            if let Some(key) = key {
                purchase::forget_key(desk, key)?;
            }
            hung_up(None)
        }
        Fault::SlowDrip => {
            let few = usize::try_from(injection.bytes().unwrap_or(1)).unwrap_or(usize::MAX);
            if injection.text("part") == "head" {
                passing.fate.drip(Drip { bytes: few, pause: injection.interval() });
                let mut answer = sent(told.clone());
                // The next call comes over another connection, which does not drip.
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                return Ok(answer);
            }
            bodies::drip(status, &told.text, few, injection.interval())
        }
        Fault::EndlessBody => bodies::endless(status, injection.bytes()),
        Fault::GzipBomb => bodies::bomb(status, injection.bytes().unwrap_or_default()),
        // Only the dropped connection is left.
        _ => hung_up(None),
    })
}

/// What the spoiling of a list or of an order has to know of the others.
fn known(desk: &Desk, strike: &Struck, passing: &Passing) -> (Asked, Option<u64>) {
    let book = desk.book();
    let orders = &book.world().orders;
    let mut list = passing.list.clone();
    let lag = strike.injection.delay().unwrap_or_default();
    list.hidden = match strike.fault() {
        Fault::OrdersLag => {
            let young = |order: &&Order| moment::now() - order.created_at < lag;
            orders.values().filter(young).map(|order| order.id).collect()
        }
        Fault::OrderOmitted => {
            let named =
                |order: &&Order| order.external_order_id.as_deref() == strike.injection.value.as_deref();
            let one = match strike.injection.value {
                Some(_) => orders.values().find(named),
                None => orders.values().next_back(),
            };
            one.map(|order| order.id).into_iter().collect()
        }
        _ => Vec::new(),
    };
    (list, orders.keys().next().copied())
}

/// Gives the answer of another purchase: of the newest other one, for which it waits a while if there is none.
async fn cross(desk: &Arc<Desk>, strike: &Struck, passing: &Passing, told: &mut Told) -> Result<(), Broken> {
    let other = || {
        let book = desk.book();
        let mut newest_first = book.world().orders.values().rev();
        newest_first.find(|order| Some(order.id) != passing.about.order_id).cloned()
    };
    let until = tokio::time::Instant::now() + strike.injection.delay().unwrap_or_default();
    let mut found = other();
    while found.is_none() && tokio::time::Instant::now() < until {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        found = other();
    }
    let note = match found {
        Some(order) => {
            told.text = success_text("Order created successfully", &OrderView::of(&order))?;
            format!("the answer of order {}", order.id)
        }
        None => "there is no other order".to_owned(),
    };
    desk.faults.note(strike, note);
    Ok(())
}
