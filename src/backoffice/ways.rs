//! What staff decide about an eSIM on its order's page: the ways out of a hold or a doubt, and a replacement.

use std::collections::HashMap;

use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;

use super::again::Fields;
use super::gate::Gated;
use super::order::{Said, answer};
use super::store;
use super::words::exact;
use crate::catalog;
use crate::checkout::decide::{Decision, NotDecided, Verdict, decide};
use crate::checkout::replace::{Asked, NotReplaced, replace};
use crate::esims::ActivationCode;
use crate::fulfilment::{self, Attempt, Means, Way, by_hand};
use crate::ground::Cost;
use crate::orders::{self, OrderNumber, Unit};
use crate::plumbing::bell::Ring;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::web::Problem;

/// The longest reason that is kept.
const LONGEST: usize = 500;

pub(super) fn routes() -> Gated {
    Gated::new().post_but("/admin/orders/{number}/units/{place}", Act::SettleOrders, only_looks, settle).post(
        "/admin/orders/{number}/units/{place}/replacement",
        Act::SettleOrders,
        give,
    )
}

/// Taking the next step at once spends nothing that the step would not.
fn only_looks(fields: &Fields) -> bool {
    fields.of("way") == Way::LookNow.word()
}

/// What may be decided about each unit of an order, by the unit's id.
pub(super) type Ways = HashMap<i64, UnitWays>;

/// What may be decided about one unit.
#[derive(Default)]
pub(super) struct UnitWays {
    pub(super) open: Vec<WayView>,
    pub(super) needs_a_person: bool,
    pub(super) may_replace: bool,
    pub(super) evidence: Option<String>,
    /// What it would cost today, exact, where that is known: the amount, and the same with its currency.
    pub(super) cost: Option<(String, String)>,
}

/// One way on, as the page offers it.
pub(super) struct WayView {
    pub(super) word: &'static str,
    pub(super) button: &'static str,
    pub(super) text: &'static str,
    /// It spends money or gives it back, and cannot be taken back.
    pub(super) grave: bool,
    pub(super) asks_order: bool,
    pub(super) asks_code: bool,
}

/// The ways of an order's units, for somebody who may go them.
pub(super) async fn of_order(conn: &mut PgConnection, staff: &Staff, order_id: i64) -> sqlx::Result<Ways> {
    let mut all = Ways::new();
    let paid = orders::by_id(conn, order_id).await?.is_some_and(|order| order.paid_at.is_some());
    if !paid {
        return Ok(all);
    }
    let may = staff.may(Act::SettleOrders);
    for unit in orders::units(conn, order_id).await? {
        let attempts = fulfilment::attempts(conn, unit.id).await?;
        let open = |way: &Way| may && way.is_open(&unit, &attempts);
        let in_doubt = attempts.iter().any(Attempt::in_doubt);
        let ways = UnitWays {
            open: Way::ALL.into_iter().filter(open).map(view).collect(),
            needs_a_person: needs_a_person(&unit),
            may_replace: may,
            cost: cost(conn, &unit)
                .await?
                .map(|cost| (cost.amount.normalize().to_string(), exact(cost.amount, cost.currency.code()))),
            evidence: if in_doubt { Some(evidence(conn, &unit, &attempts).await?) } else { None },
        };
        all.insert(unit.id, ways);
    }
    Ok(all)
}

/// What it would cost today, of what is not bought yet.
async fn cost(conn: &mut PgConnection, unit: &Unit) -> sqlx::Result<Option<Cost>> {
    let line = orders::line_of(conn, unit).await?;
    catalog::listed_cost(conn, line.package_id).await
}

fn needs_a_person(unit: &Unit) -> bool {
    matches!(unit.state, orders::UnitState::OnHold { reason, .. } if reason.needs_a_person())
}

/// How far the upstream's clock may be from ours, and how late a debit may be booked.
const AROUND: time::Duration = time::Duration::minutes(15);

/// What the upstream's list and the wallet say about a unit that may have been bought.
async fn evidence(conn: &mut PgConnection, unit: &Unit, attempts: &[Attempt]) -> sqlx::Result<String> {
    let list = listed(conn, unit).await?;
    let times = || attempts.iter().map(|attempt| attempt.committed_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(list) };
    let found = store::debits_around(conn, first - AROUND, last + AROUND).await?;
    Ok(format!(
        "{list} Around its attempts the wallet shows {} debits; {} orders of then are bound to eSIMs.",
        found.debits, found.bound
    ))
}

