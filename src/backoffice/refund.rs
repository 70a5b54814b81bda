//! Money that a person gives back, on the order's page: part of what was paid or all of it; and refunds that failed, tried
//! again.

use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::gate::Gated;
use super::order::{Said, answer};
use crate::ground::money::exact_decimal;
use crate::ground::{Currency, Price};
use crate::orders::{self, Actor, Order, OrderNumber};
use crate::payments::{self, Another, How, NotRefunded, NotTried, Refundable, Wish};
use crate::plumbing::bell::Ring;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::web::Problem;

/// The longest reason that is kept.
const LONGEST: usize = 500;
/// The longest key of a form.
const LONGEST_KEY: usize = 64;

pub(super) fn routes() -> Gated {
    Gated::new().post("/admin/orders/{number}", Act::SettleOrders, refund).post(
        "/admin/orders/{number}/refunds/{id}",
        Act::SettleOrders,
        again,
    )
}

/// The form that gives money back, for who may.
pub(super) struct RefundForm {
    /// No more than this.
    pub(super) most: String,
    pub(super) currency: &'static str,
    /// What belongs to eSIMs that are still to come.
    pub(super) held: Option<String>,
    pub(super) key: String,
    /// What was typed last, and what is wrong with it.
    pub(super) again: Option<Again>,
}

/// A form that was refused.
#[derive(Clone, Default)]
pub(super) struct Again {
    typed: Typed,
    pub(super) wrong_amount: Option<String>,
    pub(super) wrong_reason: Option<String>,
}

impl RefundForm {
    /// What stands in the field: what was typed, else all that is left.
    pub(super) fn amount(&self) -> &str {
        self.again.as_ref().map_or(&*self.most, |again| &*again.typed.amount)
    }

    pub(super) fn reason(&self) -> &str {
        self.again.as_ref().map_or("", |again| &*again.typed.reason)
    }

    pub(super) fn wrong_amount(&self) -> Option<&str> {
        self.again.as_ref()?.wrong_amount.as_deref()
    }

    pub(super) fn wrong_reason(&self) -> Option<&str> {
        self.again.as_ref()?.wrong_reason.as_deref()
    }
}

/// The form for an order, where somebody may give something of it back.
pub(super) async fn form(
    conn: &mut PgConnection,
    staff: &Staff,
    order_id: i64,
    key: &str,
    again: Option<Again>,
) -> sqlx::Result<Option<RefundForm>> {
    let Some(may) = payments::refundable(conn, order_id).await? else { return Ok(None) };
    let nothing = may.disputed || (may.free.minor == 0 && may.held.minor == 0);
    if !staff.may(Act::SettleOrders) || (nothing && again.is_none()) {
        return Ok(None);
    }
    // The same form, sent again after it was refused, is the same refund.
    let typed_key = again.as_ref().map(|again| again.typed.form_key.clone()).filter(|key| is_key(key));
    Ok(Some(RefundForm {
        most: may.free.to_string(),
        currency: may.free.currency.code(),
        held: (may.held.minor > 0).then(|| with_currency(may.held)),
        key: typed_key.unwrap_or_else(|| key.to_owned()),
        again,
    }))
}

fn with_currency(price: Price) -> String {
    format!("{price} {}", price.currency)
}

fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The form as it was typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Typed {
    amount: String,
    reason: String,
    /// Names the form, so that it gives money back once. A script that sends none gives it back at each call.
    form_key: String,
}

impl Typed {
    fn reason(&self) -> Option<String> {
        let reason: String = self.reason.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        (!reason.is_empty()).then_some(reason)
    }

    /// The sum, if it is more than nothing and can be written in the currency's minor units exactly.
    fn price(&self, currency: Currency) -> Option<Price> {
        let amount = exact_decimal(&self.amount)?;
        Price::at_least(amount, currency).filter(|price| price.minor > 0 && price.amount() == amount)
    }

    fn refused(&self, wrong_amount: Option<String>, wrong_reason: Option<String>) -> Again {
        Again { typed: self.clone(), wrong_amount, wrong_reason }
    }
}

fn how_to_write(currency: Currency) -> String {
    match currency.exponent() {
        0 => format!("Nothing was given back: give a whole number of {currency}, such as 590."),
        decimals => {
            let such = Price::new(5 * currency.minor_per_unit() + 9, currency);
            format!(
                "Nothing was given back: give an amount above zero with a dot and at most {decimals} decimals, such as {such}."
            )
        }
    }
}

const NO_REASON: &str = "Say why, in a few words: it stands in the order's history.";

async fn find(shop: &Shop, number: &str) -> Result<Order, Problem> {
    let number = OrderNumber::parse(&number.to_ascii_uppercase()).ok_or(Problem::NotFound)?;
    let mut conn = shop.db.acquire().await?;
    let id = orders::id_of_number(&mut conn, number.as_str()).await?.ok_or(Problem::NotFound)?;
    orders::by_id(&mut conn, id).await?.ok_or(Problem::NotFound)
}

