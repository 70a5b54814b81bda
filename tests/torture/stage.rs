//! The surroundings of one run: a database of its own, an upstream, a post office, and everything that stands between
//! them and the program.

use std::time::Duration;

use simfront::ground::Clock;
use simfront::sandbox::{self, Running, Settings};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

use crate::commits::Commits;
use crate::post_office::PostOffice;
use crate::relay::Relay;
use crate::stand::{Ended, Program, command, folder, free_port};
use crate::stripe::{self, Stripe};
use crate::trap::Trap;

const SECRET: &str = "a key that is long enough for tests";

/// A database that was made for one run.
pub struct Database {
    pub options: PgConnectOptions,
    admin: PgConnectOptions,
    name: String,
}

impl Database {
    /// A copy of a database that nobody is connected to.
    pub async fn copy_of(template: &str, name: String) -> Self {
        let admin = server();
        let mut conn = patiently(&admin).await;
        let create = format!("create database {name} template {template}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        Self { options: admin.clone().database(&name), admin, name }
    }

    pub async fn connect(&self) -> PgConnection {
        patiently(&self.options).await
    }

    /// Drops it. A run that failed leaves it for a look.
    pub async fn end(self) {
        let mut conn = patiently(&self.admin).await;
        let drop = format!("drop database {} with (force)", self.name);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// Its address through a port on loopback.
    fn through(&self, port: u16) -> String {
        let user = self.admin.get_username();
        let mut address =
            url::Url::parse(&format!("postgres://{user}@127.0.0.1:{port}/{}", self.name)).unwrap();
        address.query_pairs_mut().append_pair("sslmode", "disable");
        if let Some(password) = url::Url::parse(&server_url()).unwrap().password() {
            address.set_password(Some(password)).unwrap();
        }
        address.into()
    }
}

/// Connects; a server that has no place free has one soon.
async fn patiently(options: &PgConnectOptions) -> PgConnection {
    for _ in 0..200 {
        match options.connect().await {
            Err(sqlx::Error::Database(full)) if full.code().as_deref() == Some("53300") => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            connected => return connected.unwrap(),
        }
    }
    panic!("the test server never had a connection free");
}

fn server_url() -> String {
    std::env::var("SIMFRONT_TEST_DATABASE_URL").expect(
        "SIMFRONT_TEST_DATABASE_URL names a PostgreSQL that has simfront_template (make test sets it)",
    )
}

fn server() -> PgConnectOptions {
    server_url().parse().unwrap()
}

/// The upstream of every run: a small catalog, and webhooks that are tried until the program is back.
pub fn upstream_settings() -> Settings {
    Settings { packages: 20, webhook_tries: 10, ..Settings::for_tests() }
}

/// The name of a database that is migrated and has the catalog: every run begins with a copy of it.
async fn begun() -> String {
    static BEGUN: OnceCell<String> = OnceCell::const_new();
    let make = || async {
        let name = format!("simfront_torture_{}_begun", std::process::id());
        let database = Database::copy_of("simfront_template", name.clone()).await;
        let (upstream, folder) = (sandbox::start(upstream_settings()).await.unwrap(), folder());
        let mut sync = command(folder.path(), &["sync"]);
        let address = server_url().parse::<url::Url>().unwrap();
        let mut own = address;
        own.set_path(&name);
        sync.env("DATABASE_URL", String::from(own)).env("SECRET_KEY", SECRET);
        sync.envs(credentials(&upstream.base_url()));
        let synced = Ended::of(sync.output().await.unwrap());
        assert_eq!(synced.code, Some(0), "{synced:?}");
        upstream.stop().await;
        drop(database);
        name
    };
    BEGUN.get_or_init(make).await.clone()
}

fn credentials(base_url: &str) -> [(&'static str, String); 4] {
    let settings = upstream_settings();
    [
        ("ESIMDUAL_BASE_URL", base_url.to_owned()),
        ("ESIMDUAL_EMAIL", settings.email),
        ("ESIMDUAL_PASSWORD", settings.password),
        ("ESIMDUAL_WEBHOOK_SECRET", settings.webhook_secret),
    ]
}

/// Everything but the program.
pub struct Stage {
    pub database: Database,
    pub sandbox: Running,
    pub post: PostOffice,
    pub stripe: Stripe,
    pub trap: Trap,
    /// Where customers and webhooks find the shop.
    pub url: String,
    commits: Commits,
    upstream: Relay,
    bank: Relay,
    /// Stands as long as this does.
    _door: Relay,
    port: u16,
    pub folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Stage {
    /// `empty`: the program finds a database without any table.
    pub async fn new(number: usize, trap: Trap, empty: bool) -> Self {
        let name = format!("simfront_torture_{}_{number}", std::process::id());
        let template = if empty { "template1".to_owned() } else { begun().await };
        let database = Database::copy_of(&template, name).await;
        let (sandbox, port) = (sandbox::start(upstream_settings()).await.unwrap(), free_port());
        let upstream_port = url::Url::parse(&sandbox.origin()).unwrap().port().unwrap();
        let commits = Commits::before(&database.options, trap.clone()).await;
        let upstream = Relay::before(upstream_port, "upstream", trap.clone(), |_| true).await;
        let points = |point: &str| {
            let posts = ["/checkout", "/pay/test/{token}", "/webhooks/esimdual", "/webhooks/stripe"];
            point.strip_prefix("POST ").is_some_and(|path| posts.contains(&path))
        };
        let door = Relay::before(port, "shop", trap.clone(), points).await;
        let post = PostOffice::open(trap.clone()).await;
        let url = format!("http://127.0.0.1:{}", door.port());
        sandbox.set_webhook_url(Some(format!("{url}/webhooks/esimdual")));
        let stripe = Stripe::start(Clock::running(OffsetDateTime::now_utc())).await;
        stripe.post_events_to(format!("{url}/webhooks/stripe"));
        let bank_port = url::Url::parse(&stripe.base).unwrap().port().unwrap();
        let bank = Relay::before(bank_port, "stripe", trap.clone(), |_| true).await;
        let settings = [
            ("SECRET_KEY", SECRET),
            ("BIND_ADDR", &format!("127.0.0.1:{port}")),
            ("PUBLIC_URL", &url),
            ("SMTP_URL", &post.url()),
            ("DATABASE_URL", &database.through(commits.port())),
            ("ESIMDUAL_REQUESTS_PER_MINUTE", "6000"),
            ("ESIMDUAL_TIMEOUT_SECONDS", "1"),
            ("ESIMDUAL_REST_SECONDS", "1"),
            ("ESIMDUAL_LOGIN_PAUSE_SECONDS", "1"),
            ("DOUBT_SETTLING_SECONDS", "1"),
            ("RECONCILE_INTERVAL_SECONDS", "1"),
            ("JOB_LEASE_SECONDS", "2"),
            ("PAYMENT_METHODS", "test,stripe"),
            ("STRIPE_SECRET_KEY", stripe::KEY),
            ("STRIPE_WEBHOOK_SECRET", stripe::SECRET),
            ("STRIPE_API_BASE", &format!("http://127.0.0.1:{}", bank.port())),
            ("RATE_LIMITS", "off"),
        ];
        let mut settings: Vec<_> = settings.map(|(name, value)| (name, value.to_owned())).into();
        settings.extend(credentials(&format!("http://127.0.0.1:{}/api/reseller/v1", upstream.port())));
        Self {
            database,
            sandbox,
            post,
            stripe,
            trap,
            url,
            commits,
            upstream,
            bank,
            _door: door,
            port,
            folder: folder(),
            settings,
        }
    }

    /// Starts the program, whose log goes to this folder.
    pub fn start(&self) -> Program {
        let mut command = command(self.folder.path(), &["serve"]);
        command.envs(self.settings.iter().map(|(name, value)| (*name, value)));
        Program::start(command, self.port, self.folder.path())
    }

    /// Waits until the program is ready, or the trap has sprung; whether it is ready.
    pub async fn ready(&self, program: &mut Program) -> bool {
        let ready = async {
            let (http, address) = (crate::stand::http(), format!("{}/readyz", program.url));
            let asked =
                || async { http.get(&address).send().await.is_ok_and(|answer| answer.status() == 200) };
            while !asked().await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            ready = tokio::time::timeout(Duration::from_secs(90), ready) => {
                assert!(ready.is_ok(), "it never became ready:\n{}", program.log());
                true
            }
            () = self.trap.has_sprung(), if !self.trap.is_sprung() => false,
        }
    }

    pub async fn end(self) {
        self.sandbox.stop().await;
        drop((self.commits, self.upstream, self.bank));
        self.database.end().await;
    }
}
