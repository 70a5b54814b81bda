//! A database of its own for each test, a fake upstream of a few lines, and a client for it.

use std::str::FromStr as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use simfront::catalog::Brake;
use simfront::esimdual::{Answer, Client, Credentials, NewOrder, Settings};
use simfront::ground::{Clock, Entropy};
use simfront::plumbing::sealed::SealingKey;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use time::macros::datetime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// As the shop's own defaults have it.
pub const BRAKE: Brake = Brake { max_vanish_percent: 30, max_leap_percent: 30, leap_factor: 3 };

/// A migrated database that only this test sees.
pub struct Database {
    pub pool: PgPool,
    admin: PgConnectOptions,
    name: String,
}

impl Database {
    pub async fn new() -> Self {
        let url = std::env::var("SIMFRONT_TEST_DATABASE_URL")
            .expect("SIMFRONT_TEST_DATABASE_URL names a server with the database simfront_template");
        let admin = PgConnectOptions::from_str(&url).unwrap();
        let name = format!("desk_{}", Entropy::system().token().as_str());
        let mut connection = PgConnection::connect_with(&admin).await.unwrap();
        let create = AssertSqlSafe(format!("create database {name} template simfront_template"));
        sqlx::query(create).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let pool = PgPoolOptions::new().connect_with(admin.clone().database(&name)).await.unwrap();
        Self { pool, admin, name }
    }

    pub async fn drop(self) {
        self.pool.close().await;
        let mut connection = PgConnection::connect_with(&self.admin).await.unwrap();
        let drop = AssertSqlSafe(format!("drop database {} with (force)", self.name));
        sqlx::query(drop).execute(&mut connection).await.unwrap();
    }
}

/// A pool that no database answers to: for calls that never look.
pub fn no_database() -> PgPool {
    let nowhere = PgConnectOptions::new().host("127.0.0.1").port(1).username("nobody");
    PgPoolOptions::new().acquire_timeout(Duration::from_millis(50)).connect_lazy_with(nowhere)
}

pub fn clock() -> Clock {
    Clock::by_hand(datetime!(2026-11-22 12:00 UTC))
}

pub fn token() -> Credentials {
    Credentials::Token("1|fixed".into())
}

pub fn login() -> Credentials {
    Credentials::Login {
        email: "partner@example.com".to_owned(),
        password: "StrongPassword123!".into(),
        device_name: "test".to_owned(),
    }
}

pub fn settings(base_url: &str, credentials: Credentials) -> Settings {
    Settings {
        base_url: base_url.to_owned(),
        credentials: Some(credentials),
        connect_timeout: Duration::from_secs(2),
        timeout: Duration::from_millis(800),
        list_timeout: Duration::from_secs(10),
        catalog_timeout: Duration::from_secs(30),
        requests_per_minute: 10_000,
        login_pause: Duration::from_secs(30),
        longest_rest: Duration::from_secs(30),
    }
}

pub fn key() -> SealingKey {
    SealingKey::derive(&"a test's secret".into())
}

pub fn client(base_url: &str, credentials: Credentials, db: PgPool, clock: &Clock) -> Client {
    client_of(settings(base_url, credentials), db, clock)
}

pub fn client_of(settings: Settings, db: PgPool, clock: &Clock) -> Client {
    Client::new(settings, db, key(), clock.clone(), Entropy::system()).unwrap()
}

pub const ORDER: NewOrder<'_> = NewOrder {
    package_id: 1120,
    external_order_id: "SF-7K3M9QWX-1-1",
    idempotency_key: "key-1",
    device_imei: None,
    doubted: false,
};

pub fn word<T>(answer: &Answer<T>) -> &'static str {
    match answer {
        Answer::Done(_) => "done",
        Answer::Refused(_) => "refused",
        Answer::Later(_) => "later",
        Answer::Doubt(_) => "doubt",
    }
}

/// What arrived at the fake.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST /orders`
    pub line: String,
    /// In lower case, one a line.
    pub headers: String,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// What the fake does with a request.
pub enum Act {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Closes without a word.
    Close,
    /// Sends these bytes, then a byte every 50 ms for ever.
    Drip(Vec<u8>),
    /// Sends these bytes, then megabytes without end.
    Flood(Vec<u8>),
    /// Sends the first bytes, so many spaces, and the last bytes.
    Spaces(Vec<u8>, usize, Vec<u8>),
    /// Does it after a while.
    After(Duration, Box<Act>),
}

pub fn reply(status: u16, body: &str) -> Act {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    Act::Send(format!("{head}{body}").into_bytes())
}

/// A server that does what it is told.
pub struct Fake {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Fake {
    /// `act` is given each request and how many of the same line came before it.
    pub async fn start(act: impl Fn(&Request, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::<Request>::new()));
        let (act, log) = (Arc::new(act), seen.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (act, log) = (act.clone(), log.clone());
                tokio::spawn(async move {
                    let Some(request) = read(&mut stream).await else { return };
                    let before = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.iter().filter(|known| known.line == request.line).count() - 1
                    };
                    let _ = perform(&mut stream, act(&request, before)).await;
                });
            }
        });
        Self { url, seen }
    }

    /// Every request so far whose line begins so.
    pub fn seen(&self, line: &str) -> Vec<Request> {
        self.seen.lock().unwrap().iter().filter(|request| request.line.starts_with(line)).cloned().collect()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
            let (line, headers) = head.split_once("\r\n")?;
            let headers = headers
                .lines()
                .map(|line| {
                    let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                    format!("{}: {value}\n", name.to_lowercase())
                })
                .collect::<String>();
            let line = line.trim_end_matches(" HTTP/1.1").to_owned();
            let mut request = Request { line, headers, body: String::new() };
            let length: usize = request.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
            while bytes.len() < end + 4 + length {
                let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
                bytes.extend_from_slice(&chunk[..read]);
            }
            request.body = String::from_utf8(bytes[end + 4..].to_vec()).ok()?;
            return Some(request);
        }
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}

async fn perform(stream: &mut TcpStream, mut act: Act) -> std::io::Result<()> {
    while let Act::After(wait, then) = act {
        tokio::time::sleep(wait).await;
        act = *then;
    }
    match act {
        Act::After(..) => Ok(()),
        Act::Spaces(first, spaces, last) => {
            stream.write_all(&first).await?;
            let chunk = vec![b' '; 64 * 1024];
            for start in (0..spaces).step_by(chunk.len()) {
                stream.write_all(&chunk[..chunk.len().min(spaces - start)]).await?;
            }
            stream.write_all(&last).await
        }
        Act::Close => Ok(()),
        Act::Send(bytes) => stream.write_all(&bytes).await,
        Act::Drip(bytes) => {
            stream.write_all(&bytes).await?;
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                stream.write_all(b" ").await?;
            }
        }
        Act::Flood(bytes) => {
            stream.write_all(&bytes).await?;
            let chunk = vec![b' '; 64 * 1024];
            loop {
                stream.write_all(&chunk).await?;
            }
        }
    }
}
