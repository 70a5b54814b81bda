//! What a search found.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use url::form_urlencoded;

use super::{Page, popular_rows, world_row};
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
    let regions = found.regions.iter().filter_map(|at| row(snapshot.region_at(*at)));
    let world = found.world.then(|| world_row(&visit, &snapshot)).flatten();
    let page_of_results = SearchPage {
        empty: snapshot.is_empty(),
        countries: found.countries.iter().filter_map(|at| row(snapshot.country_at(*at))).collect(),
        regions: regions.chain(world).collect(),
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

/// Countries, then regions, the best first, and the world: as text, which the script shows as text.
pub(super) async fn suggest(
    visit: Visit,
    asked: Result<Query<Asked>, QueryRejection>,
    Extension(window): Extension<Window>,
) -> Response {
    let snapshot = window.now();
    let found = snapshot.index.find(&query(asked));
    let countries = found.countries.iter().filter_map(|at| snapshot.country_at(*at));
    let regions = found.regions.iter().filter_map(|at| snapshot.region_at(*at));
    let rows = countries.chain(regions).map(|place| wording::board_row(&visit, place));
    let world = found.world.then(|| world_row(&visit, &snapshot)).flatten();
    let places: Vec<Suggestion> = rows
        .chain(world)
        .take(SUGGESTED)
        .map(|row| Suggestion { name: row.name, detail: row.from, href: row.href })
        .collect();
    let said = visit.t1("search-said", "count", places.len());
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(Suggestions { said, places })).into_response()
}

#[cfg(test)]
mod tests {
    use crate::ground::Language;
    use crate::window::snapshot::Snapshot;
    use crate::window::snapshot::tests::{contents, rules, snapshot};
    use crate::window::{Window, web};
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::{Extension, Router};
    use tower::ServiceExt as _;
    use url::form_urlencoded::byte_serialize;

    async fn ask(snapshot: Snapshot, language: Language, path: &str, query: &str) -> String {
        let window = Window::default();
        window.swap(snapshot);
        let router: Router = web::routes().layer(Extension(window));
        let query: String = byte_serialize(query.as_bytes()).collect();
        let request = Request::builder().uri(format!("{path}?q={query}")).extension(language);
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn abbreviations_with_dots_lead_to_their_country_in_every_language() {
        for (query, slug) in [
            ("U.S.A.", "united-states"),
            ("U.S.", "united-states"),
            ("U.K.", "united-kingdom"),
            ("U.A.E.", "united-arab-emirates"),
        ] {
            for (language, prefix) in [(Language::En, ""), (Language::It, "/it")] {
                let suggested = ask(snapshot(), language, "/search/suggest", query).await;
                let first = format!("\"href\":\"{prefix}/destinations/");
                let first = suggested.split(&first).nth(1).and_then(|rest| rest.split('"').next());
                assert_eq!(first, Some(slug), "{query}: {suggested}");
                let page = ask(snapshot(), language, "/search", query).await;
                let results = page.split("</form>").last().unwrap();
                let first = format!("<a href=\"{prefix}/destinations/");
                let first = results.split(&first).nth(1).and_then(|rest| rest.split('"').next());
                assert_eq!(first, Some(slug), "{query}: {results}");
            }
        }
    }

    #[tokio::test]
    async fn the_plans_for_the_whole_world_are_suggested_and_found_while_they_are_on_sale() {
        for (language, href, name, query) in [
            (Language::En, "/regions/global", "Global", "worldwide"),
            (Language::En, "/regions/global", "Global", "tutto il mondo"),
            (Language::It, "/it/regions/global", "Tutto il mondo", "mondo"),
            (Language::It, "/it/regions/global", "Tutto il mondo", "globale"),
        ] {
            let suggested = ask(snapshot(), language, "/search/suggest", query).await;
            let wanted = format!("\"href\":\"{href}\"");
            assert!(suggested.contains(&wanted) && suggested.contains(name), "{query}: {suggested}");
            let page = ask(snapshot(), language, "/search", query).await;
            assert!(page.contains(&format!("<a href=\"{href}\">")), "{query}: {page}");
        }
        let mut local = contents();
        local.packages.truncate(2);
        let local = Snapshot::build(local, &rules("USD"));
        assert!(!ask(local, Language::En, "/search/suggest", "world").await.contains("/regions/"));
    }
}
