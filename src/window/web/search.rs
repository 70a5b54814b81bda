//! What a search found.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use url::form_urlencoded;

use super::{Page, popular_rows};
use crate::web::{Cache, Visit, page};
use crate::window::Window;
use crate::window::snapshot::Place;
use crate::window::wording::{self, BoardRow, TicketRow};

/// How many places are suggested while one types.
const SUGGESTED: usize = 8;

#[derive(serde::Deserialize)]
pub(super) struct Asked {
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

pub(super) async fn show(
    visit: Visit,
    asked: Result<Query<Asked>, QueryRejection>,
    Extension(window): Extension<Window>,
) -> Page {
    let snapshot = window.now();
    let query = query(asked);
    let visit = visit.asking(again(&query));
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

/// The query that leads to these results once more; nothing where nothing was asked.
fn again(query: &str) -> String {
    let asked = form_urlencoded::Serializer::new(String::new()).append_pair("q", query).finish();
    if query.is_empty() { String::new() } else { format!("?{asked}") }
}

/// What was asked, bounded; a query that cannot be read is an empty one.
fn query(asked: Result<Query<Asked>, QueryRejection>) -> String {
    asked.map(|Query(asked)| asked.q).unwrap_or_default().trim().chars().take(80).collect()
}

/// What the search box's script shows under it.
#[derive(serde::Serialize)]
struct Suggestions {
    /// For screen readers: how many there are.
    said: String,
    places: Vec<Suggestion>,
}

#[derive(serde::Serialize)]
struct Suggestion {
    name: String,
    /// `from $3.90`, or nothing.
    detail: String,
    href: String,
}

/// Countries, then regions, the best first: as text, which the script shows as text.
pub(super) async fn suggest(
    visit: Visit,
    asked: Result<Query<Asked>, QueryRejection>,
    Extension(window): Extension<Window>,
) -> Response {
    let snapshot = window.now();
    let found = snapshot.index.find(&query(asked));
    let countries = found.countries.iter().filter_map(|at| snapshot.country_at(*at));
    let regions = found.regions.iter().filter_map(|at| snapshot.region_at(*at));
    let rows = countries.chain(regions).take(SUGGESTED).map(|place| wording::board_row(&visit, place));
    let places: Vec<Suggestion> =
        rows.map(|row| Suggestion { name: row.name, detail: row.from, href: row.href }).collect();
    let said = visit.t1("search-said", "count", places.len());
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(Suggestions { said, places })).into_response()
}
