//! A relay between two parties: it hands every request on, keeps what was answered, and changes answers only where it
//! was told to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use simfront::plumbing::http;

/// The largest body that is handed on.
const LIMIT: usize = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);

/// What was asked and what was answered.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// `GET`, `POST`
    pub method: String,
    /// Without its query.
    pub path: String,
    /// The answer's status.
    pub status: u16,
    /// Every `sl-violations` header of the answer.
    pub violations: Vec<String>,
    /// Whether the answer is a `problem+json`, which Prism writes and eSIMDual never does.
    pub problem: bool,
    /// The answer's body, as it was handed on.
    pub body: Vec<u8>,
}

impl Exchange {
    /// What is wrong with it by the judge in front of the upstream, in one line.
    pub fn verdict(&self) -> Option<String> {
        let wrong = self.problem || !self.violations.is_empty() || self.status >= 500;
        let body: String = String::from_utf8_lossy(&self.body).chars().take(400).collect();
        let said = if self.violations.is_empty() { body } else { self.violations.join("; ") };
        wrong.then(|| format!("{} {} was answered {}: {said}", self.method, self.path, self.status))
    }
}

/// An answer on its way: path, status, body.
type Twist = Box<dyn Fn(&str, &mut StatusCode, &mut Vec<u8>) + Send + Sync>;

struct Inner {
    http: reqwest::Client,
    target: String,
    seen: Mutex<Vec<Exchange>>,
    twist: Mutex<Option<Twist>>,
    prefer: Mutex<Option<&'static str>>,
}

/// A running relay; a clone is the same one.
#[derive(Clone)]
pub struct Relay {
    inner: Arc<Inner>,
    /// Where it listens.
    pub url: String,
}

impl Relay {
    /// Begins to hand requests on to `target`, which has no slash at its end.
    pub async fn start(target: &str) -> anyhow::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let inner = Arc::new(Inner {
            http: http::client(PATIENCE, PATIENCE)?,
            target: target.to_owned(),
            seen: Mutex::default(),
            twist: Mutex::default(),
            prefer: Mutex::default(),
        });
        let routes = Router::new().fallback(relay).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { inner, url })
    }

    /// Changes every answer from now on; `None` hands them on as they are.
    pub fn twist(&self, twist: Option<Twist>) {
        *self.inner.twist.lock().unwrap_or_else(PoisonError::into_inner) = twist;
    }

    /// Adds a `Prefer` header to every request from now on: Prism's mock takes it for the answer that is wanted.
    pub fn prefer(&self, prefer: Option<&'static str>) {
        *self.inner.prefer.lock().unwrap_or_else(PoisonError::into_inner) = prefer;
    }

    /// What passed since the last call of this.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn relay(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    match hand_on(&inner, request).await {
        Ok(answer) => answer,
        // Nobody behind the relay answered: a fault of the set-up, kept as a 502 that no judge overlooks.
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

async fn hand_on(inner: &Inner, request: Request) -> anyhow::Result<Response> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LIMIT).await.context("the request's body")?;
    let path_and_query = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = head.headers;
    for name in [header::HOST, header::CONTENT_LENGTH, header::ACCEPT_ENCODING, header::CONNECTION] {
        headers.remove(name);
    }
    let prefer = *inner.prefer.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(prefer) = prefer {
        headers.insert(HeaderName::from_static("prefer"), prefer.parse()?);
    }
    let sent = inner.http.request(head.method.clone(), format!("{}{path_and_query}", inner.target));
    let answer = sent.headers(headers).body(body).send().await.context("nobody answered")?;
    let (mut status, headers) = (answer.status(), answer.headers().clone());
    let mut body = http::read_bounded(answer, LIMIT).await?;
    let path = head.uri.path();
    if let Some(twist) = &*inner.twist.lock().unwrap_or_else(PoisonError::into_inner) {
        twist(path, &mut status, &mut body);
    }
    inner.seen.lock().unwrap_or_else(PoisonError::into_inner).push(Exchange {
        method: head.method.to_string(),
        path: path.to_owned(),
        status: status.as_u16(),
        violations: texts(&headers, "sl-violations"),
        problem: texts(&headers, "content-type").iter().any(|kind| kind.contains("problem+json")),
        body: body.clone(),
    });
    let mut handed = Response::new(Body::from(Bytes::from(body)));
    *handed.status_mut() = status;
    for (name, value) in &headers {
        let framing = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION].contains(name);
        if !framing {
            handed.headers_mut().append(name, value.clone());
        }
    }
    Ok(handed)
}

fn texts(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}
