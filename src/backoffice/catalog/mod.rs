//! `/admin/catalog`: every package with its price and the rule that made it, and what staff say of it.

mod one;
mod popular;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::store::{self, PACKAGES, PackageFilter, PackageRow, STATES};
use super::words::{Badge, exact, margin, sentence};
use crate::catalog::CountryCode;
use crate::catalog::overrides::{self, NewPackages};
use crate::ground::{Cost, Currency};
use crate::plumbing::bell::Ring;
use crate::pricing::{self, GLOBAL, PriceList, Subject};
use crate::shop::Shop;
use crate::staff::{self, Act, Staff};
use crate::web::{Cache, Problem, page};

pub(super) fn routes() -> Gated {
    Gated::new()
        .get("/admin/catalog", Act::Look, show)
        .post("/admin/catalog", Act::ChangeCatalog, settle)
        .get("/admin/catalog/popular", Act::Look, popular::show)
        .post("/admin/catalog/popular", Act::ChangeCatalog, popular::choose)
        .get("/admin/catalog/{id}", Act::Look, one::show)
        .post("/admin/catalog/{id}", Act::ChangeCatalog, one::say)
}

const COVERAGES: [&str; 3] = ["local", "regional", "global"];

/// What the address asks for; words that mean nothing are no filter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    country: String,
    coverage: String,
    #[serde(rename = "type")]
    package_type: String,
    state: String,
    after: String,
    saved: String,
}

impl Asked {
    fn filter(&self) -> PackageFilter {
        let clean = |typed: &str, most: usize| {
            let clean: String = typed.trim().chars().filter(|c| !c.is_control()).take(most).collect();
            (!clean.is_empty()).then_some(clean)
        };
        let known = |word: &str, words: &[&str]| words.contains(&word).then(|| word.to_owned());
        PackageFilter {
            q: clean(&self.q, 200),
            country: clean(&self.country, 2).map(|code| code.to_lowercase()),
            coverage: known(&self.coverage, &COVERAGES),
            package_type: clean(&self.package_type, 50),
            state: known(&self.state, &STATES),
            after: self.after.parse().ok(),
            id: None,
        }
    }

    fn next(&self, after: i64) -> String {
        let mut query = Serializer::new(String::new());
        let kept = [
            ("q", &self.q),
            ("country", &self.country),
            ("coverage", &self.coverage),
            ("type", &self.package_type),
            ("state", &self.state),
        ];
        for (name, value) in kept.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("/admin/catalog?{}", query.append_pair("after", &after.to_string()).finish())
    }
}

struct Choice {
    word: String,
    name: String,
    chosen: bool,
}

fn choices<'a>(words: impl IntoIterator<Item = &'a str>, chosen: &str) -> Vec<Choice> {
    let choice = |word: &str| Choice { word: word.to_owned(), name: sentence(word), chosen: word == chosen };
    words.into_iter().map(choice).collect()
}

/// One package as the list shows it.
pub(super) struct PackageView {
    pub id: i64,
    pub name: String,
    /// The upstream's name, where the shop has one of its own.
    pub upstream_name: Option<String>,
    pub kind: String,
    pub cost: String,
    pub price: String,
    pub left: String,
    /// The rule that made the price: its number, and whom it is for.
    pub rule: Option<(i64, String)>,
    pub states: Vec<Badge>,
}

