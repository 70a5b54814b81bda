//! A stand-in for Stripe: sessions, refunds, disputes and warnings with a ledger of its own. It commits first and answers
//! afterwards, keeps keys as Stripe does (500s too), refuses what Stripe refuses, and misbehaves where a test asks for it.
//! It shares no code with the shop's desk, so that no misreading is made twice.

#![allow(dead_code, reason = "each test binary uses the part that it needs")]

pub mod post;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post as posted};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use simfront::ground::Clock;
use time::OffsetDateTime;
use tokio::net::TcpListener;

use self::post::{Mishap, Told};

pub const KEY: &str = "sk_test_simfront";
pub const SECRET: &str = "whsec_simfront_tests";
const LOWEST_EXPIRY: i64 = 1800;

/// What goes wrong with the next POST to a path that ends so, or by the weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Carried out, and the connection drops.
    LoseAnswer,
    /// Nothing done, and the connection drops.
    LoseRequest,
    /// This status, nothing done, nothing kept.
    Status(u16),
    /// Carried out, and answered with a 500 that its key keeps.
    Keep500,
    /// Nothing is answered for ever.
    Silence,
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: &'static str,
    pub path: String,
    /// Of the body, or of the address, in their order.
    pub pairs: Vec<(String, String)>,
    pub key: Option<String>,
    pub form: HashMap<String, String>,
}

/// What befalls a call, by its method.
type OfCalls = Box<dyn FnMut(&str) -> Option<Fault> + Send>;
/// What befalls an event.
type OfEvents = Box<dyn FnMut() -> Option<Mishap> + Send>;

/// What goes wrong by chance.
pub struct Weather {
    pub calls: OfCalls,
    pub events: OfEvents,
}

