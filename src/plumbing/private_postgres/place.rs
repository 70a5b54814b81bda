//! Where the cluster of a `DATA_DIR` lives, who owns it there, and where its socket is.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::{Error, at};
use super::user::{User, we_are_root};

/// Where clusters go whose `DATA_DIR` the server's user cannot reach.
const MOVED_CLUSTERS: &str = "/var/lib/simfront";

/// The longest path of a unix socket on Linux (`sun_path` of unix(7), less the final zero).
const LONGEST_SOCKET_PATH: usize = 107;
/// What PostgreSQL puts into its socket folder.
const SOCKET_FILE: &str = "/.s.PGSQL.5432";

/// The place of one cluster. `home` belongs to the server's user alone and holds `data`, `run` and `server.log`.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) user: User,
    pub(super) home: PathBuf,
    pub(super) sockets: PathBuf,
    /// The cluster's name, which every process of its server shows in the list of processes.
    pub(super) name: String,
    /// Whether the cluster is not in its `DATA_DIR`.
    pub(super) moved: bool,
}

impl Place {
    /// Finds the cluster of this `DATA_DIR` (a path without links), or chooses where a new one goes.
    /// Changes nothing.
    pub(super) fn of(data_dir: &Path) -> Result<Self, Error> {
        let hash = short_hash(data_dir);
        let (here, elsewhere) = (data_dir.join("postgres"), Path::new(MOVED_CLUSTERS).join(&hash));
        let (user, home) = if here.join("data").exists() {
            (User::owning(&here)?, here)
        } else if we_are_root() && elsewhere.join("data").exists() {
            (User::owning(&elsewhere)?, elsewhere)
        } else {
            let user = User::for_a_new_cluster()?;
            let above = data_dir.parent().unwrap_or(data_dir);
            let reachable =
                user.stopped_at(above).is_none() && (can_open(data_dir) || user_passes(&user, data_dir));
            let home = if reachable { here } else { elsewhere };
            (user, home)
        };
        let moved = !home.starts_with(data_dir);
        let sockets = socket_dir(&home, &hash);
        Ok(Self { user, sockets, name: format!("simfront-{hash}"), moved, home })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.home.join("server.log")
    }

    /// Makes the folders, each open to the server's user alone, and proves that it gets there.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        let above = self.home.parent().unwrap_or(&self.home);
        if self.moved {
            fs::create_dir_all(above).map_err(at(above))?;
        }
        if we_are_root() && self.user.stopped_at(above).is_some_and(|stop| stop == above) && can_open(above) {
            open_to_pass(above)?;
        }
        if let Some(dir) = self.user.stopped_at(above) {
            return Err(Error::NotPassable { dir, user: self.user.name.clone() });
        }
        self.make_own(&self.home)?;
        self.make_own(&self.sockets)
    }

    /// Makes one folder for the server's user alone (0700). One that is there already must be that user's and no
    /// link: in a folder that everyone writes to, somebody else may have put it there.
    fn make_own(&self, dir: &Path) -> Result<(), Error> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Ok(()) => return self.user.give(dir),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(at(dir)(error)),
        }
        let found = fs::symlink_metadata(dir).map_err(at(dir))?;
        if !found.is_dir() || (found.uid() != self.user.uid && !(we_are_root() && found.uid() == 0)) {
            return Err(Error::ForeignOwner(dir.to_owned()));
        }
        self.user.give(dir)?;
        fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(at(dir))
    }

    /// The address of one database of this cluster.
    pub(super) fn url(&self, database: &str) -> String {
        let mut url = format!("postgres://postgres@localhost:5432/{database}?host=");
        url.extend(url::form_urlencoded::byte_serialize(self.sockets.as_os_str().as_encoded_bytes()));
        url
    }
}

fn user_passes(user: &User, dir: &Path) -> bool {
    user.stopped_at(dir).is_none()
}

/// Root's own folder: letting others pass it (not list it) gives nothing away, its files are 0600.
fn can_open(dir: &Path) -> bool {
    fs::metadata(dir).is_ok_and(|folder| folder.uid() == 0)
}

fn open_to_pass(dir: &Path) -> Result<(), Error> {
    let mode = fs::metadata(dir).map_err(at(dir))?.permissions().mode();
    fs::set_permissions(dir, Permissions::from_mode(mode | 0o011)).map_err(at(dir))
}

/// The socket's folder: in the cluster's home, or where that path would be too long for a socket, a short one.
fn socket_dir(home: &Path, hash: &str) -> PathBuf {
    let inside = home.join("run");
    if inside.as_os_str().len() + SOCKET_FILE.len() <= LONGEST_SOCKET_PATH {
        return inside;
    }
    Path::new("/tmp").join(format!("simfront-{hash}"))
}

/// Twelve hex digits that stand for one path.
fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    hex::encode(digest.get(..6).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_never_exceeds_what_the_system_holds() {
        let deep = PathBuf::from(format!("/{}", "d".repeat(200)));
        for home in [Path::new("/srv/shop/postgres"), &deep] {
            let dir = socket_dir(home, "0123456789ab");
            assert!(dir.as_os_str().len() + SOCKET_FILE.len() <= LONGEST_SOCKET_PATH, "{}", dir.display());
        }
        assert_eq!(socket_dir(Path::new("/srv/shop/postgres"), "x"), Path::new("/srv/shop/postgres/run"));
    }

    #[test]
    fn an_address_survives_odd_letters_in_a_path() {
        let place = Place {
            user: User::ourselves(),
            home: PathBuf::new(),
            sockets: PathBuf::from("/srv/my shop&co/run"),
            name: String::new(),
            moved: false,
        };
        let url = place.url("simfront");
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        assert_eq!(
            options.get_socket().map(PathBuf::as_path),
            Some(Path::new("/srv/my shop&co/run")),
            "{url}"
        );
    }
}
