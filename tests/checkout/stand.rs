//! A shop with a database of its own, an upstream that says what it is told, and a browser without a screen.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::{Extension, Router};
use secrecy::SecretString;
use simfront::ground::{Clock, Entropy, Language};
use simfront::plumbing::bell::Bell;
use simfront::plumbing::mailer::Mailer;
use simfront::plumbing::sealed::SealingKey;
use simfront::shop::{FirstMarkup, Settings, Shop, Times};
use simfront::window::{self, Window};
use simfront::{checkout, esimdual};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool};
use time::macros::datetime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const TEMPLATE: &str = "simfront_template";
static DATABASES: AtomicU32 = AtomicU32::new(0);

type Said = Arc<Mutex<(u16, String)>>;

/// The program under test.
pub struct Stand {
    pub shop: Shop,
    router: Router,
    window: Window,
    said: Said,
    admin: PgConnectOptions,
    database: String,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The value of a hidden field.
pub fn hidden(page: &Answer, name: &str) -> String {
    let before = format!("type=\"hidden\" name=\"{name}\" value=\"");
    // The quantity's own form comes first and holds the package too.
    let rest = page.body.split(&before).nth(1).unwrap_or_else(|| panic!("no {name}: {}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

/// What a browser would send: the hidden fields as they came, an address and a ticked box; then the changes.
pub fn fields(page: &Answer, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> =
        ["package_id", "quantity", "form_key", "shown_price", "payment_method"]
            .map(|name| (name.to_owned(), hidden(page, name)))
            .into();
    fields.push(("email".to_owned(), "ada@example.com".to_owned()));
    fields.push(("accept_terms".to_owned(), "on".to_owned()));
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    fields
}

/// The upstream's answer about package 1120.
pub fn package_costs(cost: &str) -> String {
    let answer = include_str!("../fixtures/esimdual/package.json");
    answer.replace("\"reseller_price\": 4.2,", &format!("\"reseller_price\": {cost},"))
}

impl Stand {
    pub async fn new() -> Self {
        let url = std::env::var("SIMFRONT_TEST_DATABASE_URL").expect(
            "SIMFRONT_TEST_DATABASE_URL names a PostgreSQL that has simfront_template (make test sets it)",
        );
        let admin: PgConnectOptions = url.parse().unwrap();
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let database = format!("simfront_checkout_{}_{number}", std::process::id());
        let mut conn = admin.clone().connect().await.unwrap();
        let create = format!("create database {database} template {TEMPLATE}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let db = PgPoolOptions::new()
            .max_connections(5)
            .connect_with(admin.clone().database(&database))
            .await
            .unwrap();
        sqlx::raw_sql(include_str!("seed.sql")).execute(&db).await.unwrap();
        let said = Said::new(Mutex::new((503, String::new())));
        let shop = shop(db, serve(Arc::clone(&said)).await);
        let window = Window::default();
        window::reload(&shop, &window).await.unwrap();
        Self { router: router(&shop, &window), shop, window, said, admin, database }
    }

    /// As with `PAYMENT_METHODS`.
    pub fn pay_with(&mut self, methods: &[&str]) {
        let payment_methods = methods.iter().map(|method| (*method).to_owned()).collect();
        self.shop.settings = Arc::new(Settings { payment_methods, ..(*self.shop.settings).clone() });
        self.router = router(&self.shop, &self.window);
    }

    /// What the upstream says from now on.
    pub fn upstream(&self, status: u16, body: &str) {
        *self.said.lock().unwrap() = (status, body.to_owned());
    }

    /// Drops the database. A test that failed leaves it for a look.
    pub async fn end(self) {
        self.shop.db.close().await;
        let mut conn = self.admin.connect().await.unwrap();
        let drop = format!("drop database {} with (force)", self.database);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, fields: &[(String, String)]) -> Answer {
        self.post_in(Language::En, fields).await
    }

    /// As with the language's prefix.
    pub async fn post_in(&self, language: Language, fields: &[(String, String)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        let request = Request::post("/checkout").header(header::CONTENT_TYPE, kind);
        self.ask(request.extension(language).body(Body::from(body)).unwrap()).await
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = String::from_utf8(to_bytes(body, 4 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Runs a statement of the test itself.
    pub async fn sql(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.shop.db).await.unwrap();
    }

    pub async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.shop.db).await.unwrap()
    }

    pub async fn text(&self, statement: &'static str) -> String {
        sqlx::query_scalar(statement).fetch_one(&self.shop.db).await.unwrap()
    }
}

fn router(shop: &Shop, window: &Window) -> Router {
    checkout::web::routes().with_state(shop.clone()).layer(Extension(window.clone()))
}

/// An upstream that gives one answer to everything.
async fn serve(said: Said) -> String {
    let answer = move || {
        let (status, body) = said.lock().unwrap().clone();
        let kind = [(header::CONTENT_TYPE, "application/json")];
        std::future::ready((StatusCode::from_u16(status).unwrap(), kind, body).into_response())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/api/reseller/v1", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    base_url
}

fn shop(db: PgPool, base_url: String) -> Shop {
    let clock = Clock::by_hand(datetime!(2026-11-22 12:00 UTC));
    let entropy = Entropy::system();
    let sealing_key = SealingKey::derive(&SecretString::from("a key for tests"));
    let upstream = esimdual::Settings {
        base_url,
        credentials: Some(esimdual::Credentials::Token(SecretString::from("a token"))),
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(5),
        list_timeout: Duration::from_secs(5),
        catalog_timeout: Duration::from_secs(5),
        requests_per_minute: 60,
    };
    let upstream =
        esimdual::Client::new(upstream, db.clone(), sealing_key.clone(), clock.clone(), entropy.clone());
    Shop {
        db,
        clock,
        entropy,
        settings: Arc::new(settings(sealing_key)),
        upstream: upstream.unwrap(),
        bell: Bell::default(),
        // Nothing listens there: checkout sends no mail.
        mailer: Mailer::to_server("smtp://127.0.0.1:9", "shop@example.com".to_owned()).unwrap(),
        stop: CancellationToken::new(),
    }
}

fn settings(sealing_key: SealingKey) -> Settings {
    let long = Duration::from_secs(3600);
    Settings {
        public_url: "http://127.0.0.1:3000".to_owned(),
        trusted_proxies: Vec::new(),
        sealing_key,
        currency: None,
        first_markup: FirstMarkup { percent: 25.into(), fixed: 0.into(), rounding: "none" },
        webhook_secrets: Vec::new(),
        payment_methods: vec!["test".to_owned()],
        rate_limits: true,
        times: Times {
            key_horizon: long,
            doubt_settling: long,
            sync_interval: long,
            reconcile_interval: long,
            catalog_max_age: Duration::from_secs(86_400),
            delivery_deadline: long,
            quote_lifetime: long,
            payment_expiry: long,
            job_lease: long,
            shutdown_grace: long,
            header_read: long,
        },
        sync_max_vanish_percent: 30,
        sandbox_page: None,
    }
}