#[derive(Default)]
pub struct Books {
    pub sessions: Vec<Value>,
    pub refunds: Vec<Value>,
    pub disputes: Vec<Value>,
    pub warnings: Vec<Value>,
    /// What was posted.
    pub asked: Vec<Asked>,
    /// What was only read.
    pub looked: Vec<Asked>,
    kept: HashMap<String, (String, u16, Value)>,
    faults: VecDeque<(&'static str, Fault)>,
    /// What a new refund's status is.
    refund_status: Option<&'static str>,
    events: usize,
    /// Where events are posted to by themselves.
    post_to: Option<String>,
    pub told: Vec<Told>,
    weather: Option<Weather>,
    /// How often each fault of the weather struck.
    pub struck: BTreeMap<String, u64>,
    /// How many calls came.
    pub calls: u64,
}

#[derive(Clone)]
pub struct Stripe {
    books: Arc<Mutex<Books>>,
    clock: Clock,
    http: reqwest::Client,
    pub base: String,
}

impl Stripe {
    pub async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        rustls::crypto::ring::default_provider().install_default().ok();
        let patience = std::time::Duration::from_secs(10);
        let http = reqwest::Client::builder().timeout(patience).no_proxy().build().unwrap();
        let stripe = Self { books: Arc::default(), clock, http, base };
        let router = Router::new()
            .route("/v1/checkout/sessions", posted(create_session))
            .route("/v1/checkout/sessions/{id}", get(read_session))
            .route("/v1/checkout/sessions/{id}/expire", posted(expire_session))
            .route("/v1/refunds", posted(create_refund).get(refunds))
            .route("/v1/disputes", get(disputes))
            .route("/v1/radar/early_fraud_warnings", get(warnings))
            .layer(from_fn_with_state(stripe.clone(), weathered))
            .route("/c/pay/{id}", get(page).post(pay_page))
            .with_state(stripe.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        stripe
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// The next POST to a path that ends so goes wrong.
    pub fn fault(&self, path: &'static str, fault: Fault) {
        self.books().faults.push_back((path, fault));
    }

    /// From now on things go wrong by chance, or not any more.
    pub fn set_weather(&self, weather: Option<Weather>) {
        self.books().weather = weather;
    }

    /// Refunds are made with this status from now on.
    pub fn refunds_are(&self, status: &'static str) {
        self.books().refund_status = Some(status);
    }

    pub fn sessions(&self) -> Vec<Value> {
        self.books().sessions.clone()
    }

    pub fn refunds(&self) -> Vec<Value> {
        self.books().refunds.clone()
    }

    pub fn disputes(&self) -> Vec<Value> {
        self.books().disputes.clone()
    }

    /// How often a path was posted to.
    pub fn posts(&self, path: &str) -> usize {
        self.books().asked.iter().filter(|asked| asked.path == path).count()
    }

    /// The customer pays the n-th session, the first is 0.
    pub fn pay(&self, number: usize) {
        self.complete(number, "paid", "succeeded");
    }

    /// The customer did their part by a slow method.
    pub fn pay_slowly(&self, number: usize) {
        self.complete(number, "unpaid", "processing");
    }

    /// The slow method failed.
    pub fn fail(&self, number: usize) {
        self.complete(number, "unpaid", "requires_payment_method");
    }

    fn complete(&self, number: usize, payment_status: &str, intent: &str) {
        let mut books = self.books();
        let session = &mut books.sessions[number];
        session["status"] = json!("complete");
        session["payment_status"] = json!(payment_status);
        session["url"] = Value::Null;
        session["payment_intent"] =
            json!({ "id": format!("pi_{number}"), "object": "payment_intent", "status": intent });
        let session = session.clone();
        self.tell(&mut books, "checkout.session.completed", &session);
    }

    /// Changes what a session says.
    pub fn change(&self, number: usize, name: &str, value: Value) {
        self.books().sessions[number][name] = value;
    }

    pub fn dispute(&self, number: usize, amount: i64) {
        let mut books = self.books();
        let id = format!("du_{}", books.disputes.len());
        let due_by = self.clock.now().unix_timestamp() + 7 * 86_400;
        books.disputes.push(json!({ "id": id, "object": "dispute", "amount": amount, "currency": "usd",
            "status": "needs_response", "reason": "fraudulent", "payment_intent": format!("pi_{number}"),
            "evidence_details": { "due_by": due_by } }));
    }

    pub fn close_dispute(&self, number: usize, status: &str) {
        self.books().disputes[number]["status"] = json!(status);
    }

    pub fn set_refund(&self, number: usize, status: &str) {
        self.books().refunds[number]["status"] = json!(status);
    }

    /// Somebody refunds in the dashboard.
    pub fn refund_elsewhere(&self, session: usize, amount: i64) {
        let mut books = self.books();
        let id = format!("re_{}", books.refunds.len());
        books.refunds.push(json!({ "id": id, "object": "refund", "amount": amount, "currency": "usd",
            "status": "succeeded", "payment_intent": format!("pi_{session}"), "metadata": {} }));
    }

    pub fn warn(&self, session: usize) {
        let intent = format!("pi_{session}");
        self.books().warnings.push(json!({ "id": "issfr_1", "object": "radar.early_fraud_warning",
            "payment_intent": intent, "fraud_type": "made_with_stolen_card", "actionable": true }));
    }

    /// The body of an event about an object.
    pub fn event(&self, name: &str, object: &Value) -> String {
        event_of(&mut self.books(), self.clock.now(), name, object).1
    }

    /// The header that signs a body now.
    pub fn signature(&self, body: &str) -> String {
        signature(SECRET, self.clock.now().unix_timestamp(), body)
    }
}

pub fn signature(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// An event about an object: its name and body.
fn event_of(books: &mut Books, now: OffsetDateTime, name: &str, object: &Value) -> (String, String) {
    books.events += 1;
    let id = format!("evt_{}", books.events);
    let body = json!({ "id": id, "object": "event", "type": name, "livemode": false,
        "created": now.unix_timestamp(), "data": { "object": object } });
    (id, body.to_string())
}

/// An object whose intent is told by its name alone, as it is where nobody asked for more.
fn collapsed(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(id) = object["payment_intent"].get("id").cloned() {
        object["payment_intent"] = id;
    }
    object
}

/// The weather strikes before a call or after it.
async fn weathered(State(stripe): State<Stripe>, request: Request, next: Next) -> Response {
    let fault = {
        let mut books = stripe.books();
        books.calls += 1;
        let method = request.method().as_str();
        if method == "GET" {
            let query = request.uri().query().unwrap_or_default();
            let pairs: Vec<(String, String)> =
                url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let (path, form) = (request.uri().path().to_owned(), pairs.iter().cloned().collect());
            books.looked.push(Asked { method: "GET", path, pairs, key: None, form });
        }
        let fault = books.weather.as_mut().and_then(|weather| (weather.calls)(method));
        if let Some(fault) = fault {
            *books.struck.entry(format!("call {fault:?}")).or_insert(0) += 1;
        }
        fault
    };
    match fault {
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::LoseRequest) => dropped(),
        Some(Fault::Status(status)) => answer(problem(status, "api_error", "fault")),
        Some(Fault::LoseAnswer) => {
            next.run(request).await;
            dropped()
        }
        Some(Fault::Keep500) => unreachable!("what a key keeps is decided where keys are"),
        None => next.run(request).await,
    }
}

fn problem(status: u16, kind: &str, code: &str) -> (u16, Value) {
    (status, json!({ "error": { "type": kind, "code": code, "message": "no" } }))
}

fn invalid(code: &str) -> (u16, Value) {
    problem(400, "invalid_request_error", code)
}

fn answer((status, body): (u16, Value)) -> Response {
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

/// A response whose body breaks off: the connection drops.
fn dropped() -> Response {
    let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("dropped"))]);
    ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(broken)).into_response()
}

