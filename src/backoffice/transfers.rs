//! `/admin/transfers`: bank transfers that are waited for, where a person says what arrived; and what is to be paid back
//! by hand.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::store::{self, ByHandRow, ReceiptRow, TransferRow};
use super::words::{Badge, Moment, minor, sentence};
use crate::ground::money::exact_decimal;
use crate::ground::{Currency, Price};
use crate::orders::{self, Order};
use crate::payments::transfer::Worth;
use crate::payments::{self, Arrival, NotNoted, Post};
use crate::plumbing::bell::Ring;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::web::{Cache, Problem, page};

/// The longest note that is kept.
const LONGEST: usize = 500;

pub(super) fn routes() -> Gated {
    let settle = Act::SettleTransfers;
    Gated::new()
        .get("/admin/transfers", Act::Look, show)
        .post("/admin/transfers/{id}", settle, confirm)
        .post("/admin/transfers/parked/{id}", settle, return_parked)
        .post("/admin/transfers/refunds/{id}", settle, paid_back)
}

struct TransferView {
    id: i64,
    number: String,
    email: String,
    order: Badge,
    asked: String,
    arrived: Option<String>,
    /// What is still to come, as the form offers it.
    rest: String,
    currency: String,
    placed: Moment,
    until: Moment,
    seen: i64,
    /// What was typed for this one, and why it was refused.
    again: Option<(Typed, String)>,
}

struct ReceiptView {
    id: i64,
    number: String,
    amount: String,
    outcome: Badge,
    note: String,
    by: String,
    at: Moment,
}

struct ByHandView {
    id: i64,
    number: String,
    email: String,
    amount: String,
    why: String,
    since: Moment,
}

#[derive(Template)]
#[template(path = "backoffice/transfers.html")]
struct TransfersPage {
    frame: Frame,
    may_settle: bool,
    offered: bool,
    said: Option<&'static str>,
    error: Option<String>,
    q: String,
    transfers: Vec<TransferView>,
    parked: Vec<ReceiptView>,
    by_hand: Vec<ByHandView>,
    last: Vec<ReceiptView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    said: String,
}

/// A form of this page as it was typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Typed {
    amount: String,
    currency: String,
    note: String,
    seen: String,
}

impl Typed {
    fn note(&self) -> Option<String> {
        let note: String = self.note.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        (!note.is_empty()).then_some(note)
    }

    /// The sum, if it can be written in its currency's minor units exactly.
    fn price(&self) -> Option<Price> {
        let currency = Currency::parse(&self.currency)?;
        let amount = exact_decimal(&self.amount)?;
        Price::at_least(amount, currency).filter(|price| price.minor > 0 && price.amount() == amount)
    }
}

/// What is to be said beside the lists.
#[derive(Default)]
struct Said {
    q: String,
    done: Option<&'static str>,
    error: Option<String>,
    /// The payment whose form was refused.
    at: Option<(i64, Typed)>,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let done = match asked.said.as_str() {
        "whole" => Some("Confirmed. The order is paid and is delivered now."),
        "over" => Some("Confirmed. The order is paid; what was too much is to be paid back below."),
        "part" => Some("Noted. The customer is asked for the rest."),
        "back" => Some(
            "Noted. The order does not take it: it is to be paid back below, unless it was paid in time.",
        ),
        "parked" => Some("Noted and parked: it is in another currency. Decide below."),
        "returned" => Some("It is to be paid back below."),
        "paid_back" => Some("Marked as paid back, with your name."),
        _ => None,
    };
    draw(&shop, &staff, StatusCode::OK, Said { q: asked.q, done, ..Said::default() }).await
}

async fn draw(shop: &Shop, staff: &Staff, status: StatusCode, mut said: Said) -> Result<Response, Problem> {
    let clean: String = said.q.trim().chars().filter(|c| !c.is_control()).take(40).collect();
    let number = (!clean.is_empty()).then(|| clean.to_uppercase());
    let rows = store::transfers(&shop.db, number.as_deref()).await?;
    let transfers = rows.into_iter().map(|row| transfer(row, &mut said)).collect();
    let view = TransfersPage {
        frame: Frame::new(shop, staff, Part::Transfers),
        may_settle: staff.may(Act::SettleTransfers),
        offered: !shop.settings.bank_transfer_instructions.is_empty(),
        said: said.done,
        error: said.error,
        q: clean,
        transfers,
        parked: store::receipts(&shop.db, true).await?.into_iter().map(receipt).collect(),
        by_hand: store::by_hand(&shop.db).await?.into_iter().map(by_hand).collect(),
        last: store::receipts(&shop.db, false).await?.into_iter().map(receipt).collect(),
    };
    page(status, Cache::Private, &view)
}

