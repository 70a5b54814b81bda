//! The folder that the program keeps its own things in: generated secrets, and mail where no server takes it.
//! Only the program's user may read what is in it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A `DATA_DIR` that exists.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// Opens the folder, and makes it (0700) if it is missing; folders above it get the usual permissions.
    ///
    /// # Errors
    /// When it cannot be made, or something else has its name.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        make_private(path)?;
        Ok(Self { root: fs::canonicalize(path)? })
    }

    /// Where it is, without symbolic links.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The secret of this name: read if it was made before, else made now and kept (0600). Two programs that start
    /// at once end with the same one.
    ///
    /// # Errors
    /// When it cannot be read or written, or the file is empty (a disk that was full).
    pub fn secret(&self, name: &str, make: impl FnOnce() -> String) -> io::Result<String> {
        let path = self.root.join(plain_name(name)?);
        match read_secret(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => return read,
        }
        let written = self.write_aside(&path, make().as_bytes())?;
        let kept = match fs::hard_link(&written, &path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            // File systems without hard links: a rename is as durable, only the last of two at once wins.
            Err(_) => fs::rename(&written, &path),
            Ok(()) => Ok(()),
        };
        let _gone_if_renamed = fs::remove_file(&written);
        kept?;
        sync_dir(&self.root)?;
        read_secret(&path)
    }

    /// Writes one mail into `mail/` (0700), readable by the program's user alone, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written, or `name` is not a plain file name.
    pub fn write_mail(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let folder = self.root.join("mail");
        make_private(&folder)?;
        let path = folder.join(plain_name(name)?);
        let written = self.write_aside(&path, bytes)?;
        fs::rename(&written, &path)?;
        sync_dir(&folder)?;
        Ok(path)
    }

    /// Writes a file beside `path`, under a name that no other writer has, and flushes it to the disk.
    fn write_aside(&self, path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let aside = path.with_added_extension(format!("{}-{number}.new", std::process::id()));
        let _left_by_a_dead_process = fs::remove_file(&aside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(aside)
    }
}

/// A name that stays inside its folder.
fn plain_name(name: &str) -> io::Result<&str> {
    let inside = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0']);
    inside.then_some(name).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a plain file name"))
}

fn make_private(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }
}

/// Reads a secret and, should others be able to read it (a copy from elsewhere), closes it.
fn read_secret(path: &Path) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    if text.trim().is_empty() {
        let why = format!("{} is empty: remove it to have a new secret made", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(text.trim().to_owned())
}

/// Flushes a folder, so that a file's new name survives a power cut.
fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_reads_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(&temp.path().join("a/data")).unwrap();
        assert_eq!(mode(dir.path()), 0o700);
        assert_eq!(dir.secret("secret_key", || "first".into()).unwrap(), "first");
        assert_eq!(dir.secret("secret_key", || "second".into()).unwrap(), "first");
        assert_eq!(mode(&dir.path().join("secret_key")), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_secret_that_others_could_read_is_closed_and_an_empty_one_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        let path = dir.path().join("password");
        fs::write(&path, "open\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(dir.secret("password", || "new".into()).unwrap(), "open");
        assert_eq!(mode(&path), 0o600);
        fs::write(&path, "").unwrap();
        assert!(dir.secret("password", || "new".into()).is_err());
    }

    #[test]
    fn mail_is_private_and_stays_in_its_folder() {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path()).unwrap();
        let path = dir.write_mail("1.eml", b"To: someone").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"To: someone");
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        for outside in ["../1.eml", "", ".hidden", "a/b"] {
            assert!(dir.write_mail(outside, b"").is_err(), "{outside:?}");
        }
    }
}
