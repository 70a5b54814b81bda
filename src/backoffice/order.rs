//! `/admin/orders/{number}`: everything about one order on one page. No activation code is read for it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::evidence::evidence;
use super::frame::{Frame, Part};
use super::gate::Gated;
use super::money::{Fee, LineView, MoneyView, line_view, odd_country, payment, refund_views};
use super::refund::{self, RefundForm};
use super::store::{self, AttemptRow, Details, UnitRow};
use super::ways::{self, UnitWays, WayView, Ways};
use super::words::{Badge, Moment, day, facts, minor, sentence, took};
use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin/orders/{number}", Act::Look, show).merge(ways::routes()).merge(refund::routes())
}

struct UnitView {
    place: String,
    status: Badge,
    failed: bool,
    /// It names the unit in addresses: `1-1`.
    anchor: String,
    why: String,
    upstream_order: String,
    external_id: String,
    esim: String,
    changed: Moment,
    attempts: Vec<AttemptView>,
    /// What the upstream's list says, where that is in question.
    evidence: Option<String>,
    /// What it would cost today, where that is known: the amount, and the same with its currency.
    cost: Option<(String, String)>,
    /// What a person may decide; empty for who may not.
    ways: Vec<WayView>,
    /// Somebody must decide: the ways stand open.
    needs_a_person: bool,
    replaceable: bool,
}

struct AttemptView {
    number: i32,
    key: String,
    outcome: Badge,
    settled: Option<Badge>,
    reason: String,
    sent: Moment,
    answered: String,
}

struct EventView {
    at: Moment,
    actor: String,
    event: String,
    unit: Option<String>,
    facts: String,
}

struct WordView {
    text: String,
    status: Badge,
    note: String,
    at: Moment,
}

/// What the order was given for.
struct GiftView {
    number: String,
    unit: String,
    by: String,
    reason: String,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    done: String,
}

/// What is to be said about the last form, with what was typed into it.
#[derive(Default)]
pub(super) struct Said {
    pub(super) done: bool,
    /// The unit's anchor that an error belongs to.
    pub(super) at: String,
    pub(super) error: Option<String>,
    pub(super) typed: ways::Typed,
    /// The refund that was refused.
    pub(super) refund: Option<refund::Again>,
    /// What else was refused about money.
    pub(super) money_error: Option<String>,
}

#[derive(Template)]
#[template(path = "backoffice/order.html")]
struct OrderPage {
    frame: Frame,
    number: String,
    said: Said,
    /// Names the next replacement form, so that a second click finds the first one's order.
    form_key: String,
    refund_form: Option<RefundForm>,
    gift: Option<GiftView>,
    customer_page: String,
    email: String,
    language: String,
    status: Badge,
    payment: Badge,
    attention: bool,
    total: String,
    discount: Option<String>,
    tax: Option<String>,
    placed: Moment,
    paid: Option<Moment>,
    expires: Option<Moment>,
    finished: Option<Moment>,
    lines: Vec<LineView>,
    /// What the payment cost.
    fee: Option<String>,
    odd_country: Option<String>,
    /// What answers a dispute.
    evidence: Option<String>,
    units: Vec<UnitView>,
    payments: Vec<MoneyView>,
    refunds: Vec<MoneyView>,
    mails: Vec<WordView>,
    webhooks: Vec<WordView>,
    history: Vec<EventView>,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let said = Said { done: !asked.done.is_empty(), ..Said::default() };
    answer(&shop, &staff, &number, StatusCode::OK, said).await
}

/// The order's page, with what is to be said about the last form.
pub(super) async fn answer(
    shop: &Shop,
    staff: &Staff,
    number: &str,
    status: StatusCode,
    mut said: Said,
) -> Result<Response, Problem> {
    // Numbers are short; anything else is no number, and may hold what PostgreSQL's text cannot.
    let plausible = number.len() <= 40 && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let details = match plausible {
        true => store::details(&shop.db, &number.to_ascii_uppercase()).await?,
        false => None,
    };
    let details = details.ok_or(Problem::NotFound)?;
    let mut conn = shop.db.acquire().await?;
    let ways = ways::of_order(&mut conn, staff, details.order.id).await?;
    let form_key = shop.entropy.uuid().to_string();
    let refund_form = refund::form(&mut conn, staff, details.order.id, &form_key, said.refund.take()).await?;
    drop(conn);
    let forms = Forms { ways, refund_form, form_key, may_settle: staff.may(Act::SettleOrders) };
    let frame = Frame::new(shop, staff, Part::Orders);
    page(status, Cache::Private, &order_page(frame, details, forms, said))
}

/// What may be done on the page.
struct Forms {
    ways: Ways,
    refund_form: Option<RefundForm>,
    form_key: String,
    may_settle: bool,
}

