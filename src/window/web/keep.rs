//! Sends the window's pages as they were made ready: rendered and compressed once for a snapshot and an address.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::ground::Language;
use crate::web::page::tag_is_known;
use crate::web::ready::{Encoding, Kept, Key};
use crate::window::Window;

/// A larger body is no page.
const LARGEST: usize = 4 << 20;

/// A layer around the router, and so around compression and the headers of every answer: what is kept is what is sent.
/// Pages of one visitor, errors, and addresses with a query (of which there are as many as anybody likes) go through
/// untouched.
pub async fn keep_ready(State(window): State<Window>, mut request: Request, next: Next) -> Response {
    let Some(key) = key(&request) else { return next.run(request).await };
    // Taken before the page is made: one that is made of a newer snapshot may be kept with an older one, which is
    // thrown away sooner, and never the other way round.
    let snapshot = window.now();
    let known = request.headers_mut().remove(header::IF_NONE_MATCH);
    let ready = &snapshot.beside.ready;
    let (page, making) = match ready.get(&key) {
        Some(page) => (Some(page), None),
        None => {
            let making = ready.turn_to_make(&key).await;
            (ready.get(&key), Some(making))
        }
    };
    let page = match page {
        Some(page) => page,
        None => {
            request.headers_mut().insert(header::ACCEPT_ENCODING, key.encoding.header());
            let response = next.run(request).await;
            if !may_be_kept(&response) {
                return response;
            }
            let (parts, body) = response.into_parts();
            let Ok(body) = to_bytes(body, LARGEST).await else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            ready.keep(key.clone(), Kept { headers: parts.headers.clone(), body: body.clone() });
            std::sync::Arc::new(Kept { headers: parts.headers, body })
        }
    };
    drop(making);
    match known.zip(page.headers.get(header::ETAG)) {
        Some((known, tag)) if tag_is_known(&known, tag) => {
            let mut headers = page.headers.clone();
            for of_the_body in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING] {
                headers.remove(of_the_body);
            }
            (StatusCode::NOT_MODIFIED, headers).into_response()
        }
        _ => (page.headers.clone(), page.body.clone()).into_response(),
    }
}

/// What a request asks for, where a page may be ready for it.
fn key(request: &Request) -> Option<Key> {
    let first = request.uri().path().split('/').nth(1).unwrap_or_default();
    let ours = matches!(first, "" | "destinations" | "regions" | "plans");
    // However an address is spelled it is one page, and only one spelling of it is kept.
    let spelled = !request.uri().path().contains('%');
    let plain = request.method() == Method::GET && request.uri().query().is_none() && ours && spelled;
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let page = plain && text(header::ACCEPT).is_none_or(|accept| !accept.contains("json"));
    page.then(|| Key {
        path: request.uri().path().to_owned(),
        language: request.extensions().get::<Language>().copied().unwrap_or_default(),
        encoding: Encoding::best(text(header::ACCEPT_ENCODING)),
    })
}

/// A page that is the same for everyone.
fn may_be_kept(response: &Response) -> bool {
    let headers = response.headers();
    let public =
        headers.get(header::CACHE_CONTROL).is_some_and(|value| value.as_bytes().starts_with(b"public"));
    response.status() == StatusCode::OK
        && public
        && headers.contains_key(header::ETAG)
        && !headers.contains_key(header::SET_COOKIE)
}