async fn refund(
    State(shop): State<Shop>,
    staff: Staff,
    Path(number): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let order = find(&shop, &number).await?;
    let currency = order.total.currency;
    let (amount, reason) = (typed.price(currency), typed.reason());
    let (Some(amount), Some(reason)) = (amount, reason.clone()) else {
        let wrong_amount = amount.is_none().then(|| how_to_write(currency));
        let wrong_reason = reason.is_none().then(|| NO_REASON.to_owned());
        return refused(&shop, &staff, &order, typed.refused(wrong_amount, wrong_reason)).await;
    };
    match carry_out(&shop, &staff, &order, (amount, &reason), &typed.form_key).await {
        Ok(()) => Ok(done(&shop, &order)),
        Err(NotRefunded::Fault(fault)) => Err(fault.into()),
        Err(no) => {
            let left = payments::refundable(&mut *shop.db.acquire().await?, order.id).await?;
            let again = typed.refused(Some(sentence(&no, left)), None);
            refused(&shop, &staff, &order, again).await
        }
    }
}

/// Refund and audit line in one transaction; the same form again changes nothing.
async fn carry_out(
    shop: &Shop,
    staff: &Staff,
    order: &Order,
    (amount, reason): (Price, &str),
    form_key: &str,
) -> Result<(), NotRefunded> {
    let drawn = shop.entropy.uuid().to_string();
    let key = if is_key(form_key) { form_key } else { &*drawn };
    let key = format!("{}-{key}", order.number);
    let by = Actor::Admin(staff.email.clone());
    let wish = Wish { by: &by, reason, now: shop.now() };
    let mut tx = shop.db.begin().await?;
    match payments::by_person(&mut tx, order.id, amount, &key, &wish).await {
        Ok(()) => {}
        // A second click; with another sum it is another wish.
        Err(NotRefunded::Before) if payments::asked_by_form(&mut tx, &key).await? == Some(amount.minor) => {
            return Ok(());
        }
        Err(no) => return Err(no),
    }
    let detail = json!({ "order": order.number.as_str(), "amount": amount.to_string(),
        "currency": amount.currency.code(), "reason": reason });
    staff::record(&mut tx, wish.now, &staff.email, "refunded", &detail).await?;
    Ok(tx.commit().await?)
}

fn sentence(no: &NotRefunded, left: Option<Refundable>) -> String {
    let most = left.map_or_else(String::new, |left| with_currency(left.free));
    match (no, left) {
        (_, None) => "Nothing was paid for this order, so nothing can go back.".to_owned(),
        (NotRefunded::Disputed, _) => {
            "The payer's bank asks for this money, or has it: nothing goes back beside that.".to_owned()
        }
        (NotRefunded::Before, _) => {
            "This form gave another amount back already. Open the order again to give more.".to_owned()
        }
        (NotRefunded::Held, _) => format!(
            "At most {most} can go back now: the rest belongs to eSIMs that are still to come, and goes back by itself if they do not."
        ),
        _ => format!("At most {most} can go back: the rest went back, or is on its way."),
    }
}

/// What the form of a failed refund says.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct AgainTyped {
    attempt: String,
    how: String,
}

async fn again(
    State(shop): State<Shop>,
    staff: Staff,
    Path((number, id)): Path<(String, i64)>,
    Form(typed): Form<AgainTyped>,
) -> Result<Response, Problem> {
    let order = find(&shop, &number).await?;
    let attempt = typed.attempt.trim().parse().unwrap_or_default();
    let how = if typed.how == "by_hand" { How::ByHand } else { How::SameWay };
    let now = shop.now();
    let another = Another { refund_id: id, attempt, how, admin: &staff.email, now };
    let mut tx = shop.db.begin().await?;
    let of = match payments::try_again(&mut tx, &shop.entropy, &another).await {
        Ok(of) => of,
        Err(NotTried::Unknown) => return Err(Problem::NotFound),
        Err(NotTried::Fault(fault)) => return Err(fault.into()),
        Err(no @ NotTried::Meanwhile) => {
            drop(tx);
            let said = Said { money_error: Some(no.to_string()), ..Said::default() };
            return answer(&shop, &staff, order.number.as_str(), StatusCode::CONFLICT, said).await;
        }
    };
    if of.id != order.id {
        return Err(Problem::NotFound);
    }
    let detail = json!({ "order": order.number.as_str(), "refund": id, "attempt": attempt + 1,
        "by_hand": how == How::ByHand });
    staff::record(&mut tx, now, &staff.email, "refund_tried_again", &detail).await?;
    tx.commit().await?;
    Ok(done(&shop, &order))
}

fn done(shop: &Shop, order: &Order) -> Response {
    shop.bell.ring(Ring::Jobs);
    shop.bell.ring(Ring::Thing(order.id));
    let to = format!("/admin/orders/{}?done=1#payments", order.number);
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response()
}

async fn refused(shop: &Shop, staff: &Staff, order: &Order, again: Again) -> Result<Response, Problem> {
    let said = Said { refund: Some(again), ..Said::default() };
    answer(shop, staff, order.number.as_str(), StatusCode::UNPROCESSABLE_ENTITY, said).await
}
