//! The public catalog pages: `/`, `/destinations`, `/regions`, `/plans`, `/search`. One body serves everyone.

mod filter;
mod keep;
mod place;
mod place_gone;
mod plan;
mod search;
mod sitemap;
mod typed;

use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use std::time::Duration;

pub use keep::keep_ready;

use super::plan::Plan;
use super::snapshot::Snapshot;
use super::structured;
use super::wording::{self, BoardRow, TicketRow};
use super::{Window, popular, search as words};
use crate::catalog::Coverage;
use crate::ground::Language;
use crate::web::{Cache, JsonLd, Problem, Visit, page};

/// While the first catalog is being fetched, a place cannot be called unknown: ask again.
const FETCHING: Duration = Duration::from_secs(15);

/// The addresses of the window. Handlers need `Extension<Window>`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let default_language = format!("/{}", Language::default().tag());
    Router::new()
        .route("/", get(home))
        .route("/destinations", get(destinations))
        .route("/destinations/{slug}", get(place::country))
        .route("/regions/{slug}", get(place::region))
        .route("/plans/{id}", get(plan::show))
        .route("/search", get(search::show))
        .route("/search/suggest", get(search::suggest))
        .route("/sitemap.xml", get(sitemap::index))
        .route("/sitemaps/{part}", get(sitemap::part))
        // As people type them.
        .route("/destinations/", get(typed::destinations))
        .route("/destinations/{slug}/", get(typed::country))
        .route("/regions", get(typed::destinations))
        .route("/regions/", get(typed::destinations))
        .route("/regions/{slug}/", get(typed::region))
        .route("/plans/{id}/", get(typed::plan))
        .route("/search/", get(typed::search))
        .route(&default_language, get(typed::default_language))
        .route(&format!("{default_language}/"), get(typed::default_language))
        .route(&format!("{default_language}/{{*rest}}"), get(typed::default_language))
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
    rows.sort_by_cached_key(|row| words::folded_words(&row.name));
    rows.extend(world_row(visit, snapshot));
    rows
}

/// The line of the plans for the whole world, where there are any.
fn world_row(visit: &Visit, snapshot: &Snapshot) -> Option<BoardRow> {
    snapshot.global().next().map(|_| BoardRow {
        href: visit.href("/regions/global"),
        code: String::new(),
        flag: String::new(),
        name: visit.t("global-name"),
        from: wording::from(visit, snapshot.global_from()),
    })
}

#[derive(askama::Template)]
#[template(path = "window/home.html")]
struct Home {
    visit: Visit,
    empty: bool,
    popular: Vec<BoardRow>,
    regions: Vec<BoardRow>,
    countries: usize,
    /// What a plan looks like: a real one.
    sample: Option<TicketRow>,
    title: String,
    description: String,
    told: JsonLd,
}

/// The plan in the middle of the most popular country's own, if it can be bought.
fn sample(visit: &Visit, snapshot: &Snapshot) -> Option<TicketRow> {
    let country = popular::destinations(snapshot).into_iter().next()?;
    let own: Vec<&Plan> = snapshot
        .plans_of(country)
        .filter(|plan| plan.coverage == Coverage::Local && plan.price.is_some())
        .collect();
    own.get(own.len() / 2).map(|plan| wording::ticket(visit, snapshot, plan))
}

