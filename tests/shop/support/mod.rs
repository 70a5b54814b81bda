//! A whole shop for one test: a database of its own, a sandbox of its own, a clock that is moved by hand.

pub mod browser;
mod cards;
pub mod post;
#[path = "../../support/stripe/mod.rs"]
pub mod stripe;
pub mod truth;
pub mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use simfront::ground::{Clock, Currency, Entropy};
use simfront::plumbing::bell::Bell;
use simfront::plumbing::data_dir::DataDir;
use simfront::plumbing::db;
use simfront::plumbing::mailer::Mailer;
use simfront::plumbing::sealed::SealingKey;
use simfront::plumbing::serve_http;
use simfront::sandbox::{self, DeliveryState, Ledger, Running};
use simfront::shop::{FirstMarkup, OrderLimits, RateLimits, Settings, Shop, Times};
use simfront::site::{self, Stage};
use simfront::{catalog, crew, esimdual, settings, supply, window};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool};
use tempfile::TempDir;
use time::macros::datetime;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::wire::Wire;

/// France 5 GB, 30 days: 4.20 USD upstream, 5.25 in the shop.
pub const FRANCE: i64 = 1120;
pub const SECRET: &str = "sandbox-webhook-secret";
pub const LEASE: Duration = Duration::from_secs(60);
const TEMPLATE: &str = "simfront_template";
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// What differs between tests.
pub struct Plan {
    /// The sandbox posts its webhooks to the shop.
    pub webhooks: bool,
    /// The shop has eSIMDual's credentials.
    pub credentials: bool,
    /// The shop has met the upstream before the test begins.
    pub met: bool,
    /// The shop knows the webhooks' secret.
    pub secret: bool,
    /// How long the shop waits for one answer of the upstream.
    pub patience: Duration,
    /// How long a client may take to send a head, or a webhook's body.
    pub header_read: Duration,
    /// How many connections the shop has.
    pub connections: u32,
    /// How long a request waits for one: long, as tests share a busy machine.
    pub connection_wait: Duration,
    /// How many packages the upstream sells.
    pub packages: usize,
    /// They go over a wire that can be cut.
    pub wire: bool,
    /// What customers pay in; else the upstream account's.
    pub currency: Option<Currency>,
    /// The shop asks this port instead of the sandbox's, where nobody listens yet.
    pub upstream_port: Option<u16>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            webhooks: false,
            credentials: true,
            met: true,
            secret: true,
            patience: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            upstream_port: None,
            currency: None,
            connections: 10,
            packages: 120,
            connection_wait: Duration::from_secs(30),
            wire: false,
        }
    }
}

/// The program under test with everything around it.
pub struct Stand {
    pub shop: Shop,
    pub stage: Stage,
    pub router: Router,
    pub sandbox: Running,
    /// Where it is served: `http://127.0.0.1:PORT`, which is its `PUBLIC_URL` too.
    pub origin: String,
    /// Where the plan asked for one.
    pub wire: Option<Wire>,
    folder: TempDir,
    admin: PgConnectOptions,
    database: String,
    serving: CancellationToken,
}

impl Stand {
    /// A shop that has met its upstream, without webhooks.
    pub async fn new() -> Self {
        Self::with(Plan::default()).await
    }

    /// The same, with webhooks.
    pub async fn with_webhooks() -> Self {
        Self::with(Plan { webhooks: true, ..Plan::default() }).await
    }

    pub async fn with(plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let packages = sandbox::Settings { packages: plan.packages, ..sandbox_in(&folder, 0) };
        let sandbox = sandbox::start(packages).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (admin, database, wire, db) = database(&plan).await;
        let shop = shop(&plan, db, &sandbox, &origin, &folder);
        let fingerprint = shop.settings.sealing_key.fingerprint();
        let mut conn = shop.db.acquire().await.unwrap();
        settings::meet(&mut conn, &fingerprint, shop.now()).await.unwrap();
        drop(conn);
        let stage = Stage::default();
        let router = site::site(&shop, &stage).unwrap();
        let serving = CancellationToken::new();
        let (patience, grace) = (Duration::from_secs(10), Duration::from_millis(100));
        tokio::spawn(serve_http::serve(listener, router.clone(), patience, serving.clone(), grace));
        if plan.webhooks {
            sandbox.set_webhook_url(Some(format!("{origin}/webhooks/esimdual")));
        }
        let stand = Self { shop, stage, router, sandbox, origin, wire, folder, admin, database, serving };
        if plan.met {
            stand.refresh().await;
        }
        stand
    }

