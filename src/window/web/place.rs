//! The plans of a country, of a region, and of the world.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;

use super::{Page, missing};
use crate::catalog::Coverage;
use crate::web::{Cache, Visit, page};
use crate::window::Window;
use crate::window::snapshot::Place;
use crate::window::wording::{self, TicketRow};

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

pub(super) async fn country(
    visit: Visit,
    Path(slug): Path<String>,
    Extension(window): Extension<Window>,
) -> Page {
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

pub(super) async fn region(
    visit: Visit,
    Path(slug): Path<String>,
    Extension(window): Extension<Window>,
) -> Page {
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