async fn listed(conn: &mut PgConnection, unit: &Unit) -> sqlx::Result<String> {
    let Some(listed) = store::listed(conn, &unit.external_order_id).await? else {
        return Ok("eSIMDual's list of orders was not read yet.".to_owned());
    };
    let at = listed.read_at.to_offset(time::UtcOffset::UTC);
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let at = at.format(format).unwrap_or_default();
    let ids: Vec<String> = listed.ids.iter().map(ToString::to_string).collect();
    Ok(match ids.is_empty() {
        true => format!(
            "eSIMDual's list, read last at {at} with {} orders, never had one named {}.",
            listed.orders, unit.external_order_id
        ),
        false => format!("eSIMDual listed {} as order {}.", unit.external_order_id, ids.join(" and ")),
    })
}

fn view(way: Way) -> WayView {
    let (button, text) = match way {
        Way::LookNow => {
            ("Look now", "Takes the next step at once instead of after its pause. Buys nothing twice.")
        }
        Way::Bind => (
            "It is this order",
            "You found it at eSIMDual: its number there. eSIMDual is asked, and the order is taken only if it names this eSIM.",
        ),
        Way::Deliver => {
            ("Store this code", "eSIMDual gave you the code by another way. The customer sees it at once.")
        }
        Way::Buy => ("Buy at today’s cost", "The shop pays more for it than the customer did."),
        Way::GiveUp => (
            "Refund it",
            "It will not come. Its price goes back to the customer, and nothing is bought any more. Make sure at eSIMDual that it was not bought.",
        ),
    };
    WayView {
        word: way.word(),
        button,
        text,
        grave: matches!(way, Way::Buy | Way::GiveUp),
        asks_order: way == Way::Bind,
        asks_code: way == Way::Deliver,
    }
}

/// A form as it was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    pub(super) way: String,
    pub(super) reason: String,
    pub(super) upstream_order: String,
    /// Not `code`, by which the second factor's is given.
    pub(super) activation_code: String,
    pub(super) iccid: String,
    /// The cost that the page showed.
    cost: String,
    form_key: String,
}

impl Typed {
    /// The reason, as one that can be kept.
    fn reason(&self) -> Result<String, String> {
        let reason: String = self.reason.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        match reason.is_empty() {
            true => Err("Say why, in a few words: it stands in the order's history.".to_owned()),
            false => Ok(reason),
        }
    }

    fn upstream_order(&self) -> Result<i64, String> {
        let id = self.upstream_order.trim().parse().ok().filter(|id| *id > 0);
        id.ok_or_else(|| "eSIMDual's order number is a whole number, such as 45.".to_owned())
    }

    fn cost(&self) -> Result<Decimal, String> {
        let cost = Decimal::from_str_exact(self.cost.trim());
        cost.map_err(|_| "The form was incomplete. Nothing was bought; try again.".to_owned())
    }

    fn code(&self) -> Result<ActivationCode, String> {
        ActivationCode::parse(self.activation_code.trim())
            .map_err(|_| "That is no activation code. It looks like LPA:1$address$code.".to_owned())
    }

    /// The card's number: 18 to 20 digits (ITU-T E.118).
    fn iccid(&self) -> Result<Option<String>, String> {
        let iccid: String = self.iccid.chars().filter(|c| !c.is_whitespace()).collect();
        match iccid.as_str() {
            "" => Ok(None),
            digits if (18..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Ok(Some(iccid))
            }
            _ => Err("A card's number has 18 to 20 digits.".to_owned()),
        }
    }
}

/// The unit that an address names.
async fn find(shop: &Shop, number: &str, place: &str) -> Result<(OrderNumber, Unit), Problem> {
    let number = OrderNumber::parse(&number.to_ascii_uppercase()).ok_or(Problem::NotFound)?;
    let place = place.replace('-', ".");
    let (position, unit) = place.split_once('.').ok_or(Problem::NotFound)?;
    let (Ok(position), Ok(unit)) = (position.parse(), unit.parse()) else { return Err(Problem::NotFound) };
    let name = number.external_order_id(position, unit);
    let found = orders::unit_by_external_id(&mut *shop.db.acquire().await?, &name).await?;
    Ok((number, found.ok_or(Problem::NotFound)?))
}

