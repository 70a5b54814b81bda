//! `/admin/markup`: the one rule that turns cost into price.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::store;
use super::words::{Moment, exact, margin};
use crate::ground::{Cost, Currency, Price};
use crate::plumbing::bell::Ring;
use crate::pricing::{self, InForce, Markup, MarkupForm, Refused, Rounding};
use crate::settings;
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::web::{Cache, Problem, page};

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin/markup", Act::Look, show).post("/admin/markup", Act::ChangeMarkup, publish)
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    saved: String,
}

/// What was posted. No `step`, or `publish`, publishes; `rehearse` only shows the prices.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    percent: String,
    fixed: String,
    rounding: String,
    step: String,
    /// The rule that was in force when the form was drawn; empty where a script posts.
    seen: String,
}

impl Typed {
    fn read(&self, currency: Currency) -> Result<Markup, Refused> {
        MarkupForm { percent: &self.percent, fixed: &self.fixed, rounding: &self.rounding }.parse(currency)
    }
}

struct Choice {
    word: &'static str,
    name: &'static str,
    chosen: bool,
}

struct RuleView {
    id: i64,
    text: String,
    by: String,
    at: Moment,
}

struct ExampleView {
    id: i64,
    name: String,
    cost: String,
    now: String,
    now_margin: String,
    then: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "backoffice/markup.html")]
struct MarkupPage {
    frame: Frame,
    may_change: bool,
    saved: bool,
    conflict: bool,
    /// `None` until the upstream was reached once.
    currency: Option<String>,
    form: Typed,
    wrong: Refused,
    roundings: Vec<Choice>,
    rehearsed: bool,
    rules: Vec<RuleView>,
    examples: Vec<ExampleView>,
}

/// What a page of this family says beside the rule.
#[derive(Default)]
struct Said {
    form: Option<Typed>,
    wrong: Refused,
    rehearsed: Option<Markup>,
    saved: bool,
    conflict: bool,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    answer(&shop, &staff, StatusCode::OK, Said { saved: !asked.saved.is_empty(), ..Said::default() }).await
}

