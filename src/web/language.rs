//! The language prefix: `/it/destinations` is `/destinations` in Italian.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

use crate::ground::Language;

/// Takes the language prefix off the path, so that one router serves every language. It belongs *outside* the router
/// (`tower::util::MapRequestLayer` around it), since a router's own layers run after it has chosen the route.
///
/// Addresses that have no language (admin, webhooks, files, events, QR) keep the prefix, which the router does not
/// know: they are 404.
pub fn strip_prefix(mut request: Request) -> Request {
    if let Some((language, path)) = prefixed(request.uri().path()) {
        request.extensions_mut().insert(language);
        if has_languages(&path)
            && let Some(uri) = with_path(request.uri(), &path)
        {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// The language of a path and the path without it; `None` for a path without a prefix.
fn prefixed(path: &str) -> Option<(Language, String)> {
    Language::ALL.into_iter().filter(|language| !language.prefix().is_empty()).find_map(|language| match path
        .strip_prefix(language.prefix())?
    {
        "" | "/" => Some((language, "/".to_owned())),
        rest => rest.starts_with('/').then(|| (language, rest.to_owned())),
    })
}

/// Whether a public page may stand at this path.
fn has_languages(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    let files = ["sitemap.xml", "sitemaps", "robots.txt", "favicon.ico", "static"];
    let of_an_order =
        first == "orders" && ["/events", "/qr.svg", "/qr.png"].iter().any(|end| path.ends_with(end));
    // A second prefix is no address either.
    first != "admin"
        && !files.contains(&first)
        && !is_for_machines(path)
        && !of_an_order
        && prefixed(path).is_none()
}

/// Whether programs and not people ask here: they are never answered with a page.
pub(super) fn is_for_machines(path: &str) -> bool {
    matches!(path.split('/').nth(1), Some("webhooks" | "healthz" | "readyz"))
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn stripped(uri: &str) -> (String, Option<Language>) {
        let request = strip_prefix(Request::builder().uri(uri).body(Body::empty()).unwrap());
        (request.uri().to_string(), request.extensions().get().copied())
    }

    #[test]
    fn public_pages_lose_their_prefix_and_keep_their_query() {
        let italian = Some(Language::It);
        assert_eq!(stripped("/it/destinations/france"), ("/destinations/france".to_owned(), italian));
        assert_eq!(stripped("/it/search?q=a%20b"), ("/search?q=a%20b".to_owned(), italian));
        assert_eq!(stripped("/it"), ("/".to_owned(), italian));
        assert_eq!(stripped("/it/"), ("/".to_owned(), italian));
        assert_eq!(stripped("/it?x=1"), ("/?x=1".to_owned(), italian));
        assert_eq!(stripped("/it/orders/abc"), ("/orders/abc".to_owned(), italian));
    }

    #[test]
    fn other_paths_stay_as_they_are() {
        for path in ["/", "/destinations/italy", "/italy", "/item/1", "/en/destinations", "/xx"] {
            assert_eq!(stripped(path), (path.to_owned(), None));
        }
    }

    #[test]
    fn what_has_no_language_keeps_its_prefix_and_is_not_found() {
        let paths = [
            "/it/admin",
            "/it/admin/orders",
            "/it/webhooks/esimdual",
            "/it/healthz",
            "/it/static/abc/css/shop.css",
            "/it/orders/abc/events",
            "/it/orders/abc/items/1/1/qr.svg",
            "/it/orders/abc/items/1/1/qr.png",
            "/it/robots.txt",
            "/it/it/destinations",
        ];
        for path in paths {
            assert_eq!(stripped(path), (path.to_owned(), Some(Language::It)));
        }
    }
}
