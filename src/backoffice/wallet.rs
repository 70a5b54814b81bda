//! `/admin/wallet`: what the wallet holds and for how long, what moved it, and what does not match between the ledgers.

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::store::{self, FindingRow, MOVEMENTS, Matching, Movement};
use super::words::{Badge, Moment, exact, minor, sentence};
use crate::ground::money::exact_decimal;
use crate::ledgers::{self, Funds, Kind, Pace, Standing};
use crate::plumbing::bell::Ring;
use crate::plumbing::jobs;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::wallet;
use crate::web::{Cache, Problem, page};

/// The longest reason, in characters.
const REASON: usize = 500;

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin/wallet", Act::Look, show).post("/admin/wallet", Act::RunSync, read_now).post(
        "/admin/wallet/findings/{id}",
        Act::CloseFinding,
        close,
    )
}

/// What staff are told of the wallet.
pub(super) struct FundsView {
    pub(super) balance: String,
    pub(super) read: Moment,
    pub(super) stale: bool,
    reserved: String,
    unseen: Option<String>,
    available: String,
    per_day: String,
    pub(super) days_left: Option<String>,
    pub(super) standing: Standing,
}

impl FundsView {
    /// Of the last reading; `None` before the first.
    pub(super) async fn now(shop: &Shop) -> sqlx::Result<Option<Self>> {
        let mut conn = shop.db.acquire().await?;
        let Some(funds) = ledgers::funds(&mut conn).await? else { return Ok(None) };
        let pace = ledgers::pace(&mut conn, &funds.currency, shop.now()).await?;
        Ok(Some(Self::of(&funds, pace, shop)))
    }

    fn of(funds: &Funds, pace: Pace, shop: &Shop) -> Self {
        let now = shop.now();
        let money = |amount| exact(amount, &funds.currency);
        let available = funds.available();
        Self {
            balance: money(funds.balance),
            read: Moment::ago(funds.read_at, now),
            stale: now - funds.read_at > ledgers::stale_after(shop.settings.times.reconcile_interval),
            reserved: money(funds.reserved),
            unseen: (!funds.unseen.is_zero()).then(|| money(funds.unseen)),
            available: money(available),
            per_day: money(pace.per_day.round_dp(2)),
            days_left: pace.days_left(available).map(|days| days.to_string()),
            standing: Standing::of(available, pace, shop.settings.wallet_low_days),
        }
    }

    /// Whether staff should do something about it.
    pub(super) fn is_alarm(&self) -> bool {
        !self.stale && self.standing != Standing::Fine
    }
}

struct FactView {
    name: String,
    text: String,
    order: Option<String>,
}

struct FindingView {
    id: i64,
    title: String,
    told: &'static str,
    about: String,
    stopped: Option<i64>,
    facts: Vec<FactView>,
    others: Vec<String>,
    since: Moment,
    closed: Option<(Moment, String, String)>,
}

struct MovementView {
    at: Option<Moment>,
    direction: Badge,
    amount: String,
    balance: String,
    id: String,
    words: String,
}

struct SumView {
    ledger: &'static str,
    count: String,
    sum: String,
}

#[derive(Template)]
#[template(path = "backoffice/wallet.html")]
struct WalletPage {
    frame: Frame,
    may_read: bool,
    may_close: bool,
    said: Option<(&'static str, &'static str)>,
    funds: Option<FundsView>,
    low_days: u32,
    open: Vec<FindingView>,
    closed: Vec<FindingView>,
    matched: Option<Moment>,
    sums: Vec<SumView>,
    movements: Vec<MovementView>,
    next: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    before: String,
    said: String,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let said = match asked.said.as_str() {
        "read" => Some(("good", "Read. Sales go on or pause by what the wallet holds now.")),
        "unread" => Some(("bad", "eSIMDual did not say what the wallet holds. It is asked again by itself.")),
        "closed" => Some(("good", "Closed. The reason is kept below.")),
        _ => None,
    };
    draw(&shop, &staff, StatusCode::OK, asked.before.parse().ok(), said).await
}

async fn draw(
    shop: &Shop,
    staff: &Staff,
    status: StatusCode,
    before: Option<i64>,
    said: Option<(&'static str, &'static str)>,
) -> Result<Response, Problem> {
    let now = shop.now();
    let mut rows = store::movements(&shop.db, before).await?;
    let shown = usize::try_from(MOVEMENTS).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next = rows.last().filter(|_| more).map(|last| format!("/admin/wallet?before={}#movements", last.id));
    let matching = store::matching(&shop.db).await?;
    let view = WalletPage {
        frame: Frame::new(shop, staff, Part::Wallet),
        may_read: staff.may(Act::RunSync),
        may_close: staff.may(Act::CloseFinding),
        said,
        funds: FundsView::now(shop).await?,
        low_days: shop.settings.wallet_low_days,
        open: store::open_findings(&shop.db).await?.into_iter().map(finding).collect(),
        closed: store::closed_findings(&shop.db).await?.into_iter().map(finding).collect(),
        matched: matching.as_ref().map(|matching| Moment::ago(matching.matched_at, now)),
        sums: matching.map(sums).unwrap_or_default(),
        movements: rows.into_iter().map(movement).collect(),
        next,
    };
    page(status, Cache::Private, &view)
}