async fn publish(
    State(shop): State<Shop>,
    staff: Staff,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let Some(currency) = currency(&shop).await? else {
        return answer(&shop, &staff, StatusCode::CONFLICT, Said { form: Some(form), ..Said::default() })
            .await;
    };
    let rule = match form.read(currency) {
        Ok(rule) => rule,
        Err(wrong) => {
            let said = Said { form: Some(form), wrong, ..Said::default() };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    // A step that is not known only shows: nothing moves prices by mistake.
    if !form.step.is_empty() && form.step != "publish" {
        let said = Said { form: Some(form), rehearsed: Some(rule), ..Said::default() };
        return answer(&shop, &staff, StatusCode::OK, said).await;
    }
    if !write(&shop, &staff, &form, &rule).await? {
        let said = Said { form: Some(form), conflict: true, ..Said::default() };
        return answer(&shop, &staff, StatusCode::CONFLICT, said).await;
    }
    shop.bell.ring(Ring::Window);
    Ok(([(header::CACHE_CONTROL, "no-store")], Redirect::to("/admin/markup?saved=1")).into_response())
}

/// Publishes the rule, unless another one came between the form and this: then nothing is written, and the answer is
/// `false` (RELIABILITY F105).
async fn write(shop: &Shop, staff: &Staff, form: &Typed, rule: &Markup) -> Result<bool, Problem> {
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    store::take_turn_to_publish(&mut tx).await?;
    let before = pricing::current(&mut tx).await?;
    let unchanged = form.seen.is_empty() || form.seen == seen(before.as_ref());
    if !unchanged {
        return Ok(false);
    }
    let id = pricing::publish(&mut tx, rule, &staff.email, now).await?;
    let detail = json!({
        "rule": id,
        "rule_before": before.map(|before| before.id),
        "percent": rule.percent.to_string(),
        "fixed": rule.fixed.to_string(),
        "currency": rule.currency.code(),
        "rounding": rule.rounding.word(),
    });
    staff::record(&mut tx, now, &staff.email, "markup_published", &detail).await?;
    tx.commit().await?;
    Ok(true)
}

/// The rule in force, as the form carries it; a shop without one says so, since an empty value means a script.
fn seen(rule: Option<&InForce>) -> String {
    rule.map_or_else(|| "none".to_owned(), |rule| rule.id.to_string())
}

async fn currency(shop: &Shop) -> Result<Option<Currency>, Problem> {
    Ok(settings::installation(&mut *shop.db.acquire().await?).await?.currency)
}

async fn answer(shop: &Shop, staff: &Staff, status: StatusCode, said: Said) -> Result<Response, Problem> {
    let rule = pricing::current(&mut *shop.db.acquire().await?).await?;
    let currency = currency(shop).await?;
    let examples = match (currency, &rule) {
        (Some(currency), Some(rule)) => {
            examples(shop, currency, &rule.markup, said.rehearsed.as_ref()).await?
        }
        _ => Vec::new(),
    };
    let mut form = said.form.unwrap_or_else(|| form_of(rule.as_ref()));
    form.seen = seen(rule.as_ref());
    let view = MarkupPage {
        frame: Frame::new(shop, staff, Part::Markup),
        may_change: staff.may(Act::ChangeMarkup),
        saved: said.saved,
        conflict: said.conflict,
        currency: currency.map(|currency| currency.code().to_owned()),
        roundings: roundings(form.rounding.trim()),
        form,
        wrong: said.wrong,
        rehearsed: said.rehearsed.is_some(),
        rules: store::rules(&shop.db).await?.into_iter().map(rule_view).collect(),
        examples,
    };
    page(status, Cache::Private, &view)
}

fn form_of(rule: Option<&InForce>) -> Typed {
    let Some(rule) = rule else { return Typed { rounding: "none".to_owned(), ..Typed::default() } };
    Typed {
        percent: rule.markup.percent.normalize().to_string(),
        fixed: rule.markup.fixed.normalize().to_string(),
        rounding: rule.markup.rounding.word().to_owned(),
        ..Typed::default()
    }
}

async fn examples(
    shop: &Shop,
    currency: Currency,
    now: &Markup,
    then: Option<&Markup>,
) -> Result<Vec<ExampleView>, Problem> {
    let rows = store::examples(&shop.db, currency.code()).await?;
    let view = |row: store::Example| {
        let cost = Cost { amount: row.cost, currency };
        let (price, left) = priced(now, cost);
        ExampleView {
            id: row.id,
            name: row.name,
            cost: exact(row.cost, currency.code()),
            now: price,
            now_margin: left,
            then: then.map(|rule| priced(rule, cost)),
        }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The price of a cost under a rule, and its margin.
fn priced(rule: &Markup, cost: Cost) -> (String, String) {
    match rule.price(cost) {
        Ok(price) => (in_full(price), left(price, cost)),
        Err(why) => (why.to_string(), String::new()),
    }
}

fn in_full(price: Price) -> String {
    format!("{price} {}", price.currency)
}

fn left(price: Price, cost: Cost) -> String {
    margin(price.minor, cost.amount, price.currency.code())
        .map_or_else(String::new, |(left, part)| format!("{left} ({part})"))
}

fn roundings(chosen: &str) -> Vec<Choice> {
    let choice = |rounding: Rounding| Choice {
        word: rounding.word(),
        name: ending(rounding),
        chosen: rounding.word() == chosen,
    };
    Rounding::ALL.map(choice).into()
}

fn ending(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::None => "As it comes",
        Rounding::To99 => "Up to the next .99",
        Rounding::To95 => "Up to the next .95",
        Rounding::To90 => "Up to the next .90",
        Rounding::To50 => "Up to the next .50",
        Rounding::Whole => "Up to the next whole amount",
    }
}

fn rule_view(row: store::OldRule) -> RuleView {
    let end =
        Rounding::from_word(&row.rounding).map_or_else(|| row.rounding.clone(), |r| ending(r).to_lowercase());
    RuleView {
        id: row.id,
        text: format!("{} % + {}, {end}", row.percent.normalize(), exact(row.fixed, &row.currency)),
        by: row.published_by,
        at: Moment::of(row.published_at),
    }
}
