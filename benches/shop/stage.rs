//! What is measured: a durable PostgreSQL, the program as a process on it, and the sandbox upstream.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use simfront::plumbing::private_postgres::{self, Owned};
use simfront::sandbox::{self, Running};
use sqlx::PgPool;
use tempfile::TempDir;

use super::wire::{Wire, get, post_form, post_form_from};

/// What is bought: France 5 GB, 30 days.
const PACKAGE: u32 = 1120;

pub struct Stage {
    postgres: Owned,
    pub sandbox: Running,
    pub db: PgPool,
    program: Child,
    binary: PathBuf,
    variables: Vec<(&'static str, String)>,
    pub address: SocketAddr,
    pub folder: TempDir,
    price: String,
}

fn command(
    folder: &Path,
    binary: &Path,
    variables: &[(&'static str, String)],
    arguments: &[&str],
) -> Command {
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(folder).env_clear().envs(variables.iter().cloned());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command
}

impl Stage {
    /// Starts everything, the program without workers first, and waits until the shop is ready.
    pub async fn start(program: &Path, packages: usize) -> Self {
        let folder = tempfile::Builder::new().prefix("simfront-bench-").tempdir().unwrap();
        // PostgreSQL's user must be able to pass when this is root.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let durable =
            private_postgres::Settings { data_dir: folder.path().join("pg"), bin_dir: None, durable: true };
        let postgres = Owned::start(&durable).await.unwrap();
        let db = PgPool::connect(postgres.url()).await.unwrap();
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let show = sqlx::AssertSqlSafe(format!("show {setting}"));
            let value: String = sqlx::query_scalar(show).fetch_one(&db).await.unwrap();
            assert_eq!(value, "on", "{setting}: what is measured must survive a power cut");
        }
        let settings =
            sandbox::Settings { balance: 1_000_000.into(), packages, ..sandbox::Settings::for_tests() };
        let sandbox = sandbox::start(settings).await.unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let variables = vec![
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("DATA_DIR", folder.path().join("data").display().to_string()),
            ("BIND_ADDR", address.to_string()),
            ("DATABASE_URL", postgres.url().to_owned()),
            ("SECRET_KEY", "a key that is long enough for a bench".to_owned()),
            ("ESIMDUAL_BASE_URL", sandbox.base_url()),
            ("ESIMDUAL_EMAIL", sandbox.settings().email.clone()),
            ("ESIMDUAL_PASSWORD", sandbox.settings().password.clone()),
            ("ESIMDUAL_WEBHOOK_SECRET", sandbox.settings().webhook_secret.clone()),
            ("ESIMDUAL_REQUESTS_PER_MINUTE", "60000".to_owned()),
            // So that webhooks alone tell how an order goes.
            ("RECONCILE_INTERVAL_SECONDS", "86400".to_owned()),
            ("PAYMENT_METHODS", "test".to_owned()),
            // On, and each customer comes from an address of their own, as the proxy says.
            ("RATE_LIMITS", "on".to_owned()),
            ("TRUSTED_PROXIES", "127.0.0.1/32".to_owned()),
            // A flood's forgers have one address; all of them get the same answer.
            ("FAILED_SIGNATURES_PER_MINUTE", "1000000".to_owned()),
        ];
        let command = |arguments: &[&str]| command(folder.path(), program, &variables, arguments);
        // A shop without workers of its own finds its catalog.
        let synced = command(&["sync"]).status().unwrap();
        assert!(synced.success(), "{}", fs::read_to_string(folder.path().join("log")).unwrap());
        let running = command(&["serve", "--no-worker"]).spawn().unwrap();
        let (binary, price) = (program.to_owned(), String::new());
        let mut stage =
            Self { postgres, sandbox, db, program: running, binary, variables, address, folder, price };
        stage.ready();
        stage.price = stage.shown_price();
        stage
    }

    /// Starts the program anew, with workers: how long it takes until it is ready.
    pub fn with_workers(&mut self) -> Duration {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
        let began = Instant::now();
        let arguments = ["serve"];
        self.program =
            command(self.folder.path(), &self.binary, &self.variables, &arguments).spawn().unwrap();
        self.ready();
        began.elapsed()
    }

    /// How much memory the program has, in mebibytes.
    #[allow(dead_code, reason = "the bench of the window asks it")]
    pub fn resident(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
    }

    fn ready(&mut self) {
        let began = Instant::now();
        loop {
            let up = std::net::TcpStream::connect(self.address).is_ok();
            if up && Wire::to(self.address).ask(&get("/readyz")).status == 200 {
                return;
            }
            let ended = self.program.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < Duration::from_secs(60), "{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn shown_price(&self) -> String {
        let page = Wire::to(self.address).ask(&get(&format!("/checkout?package_id={PACKAGE}&quantity=1")));
        let page = String::from_utf8(page.body).unwrap();
        let from = page.split_once("name=\"shown_price\" value=\"").unwrap_or_else(|| panic!("{page}")).1;
        from.split('"').next().unwrap().to_owned()
    }

    /// A filled form; each number makes another one, of another customer.
    pub fn checkout(&self, round: usize, client: usize, number: usize) -> Vec<u8> {
        let letters = |n: usize| {
            let letter = |digit: usize| {
                char::from(b'a' + u8::try_from(n / 10_usize.pow(u32::try_from(digit).unwrap()) % 10).unwrap())
            };
            (0..8).map(letter).collect::<String>()
        };
        let key = format!("{}{}{}", letters(round), letters(client), letters(number));
        let price = &self.price;
        let [_, high, middle, low] =
            u32::try_from(round * 4_000_000 + client * 50_000 + number).unwrap().to_be_bytes();
        post_form_from(
            &format!("10.{high}.{middle}.{low}"),
            "/checkout",
            &format!(
                "package_id={PACKAGE}&quantity=1&form_key={key}&shown_price={price}\
                 &email={key}%40example.com&payment_method=test&accept_terms=on"
            ),
        )
    }

    /// Orders and pays: the path of the order.
    pub fn buy(&self, round: usize, number: usize) -> String {
        let mut wire = Wire::to(self.address);
        let pay = wire.ask(&self.checkout(round, 9_999, number)).location();
        wire.ask(&post_form(&pay, "outcome=pay")).location()
    }

    /// A webhook as eSIMDual posts it.
    pub fn webhook(&self, body: &str, signature: &str, delivery: &str) -> Vec<u8> {
        let length = body.len();
        format!(
            "POST /webhooks/esimdual HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n\
             x-esimdual-event: order.completed\r\nx-esimdual-delivery: {delivery}\r\n\
             x-esimdual-signature: {signature}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    pub fn sign(&self, body: &str) -> String {
        let secret = &self.sandbox.settings().webhook_secret;
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// Where the shop takes webhooks.
    pub fn webhook_url(&self) -> String {
        format!("http://{}/webhooks/esimdual", self.address)
    }

    /// The address of another database on the same server, for `pgbench`.
    pub fn url_of(&self, database: &str) -> String {
        self.postgres.url().replacen("/simfront?", &format!("/{database}?"), 1)
    }

    /// PostgreSQL's own programs.
    pub async fn bin_dir(&self) -> PathBuf {
        let statement = "select setting from pg_config where name = 'BINDIR'";
        let folder: String = sqlx::query_scalar(statement).fetch_one(&self.db).await.unwrap();
        PathBuf::from(folder)
    }

    /// Forgets work that a measurement left, so that the next one does not run beside it.
    pub async fn clear(&self) {
        sqlx::raw_sql("delete from jobs where kind in ('webhook_delivery', 'advance_order'); checkpoint")
            .execute(&self.db)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    pub async fn end(mut self) {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
        self.sandbox.stop().await;
        self.db.close().await;
        self.postgres.stop().await;
        private_postgres::forget(&self.folder.path().join("pg")).await.unwrap();
    }
}
