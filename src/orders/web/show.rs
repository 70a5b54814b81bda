//! The order page, or its JSON: two forms of one view.

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sqlx::PgConnection;

use super::progress::{self, Headline, Situation, Step};
use super::{PayLink, Returned, TransferDue, events, find, wording};
use crate::ground::Price;
use crate::ground::token::Token;
use crate::orders::view::{self, EsimView, OrderView};
use crate::orders::{Order, OrderNumber, OrderStatus, PaymentStatus, store};
use crate::shop::Shop;
use crate::web::{Cache, Problem, Visit, page};

/// The view, and the path at which the order can be paid.
pub(super) async fn read(
    conn: &mut PgConnection,
    shop: &Shop,
    pay_link: PayLink,
    order: &Order,
) -> Result<(OrderView, Option<String>), Problem> {
    let path = match order.status {
        OrderStatus::AwaitingPayment => (pay_link.0)(conn, order.id).await?,
        _ => None,
    };
    let whole = path.as_ref().map(|path| format!("{}{path}", shop.settings.public_url));
    Ok((view::read(conn, order, whole).await?, path))
}

pub(super) async fn show(
    State(shop): State<Shop>,
    (Extension(pay_link), Extension(returned)): (Extension<PayLink>, Extension<Returned>),
    due: Option<Extension<TransferDue>>,
    visit: Visit,
    Path(token): Path<String>,
    query: Result<Query<Back>, QueryRejection>,
) -> Result<Response, Problem> {
    let mut conn = shop.db.acquire().await?;
    let mut order = find(&mut conn, &token).await?;
    if let Some(name) = query.ok().and_then(|back| back.0.session_id) {
        drop(conn);
        (returned.0)(&shop, order.id, &name).await?;
        conn = shop.db.acquire().await?;
        order = find(&mut conn, &token).await?;
    }
    let (view, pay) = read(&mut conn, &shop, pay_link, &order).await?;
    let replacements = store::replacements(&mut conn, order.id).await?;
    let due = match due.filter(|_| order.status == OrderStatus::AwaitingPayment) {
        Some(Extension(due)) => (due.0)(&mut conn, order.id).await?,
        None => None,
    };
    drop(conn);
    if visit.wants_json {
        return Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(view)).into_response());
    }
    let situation =
        Situation { view: &view, delivery_deadline: shop.settings.times.delivery_deadline, now: shop.now() };
    let mut template = OrderPage::of(visit, &order, &situation, pay, replacements)?;
    template.transfer =
        due.map(|due| Transfer::of(&template.visit, &order, due, &shop.settings.bank_transfer_instructions));
    page(StatusCode::OK, Cache::Private, &template)
}

/// What a browser brings that comes back from a page where it paid.
#[derive(serde::Deserialize)]
pub(super) struct Back {
    session_id: Option<String>,
}

#[derive(askama::Template)]
#[template(path = "orders/show.html")]
struct OrderPage<'a> {
    visit: Visit,
    order: &'a Order,
    view: &'a OrderView,
    headline: Headline,
    board: Vec<Step>,
    /// Where it can be paid.
    pay: Option<String>,
    /// How to transfer, where it is paid that way.
    transfer: Option<Transfer>,
    /// What the total includes of tax.
    tax: Option<String>,
    declined: bool,
    passes: Vec<Pass<'a>>,
    waiting: Vec<Waiting>,
    /// Orders given for eSIMs of this one: number and path.
    replacements: Vec<(String, String)>,
    /// Names what the page shows, for its script.
    state: String,
    live: bool,
}

impl<'a> OrderPage<'a> {
    fn of(
        visit: Visit,
        order: &'a Order,
        situation: &Situation<'a>,
        pay: Option<String>,
        replacements: Vec<(OrderNumber, Token)>,
    ) -> Result<Self, Problem> {
        let view = situation.view;
        let bare = serde_json::to_string(&view.clone().without_esims());
        Ok(Self {
            order,
            view,
            headline: progress::headline(&visit, order, situation),
            board: progress::board(&visit, order),
            pay: pay.map(|path| visit.href(&path)),
            transfer: None,
            tax: wording::tax(&visit, order),
            declined: order.payment_status == PaymentStatus::Failed,
            passes: passes(&visit, view),
            waiting: waiting(&visit, order, view),
            replacements: replacements
                .iter()
                .map(|(number, token)| {
                    (number.to_string(), visit.href(&format!("/orders/{}", token.as_str())))
                })
                .collect(),
            state: events::state_id(&bare.map_err(|error| Problem::Fault(error.into()))?),
            live: !order.status.is_final(),
            visit,
        })
    }
}

