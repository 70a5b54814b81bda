//! The public catalog pages: `/`, `/destinations`, `/regions`, `/plans`, `/search`. One body serves everyone.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use std::time::Duration;

use super::plan::Plan;
use super::snapshot::{Place, Snapshot};
use super::wording::{self, BoardRow, TicketRow};
use super::{Window, popular, sitemap};
use crate::catalog::Coverage;
use crate::web::{Cache, Problem, Visit, page};

/// While the first catalog is being fetched, a place cannot be called unknown: ask again.
const FETCHING: Duration = Duration::from_secs(15);

/// The addresses of the window. Handlers need `Extension<Window>`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(home))
        .route("/destinations", get(destinations))
        .route("/destinations/{slug}", get(destination))
        .route("/regions/{slug}", get(region))
        .route("/plans/{id}", get(plan))
        .route("/search", get(search))
        .route("/sitemap.xml", get(sitemap::show))
}

type Page = Result<Response, Problem>;

/// Unknown, or not fetched yet.
fn missing(snapshot: &Snapshot) -> Problem {
    if snapshot.is_empty() { Problem::Unavailable(FETCHING) } else { Problem::NotFound }
}

fn popular_rows(visit: &Visit, snapshot: &Snapshot) -> Vec<BoardRow> {
    popular::destinations(snapshot).into_iter().map(|place| wording::board_row(visit, place)).collect()
}

/// The regions by name, and last the world.
fn region_rows(visit: &Visit, snapshot: &Snapshot) -> Vec<BoardRow> {
    let regional = snapshot.regions().filter(|place| place.slug != "global");
    let mut rows: Vec<BoardRow> = regional.map(|place| wording::board_row(visit, place)).collect();
    rows.sort_by_cached_key(|row| super::search::folded_words(&row.name));
    if let Some(cheapest) = snapshot.global().next() {
        rows.push(BoardRow {
            href: visit.href("/regions/global"),
            code: String::new(),
            name: visit.t("global-name"),
            from: wording::from(visit, cheapest.price),
        });
    }
    rows
}

#[derive(askama::Template)]
#[template(path = "window/home.html")]
struct Home {
    visit: Visit,
    empty: bool,
    popular: Vec<BoardRow>,
    regions: Vec<BoardRow>,
    countries: usize,
}

async fn home(visit: Visit, Extension(window): Extension<Window>) -> Page {
    let snapshot = window.now();
    let home = Home {
        empty: snapshot.is_empty(),
        popular: popular_rows(&visit, &snapshot),
        regions: region_rows(&visit, &snapshot),
        countries: snapshot.countries().count(),
        visit,
    };
    page(StatusCode::OK, Cache::Public, &home)
}

/// The countries that begin with one letter.
struct Letter {
    letter: String,
    rows: Vec<BoardRow>,
}

#[derive(askama::Template)]
#[template(path = "window/destinations.html")]
struct Destinations {
    visit: Visit,
    letters: Vec<Letter>,
    regions: Vec<BoardRow>,
}

async fn destinations(visit: Visit, Extension(window): Extension<Window>) -> Page {
    let snapshot = window.now();
    let mut rows: Vec<(Vec<String>, BoardRow)> = snapshot
        .countries()
        .map(|place| wording::board_row(&visit, place))
        .map(|row| (super::search::folded_words(&row.name), row))
        .collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let mut letters: Vec<Letter> = Vec::new();
    for (words, row) in rows {
        let letter =
            words.first().and_then(|word| word.chars().next()).unwrap_or('#').to_uppercase().to_string();
        match letters.last_mut().filter(|last| last.letter == letter) {
            Some(last) => last.rows.push(row),
            None => letters.push(Letter { letter, rows: vec![row] }),
        }
    }
    let regions = region_rows(&visit, &snapshot);
    page(StatusCode::OK, Cache::Public, &Destinations { visit, letters, regions })
}

/// Plans under one heading.
struct Group {
    id: &'static str,
    title: String,
    plans: Vec<TicketRow>,
}

#[derive(askama::Template)]
#[template(path = "window/place.html")]
struct PlacePage {
    visit: Visit,
    /// A country's code in capitals; empty for a region.
    code: String,
    name: String,
    from: String,
    groups: Vec<Group>,
}

impl PlacePage {
    fn new(visit: Visit, place: &Place, groups: Vec<Group>) -> Self {
        let code = place.code.as_ref().map(|code| code.to_uppercase()).unwrap_or_default();
        let name = place.names.of(visit.language).to_owned();
        Self { code, name, from: wording::from(&visit, place.from), groups, visit }
    }

    fn plans(&self) -> usize {
        self.groups.iter().map(|group| group.plans.len()).sum()
    }
}

async fn destination(visit: Visit, Path(slug): Path<String>, Extension(window): Extension<Window>) -> Page {
    let snapshot = window.now();
    let country = snapshot.country(&slug).ok_or_else(|| missing(&snapshot))?;
    let of = |coverage| snapshot.plans_of(country).filter(move |plan| plan.coverage == coverage);
    let name = country.names.of(visit.language);
    let groups = [
        ("local", visit.t1("group-local", "country", name), Coverage::Local),
        ("regional", visit.t1("group-regional", "country", name), Coverage::Regional),
        ("global", visit.t("group-global"), Coverage::Global),
    ]
    .map(|(id, title, coverage)| Group {
        id,
        title,
        plans: wording::tickets(&visit, &snapshot, of(coverage)),
    });
    let groups = groups.into_iter().filter(|group| !group.plans.is_empty()).collect();
    page(StatusCode::OK, Cache::Public, &PlacePage::new(visit, country, groups))
}