fn known(headers: &HeaderMap) -> bool {
    let word = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    word("authorization") == format!("Bearer {KEY}") && word("stripe-version") == "2026-10-28.endive"
}

/// A POST under its key: carried out once, whatever is asked, and repeated word for word.
async fn once(
    stripe: &Stripe,
    path: &str,
    headers: &HeaderMap,
    body: &str,
    act: impl FnOnce(&mut Books, &HashMap<String, String>) -> (u16, Value),
) -> Response {
    if !known(headers) {
        return answer(problem(401, "invalid_request_error", "api_key"));
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let form: HashMap<String, String> = pairs.iter().cloned().collect();
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    let fault = {
        let mut books = stripe.books();
        let (key, form) = (key.clone(), form.clone());
        books.asked.push(Asked { method: "POST", path: path.to_owned(), pairs, key, form });
        let place = books.faults.iter().position(|(end, _)| path.ends_with(end));
        place.and_then(|place| books.faults.remove(place)).map(|(_, fault)| fault)
    };
    match fault {
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::LoseRequest) => return dropped(),
        Some(Fault::Status(status)) => return answer(problem(status, "api_error", "fault")),
        Some(Fault::LoseAnswer | Fault::Keep500) | None => {}
    }
    let key = key.expect("every POST has its key");
    let mut books = stripe.books();
    let said = match books.kept.get(&key) {
        Some((first, _, _)) if first != body => problem(400, "idempotency_error", "reused"),
        Some((_, status, body)) => (*status, body.clone()),
        None => {
            let done = act(&mut books, &form);
            let kept = if fault == Some(Fault::Keep500) { problem(500, "api_error", "kept") } else { done };
            books.kept.insert(key, (body.to_owned(), kept.0, kept.1.clone()));
            kept
        }
    };
    drop(books);
    if fault == Some(Fault::LoseAnswer) { dropped() } else { answer(said) }
}

async fn create_session(State(stripe): State<Stripe>, headers: HeaderMap, body: String) -> Response {
    let now = stripe.clock.now().unix_timestamp();
    let base = stripe.base.clone();
    let path = "/v1/checkout/sessions";
    once(&stripe, path, &headers, &body, |books, form| {
        let word = |name: &str| form.get(name).cloned().unwrap_or_default();
        let price = "line_items[0][price_data]";
        let amount: i64 = word(&format!("{price}[unit_amount]")).parse().unwrap_or(0);
        let ends: i64 = word("expires_at").parse().unwrap_or(0);
        let named = !word(&format!("{price}[product_data][name]")).is_empty();
        if word("mode") != "payment" || amount < 50 || !named || word("line_items[0][quantity]") != "1" {
            return invalid("parameter_invalid");
        }
        if ends < now + LOWEST_EXPIRY || ends > now + 86_400 {
            return invalid("expires_at");
        }
        let id = format!("cs_test_{}", books.sessions.len());
        let session = json!({
            "id": id, "object": "checkout.session", "status": "open", "payment_status": "unpaid",
            "url": format!("{base}/c/pay/{id}"), "amount_total": amount,
            "currency": word(&format!("{price}[currency]")), "client_reference_id": word("client_reference_id"),
            "metadata": { "order_number": word("metadata[order_number]") }, "payment_intent": null,
            "expires_at": ends, "success_url": word("success_url"), "cancel_url": word("cancel_url"),
            "locale": word("locale"),
        });
        books.sessions.push(session.clone());
        (200, session)
    })
    .await
}

fn place(books: &Books, id: &str) -> Option<usize> {
    books.sessions.iter().position(|session| session["id"] == id)
}

async fn read_session(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if !known(&headers) {
        return answer(problem(401, "invalid_request_error", "api_key"));
    }
    let now = stripe.clock.now().unix_timestamp();
    let mut books = stripe.books();
    let Some(number) = place(&books, &id) else {
        return answer(problem(404, "invalid_request_error", "missing"));
    };
    let session = &mut books.sessions[number];
    if session["status"] == "open" && session["expires_at"].as_i64().unwrap() <= now {
        session["status"] = json!("expired");
        session["url"] = Value::Null;
    }
    let whole = query
        .iter()
        .any(|(name, value)| name.starts_with("expand") && value.split('.').next() == Some("payment_intent"));
    answer((200, if whole { session.clone() } else { collapsed(session) }))
}

