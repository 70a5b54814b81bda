//! What can be wrong with a private PostgreSQL, each in one sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no private PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server programs on this machine.
    #[error(
        "PostgreSQL's server programs were not found: install them (on Debian and Ubuntu: apt-get install \
         postgresql), name their folder in PG_BIN_DIR, or set DATABASE_URL to a server that runs"
    )]
    ProgramsMissing,
    /// `PG_BIN_DIR` is not the right folder.
    #[error(
        "PG_BIN_DIR is {0}, and that folder does not hold working programs initdb and postgres: name theirs, or \
         install them (on Debian and Ubuntu: apt-get install postgresql) and unset it"
    )]
    WrongBinDir(PathBuf),
    /// The programs are older than what simfront is tested with.
    #[error("PostgreSQL {found} is installed, and simfront needs 15 or newer: install a newer one")]
    TooOld {
        /// The newest major version that was found.
        found: u32,
    },
    /// The cluster was made by another major version, which is not on this machine.
    #[error(
        "{data} was made by PostgreSQL {made_by}, and the programs found here are of version {found}: install \
         PostgreSQL {made_by}, or move the data with its pg_dump"
    )]
    WrongMajor {
        /// The cluster's folder.
        data: PathBuf,
        /// The major version in its `PG_VERSION`.
        made_by: u32,
        /// The major version of the programs.
        found: u32,
    },
    /// Another program runs the server of this `DATA_DIR`.
    #[error("another simfront program is running on {0}: stop it first, or give this one another DATA_DIR")]
    AlreadyOwned(PathBuf),
    /// The user that the server runs as cannot get to its data.
    #[error("the user {user} must be able to pass {dir}: chmod o+x {dir}, or choose another DATA_DIR")]
    NotPassable {
        /// The folder that stops it.
        dir: PathBuf,
        /// The server's user.
        user: String,
    },
    /// Files of another user, and we are not root.
    #[error("{0} belongs to another user: start simfront as that user, or choose another DATA_DIR")]
    ForeignOwner(PathBuf),
    /// As root, there is nobody that the server could run as.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody"
    )]
    NoUser,
    /// The cluster could not be made.
    #[error("PostgreSQL's data could not be made: {0}")]
    InitFailed(String),
    /// The server ended instead of answering.
    #[error("PostgreSQL ended right after its start; its log {log} ends with: {tail}")]
    Ended {
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server runs and does not answer.
    #[error("PostgreSQL did not answer within {seconds} seconds; its log is {log}")]
    Silent {
        /// How long it was waited for.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },
    /// A server that an earlier program left behind does not go away.
    #[error(
        "PostgreSQL (process {pid}) was left behind by an earlier program and does not stop: end it by hand"
    )]
    OrphanStays {
        /// Its process id.
        pid: i32,
    },
    /// A file or folder could not be used.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The server answered with an error while its database was prepared.
    #[error("the private PostgreSQL could not be prepared")]
    Database(#[from] sqlx::Error),
}

/// Names the file that an error is about: `fs::read(&path).map_err(at(&path))`.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { path, source }
}
