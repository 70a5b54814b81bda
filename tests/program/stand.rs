//! What journeys stand on: a database of their own, the built program as a process, and a customer without a screen.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use simfront::sandbox::{self, Running, Settings};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::process::{Child, Command};

pub const SIMFRONT: &str = env!("CARGO_BIN_EXE_simfront");
pub const OWNER: &str = "owner@example.com";
pub const PASSWORD: &str = "a quiet harbour at dawn";
/// Far more than anything here takes on a machine that is not busy.
const PATIENCE: Duration = Duration::from_secs(90);
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Asks again until there is an answer, until patience ends.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {what}");
}

/// A port that nobody listens on, nor on the one after it, and that no other test of this run gets: below those that
/// the system hands out by itself, as a port that was free a moment ago may have become anybody's meanwhile.
pub fn free_port() -> u16 {
    static PAIRS: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 20_000;
    const SPAN: u32 = 12_000;
    let start = std::process::id().wrapping_mul(101);
    loop {
        let pair = PAIRS.fetch_add(2, Ordering::Relaxed);
        assert!(pair < SPAN, "no port is free");
        let port = u16::try_from(FIRST + ((start & !1).wrapping_add(pair) % SPAN)).unwrap();
        if [port, port + 1].iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()) {
            return port;
        }
    }
}

/// A folder that PostgreSQL's user may pass, as tests may run as root.
pub fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::Builder::new().prefix("simfront-").tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A database of this test alone, on the server that `make test` starts; empty, for the program migrates it.
pub struct Database {
    admin: PgConnectOptions,
    name: String,
    pub url: String,
}

impl Database {
    pub async fn new() -> Self {
        let url = std::env::var("SIMFRONT_TEST_DATABASE_URL").expect(
            "SIMFRONT_TEST_DATABASE_URL names a PostgreSQL whose user may make databases (make test sets it)",
        );
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("simfront_journey_{}_{number}", std::process::id());
        let admin: PgConnectOptions = url.parse().unwrap();
        let mut conn = admin.clone().connect().await.unwrap();
        let create = format!("create database {name}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let mut own = url::Url::parse(&url).unwrap();
        own.set_path(&name);
        Self { admin, name, url: own.into() }
    }

    /// The number that a statement finds.
    pub async fn count(&self, statement: &'static str) -> i64 {
        let mut conn = self.admin.clone().database(&self.name).connect().await.unwrap();
        let count = sqlx::query_scalar(statement).fetch_one(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        count
    }

    /// The texts that a statement finds.
    pub async fn texts(&self, statement: &'static str) -> Vec<String> {
        let mut conn = self.admin.clone().database(&self.name).connect().await.unwrap();
        let texts = sqlx::query_scalar(statement).fetch_all(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        texts
    }

    /// Drops it. A test that failed leaves it for a look.
    pub async fn end(self) {
        let mut conn = self.admin.connect().await.unwrap();
        let drop = format!("drop database {} with (force)", self.name);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();
    }
}

/// A database, a sandbox, and the settings of a shop on both. Its address stays the same over restarts.
pub struct Stand {
    pub database: Database,
    pub sandbox: Running,
    pub port: u16,
    pub folder: TempDir,
    pub settings: Vec<(String, String)>,
}

impl Stand {
    /// With webhooks, as in life.
    pub async fn new() -> Self {
        let stand = Self::without_webhooks().await;
        stand.send_webhooks();
        stand
    }

    /// The shop hears nothing of its orders that it does not ask for.
    pub async fn without_webhooks() -> Self {
        let sandbox = sandbox::start(Settings::for_tests()).await.unwrap();
        let (database, port, folder) = (Database::new().await, free_port(), folder());
        let settings = [
            ("DATABASE_URL", database.url.clone()),
            ("SECRET_KEY", "a key that is long enough for tests".to_owned()),
            ("ESIMDUAL_BASE_URL", sandbox.base_url()),
            ("ESIMDUAL_EMAIL", sandbox.settings().email.clone()),
            ("ESIMDUAL_PASSWORD", sandbox.settings().password.clone()),
            ("ESIMDUAL_WEBHOOK_SECRET", sandbox.settings().webhook_secret.clone()),
            ("ESIMDUAL_REQUESTS_PER_MINUTE", "6000".to_owned()),
            ("DOUBT_SETTLING_SECONDS", "1".to_owned()),
            ("RECONCILE_INTERVAL_SECONDS", "1".to_owned()),
            ("JOB_LEASE_SECONDS", "2".to_owned()),
            ("PAYMENT_METHODS", "test".to_owned()),
            ("ADMIN_EMAIL", OWNER.to_owned()),
            ("ADMIN_PASSWORD", PASSWORD.to_owned()),
            ("RATE_LIMITS", "off".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value)).into();
        Self { database, sandbox, port, folder, settings }
    }

    pub fn send_webhooks(&self) {
        self.sandbox.set_webhook_url(Some(format!("http://127.0.0.1:{}/webhooks/esimdual", self.port)));
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// A process of the program, not yet running.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_on(self.port, arguments)
    }

    fn command_on(&self, port: u16, arguments: &[&str]) -> Command {
        let mut command = command(self.folder.path(), arguments);
        command.env("BIND_ADDR", format!("127.0.0.1:{port}"));
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().await.unwrap())
    }

    /// `serve`, from the moment on when it is ready.
    pub async fn serve(&self, arguments: &[&str]) -> Program {
        self.serve_on(self.port, arguments).await
    }

    pub async fn serve_on(&self, port: u16, arguments: &[&str]) -> Program {
        let arguments = [&["serve"], arguments].concat();
        let mut program = Program::start(self.command_on(port, &arguments), port, self.folder.path());
        program.ready().await;
        program
    }

    /// Ends in order: the programs must have ended before.
    pub async fn end(self) {
        self.sandbox.stop().await;
        self.database.end().await;
    }

    /// Whether every order under a name of the shop's was bought exactly once; their names.
    pub fn purchases(&self) -> Vec<String> {
        let ledger = self.sandbox.ledger();
        let mut names: Vec<String> =
            ledger.orders.iter().map(|order| order.external_order_id.clone().unwrap()).collect();
        names.sort();
        let bought = names.len();
        names.dedup();
        assert_eq!(names.len(), bought, "an eSIM was bought twice: {:?}", ledger.orders);
        assert_eq!(ledger.debits().len(), bought, "each purchase was paid once");
        names
    }
}

/// A process of the program in a folder, with none of our own variables.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(SIMFRONT);
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command.env("PATH", std::env::var("PATH").unwrap());
    command.env("DATA_DIR", folder.join("data"));
    command
}

/// What a command that ended left.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// A program that runs.
pub struct Program {
    child: Child,
    pub url: String,
    out: PathBuf,
    log: PathBuf,
}

impl Program {
    pub fn start(mut command: Command, port: u16, folder: &Path) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let (out, log) = (folder.join(format!("{number}.out")), folder.join(format!("{number}.log")));
        command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&log).unwrap());
        let child = command.spawn().unwrap();
        Self { child, url: format!("http://127.0.0.1:{port}"), out, log }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// The file that its standard output goes to.
    pub fn out(&self) -> PathBuf {
        self.out.clone()
    }

    /// Asks until there is an answer; a program that ended meanwhile fails the test with its log.
    pub async fn answers<T>(&mut self, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
        let (child, log) = (&mut self.child, &self.log);
        until(what, async || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("{what}: the program ended, {status}:\n{}", fs::read_to_string(log).unwrap());
            }
            ask().await
        })
        .await
    }

    pub async fn ready(&mut self) {
        let address = format!("{}/readyz", self.url);
        let http = http();
        self.answers("ready", async || {
            let answer = http.get(&address).send().await.ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// The memory that it holds.
    pub fn memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Whether it has not ended yet.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("it did not end:\n{}", self.log())).unwrap()
    }

    /// Tells it to stop, and expects that it does so in order.
    pub async fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.ended().await;
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }
}

