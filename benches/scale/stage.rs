//! What is measured: a durable PostgreSQL, the program as a process on it, and an upstream with a large catalog.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use simfront::plumbing::private_postgres::{self, Owned};
use sqlx::PgPool;
use tempfile::TempDir;

use crate::upstream::Upstream;
use crate::wire::{Wire, get};
use crate::written::{PACKAGES, write_catalog};

/// Longer than any figure may take, so that a miss is measured too.
const PATIENCE: Duration = Duration::from_secs(600);
/// One package in so many costs more in the second catalog.
const DEARER: usize = 20;

pub struct Stage {
    postgres: Owned,
    pub upstream: Upstream,
    pub db: PgPool,
    program: Child,
    pub address: SocketAddr,
    pub folder: TempDir,
    shown: Shown,
}

/// How often the window showed all of a catalog anew, by the program's log. It is read on from where the last look ended:
/// a crowd fills hundreds of megabytes of it, and reading those at each look would take a processor from what is measured.
struct Shown {
    log: BufReader<File>,
    /// What stands behind the last whole line.
    begun: String,
    times: usize,
}

impl Shown {
    fn look(&mut self) -> usize {
        while self.log.read_line(&mut self.begun).unwrap() > 0 && self.begun.ends_with('\n') {
            self.times += usize::from(self.begun.contains(&format!("plans={PACKAGES}")));
            self.begun.clear();
        }
        self.times
    }
}

/// A sync as the shop remembers it, and the work after it.
#[derive(Debug)]
pub struct Synced {
    pub outcome: String,
    /// From its beginning to its end.
    pub run: Duration,
    /// Until it was in the window, and the job was done, which also notes what everything costs.
    pub whole: Duration,
    pub began: Instant,
    pub ended: Instant,
}

impl Stage {
    /// Starts everything, with an empty database: the program's first work is the first sync.
    pub async fn start(program: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("simfront-scale-").tempdir().unwrap();
        // PostgreSQL's user must be able to pass when this is root.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        write_catalog(&folder.path().join("one"), |_| false);
        write_catalog(&folder.path().join("other"), |id| id % DEARER == 0);
        let upstream = Upstream::start(folder.path().join("catalog"));
        upstream.sell(&folder.path().join("one"));
        let durable =
            private_postgres::Settings { data_dir: folder.path().join("pg"), bin_dir: None, durable: true };
        let postgres = Owned::start(&durable).await.unwrap();
        let db = PgPool::connect(postgres.url()).await.unwrap();
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let show = sqlx::AssertSqlSafe(format!("show {setting}"));
            let value: String = sqlx::query_scalar(show).fetch_one(&db).await.unwrap();
            assert_eq!(value, "on", "{setting}: what is measured must survive a power cut");
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let variables = [
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("DATA_DIR", folder.path().join("data").display().to_string()),
            ("BIND_ADDR", address.to_string()),
            ("DATABASE_URL", postgres.url().to_owned()),
            ("SECRET_KEY", "a key that is long enough for a bench".to_owned()),
            ("ESIMDUAL_BASE_URL", format!("http://{}", upstream.address)),
            ("ESIMDUAL_TOKEN", "a token".to_owned()),
            // Syncs come when they are asked for.
            ("SYNC_INTERVAL_SECONDS", "86400".to_owned()),
            ("PAYMENT_METHODS", "test".to_owned()),
        ];
        let log = File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
        let read = BufReader::new(File::open(folder.path().join("log")).unwrap());
        let shown = Shown { log: read, begun: String::new(), times: 0 };
        let mut command = Command::new(program);
        command.arg("serve").current_dir(folder.path()).env_clear().envs(variables);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let program = command.spawn().unwrap();
        Self { postgres, upstream, db, program, address, folder, shown }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The most memory that the program ever had, in mebibytes.
    pub fn peak(&self) -> f64 {
        self.memory("VmHWM:")
    }

    /// How much memory it has now, in mebibytes.
    pub fn resident(&self) -> f64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, line: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Until this page is there: all of the catalog is in the window.
    pub fn shows(&mut self, path: &str) {
        let began = Instant::now();
        loop {
            let up = std::net::TcpStream::connect(self.address).is_ok();
            if up && Wire::to(self.address).ask(&get(path)).status == 200 {
                return;
            }
            self.patience(began);
        }
    }

    /// The next sync after `runs` of them, from its beginning to the end of its job.
    pub async fn synced(&mut self, runs: i64) -> Synced {
        let asked = Instant::now();
        let running = "select count(*) from sync_runs";
        let shown = self.shown.look();
        while self.number(running).await == runs {
            self.patience(asked);
        }
        let began = Instant::now();
        let open = "select count(*) from sync_runs where outcome = 'running'";
        while self.number(open).await > 0 {
            self.patience(asked);
        }
        let run_ended = Instant::now();
        // What it changed is in the window, too.
        let last = "select outcome from sync_runs order by id desc limit 1";
        let outcome: String = sqlx::query_scalar(last).fetch_one(&self.db).await.unwrap();
        while outcome == "applied" && self.shown.look() <= shown {
            self.patience(asked);
        }
        let busy = "select count(*) from jobs where kind = 'sync_catalog' and lease_until is not null";
        while self.number(busy).await > 0 {
            self.patience(asked);
        }
        Synced { outcome, run: run_ended - began, whole: began.elapsed(), began, ended: Instant::now() }
    }

    /// Asks for a sync as the back office's button does.
    pub async fn ask_for_a_sync(&self) -> i64 {
        let runs = self.number("select count(*) from sync_runs").await;
        sqlx::raw_sql(
            "update jobs set run_at = clock_timestamp(), wanted = wanted + 1 where kind = 'sync_catalog'",
        )
        .execute(&self.db)
        .await
        .unwrap();
        runs
    }

    pub async fn number(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.db).await.unwrap()
    }

    fn patience(&mut self, since: Instant) {
        let ended = self.program.try_wait().unwrap();
        assert!(ended.is_none() && since.elapsed() < PATIENCE, "{}", self.log());
        std::thread::sleep(Duration::from_millis(20));
    }

    pub async fn end(mut self) {
        self.program.kill().unwrap();
        self.program.wait().unwrap();
        self.db.close().await;
        self.postgres.stop().await;
        private_postgres::forget(&self.folder.path().join("pg")).await.unwrap();
    }
}