async fn expire_session(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: String,
) -> Response {
    let path = format!("/v1/checkout/sessions/{id}/expire");
    once(&stripe, &path, &headers, &body, |books, _| {
        let Some(number) = place(books, &id) else { return problem(404, "invalid_request_error", "missing") };
        let session = &mut books.sessions[number];
        if session["status"] != "open" {
            return invalid("session_not_open");
        }
        session["status"] = json!("expired");
        session["url"] = Value::Null;
        let session = session.clone();
        stripe.tell(books, "checkout.session.expired", &session);
        (200, session)
    })
    .await
}

async fn create_refund(State(stripe): State<Stripe>, headers: HeaderMap, body: String) -> Response {
    once(&stripe, "/v1/refunds", &headers, &body, |books, form| {
        let intent = form.get("payment_intent").cloned().unwrap_or_default();
        let of_intent = |thing: &&Value| thing["payment_intent"] == intent.as_str();
        let paid = books.sessions.iter().find(|session| {
            session["payment_intent"]["id"] == intent.as_str() && session["payment_status"] == "paid"
        });
        let Some(paid) = paid.map(|session| session["amount_total"].as_i64().unwrap()) else {
            return invalid("resource_missing");
        };
        if books.disputes.iter().filter(of_intent).any(|dispute| dispute["status"] != "won") {
            return invalid("charge_disputed");
        }
        let amount: i64 = form.get("amount").map_or(paid, |amount| amount.parse().unwrap_or(0));
        let back: i64 = books
            .refunds
            .iter()
            .filter(of_intent)
            .filter(|refund| !matches!(refund["status"].as_str(), Some("failed" | "canceled")))
            .map(|refund| refund["amount"].as_i64().unwrap())
            .sum();
        if amount <= 0 || back + amount > paid {
            return invalid("amount_too_large");
        }
        let refund = json!({
            "id": format!("re_{}", books.refunds.len()), "object": "refund", "amount": amount, "currency": "usd",
            "status": books.refund_status.unwrap_or("succeeded"), "payment_intent": intent,
            "metadata": { "order_number": form.get("metadata[order_number]"), "refund_key": form.get("metadata[refund_key]") },
        });
        books.refunds.push(refund.clone());
        stripe.tell(books, "refund.created", &refund);
        (200, refund)
    })
    .await
}

fn listed(headers: &HeaderMap, all: &[Value], query: &HashMap<String, String>) -> Response {
    if !known(headers) {
        return answer(problem(401, "invalid_request_error", "api_key"));
    }
    let intent = query.get("payment_intent").cloned().unwrap_or_default();
    let data: Vec<_> = all.iter().filter(|one| one["payment_intent"] == intent.as_str()).cloned().collect();
    answer((200, json!({ "object": "list", "data": data, "has_more": false })))
}

type Asking = (State<Stripe>, HeaderMap, Query<HashMap<String, String>>);

async fn refunds((State(stripe), headers, Query(query)): Asking) -> Response {
    listed(&headers, &stripe.refunds(), &query)
}

async fn disputes((State(stripe), headers, Query(query)): Asking) -> Response {
    let all = stripe.books().disputes.clone();
    listed(&headers, &all, &query)
}

async fn warnings((State(stripe), headers, Query(query)): Asking) -> Response {
    let all = stripe.books().warnings.clone();
    listed(&headers, &all, &query)
}

/// The page on which a session is paid.
async fn page(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    let session = stripe.sessions().into_iter().find(|session| session["id"] == id);
    let page = match session.filter(|session| session["status"] == "open") {
        Some(session) => format!(
            "<p>{} {}</p><form method=post><button id=pay>Pay</button></form><a id=back href=\"{}\">Back</a>",
            session["amount_total"],
            session["currency"].as_str().unwrap(),
            session["cancel_url"].as_str().unwrap(),
        ),
        None => "<p id=over>This page is over.</p>".to_owned(),
    };
    axum::response::Html(format!("<!doctype html><title>Pay</title><link rel=icon href=data:,>{page}"))
        .into_response()
}

/// Pays a session, once however often it is clicked, and leads back to the shop.
async fn pay_page(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    let Some(number) = place(&stripe.books(), &id) else { return StatusCode::NOT_FOUND.into_response() };
    let session = stripe.sessions().remove(number);
    match session["status"].as_str() {
        Some("open") => stripe.pay(number),
        Some("complete") => {}
        _ => return StatusCode::GONE.into_response(),
    }
    let back = session["success_url"].as_str().unwrap().replace("{CHECKOUT_SESSION_ID}", &id);
    (StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response()
}