/// Reads the wallet while the person waits, and has everything matched by it.
async fn read_now(State(shop): State<Shop>, staff: Staff) -> Result<Response, Problem> {
    let read = wallet::read(&shop.db, &shop.upstream, &shop.clock).await?;
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    jobs::enqueue(&mut tx, &ledgers::match_job(now), now).await?;
    staff::record(&mut tx, now, &staff.email, "wallet_read", &json!({})).await?;
    tx.commit().await?;
    shop.bell.ring(Ring::Jobs);
    let said = match read {
        crate::esimdual::Answer::Done(_) => "read",
        _ => "unread",
    };
    Ok(back(&format!("/admin/wallet?said={said}")))
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    reason: String,
}

/// Closes a finding with a reason, which is kept beside it and in the audit log.
async fn close(
    State(shop): State<Shop>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(form): Form<Reason>,
) -> Result<Response, Problem> {
    let reason: String = form.reason.trim().chars().filter(|c| !c.is_control()).take(REASON).collect();
    if reason.is_empty() {
        let said = Some(("bad", "Nothing was closed: say why, so that the next person understands."));
        return draw(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, None, said).await;
    }
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let Some(closed) = ledgers::close(&mut tx, id, &staff.email, &reason, now).await? else {
        drop(tx);
        let said = Some(("wait", "It was closed already."));
        return draw(&shop, &staff, StatusCode::CONFLICT, None, said).await;
    };
    let facts = json!({ "finding": id, "because": reason, "sold_again": closed.sold_again });
    staff::record(&mut tx, now, &staff.email, "ledger_finding_closed", &facts).await?;
    tx.commit().await?;
    if closed.sold_again {
        shop.bell.ring(Ring::Window);
    }
    Ok(back("/admin/wallet?said=closed"))
}

fn back(to: &str) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(to)).into_response()
}

fn finding(row: FindingRow) -> FindingView {
    let kind = Kind::from_word(&row.kind);
    let (mut facts, mut others) = (Vec::new(), Vec::new());
    if let Value::Object(told) = &row.facts {
        for (name, value) in told {
            match value {
                Value::Null => {}
                Value::Array(list) => {
                    others.extend(list.iter().map(|one| format!("{}: {}", words(name), text(one))))
                }
                _ => facts.push(FactView {
                    name: sentence(name),
                    text: text(value),
                    order: value.as_str().filter(|_| name == "order").map(str::to_owned),
                }),
            }
        }
    }
    FindingView {
        id: row.id,
        title: sentence(&row.kind),
        told: kind.map_or("", Kind::told),
        about: row.key,
        stopped: row.package_id,
        facts,
        others,
        since: Moment::of(row.first_seen_at),
        closed: row.closed_at.map(|at| {
            (Moment::of(at), row.closed_by.unwrap_or_default(), row.closed_because.unwrap_or_default())
        }),
    }
}

/// `candidates` is one candidate on each line, and so on.
fn words(list: &str) -> &'static str {
    match list {
        "candidates" => "May belong to",
        "movements" => "Movement",
        _ => "eSIMDual",
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(_) => super::words::facts(value),
        other => other.to_string(),
    }
}

fn movement(row: Movement) -> MovementView {
    let money = |amount: Option<rust_decimal::Decimal>| {
        amount.map_or_else(|| "—".to_owned(), |amount| exact(amount, &row.currency))
    };
    let direction = match row.direction.as_str() {
        "out" => Badge::new("Out", "idle"),
        "in" => Badge::new("In", "good"),
        _ => Badge::new(if row.kind.is_empty() { "Unreadable" } else { &row.kind }, "wait"),
    };
    let said = [row.description.as_deref(), row.reference.as_deref()];
    MovementView {
        at: row.happened_at.map(Moment::of),
        direction,
        amount: money(row.amount),
        balance: money(row.post_balance),
        id: row.upstream_id.map_or_else(|| "—".to_owned(), |id| id.to_string()),
        words: said.into_iter().flatten().collect::<Vec<_>>().join(", "),
    }
}

/// The sums of the last matching, a row a ledger and currency.
fn sums(matching: Matching) -> Vec<SumView> {
    let mut views = Vec::new();
    let all = |name: &str| matching.sums[name].as_array().cloned().unwrap_or_default();
    let whole = |row: &Value, name: &str| row[name].as_i64().unwrap_or_default();
    let code = |row: &Value| row["currency"].as_str().unwrap_or_default().to_owned();
    for row in all("payments") {
        let (came, back) = (whole(&row, "minor"), whole(&row, "back_minor"));
        let went =
            if back > 0 { format!(", {} of it given back", minor(back, &code(&row))) } else { String::new() };
        let sum = format!("{}{went}", minor(came, &code(&row)));
        views.push(SumView { ledger: "Payments of customers", count: whole(&row, "count").to_string(), sum });
    }
    for (name, ledger) in [("purchases", "Orders at eSIMDual"), ("debits", "Debits of the wallet")] {
        for row in all(name) {
            let sum = row["sum"].as_str().and_then(exact_decimal);
            let sum = sum.map_or_else(|| "—".to_owned(), |sum| exact(sum, &code(&row)));
            views.push(SumView { ledger, count: whole(&row, "count").to_string(), sum });
        }
    }
    let others = whole(&matching.sums, "others");
    if others > 0 {
        let (ledger, sum) = ("Orders at eSIMDual that are not from this shop", "—".to_owned());
        views.push(SumView { ledger, count: others.to_string(), sum });
    }
    views
}