    /// Stops the sandbox; the shop finds nobody at its address.
    pub async fn upstream_goes_away(&mut self) -> u16 {
        let port = self.sandbox.origin().rsplit(':').next().unwrap().parse().unwrap();
        let nobody = sandbox::start(sandbox::Settings::for_tests()).await.unwrap();
        std::mem::replace(&mut self.sandbox, nobody).stop().await;
        port
    }

    /// Starts the sandbox at this port, with everything that it knew.
    pub async fn upstream_comes_back(&mut self, port: u16) {
        // The former one's journal and port may take a moment to be free.
        for _ in 0..500 {
            if let Ok(sandbox) = sandbox::start(sandbox_in(&self.folder, port)).await {
                self.sandbox = sandbox;
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the sandbox cannot start again");
    }

    /// Syncs, and shows what came.
    pub async fn refresh(&self) {
        supply::refresh(&self.shop, &|_| {}).await.unwrap();
        window::reload(&self.shop, &self.stage.window).await.unwrap();
    }

    /// Another node on the same database: its own memory of the catalog, the same clock.
    pub fn second_node(&self) -> (Shop, Stage, Router) {
        let shop = Shop { bell: Bell::default(), ..self.shop.clone() };
        let stage = Stage::default();
        let router = site::site(&shop, &stage).unwrap();
        (shop, stage, router)
    }

    /// Runs every job that is due.
    pub async fn drain(&self) -> usize {
        crew::crew(&self.shop).drain(LEASE).await.unwrap()
    }

    /// Lets time pass in the shop, and runs what becomes due on the way.
    pub async fn pass(&self, seconds: i64) {
        let mut left = seconds;
        while left > 0 {
            let step = left.min(30);
            self.shop.clock.advance(time::Duration::seconds(step));
            self.drain().await;
            left -= step;
        }
    }

    pub fn ledger(&self) -> Ledger {
        self.sandbox.ledger()
    }

    /// Waits until the sandbox has handed so many webhooks over.
    pub async fn handed_over(&self, number: usize) {
        let delivered = |ledger: &Ledger| {
            ledger.webhooks.iter().filter(|webhook| webhook.state == DeliveryState::Delivered).count()
        };
        self.eventually("webhooks are taken", || delivered(&self.ledger()) >= number).await;
    }

    /// Waits, within bounds, for something that another task brings about.
    pub async fn eventually(&self, what: &str, mut there: impl FnMut() -> bool) {
        for _ in 0..1500 {
            if there() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}");
    }

    /// Waits until this statement counts so many.
    pub async fn until(&self, statement: &'static str, wanted: i64) {
        for _ in 0..6000 {
            if self.count(statement).await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never {wanted}: {statement}");
    }

    /// Waits until the server has noticed that whoever synced is gone.
    pub async fn nobody_syncs(&self) {
        for _ in 0..6000 {
            if !catalog::under_way(&mut self.shop.db.acquire().await.unwrap()).await.unwrap() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("a sync is under way for ever");
    }

    /// The mails that left, the first first.
    pub fn mails(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.folder.path().join("data/mail")) else { return Vec::new() };
        let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }

    pub async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.shop.db).await.unwrap()
    }

    pub async fn texts(&self, statement: &'static str) -> Vec<String> {
        sqlx::query_scalar(statement).fetch_all(&self.shop.db).await.unwrap()
    }

    /// Runs a statement of the test itself.
    pub async fn sql(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.shop.db).await.unwrap();
    }

