//! Addresses of the window as people type them: with a slash at the end, in capitals, with the default language's prefix.
//! Each leads to the one that is right, with the visitor's language and the query. Where it leads is written anew from
//! what the catalog has, or begins with a word of ours: never to another host.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::http::Uri;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{Page, missing};
use crate::ground::Language;
use crate::web::{Problem, Visit};
use crate::window::Window;
use crate::window::snapshot::{Place, Snapshot};

/// Pages that the default language's prefix may stand before.
const PAGES: [&str; 4] = ["destinations", "regions", "plans", "search"];

/// For good to this path, in the visitor's language.
pub(super) fn leads_to(visit: &Visit, path: &str, query: Option<&str>) -> Response {
    // What cannot stand in a header is left out; the page would not have understood it either.
    let query = query.filter(|query| query.bytes().all(|byte| byte.is_ascii_graphic()));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{}{query}", visit.href(path))).into_response()
}

/// A place that stands at this address, or at the same in small letters.
fn known<'a>(snapshot: &'a Snapshot, folder: &str, slug: &str) -> Option<&'a Place> {
    let at = |slug: &str| match folder {
        "regions" => snapshot.region(slug),
        _ => snapshot.country(slug),
    };
    at(slug).or_else(|| at(&slug.to_lowercase()))
}

/// Where a place's address is no place's as it stands.
pub(super) fn place(
    visit: &Visit,
    snapshot: &Snapshot,
    folder: &str,
    slug: &str,
    query: Option<&str>,
) -> Page {
    let is_world = folder == "regions" && slug.eq_ignore_ascii_case("global");
    let known = known(snapshot, folder, slug).map(|place| place.slug.as_str());
    let slug = known.or(is_world.then_some("global")).ok_or_else(|| missing(snapshot))?;
    Ok(leads_to(visit, &format!("/{folder}/{slug}"), query))
}

pub(super) async fn destinations(visit: Visit, RawQuery(query): RawQuery) -> Response {
    leads_to(&visit, "/destinations", query.as_deref())
}

pub(super) async fn search(visit: Visit, RawQuery(query): RawQuery) -> Response {
    leads_to(&visit, "/search", query.as_deref())
}

pub(super) async fn country(
    visit: Visit,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    Extension(window): Extension<Window>,
) -> Page {
    place(&visit, &window.now(), "destinations", &slug, query.as_deref())
}

pub(super) async fn region(
    visit: Visit,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    Extension(window): Extension<Window>,
) -> Page {
    place(&visit, &window.now(), "regions", &slug, query.as_deref())
}

pub(super) async fn plan(visit: Visit, Path(id): Path<String>, RawQuery(query): RawQuery) -> Page {
    let id = id.parse::<i64>().map_err(|_| Problem::NotFound)?;
    Ok(leads_to(&visit, &format!("/plans/{id}"), query.as_deref()))
}

/// The default language has no prefix. Behind another language's it is no address.
pub(super) async fn default_language(visit: Visit, uri: Uri) -> Page {
    let prefix = format!("/{}", Language::default().tag());
    let rest = uri.path().strip_prefix(&prefix).filter(|_| visit.language == Language::default());
    let path = match rest.ok_or(Problem::NotFound)? {
        "" | "/" => "/",
        rest => rest,
    };
    let first = path.strip_prefix('/').and_then(|path| path.split('/').next()).unwrap_or_default();
    if path != "/" && !PAGES.contains(&first) || !path.is_ascii() {
        return Err(Problem::NotFound);
    }
    Ok(leads_to(&visit, path, uri.query()))
}

#[cfg(test)]
mod tests {
    use axum::http::{StatusCode, header};

    use super::super::tests::ask;
    use super::*;
    use crate::window::snapshot::tests::{contents, rules};

    #[tokio::test]
    async fn an_address_as_people_type_it_leads_to_the_right_one_with_its_language_and_query() {
        for (typed, right) in [
            ("/destinations/", "/destinations"),
            ("/destinations/?a=b&c=%20", "/destinations?a=b&c=%20"),
            ("/destinations/France", "/destinations/france"),
            ("/destinations/FRANCE/?sort=gb", "/destinations/france?sort=gb"),
            ("/destinations/france/", "/destinations/france"),
            ("/destinations/Nowhere", "/destinations/nowhere"),
            ("/regions", "/destinations"),
            ("/regions/?x", "/destinations?x"),
            ("/regions/Europe?data=5", "/regions/europe?data=5"),
            ("/regions/europe/", "/regions/europe"),
            ("/regions/Global", "/regions/global"),
            ("/regions/global/", "/regions/global"),
            ("/plans/3/", "/plans/3"),
            ("/plans/03/?x=1", "/plans/3?x=1"),
            ("/plans/03?x=1", "/plans/3?x=1"),
            ("/search/?q=fr", "/search?q=fr"),
        ] {
            for (language, prefix) in [(Language::En, ""), (Language::It, "/it")] {
                let snapshot = Snapshot::build(contents(), &rules("USD"));
                let (response, _) = ask(snapshot, language, typed).await;
                assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT, "{typed}");
                assert_eq!(response.headers()[header::LOCATION], format!("{prefix}{right}"), "{typed}");
            }
        }
    }

    #[tokio::test]
    async fn the_default_language_has_no_prefix_and_no_address_leads_away() {
        for (typed, right) in [
            ("/en", Some("/")),
            ("/en/", Some("/")),
            ("/en?x=1", Some("/?x=1")),
            ("/en/destinations/france?sort=gb", Some("/destinations/france?sort=gb")),
            ("/en/plans/1", Some("/plans/1")),
            ("/en/destinations//evil.example", Some("/destinations//evil.example")),
            ("/en//evil.example", None),
            ("/en/%2fevil.example", None),
            ("/en/admin", None),
            ("/en/en", None),
            ("/english", None),
            ("//evil.example", None),
            ("//evil.example/", None),
            ("/destinations//evil.example/", None),
            ("/destinations/%2F%2Fevil.example/", None),
            ("/destinations/Atlantis/", None),
            ("/regions/%5Cevil.example", None),
            ("/plans//evil.example/", None),
            ("/plans/x/", None),
        ] {
            let snapshot = Snapshot::build(contents(), &rules("USD"));
            let (response, _) = ask(snapshot, Language::En, typed).await;
            let leads = response.headers().get(header::LOCATION).map(|place| place.to_str().unwrap());
            assert_eq!(leads, right, "{typed}");
            let status = if right.is_some() { StatusCode::PERMANENT_REDIRECT } else { StatusCode::NOT_FOUND };
            assert_eq!(response.status(), status, "{typed}");
        }
        let snapshot = Snapshot::build(contents(), &rules("USD"));
        let (response, _) = ask(snapshot, Language::It, "/en").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "/it/en is no address");
    }
}
