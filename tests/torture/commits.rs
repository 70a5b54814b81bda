//! Between the program and PostgreSQL: it sees every commit that writes something, and can keep it from happening, or
//! keep its answer.
//!
//! A commit is `COMMIT` at the end of a transaction that wrote a row, or a statement outside a transaction that wrote
//! one. Such a statement is put into a transaction of its own, so that here, too, it is known whether it writes before
//! it is durable.

use std::io;
use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;

use crate::steps::{Write, step, tables_written};
use crate::trap::{Mode, Trap};
use crate::wire::{Message, Side, Statements, Stream, ends_batch};

/// `SSLRequest` and `GSSENCRequest`: they are refused with one byte, and the client begins again.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

/// Where the server listens.
#[derive(Clone)]
enum Server {
    Socket(PathBuf),
    Port(String, u16),
}

impl Server {
    fn of(options: &PgConnectOptions) -> Self {
        let (host, port) = (options.get_host(), options.get_port());
        let folder = options.get_socket().cloned().or_else(|| host.starts_with('/').then(|| host.into()));
        match folder {
            Some(folder) => Self::Socket(folder.join(format!(".s.PGSQL.{port}"))),
            None => Self::Port(host.to_owned(), port),
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Socket(path) => Box::new(UnixStream::connect(path).await?),
            Self::Port(host, port) => Box::new(TcpStream::connect((host.as_str(), *port)).await?),
        })
    }
}

/// Stands before the server of these options until it is dropped.
pub struct Commits {
    port: u16,
    standing: JoinHandle<()>,
}

impl Commits {
    pub async fn before(options: &PgConnectOptions, trap: Trap) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server::of(options);
        let standing = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(connection(client, server.clone(), trap.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { port, standing }
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        self.standing.abort();
    }
}

async fn connection(client: TcpStream, server: Server, trap: Trap) {
    client.set_nodelay(true).ok();
    // Whoever hangs up first ends both sides; an open transaction is rolled back by that.
    if let Ok(server) = server.connect().await {
        let mut between = Between {
            client: Side::new(Box::new(client)),
            server: Side::new(server),
            trap,
            statements: Statements::default(),
            inside: false,
            written: Vec::new(),
        };
        let _hung_up = between.relay().await;
    }
}

/// One connection through us.
struct Between {
    client: Side,
    server: Side,
    trap: Trap,
    statements: Statements,
    /// Whether a transaction is open, as the server said last.
    inside: bool,
    /// What the open transaction has written.
    written: Vec<Write>,
}

/// The server's answer to one batch.
struct Answer {
    messages: Vec<Message>,
    written: Vec<Write>,
    state: u8,
}

impl Between {
    async fn relay(&mut self) -> io::Result<()> {
        loop {
            let Some(opening) = self.client.opening().await? else { return Ok(()) };
            let code = opening.get(4..8).map(|code| u32::from_be_bytes(code.try_into().unwrap()));
            if code.is_some_and(|code| ENCRYPTION.contains(&code)) {
                self.client.send(b"N").await?;
            } else {
                self.server.send(&opening).await?;
                break;
            }
        }
        loop {
            tokio::select! {
                // Notices, and answers while the client proves who it is.
                said = self.server.message() => match said? {
                    Some(message) => self.client.pass(&[message]).await?,
                    None => return Ok(()),
                },
                asked = self.client.message() => match asked? {
                    Some(first) => if !self.batch(first).await? { return Ok(()) },
                    None => return Ok(()),
                },
            }
        }
    }