/// What a customer needs for a bank transfer.
struct Transfer {
    amount: String,
    reference: String,
    until: String,
    lines: Vec<String>,
    /// A part of it arrived: what is asked for is the rest.
    is_rest: bool,
}

impl Transfer {
    fn of(visit: &Visit, order: &Order, due: Price, instructions: &str) -> Self {
        Self {
            amount: visit.money(&due),
            reference: order.number.to_string(),
            until: wording::Moment::of(visit.language, order.expires_at).text,
            lines: instructions.lines().map(str::to_owned).collect(),
            is_rest: due != order.total,
        }
    }
}

/// A delivered eSIM: the ticket with its stub.
struct Pass<'a> {
    /// `1-2`: unique on the page.
    place: String,
    name: &'a str,
    esim: &'a EsimView,
    expires: Option<String>,
}

fn passes<'a>(visit: &Visit, view: &'a OrderView) -> Vec<Pass<'a>> {
    let pass = |(line, unit, esim): (&'a view::LineView, &view::UnitView, &'a EsimView)| Pass {
        place: format!("{}-{}", line.position, unit.unit),
        name: &line.name,
        esim,
        expires: esim.expires_on.as_deref().map(|day| wording::day(visit.language, day)),
    };
    view.delivered().map(pass).collect()
}

/// eSIMs of one line that are not there, in the same state: a ticket without a code.
struct Waiting {
    name: String,
    count: usize,
    tone: &'static str,
    state: String,
    note: String,
}

fn waiting(visit: &Visit, order: &Order, view: &OrderView) -> Vec<Waiting> {
    let mut rows = Vec::new();
    for line in &view.lines {
        for word in ["pending", "ordering", "processing", "on_hold", "failed"] {
            let count = line.units.iter().filter(|unit| unit.status == word).count();
            let (tone, state, note) = unit_words(order, word);
            let note = if note.is_empty() { String::new() } else { visit.t(note) };
            let row = Waiting { name: line.name.clone(), count, tone, state: visit.t(state), note };
            // To a customer the steps before delivery are one.
            match rows
                .last_mut()
                .filter(|last: &&mut Waiting| last.name == row.name && last.state == row.state)
            {
                Some(last) => last.count += count,
                None if count > 0 => rows.push(row),
                None => {}
            }
        }
    }
    rows
}

/// Tone, and the keys of the state's word and of a sentence about it.
fn unit_words(order: &Order, word: &str) -> (&'static str, &'static str, &'static str) {
    match (order.status, word) {
        (OrderStatus::AwaitingPayment, _) => ("idle", "unit-unpaid", ""),
        (OrderStatus::Cancelled, _) => ("idle", "unit-cancelled", ""),
        (_, "failed") if order.is_gift() => ("bad", "unit-failed", ""),
        (_, "failed") if order.payment_status == PaymentStatus::Refunded => {
            ("bad", "unit-failed", "unit-refunded-note")
        }
        (_, "failed") => ("bad", "unit-failed", "unit-failed-note"),
        (_, "on_hold") => ("wait", "unit-held", ""),
        _ => ("wait", "unit-preparing", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::view::tests::order;

    #[test]
    fn what_went_back_is_not_said_to_be_on_its_way() {
        let note = |status, paid| unit_words(&order(status, paid), "failed").2;
        assert_eq!(note(OrderStatus::Failed, PaymentStatus::Paid), "unit-failed-note");
        assert_eq!(note(OrderStatus::Completed, PaymentStatus::PartiallyRefunded), "unit-failed-note");
        assert_eq!(note(OrderStatus::Failed, PaymentStatus::Refunded), "unit-refunded-note");
    }
}
