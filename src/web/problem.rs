//! What a visitor sees when something is wrong: never internals, always the shop's look.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts as _, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Visit, language};
use crate::ground::Entropy;
use crate::plumbing::db;
use crate::plumbing::together::NotWritten;

/// Why a request has no ordinary answer.
#[derive(Debug)]
pub enum Problem {
    /// Nothing is here, or nothing that this visitor may see.
    NotFound,
    /// It was here once.
    Gone,
    /// The request makes no sense; the sentence's key says why.
    BadRequest(&'static str),
    /// Not allowed.
    Forbidden,
    /// Too often.
    TooMany(Duration),
    /// Not now.
    Unavailable(Duration),
    /// Our fault: logged once with an incident number, which is all that the visitor sees.
    Fault(anyhow::Error),
}

impl From<anyhow::Error> for Problem {
    fn from(fault: anyhow::Error) -> Self {
        match fault.downcast::<sqlx::Error>() {
            Ok(error) => error.into(),
            Err(fault) => Self::Fault(fault),
        }
    }
}

/// A database that cannot be reached, or cannot take this now, is a "not now"; anything else is our fault.
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        match db::transient(&error) {
            true => {
                tracing::error!(%error, "the database cannot do this now");
                Self::Unavailable(Duration::from_secs(5))
            }
            false => Self::Fault(error.into()),
        }
    }
}

/// Whatever is not written was told by the queue; the form can be sent again.
impl From<NotWritten> for Problem {
    fn from(not: NotWritten) -> Self {
        match not {
            NotWritten::Fault(fault) if !db::transient(&fault) => Self::Fault(fault.into()),
            NotWritten::Fault(_) | NotWritten::Saturated | NotWritten::Late => {
                Self::Unavailable(Duration::from_secs(5))
            }
        }
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn retry_after(&self) -> Option<HeaderValue> {
        match self {
            Self::TooMany(wait) | Self::Unavailable(wait) => Some(HeaderValue::from(wait.as_secs().max(1))),
            _ => None,
        }
    }
}

/// The problem behind an answer, until [`render`] shows it.
#[derive(Clone)]
struct Untold(Arc<Problem>);

/// The bare status: the visitor's language is not known here, so [`render`] makes the page.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(wait) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response.extensions_mut().insert(Untold(Arc::new(self)));
        response
    }
}

/// What a page of a problem says.
struct Told {
    status: StatusCode,
    /// Keys: a title, and a sentence on what to do next.
    title: &'static str,
    text: &'static str,
    /// Names the entry in our log.
    incident: Option<String>,
}

/// The texts of a status; the last arms are for every other client's and server's mistake.
fn texts(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        401 | 403 => ("problem-forbidden-title", "problem-forbidden-text"),
        404 => ("problem-not-found-title", "problem-not-found-text"),
        405 => ("problem-method-title", "problem-method-text"),
        410 => ("problem-gone-title", "problem-gone-text"),
        413 => ("problem-too-large-title", "problem-too-large-text"),
        408 | 503 => ("problem-unavailable-title", "problem-unavailable-text"),
        429 => ("problem-too-many-title", "problem-too-many-text"),
        400..=499 => ("problem-bad-request-title", "problem-bad-request-text"),
        _ => ("problem-fault-title", "problem-fault-text"),
    }
}

/// A layer: shows problems, and the bare errors that axum itself answers with (404, 405, 413, 415, 422 …), as a page
/// in the visitor's language, or as `application/problem+json` (RFC 9457) to whoever asked for JSON. Answers to
/// machines (webhooks, health) keep their own form. It belongs outside every layer that may refuse a request, and
/// inside the request's log span.
pub async fn render(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(visit) = Visit::from_request_parts(&mut parts, &()).await;
    let response = next.run(Request::from_parts(parts, body)).await;
    match told(&response, &visit) {
        Some(told) => show(response, &visit, &told),
        None => response,
    }
}

/// What to say about this answer; `None` where it is fine, or says it itself.
fn told(response: &Response, visit: &Visit) -> Option<Told> {
    let status = response.status();
    let (mut title, mut text) = texts(status);
    let mut incident = None;
    match response.extensions().get::<Untold>().map(|untold| untold.0.as_ref()) {
        Some(Problem::Fault(fault)) => incident = Some(logged(fault, visit)),
        Some(Problem::BadRequest(why)) => (title, text) = ("problem-bad-request-title", why),
        Some(_) => {}
        None if is_bare(response) && !language::is_for_machines(&visit.path) => {
            incident = status.is_server_error().then(incident_number);
        }
        None => return None,
    }
    Some(Told { status, title, text, incident })
}