async fn settle(
    State(shop): State<Shop>,
    staff: Staff,
    Path((number, place)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let (number, unit) = find(&shop, &number, &place).await?;
    match carry_out(&shop, &staff, &number, &unit, &typed).await? {
        Ok(()) => Ok(done(&shop, &number, &unit)),
        Err(sentence) => refused(&shop, &staff, &number, &unit, typed, sentence).await,
    }
}

async fn carry_out(
    shop: &Shop,
    staff: &Staff,
    number: &OrderNumber,
    unit: &Unit,
    typed: &Typed,
) -> Result<Result<(), String>, Problem> {
    let (reason, decision) = match read(shop, unit, typed).await {
        Ok(read) => read,
        Err(sentence) => return Ok(Err(sentence)),
    };
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let verdict = Verdict { admin: &staff.email, reason: &reason, now };
    match decide(&mut tx, &shop.entropy, unit, &decision, &verdict).await {
        Ok(()) => {}
        Err(NotDecided::Fault(error)) => return Err(error.into()),
        Err(refused) => return Ok(Err(refused.to_string())),
    }
    let detail = json!({ "order": number.as_str(), "unit": unit.external_order_id,
        "way": decision.way().word(), "reason": reason });
    staff::record(&mut tx, now, &staff.email, "unit_decided", &detail).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// What the form says; for a binding the upstream is asked first.
async fn read(shop: &Shop, unit: &Unit, typed: &Typed) -> Result<(String, Decision), String> {
    let way = Way::from_word(&typed.way).ok_or_else(|| "Choose what to do.".to_owned())?;
    let decision = match way {
        Way::LookNow => return Ok(("Look now".to_owned(), Decision::LookNow)),
        Way::Bind => {
            let means = Means {
                db: &shop.db,
                desk: &shop.upstream,
                clock: &shop.clock,
                entropy: &shop.entropy,
                times: &shop.settings.times,
            };
            let id = typed.upstream_order()?;
            typed.reason()?;
            Decision::Bind(Box::new(by_hand::confirm(&means, unit, id).await?))
        }
        Way::Deliver => Decision::Deliver(by_hand::Delivery { code: typed.code()?, iccid: typed.iccid()? }),
        Way::Buy => Decision::Buy { up_to: typed.cost()? },
        Way::GiveUp => Decision::GiveUp,
    };
    Ok((typed.reason()?, decision))
}

async fn give(
    State(shop): State<Shop>,
    staff: Staff,
    Path((number, place)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let (number, unit) = find(&shop, &number, &place).await?;
    let reason = match typed.reason() {
        Ok(reason) => reason,
        Err(sentence) => return refused(&shop, &staff, &number, &unit, typed, sentence).await,
    };
    let Ok(key) = uuid::Uuid::try_parse(&typed.form_key) else {
        let sentence = "The form was incomplete. Nothing was given; try again.".to_owned();
        return refused(&shop, &staff, &number, &unit, typed, sentence).await;
    };
    let form_key = format!("replacement:{}:{key}", unit.external_order_id);
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let asked = Asked { unit: &unit, form_key: &form_key, admin: &staff.email, reason: &reason, now };
    let given = match replace(&mut tx, &shop.entropy, &shop.settings.public_url, &asked).await {
        Ok(given) => given,
        Err(NotReplaced::Fault(error)) => return Err(Problem::Fault(error)),
        Err(no) => {
            drop(tx);
            return refused(&shop, &staff, &number, &unit, typed, no.to_string()).await;
        }
    };
    let detail = json!({ "order": number.as_str(), "unit": unit.external_order_id,
        "replacement": given.as_str(), "reason": reason });
    staff::record(&mut tx, now, &staff.email, "replacement_given", &detail).await?;
    tx.commit().await?;
    shop.bell.ring(Ring::Jobs);
    let to = format!("/admin/orders/{given}");
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response())
}

fn done(shop: &Shop, number: &OrderNumber, unit: &Unit) -> Response {
    shop.bell.ring(Ring::Jobs);
    shop.bell.ring(Ring::Thing(unit.order_id));
    let to = format!("/admin/orders/{number}?done=1#unit-{}-{}", unit.position, unit.unit);
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&to)).into_response()
}

async fn refused(
    shop: &Shop,
    staff: &Staff,
    number: &OrderNumber,
    unit: &Unit,
    typed: Typed,
    sentence: String,
) -> Result<Response, Problem> {
    let at = format!("{}-{}", unit.position, unit.unit);
    let said = Said { at, error: Some(sentence), typed, ..Said::default() };
    answer(shop, staff, number.as_str(), StatusCode::UNPROCESSABLE_ENTITY, said).await
}