async fn home(visit: Visit, Extension(window): Extension<Window>) -> Page {
    let snapshot = window.now();
    let home = Home {
        empty: snapshot.is_empty(),
        popular: popular_rows(&visit, &snapshot),
        regions: region_rows(&visit, &snapshot),
        countries: snapshot.countries().count(),
        sample: sample(&visit, &snapshot),
        title: visit.t("shop-title"),
        description: visit.t("shop-description"),
        told: JsonLd::graph(structured::shop(&visit)),
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
    title: String,
    description: String,
    letters: Vec<Letter>,
    regions: Vec<BoardRow>,
    told: JsonLd,
}

async fn destinations(visit: Visit, Extension(window): Extension<Window>) -> Page {
    let snapshot = window.now();
    let mut rows: Vec<(Vec<String>, BoardRow)> = snapshot
        .countries()
        .map(|place| wording::board_row(&visit, place))
        .map(|row| (words::folded_words(&row.name), row))
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
    let told = structured::breadcrumbs(&visit, &[(&visit.t("nav-destinations"), "/destinations")]);
    let list = Destinations {
        title: visit.t("all-destinations"),
        description: visit.t("destinations-description"),
        told: JsonLd::graph(vec![told]),
        visit,
        letters,
        regions,
    };
    page(StatusCode::OK, Cache::Public, &list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::problem;
    use crate::window::snapshot::tests::{contents, rules};
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, header};
    use tower::ServiceExt as _;

    pub(super) async fn ask(snapshot: Snapshot, language: Language, path: &str) -> (Response, String) {
        let window = Window::default();
        window.swap(snapshot);
        let router: Router =
            routes().layer(Extension(window)).layer(axum::middleware::from_fn(problem::render));
        let request = Request::builder().uri(path).extension(language).body(Body::empty()).unwrap();
        let mut response = router.oneshot(request).await.unwrap();
        let body = std::mem::take(response.body_mut());
        (response, String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap())
    }

    async fn open(path: &str) -> (u16, String) {
        let snapshot = Snapshot::build(contents(), &rules("USD"));
        let (response, body) = ask(snapshot, Language::En, path).await;
        (response.status().as_u16(), body)
    }

    #[tokio::test]
    async fn every_page_has_its_status() {
        for (path, status) in [
            ("/", 200),
            ("/destinations", 200),
            ("/destinations/france", 200),
            ("/destinations/atlantis", 404),
            ("/destinations/nowhere", 410),
            ("/regions/europe", 200),
            ("/regions/global", 200),
            ("/regions/x", 404),
            ("/plans/1", 200),
            ("/plans/99", 410),
            ("/plans/98", 404),
            ("/plans/abc", 404),
            ("/plans/-1", 404),
            ("/plans/99999999999999999999", 404),
            ("/search", 200),
            ("/search?q=fr", 200),
            ("/search?q=%ff", 200),
            ("/search/suggest", 200),
            ("/search/suggest?q=%ff", 200),
            ("/search/suggest?q=<script>alert(1)</script>", 200),
            ("/search?q=<script>alert(1)</script>", 200),
            ("/sitemap.xml", 200),
        ] {
            let (answered, body) = open(&path.replace('<', "%3C").replace('>', "%3E")).await;
            assert_eq!(answered, status, "{path}");
            assert!(!body.contains("<script>"), "{path}");
        }
    }

    #[tokio::test]
    async fn a_countrys_plans_stand_local_first_and_show_prices_and_no_cost() {
        let (_, body) = open("/destinations/france").await;
        let at = |text: &str| body.find(text).unwrap_or_else(|| panic!("{text} is missing"));
        assert!(at("id=\"local\"") < at("id=\"regional\"") && at("id=\"regional\"") < at("id=\"global\""));
        assert!(at("/plans/2") < at("/plans/1\"") && body.contains("$5.25") && body.contains("from $1.38"));
        for cost in ["4.20", "1.10", "$6.00", "20.00"] {
            assert!(!body.contains(cost), "the cost {cost} is on the page");
        }
    }

    #[tokio::test]
    async fn a_plan_leads_to_checkout_and_one_without_a_price_does_not() {
        let (_, body) = open("/plans/3").await;
        assert!(
            body.contains("/checkout?package_id=3&amp;quantity=1") && body.contains("Works in 4 countries")
        );
        let (response, body) =
            ask(Snapshot::build(contents(), &crate::pricing::PriceList::default()), Language::It, "/plans/3")
                .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!body.contains("/checkout") && body.contains("Non ancora in vendita"));
    }

    #[tokio::test]
    async fn an_address_that_is_written_otherwise_leads_to_the_one_that_is_right() {
        for path in ["/plans/01", "/plans/+1"] {
            let snapshot = Snapshot::build(contents(), &rules("USD"));
            let (response, _) = ask(snapshot, Language::It, path).await;
            assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT, "{path}");
            assert_eq!(response.headers()[header::LOCATION], "/it/plans/1");
        }
    }

    #[tokio::test]
    async fn while_the_catalog_is_fetched_pages_say_so() {
        let (response, body) = ask(Snapshot::default(), Language::En, "/").await;
        assert!(response.status() == StatusCode::OK && body.contains("The catalog is being fetched"));
        let (response, _) = ask(Snapshot::default(), Language::En, "/plans/1").await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().get(header::RETRY_AFTER).is_some());
    }

    #[tokio::test]
    async fn pages_are_the_same_for_everyone_and_name_their_other_languages() {
        let snapshot = || Snapshot::build(contents(), &rules("USD"));
        let (one, body) = ask(snapshot(), Language::It, "/destinations/france").await;
        let (other, _) = ask(snapshot(), Language::It, "/destinations/france").await;
        assert_eq!(one.headers()[header::ETAG], other.headers()[header::ETAG]);
        assert!(one.headers().get(header::SET_COOKIE).is_none());
        assert!(body.contains("<link rel=\"canonical\" href=\"/it/destinations/france\">"));
        assert!(body.contains("hreflang=\"en\" href=\"/destinations/france\""));
        assert!(body.contains("Francia") && body.contains("5,25\u{a0}$"));
    }

    #[tokio::test]
    async fn suggestions_are_places_with_their_addresses_in_the_visitors_language() {
        let snapshot = || Snapshot::build(contents(), &rules("USD"));
        let (response, body) = ask(snapshot(), Language::It, "/search/suggest?q=uk").await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let found: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(found["said"], "1 suggerimento");
        assert_eq!(
            found["places"],
            serde_json::json!([{"name": "Regno Unito", "detail": "da 3,75\u{a0}$", "href": "/it/destinations/united-kingdom"}])
        );
        let (_, nothing) = ask(snapshot(), Language::En, "/search/suggest?q=zzzz").await;
        assert_eq!(nothing, r#"{"said":"No suggestions","places":[]}"#);
    }

    #[tokio::test]
    async fn an_empty_search_helps() {
        let (_, body) = open("/search?q=zzzz").await;
        assert!(body.contains("Nothing was found") && body.contains("/destinations/france"));
    }
}
