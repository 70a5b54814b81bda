//! One plan, and what is left of one that is not sold any more.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;

use super::{Page, missing, popular_rows};
use crate::catalog::Coverage;
use crate::web::{Cache, Problem, Visit, page};
use crate::window::plan::Plan;
use crate::window::snapshot::Snapshot;
use crate::window::wording::{self, BoardRow, TicketRow};
use crate::window::{Window, search};

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

pub(super) async fn show(visit: Visit, Path(id): Path<String>, Extension(window): Extension<Window>) -> Page {
    let snapshot = window.now();
    let id = id.parse::<i64>().map_err(|_| Problem::NotFound)?;
    let Some(plan) = snapshot.plan(id) else { return gone(visit, &snapshot, id) };
    let mut countries: Vec<BoardRow> =
        snapshot.countries_of(plan).map(|place| wording::board_row(&visit, place)).collect();
    countries.sort_by_cached_key(|row| search::folded_words(&row.name));
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
