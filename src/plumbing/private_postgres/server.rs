//! The running server: our child, in a process group of its own, on a socket that only its user and root can reach.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};
use tokio::process::Child;

use super::error::{Error, at};
use super::find_programs::Programs;
use super::place::Place;

/// A small server for one program: its pools, and some connections for commands and people.
const SETTINGS: [&str; 17] = [
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "max_connections=100",
    "shared_buffers=64MB",
    "work_mem=4MB",
    "maintenance_work_mem=32MB",
    "max_wal_size=256MB",
    "min_wal_size=32MB",
    "max_parallel_workers_per_gather=0",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "logging_collector=off",
    // Details of an error quote the row it is about: e-mail addresses, activation codes.
    "log_error_verbosity=terse",
    "log_checkpoints=off",
    "log_line_prefix=%m [%p] ",
];

/// For tests: nothing is waited for that only a power cut makes worth waiting for.
const THROW_AWAY: [&str; 4] =
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"];

/// How long a server may take until it answers; after a crash it first replays its log.
const START_PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// A fast shutdown ends with a checkpoint.
const CLEAN_STOP: Duration = Duration::from_secs(30);
/// From here on the last log is kept as `server.log.1` and a new one begun.
const LOG_BYTES: u64 = 10 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Server {
    child: Child,
}

impl Server {
    /// Starts the server of a cluster and waits until it answers.
    pub(super) async fn start(place: &Place, programs: &Programs, durable: bool) -> Result<Self, Error> {
        let program = programs.bin_dir.join("postgres");
        let log = open_log(&place.log())?;
        place.user.give(&place.log())?;
        let errors = log.try_clone().map_err(at(&place.log()))?;
        let mut command = place.user.command(&program, &place.home);
        command.arg("-D").arg(place.data());
        let mut sockets = std::ffi::OsString::from("unix_socket_directories=");
        sockets.push(&place.sockets);
        command.arg("-c").arg(sockets).arg("-c").arg(format!("cluster_name={}", place.name));
        let unsafe_settings: &[&str] = if durable { &[] } else { &THROW_AWAY };
        for setting in SETTINGS.iter().chain(unsafe_settings) {
            command.args(["-c", setting]);
        }
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn().map_err(at(&program))?;
        let mut server = Self { child };
        match server.answering(place).await {
            Ok(()) => Ok(server),
            Err(error) => {
                server.stop().await;
                Err(error)
            }
        }
    }

    async fn answering(&mut self, place: &Place) -> Result<(), Error> {
        let url = place.url("postgres");
        let looks = START_PATIENCE.as_millis() / LOOK_EVERY.as_millis();
        for _ in 0..looks {
            if let Ok(connection) = PgConnection::connect(&url).await {
                // Said goodbye or not: it has answered.
                let _closed = connection.close().await;
                return Ok(());
            }
            if let Ok(Some(_ended)) = self.child.try_wait() {
                return Err(Error::Ended { log: place.log(), tail: last_lines(&place.log()) });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(Error::Silent { seconds: START_PATIENCE.as_secs(), log: place.log() })
    }

    /// Waits until the server ends by itself, which it never should.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        self.child.wait().await.ok()
    }

    /// Stops the server: cleanly, or after some patience at once. Whether it was clean.
    pub(super) async fn stop(&mut self) -> bool {
        for (signal, patience) in [(Signal::INT, CLEAN_STOP), (Signal::QUIT, Duration::from_secs(5))] {
            self.signal(signal);
            if let Ok(ended) = tokio::time::timeout(patience, self.child.wait()).await {
                return signal == Signal::INT && ended.is_ok_and(|status| status.success());
            }
        }
        // Nothing more can be done than to try.
        let _ended = self.child.kill().await;
        false
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may have ended in this moment.
            let _gone = kill_process(pid, signal);
        }
    }
}

impl Drop for Server {
    /// A way out that did not pass by `stop` (a panic): the server is told to stop and not waited for.
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

/// The log, for appending; no link is followed, because the folder belongs to the server's user and we may be root.
fn open_log(path: &Path) -> Result<File, Error> {
    if fs::symlink_metadata(path).is_ok_and(|log| log.len() > LOG_BYTES) {
        fs::rename(path, path.with_extension("log.1")).map_err(at(path))?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default())
        .open(path)
        .map_err(at(path))
}

/// What the log ends with, in one line.
fn last_lines(log: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let from = file.metadata()?.len().saturating_sub(4096);
        file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(String::from_utf8_lossy(&tail).into_owned())
    };
    let text = read().unwrap_or_default();
    let mut lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.reverse();
    lines.join("; ")
}
