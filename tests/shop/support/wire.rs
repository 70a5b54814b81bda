//! A wire between the shop and its PostgreSQL that can be cut when a COMMIT has arrived there and its answer has not
//! come back: nobody can tell then whether it happened.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::unix;
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// How many COMMITs passed, and which of them loses its answer.
#[derive(Debug, Default)]
struct Count {
    passed: AtomicUsize,
    cut_at: AtomicUsize,
}

/// A listening wire.
#[derive(Clone, Debug)]
pub struct Wire {
    port: u16,
    count: Arc<Count>,
}

impl Wire {
    /// A wire to the server of these options.
    pub async fn to(server: &PgConnectOptions) -> Self {
        let folder = server.get_socket().expect("the tests' PostgreSQL listens on a socket alone");
        let socket = folder.join(format!(".s.PGSQL.{}", server.get_port()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Self { port: listener.local_addr().unwrap().port(), count: Arc::default() };
        tokio::spawn(carry(listener, socket, wire.count.clone()));
        wire
    }

    /// The same server, through this wire.
    pub fn through(&self, options: &PgConnectOptions) -> PgConnectOptions {
        let plain = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .ssl_mode(PgSslMode::Disable)
            .username(options.get_username());
        match options.get_database() {
            Some(database) => plain.database(database),
            None => plain,
        }
    }

    /// The n-th COMMIT from now on loses its answer; the first is 1.
    pub fn cut_commit(&self, number: usize) {
        self.count.cut_at.store(self.passed() + number, Ordering::SeqCst);
    }

    /// How many COMMITs passed so far.
    pub fn passed(&self) -> usize {
        self.count.passed.load(Ordering::SeqCst)
    }

    /// Whether the COMMIT that was to lose its answer has passed.
    pub fn was_cut(&self) -> bool {
        self.passed() >= self.count.cut_at.load(Ordering::SeqCst)
    }
}

async fn carry(listener: TcpListener, socket: PathBuf, count: Arc<Count>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&socket).await;
        let count = count.clone();
        if let Ok(server) = server {
            tokio::spawn(between(client, server, count));
        }
    }
}

/// Both ways, until one of them ends or the wire is cut; both ends see it closed then.
async fn between(client: TcpStream, server: UnixStream, count: Arc<Count>) {
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let cut = AtomicBool::new(false);
    tokio::select! {
        _ended = asked(from_client, to_server, &count, &cut) => {}
        _ended = answered(from_server, to_client, &cut) => {}
    }
}

/// Message by message: the first has no kind, every other begins with one; its length counts itself.
async fn asked(
    mut from: OwnedReadHalf,
    mut to: unix::OwnedWriteHalf,
    count: &Count,
    cut: &AtomicBool,
) -> io::Result<()> {
    let mut first = true;
    // Prepared statements that commit by themselves: webhooks are stored by one. The server answers once it is done.
    let mut alone: Vec<Vec<u8>> = Vec::new();
    loop {
        let kind = if std::mem::take(&mut first) { None } else { Some(from.read_u8().await?) };
        let length = from.read_u32().await?;
        let mut body = vec![0; usize::try_from(length).unwrap().saturating_sub(4)];
        from.read_exact(&mut body).await?;
        let mut message = Vec::from_iter(kind);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(&body);
        let mut parts = body.split(|byte| *byte == 0);
        let (one, two) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if kind == Some(b'P') && String::from_utf8_lossy(two).contains("insert into webhook_deliveries") {
            alone.push(one.to_vec());
        }
        let bound_alone = kind == Some(b'B') && alone.iter().any(|name| name == two);
        if bound_alone || kind == Some(b'Q') && body.starts_with(b"COMMIT") {
            let number = count.passed.fetch_add(1, Ordering::SeqCst) + 1;
            cut.store(number == count.cut_at.load(Ordering::SeqCst), Ordering::SeqCst);
        }
        to.write_all(&message).await?;
    }
}

/// What the server says; its first word after the cut proves that the COMMIT was worked on, and is swallowed.
async fn answered(mut from: unix::OwnedReadHalf, mut to: OwnedWriteHalf, cut: &AtomicBool) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 || cut.load(Ordering::SeqCst) {
            return Ok(());
        }
        to.write_all(&buffer[..length]).await?;
    }
}
