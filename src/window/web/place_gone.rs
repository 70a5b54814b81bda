//! A country, a region or the world where something was sold once and nothing is sold now.

use axum::http::StatusCode;

use super::{Page, popular_rows, region_rows};
use crate::web::{Cache, Problem, Visit, page};
use crate::window::near;
use crate::window::snapshot::{Place, Snapshot};
use crate::window::wording::{self, BoardRow};

#[derive(askama::Template)]
#[template(path = "window/place_gone.html")]
struct PlaceGone {
    visit: Visit,
    /// A country's code in capitals; empty for a region.
    code: String,
    /// Where its flag is drawn, or nothing.
    flag: String,
    name: String,
    /// The countries with plans that lie nearest; none for a region.
    near: Vec<BoardRow>,
    regions: Vec<BoardRow>,
    popular: Vec<BoardRow>,
}

/// Says so, with 410 as for a withdrawn plan, and names what is near and still sold.
pub(super) fn show(visit: Visit, snapshot: &Snapshot, place: &Place) -> Page {
    let row = wording::board_row(&visit, place);
    let near = near::neighbours(snapshot, place);
    let near = near.into_iter().map(|place| wording::board_row(&visit, place)).collect();
    answer(visit, snapshot, row, near)
}

/// The same for plans that cover the world.
pub(super) fn world(visit: Visit, snapshot: &Snapshot) -> Page {
    let name = visit.t("global-name");
    let (href, code, flag, from) = (String::new(), String::new(), String::new(), String::new());
    answer(visit, snapshot, BoardRow { href, code, flag, name, from }, Vec::new())
}

fn answer(visit: Visit, snapshot: &Snapshot, row: BoardRow, near: Vec<BoardRow>) -> Page {
    if visit.wants_json {
        return Err(Problem::Gone);
    }
    let gone = PlaceGone {
        code: row.code,
        flag: row.flag,
        name: row.name,
        near,
        regions: region_rows(&visit, snapshot),
        popular: popular_rows(&visit, snapshot),
        visit,
    };
    page(StatusCode::GONE, Cache::Public, &gone)
}
