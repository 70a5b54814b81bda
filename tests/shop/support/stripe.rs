//! A stand-in for Stripe: sessions, refunds, disputes and warnings with a ledger of its own. It commits first and answers
//! afterwards, keeps keys as Stripe does (500s too), refuses what Stripe refuses, and misbehaves where a test asks for it.
//! It shares no code with the shop's desk, so that no misreading is made twice.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use simfront::ground::Clock;
use tokio::net::TcpListener;

use super::post::mac;

pub const KEY: &str = "sk_test_simfront";
pub const SECRET: &str = "whsec_simfront_tests";
const LOWEST_EXPIRY: i64 = 1800;

/// What goes wrong with the next POST to a path that ends so.
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
    pub path: String,
    pub key: Option<String>,
    pub form: HashMap<String, String>,
}

#[derive(Default)]
pub struct Books {
    pub sessions: Vec<Value>,
    pub refunds: Vec<Value>,
    pub disputes: Vec<Value>,
    pub warnings: Vec<Value>,
    pub asked: Vec<Asked>,
    kept: HashMap<String, (String, u16, Value)>,
    faults: VecDeque<(&'static str, Fault)>,
    /// What a new refund's status is.
    refund_status: Option<&'static str>,
    events: usize,
}

#[derive(Clone)]
pub struct Stripe {
    books: Arc<Mutex<Books>>,
    clock: Clock,
    pub base: String,
}

impl Stripe {
    pub async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let stripe = Self { books: Arc::default(), clock, base };
        let router = Router::new()
            .route("/v1/checkout/sessions", post(create_session))
            .route("/v1/checkout/sessions/{id}", get(read_session))
            .route("/v1/checkout/sessions/{id}/expire", post(expire_session))
            .route("/v1/refunds", post(create_refund).get(refunds))
            .route("/v1/disputes", get(disputes))
            .route("/v1/radar/early_fraud_warnings", get(warnings))
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
        let session = &mut self.books().sessions[number];
        session["status"] = json!("complete");
        session["payment_status"] = json!(payment_status);
        session["url"] = Value::Null;
        session["payment_intent"] =
            json!({ "id": format!("pi_{number}"), "object": "payment_intent", "status": intent });
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
        let mut books = self.books();
        books.events += 1;
        json!({ "id": format!("evt_{}", books.events), "object": "event", "type": name, "livemode": false,
            "created": self.clock.now().unix_timestamp(), "data": { "object": object } })
        .to_string()
    }

    /// The header that signs a body now.
    pub fn signature(&self, body: &str) -> String {
        signature(SECRET, self.clock.now().unix_timestamp(), body)
    }
}

pub fn signature(secret: &str, at: i64, body: &str) -> String {
    format!("t={at},v1={}", hex::encode(mac(secret, format!("{at}.{body}").as_bytes())))
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
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    let fault = {
        let mut books = stripe.books();
        books.asked.push(Asked { path: path.to_owned(), key: key.clone(), form: form.clone() });
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

async fn read_session(State(stripe): State<Stripe>, headers: HeaderMap, Path(id): Path<String>) -> Response {
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
    answer((200, session.clone()))
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
        (200, session.clone())
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

async fn page(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    let open = stripe.sessions().iter().any(|session| session["id"] == id && session["status"] == "open");
    let page =
        if open { "<form method=post><button id=pay>Pay</button></form>" } else { "This page is over." };
    axum::response::Html(format!("<!doctype html><title>Pay</title>{page}")).into_response()
}

async fn pay_page(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    let Some(number) = place(&stripe.books(), &id) else { return StatusCode::NOT_FOUND.into_response() };
    stripe.pay(number);
    let back =
        stripe.sessions()[number]["success_url"].as_str().unwrap().replace("{CHECKOUT_SESSION_ID}", &id);
    (StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response()
}

impl super::Stand {
    /// A shop that takes cards by Stripe, and the Stripe that it asks.
    pub async fn with_stripe() -> (Self, Stripe) {
        let mut stand = Self::new().await;
        let stripe = Stripe::start(stand.shop.clock.clone()).await;
        stand.use_stripe(&stripe);
        (stand, stripe)
    }

    /// The same shop as it is after a start with this Stripe.
    pub fn use_stripe(&mut self, stripe: &Stripe) {
        let desk = simfront::stripe::Settings {
            secret_key: KEY.to_owned().into(),
            api_base: stripe.base.clone(),
            webhook_secrets: vec![SECRET.to_owned().into()],
            timeout: std::time::Duration::from_secs(20),
        };
        let settings = simfront::shop::Settings {
            payment_methods: vec!["stripe".to_owned()],
            payment_origins: vec![stripe.base.clone()],
            ..(*self.shop.settings).clone()
        };
        self.shop.stripe = Some(simfront::stripe::Client::new(desk).unwrap());
        self.shop.settings = Arc::new(settings);
        self.router = simfront::site::site(&self.shop, &self.stage).unwrap();
    }

    /// Fills in the checkout and is led on: the order's token, and where to.
    pub async fn check_out(&self, package: i64, quantity: u32) -> (String, String) {
        let form = self.form(package, quantity).await;
        let location = self.post("/checkout", &form).await.to().to_owned();
        let key = &form.iter().find(|(name, _)| name == "form_key").unwrap().1;
        let token = sqlx::query_scalar("select token from orders where form_key = $1").bind(key);
        (token.fetch_one(&self.shop.db).await.unwrap(), location)
    }

    /// Posts a webhook with this signature.
    pub async fn hook(&self, body: &str, signature: &str) -> u16 {
        let request = axum::http::Request::post("/webhooks/stripe").header("stripe-signature", signature);
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await.status.as_u16()
    }

    /// Stripe tells of an object, rightly signed.
    pub async fn told(&self, stripe: &Stripe, name: &str, object: &Value) {
        let body = stripe.event(name, object);
        assert_eq!(self.hook(&body, &stripe.signature(&body)).await, 200, "{name}");
    }

    /// The browser comes back from the page of a session.
    pub async fn come_back(&self, token: &str, session: &str) -> super::browser::Answer {
        self.get(&format!("/orders/{token}?session_id={session}")).await
    }

    /// Checks out one plan of France, pays it, and is told by a webhook; nothing is bought before jobs run. The token.
    pub async fn pay_by_card(&self, stripe: &Stripe, quantity: u32) -> String {
        let (token, _) = self.check_out(super::FRANCE, quantity).await;
        let number = stripe.sessions().len() - 1;
        stripe.pay(number);
        self.told(stripe, "checkout.session.completed", &stripe.sessions()[number]).await;
        token
    }
}