async fn region(visit: Visit, Path(slug): Path<String>, Extension(window): Extension<Window>) -> Page {
    let snapshot = window.now();
    let plans_page = if slug == "global" && snapshot.global().next().is_some() {
        let plans = wording::tickets(&visit, &snapshot, snapshot.global());
        let from = wording::from(&visit, snapshot.global().next().and_then(|plan| plan.price));
        let name = visit.t("global-name");
        let groups = vec![Group { id: "global", title: visit.t("group-global"), plans }];
        PlacePage { visit, code: String::new(), name, from, groups }
    } else {
        let region = snapshot.region(&slug).ok_or_else(|| missing(&snapshot))?;
        let plans = wording::tickets(&visit, &snapshot, snapshot.plans_of(region));
        let title = visit.t1("group-region", "region", region.names.of(visit.language));
        let groups = vec![Group { id: "regional", title, plans }];
        PlacePage::new(visit, region, groups)
    };
    page(StatusCode::OK, Cache::Public, &plans_page)
}

#[derive(askama::Template)]
#[template(path = "window/plan.html")]
struct PlanPage<'a> {
    visit: Visit,
    plan: &'a Plan,
    ticket: TicketRow,
    data: String,
    countries: Vec<BoardRow>,
    /// The page of its country or region.
    back: String,
}

async fn plan(visit: Visit, Path(id): Path<String>, Extension(window): Extension<Window>) -> Page {
    let snapshot = window.now();
    let id = id.parse::<i64>().map_err(|_| Problem::NotFound)?;
    let Some(plan) = snapshot.plan(id) else { return gone(visit, &snapshot, id) };
    let mut countries: Vec<BoardRow> =
        snapshot.countries_of(plan).map(|place| wording::board_row(&visit, place)).collect();
    countries.sort_by_cached_key(|row| super::search::folded_words(&row.name));
    let back = match (plan.coverage, &plan.region) {
        (Coverage::Local, _) => {
            countries.first().map_or_else(|| visit.href("/destinations"), |row| row.href.clone())
        }
        (Coverage::Regional, Some(slug)) => visit.href(&format!("/regions/{slug}")),
        (Coverage::Regional, None) => visit.href("/destinations"),
        (Coverage::Global, _) => visit.href("/regions/global"),
    };
    let ticket = wording::ticket(&visit, &snapshot, plan);
    let data = match plan.data {
        crate::catalog::Data::NotStated => visit.t("not-stated"),
        _ => ticket.amount.clone(),
    };
    page(StatusCode::OK, Cache::Public, &PlanPage { visit, plan, ticket, data, countries, back })
}

#[derive(askama::Template)]
#[template(path = "window/gone.html")]
struct Gone {
    visit: Visit,
    popular: Vec<BoardRow>,
}

/// Known once: 410 with suggestions. Never known: 404.
fn gone(visit: Visit, snapshot: &Snapshot, id: i64) -> Page {
    match snapshot.was_withdrawn(id) {
        true if visit.wants_json => Err(Problem::Gone),
        true => {
            let popular = popular_rows(&visit, snapshot);
            page(StatusCode::GONE, Cache::Public, &Gone { visit, popular })
        }
        false => Err(missing(snapshot)),
    }
}

#[derive(serde::Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(askama::Template)]
#[template(path = "window/search.html")]
struct SearchPage {
    visit: Visit,
    query: String,
    empty: bool,
    countries: Vec<BoardRow>,
    regions: Vec<BoardRow>,
    plans: Vec<TicketRow>,
    popular: Vec<BoardRow>,
}

async fn search(
    visit: Visit,
    asked: Result<Query<Asked>, QueryRejection>,
    Extension(window): Extension<Window>,
) -> Page {
    let snapshot = window.now();
    let query: String =
        asked.map(|Query(asked)| asked.q).unwrap_or_default().trim().chars().take(80).collect();
    let found = snapshot.index.find(&query);
    let row = |place: Option<&Place>| place.map(|place| wording::board_row(&visit, place));
    let plans = found.plans.iter().filter_map(|at| snapshot.plan_at(*at));
    let page_of_results = SearchPage {
        empty: snapshot.is_empty(),
        countries: found.countries.iter().filter_map(|at| row(snapshot.country_at(*at))).collect(),
        regions: found.regions.iter().filter_map(|at| row(snapshot.region_at(*at))).collect(),
        plans: wording::tickets(&visit, &snapshot, plans),
        popular: popular_rows(&visit, &snapshot),
        query,
        visit,
    };
    page(StatusCode::OK, Cache::Public, &page_of_results)
}

impl SearchPage {
    fn nothing(&self) -> bool {
        self.countries.is_empty() && self.regions.is_empty() && self.plans.is_empty()
    }
}
