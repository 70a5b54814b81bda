//! A PostgreSQL of our own, for shops that have none: made in `DATA_DIR`, started and stopped with the program.
//!
//! It promises: no TCP port and no password, only a socket for the server's user and root; durable unless asked
//! otherwise; one owner for each `DATA_DIR`, also when two start at once; a clean start after any kind of end. As root
//! the server runs as an unprivileged user, and below a folder which that user may not pass (root's home, say) the
//! cluster alone lives in `/var/lib/simfront`. It never moves data between major versions and never downloads
//! anything.

mod cluster;
mod error;
mod find_programs;
mod lock;
mod orphans;
mod place;
mod server;
mod user;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use super::data_dir::DataDir;
pub use error::Error;
use error::at;
use find_programs::Programs;
use lock::{Lock, Taken};
use place::Place;
use server::Server;

/// The database that the shop's tables are in.
const DATABASE: &str = "simfront";

/// How long a command waits for another program's server that is just starting or stopping.
const ATTACH_PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a private PostgreSQL needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATA_DIR`; made (0700) if it is missing.
    pub data_dir: PathBuf,
    /// `PG_BIN_DIR`; searched for if unset.
    pub bin_dir: Option<PathBuf>,
    /// Whether what was committed survives a power cut. Only tests do without.
    pub durable: bool,
}

/// The private PostgreSQL of a `DATA_DIR`, running, and ours. End it with [`Owned::stop`].
#[derive(Debug)]
pub struct Owned {
    // Declared, and so dropped, before the lock: whoever takes the lock next finds a server that is told to stop.
    server: Server,
    lock: Lock,
    place: Place,
    url: String,
}

impl Owned {
    /// Takes the `DATA_DIR`, makes the cluster if there is none, stops what an earlier program left running, and
    /// starts the server with its database `simfront`.
    ///
    /// # Errors
    /// [`Error`], each a sentence for the person at the terminal.
    pub async fn start(settings: &Settings) -> Result<Self, Error> {
        let data_dir = open_data_dir(settings)?;
        match Lock::take(data_dir.path())? {
            Taken::Ours(lock) => Self::start_locked(lock, &data_dir, settings).await,
            Taken::Others(_) => Err(Error::AlreadyOwned(data_dir.path().to_owned())),
        }
    }

    async fn start_locked(mut lock: Lock, data_dir: &DataDir, settings: &Settings) -> Result<Self, Error> {
        let place = Place::of(data_dir.path())?;
        let programs = Programs::find(settings.bin_dir.as_deref(), &place.data())?;
        place.prepare()?;
        orphans::stop_orphans(&place).await?;
        cluster::ensure(&place, &programs, settings.durable).await?;
        let server = Server::start(&place, &programs, settings.durable).await?;
        create_database(&place.url("postgres")).await?;
        let url = place.url(DATABASE);
        lock.publish(&url)?;
        Ok(Self { server, lock, place, url })
    }

    /// The address of the shop's database, for `sqlx` and for `psql`'s `host=` alike.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of the cluster when it is not in `DATA_DIR`: the program says so to whoever started it.
    pub fn moved_to(&self) -> Option<&Path> {
        self.place.moved.then_some(self.place.home.as_path())
    }

    /// The server's own log.
    pub fn log(&self) -> PathBuf {
        self.place.log()
    }

    /// Comes back only when the server has ended without being asked to: the program then has to end too, because
    /// its connections are gone and a second server beside it would be nobody's. May be dropped and called again.
    pub async fn died(&mut self) -> Option<ExitStatus> {
        self.server.ended().await
    }

    /// Stops the server, after every connection was closed; what is still open is ended. Gives whether it wrote its
    /// last checkpoint, without which the next start takes a little longer.
    pub async fn stop(mut self) -> bool {
        if let Err(error) = self.lock.publish("") {
            tracing::warn!(%error, "the lock file still names a server that is stopping");
        }
        self.server.stop().await
    }
}

/// A way to the database of a `DATA_DIR`, for commands beside the shop.
#[derive(Debug)]
pub enum Session {
    /// Nobody ran it: we started it, and stop it when we are done.
    Owned(Box<Owned>),
    /// Another program runs it, and may stop it at any time.
    Attached {
        /// The address of its database.
        url: String,
    },
}

impl Session {
    /// The address of the database.
    pub fn url(&self) -> &str {
        match self {
            Self::Owned(owned) => owned.url(),
            Self::Attached { url } => url,
        }
    }

    /// Stops what we started; another program's server goes on.
    pub async fn stop(self) {
        if let Self::Owned(owned) = self {
            owned.stop().await;
        }
    }
}

/// Attaches to the server of this `DATA_DIR`, or starts it when none runs. A program that is starting or stopping at
/// the moment is waited for.
///
/// # Errors
/// [`Error`]; [`Error::AlreadyOwned`] when another program holds the `DATA_DIR` and its server does not come up.
pub async fn attach_or_start(settings: &Settings) -> Result<Session, Error> {
    let data_dir = open_data_dir(settings)?;
    for _ in 0..ATTACH_PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
        match Lock::take(data_dir.path())? {
            Taken::Ours(lock) => {
                let owned = Owned::start_locked(lock, &data_dir, settings).await?;
                return Ok(Session::Owned(Box::new(owned)));
            }
            Taken::Others(Some(url)) if answers(&url).await => return Ok(Session::Attached { url }),
            Taken::Others(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
    Err(Error::AlreadyOwned(data_dir.path().to_owned()))
}

/// Removes the cluster of a `DATA_DIR` with everything in it, wherever it lives; the rest of the folder stays. Gives
/// what was removed, if there was anything.
///
/// # Errors
/// [`Error::AlreadyOwned`] while a program runs on it.
pub async fn forget(data_dir: &Path) -> Result<Option<PathBuf>, Error> {
    let Ok(data_dir) = fs::canonicalize(data_dir) else { return Ok(None) };
    let Taken::Ours(_lock) = Lock::take(&data_dir)? else { return Err(Error::AlreadyOwned(data_dir)) };
    let place = Place::of(&data_dir)?;
    orphans::stop_orphans(&place).await?;
    let existed = place.home.exists();
    for dir in [&place.home, &place.sockets] {
        if dir.exists() {
            fs::remove_dir_all(dir).map_err(at(dir))?;
        }
    }
    Ok(existed.then_some(place.home))
}

fn open_data_dir(settings: &Settings) -> Result<DataDir, Error> {
    DataDir::open(&settings.data_dir).map_err(at(&settings.data_dir))
}

async fn answers(url: &str) -> bool {
    match PgConnection::connect(url).await {
        Ok(connection) => connection.close().await.is_ok(),
        Err(_) => false,
    }
}

/// Makes the shop's database in a new cluster.
async fn create_database(url: &str) -> Result<(), Error> {
    let mut connection = PgConnection::connect(url).await?;
    let exists: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = 'simfront')")
            .fetch_one(&mut connection)
            .await?;
    if !exists {
        sqlx::query("create database simfront").execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}