/// A client that follows no redirect.
pub fn http() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .no_proxy()
        .build()
        .unwrap()
}

/// What an element's attribute holds: the text between `before` and the next quote.
pub fn attribute(page: &str, before: &str) -> String {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("no {before} in {page}")).1;
    rest.split('"').next().unwrap().to_owned()
}

/// Somebody who buys.
pub struct Customer {
    pub http: reqwest::Client,
    pub shop: String,
}

impl Customer {
    pub fn of(program: &Program) -> Self {
        Self { http: http(), shop: program.url.clone() }
    }

    pub async fn page(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.shop)).send().await.unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The fields of a filled checkout form.
    pub async fn form(&self, package: u32) -> Vec<(&'static str, String)> {
        let page = self.page(&format!("/checkout?package_id={package}&quantity=1")).await;
        vec![
            ("package_id", package.to_string()),
            ("quantity", "1".to_owned()),
            ("form_key", attribute(&page, "name=\"form_key\" value=\"")),
            ("shown_price", attribute(&page, "name=\"shown_price\" value=\"")),
            ("email", "traveller@example.com".to_owned()),
            ("payment_method", "test".to_owned()),
            ("accept_terms", "on".to_owned()),
        ]
    }

    /// Posts a form: where it leads.
    pub async fn post(&self, path: &str, fields: &[(&str, String)]) -> String {
        let answer = self.http.post(format!("{}{path}", self.shop)).form(fields).send().await.unwrap();
        let status = answer.status();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        to.filter(|_| status == 303).unwrap_or_else(|| panic!("{path} answered {status}"))
    }

    /// Orders one eSIM: the path of its payment page.
    pub async fn order(&self, package: u32) -> String {
        let to = self.post("/checkout", &self.form(package).await).await;
        self.own_path(&to)
    }

    /// Orders and pays: the path of the order.
    pub async fn buy(&self, package: u32) -> String {
        let pay = self.order(package).await;
        let to = self.post(&pay, &[("outcome", "pay".to_owned())]).await;
        self.own_path(&to)
    }

    fn own_path(&self, to: &str) -> String {
        to.strip_prefix(&self.shop).unwrap_or(to).to_owned()
    }

    /// The order as JSON.
    pub async fn look(&self, order: &str) -> serde_json::Value {
        let address = format!("{}{order}", self.shop);
        let answer = self.http.get(address).header("accept", "application/json").send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    pub async fn until_status(&self, order: &str, status: &str) -> serde_json::Value {
        until(&format!("{order} is {status}"), async || {
            let seen = self.look(order).await;
            (seen["status"] == status).then_some(seen)
        })
        .await
    }

    /// Signs in to the back office: the cookie.
    pub async fn sign_in(&self, email: &str, password: &str) -> String {
        let fields = [("email", email), ("password", password)];
        let request = self.http.post(format!("{}/admin/login", self.shop)).form(&fields);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 303, "{email} may sign in");
        answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }
}
