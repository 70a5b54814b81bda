//! What every test of the shop stands on: a database of its own, made from the migrated template, and a shop on it that
//! reaches nobody outside.

#![allow(dead_code, reason = "each test binary uses the part that it needs")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use simfront::esimdual;
use simfront::ground::{Clock, Entropy};
use simfront::plumbing::bell::Bell;
use simfront::plumbing::mailer::Mailer;
use simfront::plumbing::sealed::SealingKey;
use simfront::shop::{FirstMarkup, OrderLimits, RateLimits, Settings, Shop, Times};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool};
use time::macros::datetime;
use tokio_util::sync::CancellationToken;

/// Nothing listens here.
pub const NOWHERE: &str = "http://127.0.0.1:9/api/reseller/v1";
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A database of one test.
pub struct Database {
    pub pool: PgPool,
    admin: PgConnectOptions,
    name: String,
}

impl Database {
    /// Makes one; `room` is in its name, for who looks at what a failed test left.
    pub async fn new(room: &str) -> Self {
        let url = std::env::var("SIMFRONT_TEST_DATABASE_URL").expect(
            "SIMFRONT_TEST_DATABASE_URL names a PostgreSQL that has simfront_template (make test sets it)",
        );
        let admin: PgConnectOptions = url.parse().unwrap();
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("simfront_{room}_{}_{number}", std::process::id());
        let mut conn = admin.clone().connect().await.unwrap();
        let create = format!("create database {name} template simfront_template");
        sqlx::query(AssertSqlSafe(create)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let options = admin.clone().database(&name);
        let pool = PgPoolOptions::new().max_connections(5).connect_with(options).await.unwrap();
        Self { pool, admin, name }
    }

    /// Drops it. A test that failed leaves it for a look.
    pub async fn end(self) {
        self.pool.close().await;
        let mut conn = self.admin.connect().await.unwrap();
        let drop = format!("drop database {} with (force)", self.name);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();
    }
}

/// The defaults of a shop under test: nothing is due before a test moves the clock by hours.
pub fn settings() -> Settings {
    let long = Duration::from_secs(7200);
    Settings {
        public_url: "http://127.0.0.1:3000".to_owned(),
        trusted_proxies: Vec::new(),
        sealing_key: SealingKey::derive(&SecretString::from("a key for tests")),
        currency: None,
        first_markup: FirstMarkup { percent: 25.into(), fixed: 0.into(), rounding: "none" },
        webhook_secrets: Vec::new(),
        payment_methods: vec!["test".to_owned()],
        bank_transfer_instructions: "Example Ltd\nIBAN XX00 0000 0000".to_owned(),
        payment_origins: Vec::new(),
        payment_fees: Vec::new(),
        order_limits: OrderLimits {
            quantity: 10,
            unpaid_per_email: 20,
            unpaid_per_address: 100,
            declines_per_hour: 10,
            spend_per_day: 0.into(),
        },
        rate_limits: true,
        rates: RateLimits {
            searches: 300,
            checkouts: 60,
            sign_ins: 60,
            look_ups: 60,
            failed_signatures: 300,
        },
        require_second_factor: false,
        times: Times {
            key_horizon: long,
            doubt_settling: long,
            sync_interval: Duration::from_secs(900),
            reconcile_interval: long,
            catalog_max_age: Duration::from_secs(86_400),
            delivery_deadline: long,
            pay_page_patience: Duration::from_secs(60),
            quote_lifetime: Duration::from_secs(1800),
            payment_expiry: Duration::from_secs(3600),
            bank_transfer_expiry: Duration::from_secs(604_800),
            bank_transfer_reminder: Duration::from_secs(172_800),
            job_lease: long,
            shutdown_grace: long,
            header_read: long,
        },
        sync_max_vanish_percent: 30,
        sync_max_leap_percent: 30,
        sync_leap_factor: 3,
        wallet_low_days: 3,
        sandbox_page: None,
    }
}

/// A shop whose clock stands at noon, whose mail nobody takes, and whose upstream is `base_url`.
pub fn shop(db: PgPool, settings: Settings, base_url: &str, token: Option<&str>) -> Shop {
    let clock = Clock::by_hand(datetime!(2026-11-22 12:00 UTC));
    let entropy = Entropy::system();
    let second = Duration::from_secs(1);
    let desk = esimdual::Settings {
        base_url: base_url.to_owned(),
        credentials: token.map(|token| esimdual::Credentials::Token(SecretString::from(token))),
        connect_timeout: second,
        timeout: second,
        list_timeout: second,
        catalog_timeout: second,
        requests_per_minute: 600,
        login_pause: Duration::from_secs(30),
        longest_rest: Duration::from_secs(30),
    };
    let key = settings.sealing_key.clone();
    let upstream = esimdual::Client::new(desk, db.clone(), key, clock.clone(), entropy.clone()).unwrap();
    Shop {
        db,
        clock,
        entropy,
        settings: Arc::new(settings),
        upstream,
        stripe: None,
        bell: Bell::default(),
        mailer: Mailer::to_server("smtp://127.0.0.1:9", "shop@example.com".to_owned()).unwrap(),
        stop: CancellationToken::new(),
    }
}
