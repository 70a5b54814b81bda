//! A shop with a database of its own, and a browser without a screen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use secrecy::SecretString;
use simfront::esimdual;
use simfront::ground::{Clock, EmailAddress, Entropy};
use simfront::plumbing::bell::Bell;
use simfront::plumbing::mailer::Mailer;
use simfront::plumbing::sealed::SealingKey;
use simfront::shop::{FirstMarkup, Settings, Shop, Times};
use simfront::staff::{self, NewAccount, Role};
use simfront::{backoffice, web};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool};
use time::macros::datetime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

pub const PASSWORD: &str = "a quiet harbour at dawn";
const TEMPLATE: &str = "simfront_template";
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The program under test.
pub struct Stand {
    pub shop: Shop,
    pub router: Router,
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

    /// The session in `Set-Cookie`, as a browser would send it back.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

impl Stand {
    pub async fn new() -> Self {
        Self::at("http://127.0.0.1:3000").await
    }

    pub async fn at(public_url: &str) -> Self {
        let url = std::env::var("SIMFRONT_TEST_DATABASE_URL").expect(
            "SIMFRONT_TEST_DATABASE_URL names a PostgreSQL that has simfront_template (make test sets it)",
        );
        let admin: PgConnectOptions = url.parse().unwrap();
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let database = format!("simfront_backoffice_{}_{number}", std::process::id());
        let mut conn = admin.clone().connect().await.unwrap();
        let create = format!("create database {database} template {TEMPLATE}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let db = PgPoolOptions::new()
            .max_connections(5)
            .connect_with(admin.clone().database(&database))
            .await
            .unwrap();
        let shop = shop(db, public_url);
        Self { router: router(&shop), shop, admin, database }
    }

    /// As with `RATE_LIMITS=off`.
    pub fn unlimited(&mut self) {
        let settings = Settings { rate_limits: false, ..(*self.shop.settings).clone() };
        self.shop.settings = Arc::new(settings);
        self.router = router(&self.shop);
    }

    /// Drops the database. A test that failed leaves it for a look.
    pub async fn end(self) {
        self.shop.db.close().await;
        let mut conn = self.admin.connect().await.unwrap();
        let drop = format!("drop database {} with (force)", self.database);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();
    }

    pub async fn admin(&self, email: &str, role: Role) {
        let email = EmailAddress::parse(email).unwrap();
        let new = NewAccount { email: &email, password: PASSWORD, role };
        staff::create(&self.shop.db, &self.shop.clock, &self.shop.entropy, new).await.unwrap();
    }

    /// Makes an account and signs it in: its cookie.
    pub async fn signed_in(&self, email: &str, role: Role) -> String {
        self.admin(email, role).await;
        let answer = self.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.cookie()
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/admin/login", "", &[("email", email), ("password", password)]).await
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 4 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Runs a statement of the test itself.
    pub async fn sql(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.shop.db).await.unwrap();
    }

    pub async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.shop.db).await.unwrap()
    }
}

fn router(shop: &Shop) -> Router {
    let rooms = Router::new().merge(staff::routes()).merge(backoffice::routes()).merge(web::assets::routes());
    rooms.with_state(shop.clone())
}

fn shop(db: PgPool, public_url: &str) -> Shop {
    let clock = Clock::by_hand(datetime!(2026-11-22 12:00 UTC));
    let entropy = Entropy::system();
    let sealing_key = SealingKey::derive(&SecretString::from("a key for tests"));
    let nowhere = esimdual::Settings {
        base_url: "http://127.0.0.1:9/api/reseller/v1".to_owned(),
        credentials: None,
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        list_timeout: Duration::from_secs(1),
        catalog_timeout: Duration::from_secs(1),
        requests_per_minute: 60,
    };
    let upstream =
        esimdual::Client::new(nowhere, db.clone(), sealing_key.clone(), clock.clone(), entropy.clone())
            .unwrap();
    Shop {
        db,
        clock,
        entropy,
        settings: Arc::new(settings(sealing_key, public_url)),
        upstream,
        bell: Bell::default(),
        // Nothing listens there: no test of the back office sends mail.
        mailer: Mailer::to_server("smtp://127.0.0.1:9", "shop@example.com".to_owned()).unwrap(),
        stop: CancellationToken::new(),
    }
}

fn settings(sealing_key: SealingKey, public_url: &str) -> Settings {
    let long = Duration::from_secs(3600);
    Settings {
        public_url: public_url.to_owned(),
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
            sync_interval: Duration::from_secs(900),
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
