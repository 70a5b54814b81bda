//! The page of all rules, with the form of the one that always holds.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::super::frame::{Frame, Part};
use super::super::rehearsal::View;
use super::super::store;
use super::super::words::{Moment, exact, in_full, left};
use super::words::{Choice, roundings, rule_text, scope_text};
use super::{Unpublished, currency, read_seen, rehearsal, saved, seen, write};
use crate::catalog;
use crate::ground::Currency;
use crate::pricing::{
    self, Edit, MarkupForm, PriceList, RateStanding, Refused, Rule, RuleSet, Subject, Version,
};
use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};

/// How many versions the page lists.
const LISTED: usize = 20;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    saved: String,
    /// Lists the versions before this one.
    before: String,
}

/// What was posted. No `step`, or `publish`, publishes; `rehearse` only shows the prices.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    percent: String,
    fixed: String,
    rounding: String,
    /// The least that must be left over cost; where a script does not send it, the former rule's stays.
    min_margin: Option<String>,
    step: String,
    /// The revision of the rules that the form was drawn from; empty where a script posts.
    seen: String,
}

impl Typed {
    fn read(&self, currency: Currency, set: &RuleSet, by: &Staff, shop: &Shop) -> Result<Rule, Refused> {
        let form = MarkupForm { percent: &self.percent, fixed: &self.fixed, rounding: &self.rounding };
        let before = set.shop_wide().map_or(Decimal::ZERO, |before| before.min_margin);
        let typed = self.min_margin.as_deref();
        let min_margin = typed.map_or(Ok(before), |typed| pricing::min_margin(typed, currency));
        match (form.parse(currency), min_margin) {
            (Ok(markup), Ok(min_margin)) => {
                Ok(Rule { min_margin, ..Rule::shop_wide(markup, &by.email, shop.now()) })
            }
            (markup, min_margin) => {
                Err(Refused { min_margin: min_margin.err(), ..markup.err().unwrap_or_default() })
            }
        }
    }
}

struct RuleView {
    id: i64,
    whom: String,
    text: String,
    priority: i32,
    from: Option<Moment>,
    until: Option<Moment>,
    by: String,
    at: Moment,
    shop_wide: bool,
}

struct VersionView {
    id: i64,
    what: String,
    rules: i64,
    by: String,
    at: Moment,
    /// The one in force, which cannot be gone back to.
    newest: bool,
}

struct ExampleView {
    id: i64,
    name: String,
    cost: String,
    price: String,
    left: String,
    rule: Option<i64>,
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
    /// How the exchange rates stand, where they are needed.
    rates: Option<RateStanding>,
    form: Typed,
    wrong: Refused,
    roundings: Vec<Choice>,
    rehearsed: Option<View>,
    in_force: Option<RuleView>,
    rules: Vec<RuleView>,
    versions: Vec<VersionView>,
    /// The link to versions before this one.
    older: Option<i64>,
    examples: Vec<ExampleView>,
}

/// What a page of this family says beside the rules.
#[derive(Default)]
struct Said {
    form: Option<Typed>,
    wrong: Refused,
    rehearsed: Option<View>,
    saved: bool,
    conflict: bool,
    /// Versions before this one are listed.
    before: Option<i64>,
}

pub(super) async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let before = asked.before.trim().parse().ok();
    let said = Said { saved: !asked.saved.is_empty(), before, ..Said::default() };
    answer(&shop, &staff, StatusCode::OK, said).await
}

/// The page with the words that somebody else was faster.
pub(super) async fn overtaken(shop: &Shop, staff: &Staff) -> Result<Response, Problem> {
    answer(shop, staff, StatusCode::CONFLICT, Said { conflict: true, ..Said::default() }).await
}

pub(super) async fn publish(
    State(shop): State<Shop>,
    staff: Staff,
    Form(form): Form<Typed>,
) -> Result<Response, Problem> {
    let said = |form: Typed| Said { form: Some(form), ..Said::default() };
    let Some(currency) = currency(&shop).await? else {
        return answer(&shop, &staff, StatusCode::CONFLICT, said(form)).await;
    };
    let set = pricing::rules(&mut *shop.db.acquire().await?).await?;
    let rule = match form.read(currency, &set, &staff, &shop) {
        Ok(rule) => rule,
        Err(wrong) => {
            let said = Said { wrong, ..said(form) };
            return answer(&shop, &staff, StatusCode::UNPROCESSABLE_ENTITY, said).await;
        }
    };
    let detail = json!({
        "percent": rule.markup.percent.to_string(),
        "fixed": rule.markup.fixed.to_string(),
        "currency": currency.code(),
        "rounding": rule.markup.rounding.word(),
        "min_margin": rule.min_margin.to_string(),
    });
    let edit = Edit::ShopWide(rule);
    // A step that is not known only shows: nothing moves prices by mistake.
    if !form.step.is_empty() && form.step != "publish" {
        let then = set.after(&edit).map_err(anyhow::Error::from)?;
        let rehearsed = Some(rehearsal::rehearse(&shop, &set, &then).await?);
        return answer(&shop, &staff, StatusCode::OK, Said { rehearsed, ..said(form) }).await;
    }
    match write(&shop, &staff, &edit, read_seen(&form.seen), detail).await? {
        Ok(()) => Ok(saved()),
        Err(Unpublished::Overtaken | Unpublished::Impossible(_)) => {
            answer(&shop, &staff, StatusCode::CONFLICT, Said { conflict: true, ..said(form) }).await
        }
    }
}

