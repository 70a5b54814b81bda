//! Runs a command with a throw-away PostgreSQL beside it: `cargo run -q --example with_postgres -- cargo test`.
//!
//! The command finds the address of a migrated database in `SIMFRONT_TEST_DATABASE_URL`, and on the same server the
//! database `simfront_template`, migrated too and connected to by nobody, to make databases of its own from. When it
//! ends, so does the server, its files go, and this program ends with the command's exit code.

use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::Context as _;
use simfront::plumbing::private_postgres::{self, Owned, Settings};
use sqlx::{Connection as _, PgConnection};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

const PREFIX: &str = "simfront-test-";

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        anyhow::bail!("say which command to run: with_postgres cargo test");
    };
    sweep().await;
    // Short, and passable for the user that the server runs as when this is root.
    let dir = tempfile::Builder::new().prefix(PREFIX).tempdir().context("no temporary folder")?;
    let settings = Settings { data_dir: dir.path().to_owned(), bin_dir: None, durable: false };
    let mut postgres = Owned::start(&settings).await?;
    let mut command = Command::new(program);
    command.args(arguments).env("SIMFRONT_TEST_DATABASE_URL", postgres.url());
    let result = match prepare(postgres.url()).await {
        Ok(()) => run(command, &mut postgres).await,
        Err(error) => Err(error),
    };
    postgres.stop().await;
    let removed = private_postgres::forget(dir.path()).await;
    dir.close().context("the throw-away cluster could not be removed")?;
    removed?;
    result
}

/// Migrates the database and makes the template from it. The migrations are read from the folder, not from this
/// program, so that one built before the last of them serves too.
async fn prepare(url: &str) -> anyhow::Result<()> {
    let migrations = sqlx::migrate::Migrator::new(Path::new("migrations"))
        .await
        .context("run this in the project's own folder: migrations/ is read from it")?;
    let mut connection = PgConnection::connect(url).await?;
    migrations.run(&mut connection).await.context("the migrations failed")?;
    connection.close().await?;
    let mut connection = PgConnection::connect(&url.replacen("/simfront?", "/postgres?", 1)).await?;
    sqlx::query("create database simfront_template template simfront").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Runs the command to its end. Ctrl-C reaches it by itself (it is in our process group), and a SIGTERM is handed on:
/// in both cases it ends first and the server after it.
async fn run(mut command: Command, postgres: &mut Owned) -> anyhow::Result<ExitCode> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    let mut child = command.spawn().with_context(|| format!("{command:?} did not start"))?;
    loop {
        tokio::select! {
            ended = child.wait() => return Ok(code(ended?)),
            _ = interrupts.recv() => {}
            _ = terminations.recv() => terminate(&child),
            _ = postgres.died() => {
                child.kill().await?;
                anyhow::bail!("PostgreSQL ended under the command");
            }
        }
    }
}

fn terminate(child: &Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended in this moment.
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

/// As shells count: the command's own code, or 128 and the number of the signal that ended it.
fn code(ended: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt as _;
    let code = ended.code().or_else(|| ended.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Removes what runs left behind that were killed with SIGKILL. Those that still go on hold their lock; young ones may
/// be about to take it.
async fn sweep() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        let age =
            entry.metadata().and_then(|found| found.modified()).ok().and_then(|made| made.elapsed().ok());
        if ours && age.is_some_and(|age| age > Duration::from_secs(60)) {
            // Another user's, or one that is in use: it stays.
            if private_postgres::forget(&entry.path()).await.is_ok() {
                let _stays = std::fs::remove_dir_all(entry.path());
            }
        }
    }
}
