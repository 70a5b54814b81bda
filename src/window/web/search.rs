//! What a search found.

use axum::Extension;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;

use super::{Page, popular_rows};
use crate::web::{Cache, Visit, page};
use crate::window::Window;
use crate::window::snapshot::Place;
use crate::window::wording::{self, BoardRow, TicketRow};

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