async fn answer(shop: &Shop, staff: &Staff, status: StatusCode, said: Said) -> Result<Response, Problem> {
    let currency = currency(shop).await?;
    let mut conn = shop.db.acquire().await?;
    let set = pricing::rules(&mut conn).await?;
    let versions = pricing::versions(&mut conn, said.before, LISTED).await?;
    let exchange = pricing::exchange(&mut conn, shop.now()).await?;
    drop(conn);
    let of = exchange.terms.as_ref().map(|terms| terms.from).or(currency);
    let examples = match of.filter(|_| said.rehearsed.is_none()) {
        Some(currency) => {
            examples(shop, currency, &set.prices(shop.now()).exchanged(&exchange, shop.now())).await?
        }
        None => Vec::new(),
    };
    let mut form = said.form.unwrap_or_else(|| form_of(set.shop_wide()));
    form.seen = seen(set.revision);
    // A script need not send it; the page's own form shows what stays.
    form.min_margin = form.min_margin.or_else(|| form_of(set.shop_wide()).min_margin);
    let view = MarkupPage {
        frame: Frame::new(shop, staff, Part::Markup),
        may_change: staff.may(Act::ChangeMarkup),
        saved: said.saved,
        conflict: said.conflict,
        currency: currency.map(|currency| currency.code().to_owned()),
        rates: exchange.terms.is_some().then(|| exchange.standing(shop.now())),
        roundings: roundings(form.rounding.trim()),
        form,
        wrong: said.wrong,
        rehearsed: said.rehearsed,
        in_force: set.shop_wide().map(rule_view),
        rules: set.rules.iter().rev().map(rule_view).collect(),
        older: versions.get(LISTED - 1).map(|version| version.id),
        versions: versions
            .into_iter()
            .enumerate()
            .map(|(place, version)| version_view(version, place == 0 && said.before.is_none()))
            .collect(),
        examples,
    };
    page(status, Cache::Private, &view)
}

fn form_of(rule: Option<&Rule>) -> Typed {
    let Some(rule) = rule else { return Typed { rounding: "none".to_owned(), ..Typed::default() } };
    Typed {
        percent: rule.markup.percent.normalize().to_string(),
        fixed: rule.markup.fixed.normalize().to_string(),
        rounding: rule.markup.rounding.word().to_owned(),
        min_margin: Some(rule.min_margin.normalize().to_string()),
        ..Typed::default()
    }
}

/// What the rules make of three packages with costs in this currency.
async fn examples(shop: &Shop, currency: Currency, prices: &PriceList) -> Result<Vec<ExampleView>, Problem> {
    let mut views = Vec::new();
    for id in store::examples(&shop.db, currency.code()).await? {
        let package = catalog::package_for_sale(&mut *shop.db.acquire().await?, id).await?;
        let Some(package) = package else { continue };
        let priced = prices.price(&Subject::from(&package));
        views.push(ExampleView {
            id,
            cost: exact(package.cost.amount, package.cost.currency.code()),
            price: priced.as_ref().map_or_else(ToString::to_string, |priced| in_full(priced.price)),
            left: priced.as_ref().map_or_else(|_| String::new(), |priced| left(priced.price, priced.cost)),
            rule: priced.ok().map(|priced| priced.rule.id),
            name: package.name,
        });
    }
    Ok(views)
}

fn rule_view(rule: &Rule) -> RuleView {
    RuleView {
        id: rule.id,
        whom: scope_text(rule),
        text: rule_text(rule),
        priority: rule.priority,
        from: rule.starts_at.map(Moment::of),
        until: rule.ends_at.map(Moment::of),
        by: rule.published_by.clone(),
        at: Moment::of(rule.published_at),
        shop_wide: rule.is_shop_wide(),
    }
}

fn version_view(version: Version, newest: bool) -> VersionView {
    VersionView {
        id: version.id,
        what: version.what,
        rules: version.rules,
        by: version.published_by,
        at: Moment::of(version.published_at),
        newest,
    }
}
