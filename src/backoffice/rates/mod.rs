//! `/admin/rates`: the exchange rates by which costs become prices, where customers pay in another currency than the
//! upstream's; and the terms on which they do. The page's forms show first what a change would do to every price.

mod proposal;
mod publish;
mod upload;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use time::{Date, OffsetDateTime, UtcOffset};

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::words::{Moment, day};
use crate::pricing::{
    self, BadLine, DatedRate, Doubt, Exchange, ExchangeTerms, InForceRate, LEAP_PERCENT, LONGEST_LIST,
    RateRefused, RateStanding, TermsRefused,
};
use crate::settings;
use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};
use proposal::Proposal;

/// How many rates a page lists.
const LISTED: i64 = 100;
/// How many wrong lines, or doubtful rates, are named.
const NAMED: usize = 20;

pub(super) fn routes() -> Gated {
    Gated::new()
        .get("/admin/rates", Act::Look, show)
        .post("/admin/rates", Act::ChangeMarkup, publish::rate)
        .post("/admin/rates/import", Act::ChangeMarkup, publish::list)
        .post("/admin/rates/terms", Act::ChangeMarkup, publish::terms)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    saved: String,
    /// Rates of days before this one.
    before: String,
}

/// What a form is to do. No word, as a script posts, or `publish` publishes; any other only shows the prices, so that
/// nothing moves them by mistake.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
struct Step(String);

impl Step {
    fn only_shows(&self) -> bool {
        !self.0.is_empty() && self.0 != "publish"
    }
}

/// What was typed into the form of one rate.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct TypedRate {
    date: String,
    rate: String,
    /// `yes`: somebody looked at a rate that differs much.
    confirm: String,
    /// The revision that the form was drawn from; empty where a script posts.
    seen: String,
    step: Step,
}

/// What was typed into the form of the terms.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct TypedTerms {
    margin: String,
    max_age_days: String,
    seen: String,
    step: Step,
}

/// What the page says beside the rates.
#[derive(Default)]
struct Said {
    rate: TypedRate,
    wrong_rate: RateRefused,
    list: String,
    wrong_lines: Vec<BadLine>,
    terms: Option<TypedTerms>,
    wrong_terms: TermsRefused,
    proposal: Option<Proposal>,
    saved: bool,
    conflict: bool,
    before: Option<Date>,
}

struct RateView {
    day: String,
    rate: String,
    how: &'static str,
    by: String,
    at: Moment,
    state: Option<(&'static str, &'static str)>,
}

struct InForceView {
    day: String,
    /// "1 USD = 0.92 EUR".
    rate: String,
    /// "100 USD of cost are 93.84 EUR in a price".
    example: String,
}

#[derive(Template)]
#[template(path = "backoffice/rates.html")]
struct RatesPage {
    frame: Frame,
    may_change: bool,
    saved: bool,
    conflict: bool,
    /// What costs and prices are in; `None` where no rate is needed.
    pair: Option<(String, String)>,
    /// Customers pay in this one anyway; `None` until the upstream was reached once.
    currency: Option<String>,
    standing: RateStanding,
    in_force: Option<InForceView>,
    terms_by: Option<(String, Moment)>,
    seen: String,
    today: String,
    form: TypedRate,
    wrong: RateRefused,
    list: String,
    wrong_lines: Vec<String>,
    terms: TypedTerms,
    wrong_terms: TermsRefused,
    proposal: Option<Proposal>,
    rates: Vec<RateView>,
    next: Option<Date>,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let before = Date::parse(asked.before.trim(), time::macros::format_description!("[year]-[month]-[day]"));
    let said = Said { saved: !asked.saved.is_empty(), before: before.ok(), ..Said::default() };
    answer(&shop, &staff, StatusCode::OK, said).await
}

/// The day in UTC, which is what a rate's date means.
fn today(now: OffsetDateTime) -> Date {
    now.to_offset(UtcOffset::UTC).date()
}