/// One row; the last form's error is shown in its own row where that is on the page.
fn transfer(row: TransferRow, said: &mut Said) -> TransferView {
    let again = match &said.at {
        Some((id, typed)) if *id == row.payment_id => said.error.take().map(|error| (typed.clone(), error)),
        _ => None,
    };
    let rest = row.amount_minor.saturating_sub(row.counted_minor).max(0);
    let currency = Currency::parse(&row.currency);
    TransferView {
        id: row.payment_id,
        email: row.email,
        order: Badge::of(&row.order_status),
        asked: minor(row.amount_minor, &row.currency),
        arrived: (row.counted_minor > 0).then(|| minor(row.counted_minor, &row.currency)),
        rest: currency.map_or_else(String::new, |currency| Price::new(rest, currency).to_string()),
        placed: Moment::of(row.created_at),
        until: Moment::of(row.expires_at),
        // What was seen when it was typed is not what is there now, or it would be refused for ever.
        seen: row.receipts,
        number: row.number,
        currency: row.currency,
        again,
    }
}

fn receipt(row: ReceiptRow) -> ReceiptView {
    let tone = match row.outcome.as_str() {
        "counted" => "good",
        "parked" => "bad",
        _ => "wait",
    };
    ReceiptView {
        id: row.id,
        amount: minor(row.amount_minor, &row.currency),
        outcome: Badge::new(&sentence(&row.outcome), tone),
        note: row.note,
        by: row.confirmed_by,
        at: Moment::of(row.confirmed_at),
        number: row.number,
    }
}

fn by_hand(row: ByHandRow) -> ByHandView {
    ByHandView {
        id: row.id,
        amount: minor(row.amount_minor, &row.currency),
        why: sentence(&row.reason),
        since: Moment::of(row.created_at),
        number: row.number,
        email: row.email,
    }
}

async fn confirm(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(amount) = typed.price() else {
        let error = "Nothing was confirmed: give the amount with a dot, such as 5.90, and the currency's three letters.";
        return refused(&shop, &staff, unprocessable, (id, typed), error).await;
    };
    let (Some(note), Ok(seen)) = (typed.note(), typed.seen.parse()) else {
        let error =
            "Nothing was confirmed: write what the statement says of it, such as its date and sender.";
        return refused(&shop, &staff, unprocessable, (id, typed), error).await;
    };
    let arrival = Arrival { payment_id: id, seen, amount, note: &note, admin: &staff.email, now: shop.now() };
    match carry_out(&shop, &staff, &arrival).await {
        Ok((order, worth)) => Ok(done(&shop, Some(&order), said_of(worth, &order))),
        Err(NotNoted::Unknown) => Err(Problem::NotFound),
        Err(no @ NotNoted::Meanwhile) => {
            refused(&shop, &staff, StatusCode::CONFLICT, (id, typed), &no.to_string()).await
        }
        Err(NotNoted::Fault(fault)) => Err(Problem::Fault(fault)),
    }
}

/// Receipt, mail for the rest and audit line in one transaction.
async fn carry_out(shop: &Shop, staff: &Staff, arrival: &Arrival<'_>) -> Result<(Order, Worth), NotNoted> {
    let (now, url) = (arrival.now, &shop.settings.public_url);
    let mut tx = shop.db.begin().await?;
    let (order, worth) = payments::receive(&mut tx, &shop.entropy, arrival, url).await?;
    if let Worth::Part { rest } = worth
        && order.status == orders::OrderStatus::AwaitingPayment
    {
        ask_for_rest(&mut tx, shop, &order, arrival.seen + 1, rest).await?;
    }
    let detail = json!({ "order": order.number.as_str(), "amount": arrival.amount.to_string(),
        "currency": arrival.amount.currency.code(), "reason": arrival.note, "meant": word(worth) });
    staff::record(&mut tx, now, &staff.email, "transfer_confirmed", &detail).await?;
    tx.commit().await?;
    Ok((order, worth))
}

