//! How a page is sent.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::Problem;

/// Who may keep a copy of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// Anyone, but it must be asked about each time: holds nothing of a visitor.
    Public,
    /// Nobody: it holds something of one visitor.
    Private,
}

/// Renders a template as a page. A public page carries a tag of its content, with which [`revalidate`] answers who
/// has it already.
///
/// # Errors
/// [`Problem::Fault`] where the template cannot be rendered.
pub fn page(status: StatusCode, cache: Cache, template: &impl askama::Template) -> Result<Response, Problem> {
    let body = template.render().map_err(|error| Problem::Fault(error.into()))?;
    let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    Ok(match cache {
        Cache::Private => (status, [kind, (header::CACHE_CONTROL, "no-store")], body).into_response(),
        Cache::Public => {
            // Weak, since the same tag stands on the compressed and on the plain body (RFC 9110, 8.8.3).
            let hash = hex::encode(Sha256::digest(&body)).chars().take(32).collect::<String>();
            let tag = [(header::ETAG, format!("W/\"{hash}\""))];
            let cached = (header::CACHE_CONTROL, "public, max-age=0, must-revalidate");
            (status, [kind, cached], tag, body).into_response()
        }
    })
}

/// A layer: whoever names the tag of what would be sent gets a 304 without the body.
pub async fn revalidate(request: Request, next: Next) -> Response {
    let asked = matches!(*request.method(), Method::GET | Method::HEAD)
        .then(|| request.headers().get(header::IF_NONE_MATCH).cloned())
        .flatten();
    let response = next.run(request).await;
    match (asked, response.headers().get(header::ETAG)) {
        (Some(known), Some(tag)) if response.status() == StatusCode::OK && tag_is_known(&known, tag) => {
            not_modified(response.headers())
        }
        _ => response,
    }
}

/// Whether an `If-None-Match` names a tag. Weak comparison (RFC 9110, 13.1.2): the mark of weakness does not count.
pub fn tag_is_known(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else { return false };
    known.trim() == "*" || known.split(',').any(|known| bare(known) == bare(tag))
}

fn not_modified(of: &HeaderMap) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
        if let Some(value) = of.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    #[derive(askama::Template)]
    #[template(source = "{{ text }}", ext = "html")]
    struct Text {
        text: &'static str,
    }

    async fn answer(known: Option<&str>) -> Response {
        let router = axum::Router::new()
            .route("/", get(|| async { page(StatusCode::OK, Cache::Public, &Text { text: "a & b" }) }))
            .layer(axum::middleware::from_fn(revalidate));
        let mut request = Request::builder().uri("/");
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn who_has_a_public_page_is_not_sent_it_again() {
        let first = answer(None).await;
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        for known in [tag.as_str(), tag.trim_start_matches("W/"), &format!("\"other\", {tag}"), "*"] {
            let again = answer(Some(known)).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()[header::ETAG].to_str().unwrap(), tag);
        }
        assert_eq!(answer(Some("\"other\"")).await.status(), StatusCode::OK);
    }

    #[test]
    fn private_pages_are_kept_by_nobody() {
        let response = page(StatusCode::OK, Cache::Private, &Text { text: "" }).unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert!(response.headers().get(header::ETAG).is_none());
    }
}