async fn answer(shop: &Shop, staff: &Staff, status: StatusCode, said: Said) -> Result<Response, Problem> {
    let now = shop.now();
    let mut conn = shop.db.acquire().await?;
    let currency = settings::installation(&mut conn).await?.currency;
    let exchange = pricing::exchange(&mut conn, now).await?;
    let mut listed = pricing::rates_listed(&mut conn, said.before, LISTED + 1).await?;
    drop(conn);
    let page_size = usize::try_from(LISTED).unwrap_or(usize::MAX);
    let more = listed.len() > page_size;
    listed.truncate(page_size);
    let next = listed.last().filter(|_| more).map(|last| last.valid_on);
    let terms = exchange.terms.as_ref();
    let view = RatesPage {
        frame: Frame::new(shop, staff, Part::Markup),
        may_change: staff.may(Act::ChangeMarkup),
        saved: said.saved,
        conflict: said.conflict,
        pair: terms.map(|terms| (terms.from.code().to_owned(), terms.to.code().to_owned())),
        currency: currency.map(|currency| currency.code().to_owned()),
        standing: exchange.standing(now),
        in_force: in_force(&exchange, now),
        terms_by: terms.map(|terms| (terms.published_by.clone(), Moment::of(terms.published_at))),
        seen: seen(&exchange),
        today: today(now).to_string(),
        form: said.rate,
        wrong: said.wrong_rate,
        list: said.list,
        wrong_lines: wrong_lines(&said.wrong_lines),
        terms: said.terms.unwrap_or_else(|| terms.map(form_of).unwrap_or_default()),
        wrong_terms: said.wrong_terms,
        proposal: said.proposal,
        rates: views(&listed, &exchange, now),
        next,
    };
    page(status, Cache::Private, &view)
}

/// The revision as a form carries it; an empty value would mean a script.
fn seen(exchange: &Exchange) -> String {
    exchange.revision.to_string()
}

/// Reads what [`seen`] wrote; what is no revision was never in force.
fn read_seen(typed: &str) -> Option<i64> {
    let typed = typed.trim();
    (!typed.is_empty()).then(|| typed.parse().unwrap_or(-1))
}

fn form_of(terms: &ExchangeTerms) -> TypedTerms {
    TypedTerms {
        margin: terms.margin.normalize().to_string(),
        max_age_days: terms.max_age_days.to_string(),
        ..TypedTerms::default()
    }
}

fn in_force(exchange: &Exchange, now: OffsetDateTime) -> Option<InForceView> {
    let InForceRate { rate, margin, sold_at, .. } = exchange.in_force(now).ok()?;
    let newest = exchange.newest(now)?;
    let hundred = rust_decimal::Decimal::ONE_HUNDRED;
    let example = sold_at.per_unit.checked_mul(hundred)?.normalize();
    Some(InForceView {
        day: day(newest.valid_on),
        rate: format!("1 {} = {} {}", rate.from, rate.per_unit.normalize(), rate.to),
        example: format!(
            "with {} % on it 100 {} of cost are {example} {} in a price",
            margin.normalize(),
            rate.from,
            rate.to
        ),
    })
}

fn wrong_lines(wrong: &[BadLine]) -> Vec<String> {
    let mut told: Vec<_> =
        wrong.iter().take(NAMED).map(|bad| format!("Line {}: {}", bad.line, bad.why)).collect();
    if wrong.len() > NAMED {
        told.push(format!("And {} more.", wrong.len() - NAMED));
    }
    told
}

fn doubts(doubts: &[Doubt], terms: Option<&ExchangeTerms>) -> Vec<String> {
    let Some(terms) = terms else { return Vec::new() };
    let sentence = |doubt: &Doubt| {
        let of = format!(
            "1 {} = {} {} for {}",
            terms.from,
            doubt.rate.per_unit.normalize(),
            terms.to,
            doubt.rate.valid_on
        );
        match doubt.beside {
            None => format!(
                "{of}: it is the first rate, so that nothing tells whether it is the right way round."
            ),
            Some(beside) => format!(
                "{of}: more than {LEAP_PERCENT} % away from {} for {}.",
                beside.per_unit.normalize(),
                beside.valid_on
            ),
        }
    };
    let mut told: Vec<_> = doubts.iter().take(NAMED).map(sentence).collect();
    if doubts.len() > NAMED {
        told.push(format!("And {} more.", doubts.len() - NAMED));
    }
    told
}

fn views(rates: &[DatedRate], exchange: &Exchange, now: OffsetDateTime) -> Vec<RateView> {
    let newest = exchange.newest(now).map(|rate| rate.id);
    let sells = exchange.standing(now).sells();
    let mut former: Option<Date> = None;
    let mut state = |rate: &DatedRate| {
        let corrected = former.replace(rate.valid_on) == Some(rate.valid_on);
        if corrected {
            Some(("Corrected", "idle"))
        } else if newest == Some(rate.id) {
            Some(if sells { ("In force", "good") } else { ("Too old", "bad") })
        } else {
            (rate.valid_on > today(now)).then_some(("To come", "wait"))
        }
    };
    let mut view = |rate: &DatedRate| RateView {
        day: day(rate.valid_on),
        rate: format!("1 {} = {} {}", rate.rate.from, rate.rate.per_unit.normalize(), rate.rate.to),
        how: if rate.imported { "out of a list" } else { "by hand" },
        by: rate.entered_by.clone(),
        at: Moment::of(rate.entered_at),
        state: state(rate),
    };
    rates.iter().map(&mut view).collect()
}