    /// Tells the server something about this test's database, `DATABASE` in the statement, from outside of it.
    pub async fn tell_server(&self, statement: &str) {
        let mut conn = self.admin.clone().connect().await.unwrap();
        let statement = statement.replace("DATABASE", &self.database);
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// Checks what must hold after every test, and drops the database. A test that failed leaves it for a look.
    pub async fn end(self) {
        truth::check(&self).await;
        self.close().await;
    }

    /// The same without the check: for tests that take the database away.
    pub async fn close(self) {
        self.serving.cancel();
        self.shop.stop.cancel();
        self.sandbox.stop().await;
        self.shop.db.close().await;
        let mut conn = self.admin.connect().await.unwrap();
        let drop = format!("drop database {} with (force)", self.database);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();
    }
}

fn sandbox_in(folder: &TempDir, port: u16) -> sandbox::Settings {
    let state_dir = Some(folder.path().join("sandbox"));
    sandbox::Settings { port, state_dir, ..sandbox::Settings::for_tests() }
}

async fn database(plan: &Plan) -> (PgConnectOptions, String, Option<Wire>, PgPool) {
    let url = std::env::var("SIMFRONT_TEST_DATABASE_URL").expect(
        "SIMFRONT_TEST_DATABASE_URL names a PostgreSQL that has simfront_template (make test sets it)",
    );
    let admin: PgConnectOptions = url.parse().unwrap();
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let database = format!("simfront_shop_{}_{number}", std::process::id());
    let mut conn = admin.clone().connect().await.unwrap();
    let create = format!("create database {database} template {TEMPLATE}");
    sqlx::query(AssertSqlSafe(create)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let straight = admin.clone().database(&database);
    let wire = if plan.wire { Some(Wire::to(&straight).await) } else { None };
    let options = wire.as_ref().map_or(straight.clone(), |wire| wire.through(&straight));
    let pool = db::pool(plan.connections).acquire_timeout(plan.connection_wait);
    let db = pool.connect_with(options).await.unwrap();
    (admin, database, wire, db)
}

fn shop(plan: &Plan, db: PgPool, sandbox: &Running, origin: &str, folder: &TempDir) -> Shop {
    let clock = Clock::by_hand(datetime!(2026-11-22 12:00 UTC));
    let entropy = Entropy::system();
    let sealing_key = SealingKey::derive(&SecretString::from("a key for tests"));
    let login = esimdual::Credentials::Login {
        email: sandbox.settings().email.clone(),
        password: sandbox.settings().password.clone().into(),
        device_name: "simfront test".to_owned(),
    };
    let desk = esimdual::Settings {
        base_url: match plan.upstream_port {
            Some(port) => format!("http://127.0.0.1:{port}/api/reseller/v1"),
            None => sandbox.base_url(),
        },
        credentials: plan.credentials.then_some(login),
        connect_timeout: Duration::from_secs(2),
        timeout: plan.patience,
        list_timeout: Duration::from_secs(10),
        catalog_timeout: Duration::from_secs(30),
        requests_per_minute: 100_000,
        login_pause: Duration::from_secs(30),
        longest_rest: Duration::from_secs(30),
    };
    let upstream =
        esimdual::Client::new(desk, db.clone(), sealing_key.clone(), clock.clone(), entropy.clone()).unwrap();
    let data = DataDir::open(&folder.path().join("data")).unwrap();
    Shop {
        db,
        clock,
        entropy,
        settings: Arc::new(shop_settings(plan, sealing_key, origin)),
        upstream,
        stripe: None,
        bell: Bell::default(),
        mailer: Mailer::to_folder(data, "shop@example.com".to_owned()),
        stop: CancellationToken::new(),
    }
}

/// The defaults of `config.rs`, but for limits.
fn shop_settings(plan: &Plan, sealing_key: SealingKey, origin: &str) -> Settings {
    let seconds = Duration::from_secs;
    Settings {
        public_url: origin.to_owned(),
        trusted_proxies: Vec::new(),
        sealing_key,
        currency: plan.currency,
        first_markup: FirstMarkup { percent: 25.into(), fixed: 0.into(), rounding: "none" },
        webhook_secrets: if plan.secret { vec![SECRET.to_owned().into()] } else { Vec::new() },
        payment_methods: vec!["test".to_owned()],
        bank_transfer_instructions: "Example Ltd\nIBAN XX00 0000 0000".to_owned(),
        payment_origins: Vec::new(),
        payment_fees: Vec::new(),
        // Nothing is limited but where a test says so: most come from one address, and are one customer's.
        order_limits: OrderLimits {
            quantity: 10,
            unpaid_per_email: 0,
            unpaid_per_address: 0,
            declines_per_hour: 0,
            spend_per_day: 0.into(),
        },
        rate_limits: true,
        rates: RateLimits { searches: 0, checkouts: 0, sign_ins: 0, look_ups: 0, failed_signatures: 0 },
        require_second_factor: false,
        times: Times {
            key_horizon: seconds(72_000),
            doubt_settling: seconds(60),
            sync_interval: seconds(900),
            reconcile_interval: seconds(30),
            catalog_max_age: seconds(86_400),
            delivery_deadline: seconds(4200),
            // Nobody is slow but where a test says so.
            pay_page_patience: seconds(60),
            quote_lifetime: seconds(1800),
            payment_expiry: seconds(3600),
            bank_transfer_expiry: seconds(604_800),
            bank_transfer_reminder: seconds(172_800),
            job_lease: LEASE,
            shutdown_grace: seconds(25),
            header_read: plan.header_read,
        },
        sync_max_vanish_percent: 30,
        sync_max_leap_percent: 30,
        sync_leap_factor: 3,
        wallet_low_days: 3,
        sandbox_page: None,
    }
}