    /// Reads to the end of what the client says, carries it out, and passes the answer on; false at the end.
    async fn batch(&mut self, first: Message) -> io::Result<bool> {
        let mut batch = vec![first];
        while !batch.last().is_some_and(ends_batch) {
            match self.client.message().await? {
                Some(message) => batch.push(message),
                None => return Ok(false),
            }
        }
        if !matches!(batch.last().map(Message::letter), Some(b'Q' | b'S')) {
            self.server.pass(&batch).await?;
            return Ok(true);
        }
        let ran: Vec<String> = batch.iter().filter_map(|one| self.statements.carried_out(one)).collect();
        let commits = |text: &String| {
            matches!(text.trim_end_matches(';').trim().to_ascii_uppercase().as_str(), "COMMIT" | "END")
        };
        if self.inside && ran.iter().any(commits) && !self.written.is_empty() {
            return self.commit(&batch, &ran).await;
        }
        if !self.inside && ran.iter().any(|text| !tables_written(text).is_empty()) {
            return self.alone(&batch, &ran).await;
        }
        self.server.pass(&batch).await?;
        let Some(answer) = self.answer(&ran, true).await? else { return Ok(false) };
        self.inside = answer.state != b'I';
        self.written.extend(answer.written);
        if !self.inside {
            self.written.clear();
        }
        Ok(true)
    }

    /// The end of a transaction that wrote something.
    async fn commit(&mut self, batch: &[Message], ran: &[String]) -> io::Result<bool> {
        let mode = self.reach();
        if mode == Some(Mode::A) {
            self.trap.spring();
            return Ok(false);
        }
        self.server.pass(batch).await?;
        let Some(answer) = self.answer(ran, false).await? else { return Ok(false) };
        if mode.is_some() {
            self.trap.spring();
            return Ok(false);
        }
        self.inside = answer.state != b'I';
        self.written.clear();
        self.client.pass(&answer.messages).await?;
        Ok(true)
    }

    /// Statements that are their own transaction: carried out inside one of ours.
    async fn alone(&mut self, batch: &[Message], ran: &[String]) -> io::Result<bool> {
        if !self.ourselves("BEGIN").await? {
            return Ok(false);
        }
        self.server.pass(batch).await?;
        let Some(mut answer) = self.answer(ran, false).await? else { return Ok(false) };
        // Somebody may have begun or ended a transaction in the same breath: then it is theirs from here on.
        if answer.state == b'T' || answer.state == b'E' {
            self.written = std::mem::take(&mut answer.written);
            let failed = answer.state == b'E';
            let mode = if failed || self.written.is_empty() { None } else { self.reach() };
            if mode == Some(Mode::A) {
                self.trap.spring();
                return Ok(false);
            }
            if !self.ourselves(if failed { "ROLLBACK" } else { "COMMIT" }).await? {
                return Ok(false);
            }
            if mode.is_some() {
                self.trap.spring();
                return Ok(false);
            }
        }
        self.inside = false;
        self.written.clear();
        let outside = answer.messages.into_iter().map(|message| match message.ready_state() {
            Some(_) => message.outside(),
            None => message,
        });
        let messages: Vec<Message> = outside.collect();
        self.client.pass(&messages).await?;
        Ok(true)
    }

    fn reach(&self) -> Option<Mode> {
        let (name, detail) = step(&self.written);
        self.trap.reach(&format!("commit: {name}"), &detail)
    }

    /// A statement of ours, whose answer nobody sees.
    async fn ourselves(&mut self, statement: &str) -> io::Result<bool> {
        self.server.pass(&[Message::query(statement)]).await?;
        Ok(self.answer(&[], false).await?.is_some())
    }

    /// The answer up to `ReadyForQuery`; `None` where the server hangs up before.
    async fn answer(&mut self, ran: &[String], pass_on: bool) -> io::Result<Option<Answer>> {
        let mut answer = Answer { messages: Vec::new(), written: Vec::new(), state: b'I' };
        let mut done = 0;
        loop {
            let Some(message) = self.server.message().await? else { return Ok(None) };
            if let Some(completed) = message.completed() {
                let statement = ran.get(done).or(ran.last()).map_or("", String::as_str);
                let tables = tables_written(statement);
                if completed.rows > 0 && (completed.writes || !tables.is_empty()) {
                    answer.written.push(Write { statement: statement.to_owned() });
                }
                done += 1;
            }
            let state = message.ready_state();
            match pass_on {
                true => self.client.pass(&[message]).await?,
                false => answer.messages.push(message),
            }
            if let Some(state) = state {
                answer.state = state;
                return Ok(Some(answer));
            }
        }
    }
}