fn order_page(frame: Frame, details: Details, forms: Forms, said: Said) -> OrderPage {
    let evidence = evidence(&details);
    let fee = Fee::of(&details.payments);
    let order = details.order;
    let code = &order.currency;
    let more_than_nothing = |amount: i64| (amount > 0).then(|| minor(amount, code));
    let percent = order.tax_percent.unwrap_or_default().normalize();
    OrderPage {
        frame,
        said,
        form_key: forms.form_key,
        refund_form: forms.refund_form,
        gift: details.gift.map(gift_view),
        customer_page: format!("/orders/{}", order.token),
        language: order.language,
        status: Badge::of(&order.status),
        payment: Badge::of(&order.payment_status),
        attention: order.attention,
        total: minor(order.total_minor, code),
        discount: more_than_nothing(order.discount_minor),
        tax: order.tax_country.as_ref().map(|country| {
            let country = country.to_ascii_uppercase();
            format!("{} tax ({percent} %, {country})", minor(order.tax_minor, code))
        }),
        placed: Moment::of(order.created_at),
        paid: order.paid_at.map(Moment::of),
        expires: order.paid_at.is_none().then(|| Moment::of(order.expires_at)),
        finished: order.finished_at.map(Moment::of),
        lines: details
            .lines
            .iter()
            .map(|line| line_view(line, &details.units, fee.as_ref(), percent, code))
            .collect(),
        fee: fee.as_ref().and_then(Fee::text),
        odd_country: odd_country(&details.payments),
        evidence,
        units: as_ended(&order.status, unit_views(details.units, details.attempts, forms.ways)),
        payments: details.payments.into_iter().map(payment).collect(),
        refunds: refund_views(details.refunds, percent, forms.may_settle),
        mails: details.mails.into_iter().map(mail).collect(),
        webhooks: details.webhooks.into_iter().map(webhook).collect(),
        history: details.history.into_iter().map(event).collect(),
        number: order.number,
        email: order.email,
    }
}

fn gift_view(row: store::GiftRow) -> GiftView {
    GiftView { number: row.number, unit: row.unit, by: row.granted_by, reason: row.grant_reason }
}

/// A unit of an order that was never paid for waits for nothing any more.
fn as_ended(order: &str, units: Vec<UnitView>) -> Vec<UnitView> {
    let ended = |unit: UnitView| match order == "cancelled" && unit.attempts.is_empty() {
        true => UnitView { status: Badge::new("Not bought", "idle"), ..unit },
        false => unit,
    };
    units.into_iter().map(ended).collect()
}

fn unit_views(units: Vec<UnitRow>, attempts: Vec<AttemptRow>, mut ways: Ways) -> Vec<UnitView> {
    let mut by_unit: HashMap<i64, Vec<AttemptView>> = HashMap::new();
    for row in attempts {
        by_unit.entry(row.unit_id).or_default().push(attempt(row));
    }
    units
        .into_iter()
        .map(|unit| {
            let attempts = by_unit.remove(&unit.id).unwrap_or_default();
            unit_view(attempts, ways.remove(&unit.id).unwrap_or_default(), unit)
        })
        .collect()
}

fn unit_view(attempts: Vec<AttemptView>, ways: UnitWays, unit: UnitRow) -> UnitView {
    let ending = unit.iccid_end.map_or_else(String::new, |end| format!(" •••• {end}"));
    let until = unit.expires_on.map_or_else(String::new, |date| format!(", until {}", day(date)));
    let why = [unit.hold_reason, unit.failure]
        .into_iter()
        .flatten()
        .map(|word| sentence(&word))
        .collect::<Vec<_>>();
    UnitView {
        place: format!("{}.{}", unit.position, unit.unit),
        anchor: format!("{}-{}", unit.position, unit.unit),
        failed: unit.status == "failed",
        replaceable: unit.status == "completed" && ways.may_replace,
        evidence: ways.evidence,
        cost: ways.cost,
        needs_a_person: ways.needs_a_person,
        ways: ways.open,
        status: Badge::of(&unit.status),
        why: why.join("; "),
        upstream_order: unit.upstream_order_id.map_or_else(|| "—".to_owned(), |id| id.to_string()),
        external_id: unit.external_order_id,
        esim: if unit.has_esim { format!("stored{ending}{until}") } else { "—".to_owned() },
        changed: Moment::of(unit.changed_at),
        attempts,
    }
}

fn attempt(row: AttemptRow) -> AttemptView {
    let status = row.http_status.map(|status| format!("HTTP {status}"));
    let said = row.reason.filter(|reason| !reason.trim().is_empty());
    let reason = [status, said].into_iter().flatten().collect::<Vec<_>>().join(": ");
    AttemptView {
        number: row.number,
        key: row.idempotency_key,
        // No outcome: the request is under way, or its sender died; either way it may have arrived.
        outcome: row.outcome.map_or_else(|| Badge::new("No answer yet", "wait"), |word| Badge::of(&word)),
        settled: row.settled.map(|word| Badge::of(&word)),
        reason,
        answered: row.answered_at.map_or_else(String::new, |at| took(row.committed_at, at)),
        sent: Moment::of(row.committed_at),
    }
}

fn mail(row: store::MailRow) -> WordView {
    WordView {
        text: row.subject,
        status: Badge::of(if row.sent_at.is_some() { "sent" } else { "pending" }),
        note: String::new(),
        at: Moment::of(row.sent_at.unwrap_or(row.created_at)),
    }
}

fn webhook(row: store::WebhookRow) -> WordView {
    WordView {
        text: format!("{} ({})", row.event, row.source),
        status: Badge::of(&row.status),
        note: row.note.unwrap_or_default(),
        at: Moment::of(row.received_at),
    }
}

fn event(row: store::HistoryRow) -> EventView {
    EventView {
        at: Moment::of(row.at),
        actor: row.actor,
        event: sentence(&row.event),
        unit: row.unit,
        facts: facts(&row.detail),
    }
}