/// The order waits as long again for the rest, and its customer is told.
async fn ask_for_rest(
    conn: &mut PgConnection,
    shop: &Shop,
    order: &Order,
    receipt: i64,
    due: Price,
) -> Result<(), NotNoted> {
    let now = shop.now();
    orders::wait_until(conn, order.id, now + shop.settings.times.bank_transfer_expiry).await?;
    let order = orders::by_id(conn, order.id).await?.ok_or(NotNoted::Unknown)?;
    let asked = orders::mail::TransferAsked {
        kind: orders::mail::TransferAsk::Rest(receipt),
        due,
        instructions: &shop.settings.bank_transfer_instructions,
    };
    Ok(orders::mail::transfer(conn, &order, &asked, &shop.settings.public_url, now).await?)
}

fn word(worth: Worth) -> &'static str {
    match worth {
        Worth::Whole { surplus: None } => "paid",
        Worth::Whole { surplus: Some(_) } => "paid, and more",
        Worth::Part { .. } => "a part",
        Worth::Surplus => "paid before",
        Worth::Foreign => "another currency",
    }
}

fn said_of(worth: Worth, order: &Order) -> &'static str {
    let waits = order.status == orders::OrderStatus::AwaitingPayment;
    match worth {
        Worth::Whole { surplus: None } if waits => "whole",
        Worth::Whole { surplus: Some(_) } if waits => "over",
        Worth::Part { .. } if waits => "part",
        Worth::Foreign => "parked",
        Worth::Whole { .. } | Worth::Part { .. } | Worth::Surplus => "back",
    }
}

async fn refused(
    shop: &Shop,
    staff: &Staff,
    status: StatusCode,
    at: (i64, Typed),
    error: &str,
) -> Result<Response, Problem> {
    let said = Said { error: Some(error.to_owned()), at: Some(at), ..Said::default() };
    draw(shop, staff, status, said).await
}

async fn return_parked(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let Some(note) = typed.note() else { return without_reason(&shop, &staff).await };
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let order = match payments::return_parked(&mut tx, &shop.entropy, id, now).await {
        Ok(order) => order,
        Err(no) => return Err(problem(no)),
    };
    let detail = json!({ "order": order.number.as_str(), "transfer": id, "reason": note });
    audit(&mut tx, &shop, &staff, "transfer_returned", &detail).await?;
    tx.commit().await?;
    Ok(done(&shop, Some(&order), "returned"))
}

async fn paid_back(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let Some(note) = typed.note() else { return without_reason(&shop, &staff).await };
    let mut tx = shop.db.begin().await?;
    let post = Post { public_url: &shop.settings.public_url, now: shop.now() };
    let order = match payments::paid_back(&mut tx, id, &staff.email, &note, &post).await {
        Ok(order) => order,
        Err(no) => return Err(problem(no)),
    };
    let detail = json!({ "order": order.number.as_str(), "refund": id, "reason": note });
    audit(&mut tx, &shop, &staff, "paid_back_by_hand", &detail).await?;
    tx.commit().await?;
    Ok(done(&shop, Some(&order), "paid_back"))
}

async fn audit(
    conn: &mut PgConnection,
    shop: &Shop,
    staff: &Staff,
    action: &str,
    detail: &Value,
) -> sqlx::Result<()> {
    staff::record(conn, shop.now(), &staff.email, action, detail).await
}

async fn without_reason(shop: &Shop, staff: &Staff) -> Result<Response, Problem> {
    let error = Some("Nothing was changed: say how, such as the transfer's date. It is kept.".to_owned());
    draw(shop, staff, StatusCode::UNPROCESSABLE_ENTITY, Said { error, ..Said::default() }).await
}

fn problem(no: NotNoted) -> Problem {
    match no {
        NotNoted::Unknown | NotNoted::Meanwhile => Problem::NotFound,
        NotNoted::Fault(fault) => Problem::Fault(fault),
    }
}

fn done(shop: &Shop, order: Option<&Order>, said: &str) -> Response {
    shop.bell.ring(Ring::Jobs);
    if let Some(order) = order {
        shop.bell.ring(Ring::Thing(order.id));
    }
    let to = format!("/admin/transfers?said={said}");
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response()
}
