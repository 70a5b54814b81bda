//! One owner for each `DATA_DIR`. The kernel holds the lock and frees it however we end; PostgreSQL's pid file could
//! not tell a living owner from a dead one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::{Error, at};

/// The held lock. Its file carries the server's address for those who attach, and is empty while there is none.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

/// What trying to take the lock gave.
pub(super) enum Taken {
    /// It is ours.
    Ours(Lock),
    /// Another program has it; and this is its server's address, once it runs.
    Others(Option<String>),
}

impl Lock {
    /// Tries to take the lock of a `DATA_DIR` without waiting.
    pub(super) fn take(data_dir: &Path) -> Result<Taken, Error> {
        let path = data_dir.join("postgres.lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => {
                let mut lock = Self { file, path };
                lock.publish("")?;
                Ok(Taken::Ours(lock))
            }
            Err(TryLockError::WouldBlock) => {
                let mut url = String::new();
                file.read_to_string(&mut url).map_err(at(&path))?;
                // Written in one go, with a line's end: half an address is none.
                Ok(Taken::Others(url.strip_suffix('\n').map(str::to_owned)))
            }
            Err(TryLockError::Error(error)) => Err(at(&path)(error)),
        }
    }

    /// Says where the server is; an empty address says that it is not up.
    pub(super) fn publish(&mut self, url: &str) -> Result<(), Error> {
        let line = if url.is_empty() { String::new() } else { format!("{url}\n") };
        self.file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| self.file.write_all(line.as_bytes()))
            .map_err(at(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_where_the_first_has_its_server() {
        let temp = tempfile::tempdir().unwrap();
        let Taken::Ours(mut first) = Lock::take(temp.path()).unwrap() else { panic!("nobody has it") };
        assert!(matches!(Lock::take(temp.path()).unwrap(), Taken::Others(None)));
        first.publish("postgres://x").unwrap();
        let Taken::Others(Some(url)) = Lock::take(temp.path()).unwrap() else { panic!("the first has it") };
        assert_eq!(url, "postgres://x");
        drop(first);
        assert!(matches!(Lock::take(temp.path()).unwrap(), Taken::Ours(_)));
    }
}