/// An error without a page of its own: no body type, or axum's plain sentence.
fn is_bare(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    (status.is_client_error() || status.is_server_error())
        && kind.is_none_or(|kind| kind.starts_with(b"text/plain"))
}

/// Eight letters and digits: enough to find the entry, short enough to read out.
fn incident_number() -> String {
    Entropy::system().token().as_str().chars().take(8).collect()
}

fn logged(fault: &anyhow::Error, visit: &Visit) -> String {
    let incident = incident_number();
    // The path of an order holds its token, so only the first word of it is logged.
    let place = visit.path.split('/').nth(1).unwrap_or_default();
    tracing::error!(%incident, place, fault = format!("{fault:#}"), "a request failed");
    incident
}

fn show(response: Response, visit: &Visit, told: &Told) -> Response {
    let (kind, body) = match visit.wants_json || language::is_for_machines(&visit.path) {
        true => ("application/problem+json", as_json(visit, told)),
        false => ("text/html; charset=utf-8", as_page(visit, told)),
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, body.into())
}

fn as_json(visit: &Visit, told: &Told) -> String {
    let mut problem = serde_json::json!({
        "type": "about:blank",
        "title": told.status.canonical_reason().unwrap_or("Error"),
        "status": told.status.as_u16(),
        "detail": visit.t(told.text),
    });
    if let Some(incident) = &told.incident {
        problem["incident"] = incident.clone().into();
    }
    problem.to_string()
}

#[derive(askama::Template)]
#[template(path = "errors/problem.html")]
struct ProblemPage<'a> {
    visit: &'a Visit,
    status: u16,
    title: &'a str,
    text: &'a str,
    incident: Option<&'a str>,
}

fn as_page(visit: &Visit, told: &Told) -> String {
    let page = ProblemPage {
        visit,
        status: told.status.as_u16(),
        title: told.title,
        text: told.text,
        incident: told.incident.as_deref(),
    };
    askama::Template::render(&page).unwrap_or_else(|error| {
        tracing::error!(%error, "the error page cannot be rendered");
        visit.t(told.title)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Language;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::{get, post};
    use tower::ServiceExt as _;

    async fn ask(request: axum::http::request::Builder) -> (Response, String) {
        let fault = || async { Problem::Fault(anyhow::anyhow!("password=hunter2")) };
        let router = Router::new()
            .route("/fault", get(fault))
            .route("/busy", get(|| async { Problem::Unavailable(Duration::from_secs(30)) }))
            .route("/why", get(|| async { Problem::BadRequest("problem-too-large-text") }))
            .route("/post", post(|| async {}))
            .route("/webhooks/x", get(|| async { StatusCode::UNAUTHORIZED }).post(fault))
            .route("/own", get(|| async { (StatusCode::CONFLICT, axum::response::Html("own page")) }))
            .layer(axum::middleware::from_fn(render));
        let mut response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let body = std::mem::take(response.body_mut());
        (response, String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap())
    }

    fn to(path: &str) -> axum::http::request::Builder {
        Request::builder().uri(path)
    }

    #[tokio::test]
    async fn what_axum_refuses_gets_the_shops_look_in_the_visitors_language() {
        let (response, body) = ask(to("/nowhere").extension(Language::It)).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(body.contains("<html lang=\"it\"") && body.contains("Questa pagina non c’è"), "{body}");
        let (response, body) = ask(to("/post")).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "POST");
        assert!(body.contains("This does not work here"));
    }

    #[tokio::test]
    async fn a_fault_tells_its_incident_and_nothing_else() {
        for accept in ["text/html", "application/json"] {
            let (response, body) = ask(to("/fault").header(header::ACCEPT, accept)).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
            assert!(!body.contains("hunter2"), "{body}");
        }
        let (response, body) = ask(to("/fault").header(header::ACCEPT, "application/json")).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["status"], 500);
        assert_eq!(problem["incident"].as_str().unwrap().len(), 8);
    }

    #[tokio::test]
    async fn what_may_work_later_says_when_and_what_is_wrong_says_why() {
        let (response, _) = ask(to("/busy")).await;
        assert_eq!(response.headers()[header::RETRY_AFTER], "30");
        let (response, body) = ask(to("/why")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(body.contains("Make it smaller and try again."));
    }

    #[tokio::test]
    async fn a_page_of_its_own_and_answers_to_machines_stay() {
        assert_eq!(ask(to("/own")).await.1, "own page");
        let (response, body) = ask(to("/webhooks/x")).await;
        assert_eq!((response.status(), body.as_str()), (StatusCode::UNAUTHORIZED, ""));
        let (response, body) = ask(to("/webhooks/x").method("POST")).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(!body.contains("hunter2"));
    }
}