#[derive(Template)]
#[template(path = "backoffice/catalog.html")]
struct CatalogPage {
    frame: Frame,
    may_change: bool,
    saved: bool,
    asked: Asked,
    filtered: bool,
    on_sale: i64,
    held: i64,
    hidden: i64,
    holds_new: bool,
    coverages: Vec<Choice>,
    types: Vec<Choice>,
    states: Vec<Choice>,
    packages: Vec<PackageView>,
    next: Option<String>,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let mut rows = store::packages(&shop.db, &asked.filter()).await?;
    let page_size = usize::try_from(PACKAGES).unwrap_or(usize::MAX);
    let more = rows.len() > page_size;
    rows.truncate(page_size);
    let next = rows.last().filter(|_| more).map(|last| asked.next(last.id));
    let facts = store::catalog_facts(&shop.db).await?;
    let prices = pricing::price_list(&mut *shop.db.acquire().await?, shop.now()).await?;
    let narrowed = [&asked.q, &asked.country, &asked.coverage, &asked.package_type, &asked.state];
    let view = CatalogPage {
        frame: Frame::new(&shop, &staff, Part::Catalog),
        may_change: staff.may(Act::ChangeCatalog),
        saved: !asked.saved.is_empty(),
        filtered: narrowed.iter().any(|part| !part.is_empty()),
        on_sale: facts.on_sale,
        held: facts.held,
        hidden: facts.hidden,
        holds_new: facts.new_packages == NewPackages::Hold.word(),
        coverages: choices(COVERAGES, &asked.coverage),
        types: choices(facts.types.iter().map(String::as_str), &asked.package_type),
        states: choices(STATES, &asked.state),
        packages: rows.into_iter().map(|row| view(row, &prices)).collect(),
        asked,
        next,
    };
    page(StatusCode::OK, Cache::Private, &view)
}

/// What is decided for all packages at once.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settled {
    new_packages: String,
    /// `all` puts every held package on sale.
    release: String,
}

async fn settle(
    State(shop): State<Shop>,
    staff: Staff,
    Form(form): Form<Settled>,
) -> Result<Response, Problem> {
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    if let Some(new) = NewPackages::from_word(form.new_packages.trim()) {
        overrides::set_new_packages(&mut tx, new).await?;
        let detail = json!({ "new_packages": new.word() });
        staff::record(&mut tx, now, &staff.email, "new_packages_settled", &detail).await?;
    }
    if form.release == "all" {
        let released = overrides::release(&mut tx, None, &staff.email, now).await?;
        let detail = json!({ "packages": released });
        staff::record(&mut tx, now, &staff.email, "packages_released", &detail).await?;
    }
    tx.commit().await?;
    shop.bell.ring(Ring::Window);
    Ok(back("/admin/catalog?saved=1"))
}

fn back(to: &str) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(to)).into_response()
}

fn view(row: PackageRow, prices: &PriceList) -> PackageView {
    let (price, left, rule) = priced(&row, prices);
    let mut states = Vec::new();
    for (is, text, tone) in [
        (row.withdrawn_at.is_some(), "Withdrawn", "idle"),
        (row.stopped, "Stopped", "bad"),
        (row.hidden, "Hidden", "idle"),
        (row.held, "Held", "wait"),
        (row.featured, "Featured", "good"),
    ] {
        if is {
            states.push(Badge::new(text, tone));
        }
    }
    PackageView {
        id: row.id,
        upstream_name: row.own_name.is_some().then(|| row.name.clone()),
        name: row.own_name.unwrap_or(row.name),
        kind: format!("{}, {}", sentence(&row.coverage), row.package_type),
        cost: exact(row.cost, &row.currency),
        price,
        left,
        rule,
        states,
    }
}

/// Its price, what is left of it, and the rule that made it.
fn priced(row: &PackageRow, prices: &PriceList) -> (String, String, Option<(i64, String)>) {
    let none = |why: &str| (why.to_owned(), String::new(), None);
    let Some(currency) = Currency::parse(&row.currency) else { return none("no currency") };
    let local_to: Vec<CountryCode> =
        row.local_to.iter().filter_map(|code| CountryCode::parse(code)).collect();
    let subject = Subject {
        id: row.id,
        package_type: &row.package_type,
        region: if row.coverage == "global" { Some(GLOBAL) } else { row.region_slug.as_deref() },
        local_to: &local_to,
        cost: Cost { amount: row.cost, currency },
    };
    match prices.price(&subject) {
        Ok(priced) => (
            format!("{} {}", priced.price, priced.price.currency),
            margin(priced.price.minor, priced.cost.amount, priced.cost.currency.code())
                .map_or_else(String::new, |(left, part)| format!("{left} ({part})")),
            Some((priced.rule.id, priced.rule.scope.to_string())),
        ),
        Err(why) => none(&why.to_string()),
    }
}
