//! Whom the server runs as. PostgreSQL refuses to run as root, so root lends it to an unprivileged user.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::process::{getegid, geteuid};
use tokio::process::Command;

use super::error::Error;

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

pub(super) fn we_are_root() -> bool {
    geteuid().is_root()
}

impl User {
    /// The user this program runs as.
    pub(super) fn ourselves() -> Self {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        Self { name: format!("number {uid}"), uid, gid }
    }

    /// The user for a new cluster: ourselves, or as root `postgres` (which Debian's package makes), else `nobody`.
    pub(super) fn for_a_new_cluster() -> Result<Self, Error> {
        if !we_are_root() {
            return Ok(Self::ourselves());
        }
        let file = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(file).map_err(super::error::at(file))?;
        ["postgres", "nobody"].iter().find_map(|name| from_passwd(&passwd, name)).ok_or(Error::NoUser)
    }

    /// The user of a cluster that is there already: whoever owns it, since PostgreSQL insists on that.
    pub(super) fn owning(data: &Path) -> Result<Self, Error> {
        let owner = fs::metadata(data).map_err(super::error::at(data))?;
        let ourselves = Self::ourselves();
        if owner.uid() == ourselves.uid && !we_are_root() {
            return Ok(ourselves);
        }
        if !we_are_root() || owner.uid() == 0 {
            return Err(Error::ForeignOwner(data.to_owned()));
        }
        Ok(Self { name: format!("number {}", owner.uid()), uid: owner.uid(), gid: owner.gid() })
    }

    /// The nearest folder on the way to `dir`, itself included, that this user may not pass; from the top down.
    pub(super) fn stopped_at(&self, dir: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        let stop =
            way.into_iter().find(|step| fs::metadata(step).is_ok_and(|folder| !self.may_pass(&folder)));
        stop.map(Path::to_owned)
    }

    fn may_pass(&self, folder: &Metadata) -> bool {
        let bit = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.permissions().mode() & bit != 0
    }

    /// Gives a file or folder to this user; nothing to do when that is ourselves.
    pub(super) fn give(&self, path: &Path) -> Result<(), Error> {
        if !we_are_root() {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(super::error::at(path))
    }

    /// A command that runs as this user, with nothing of our environment, in a process group of its own: Ctrl-C in
    /// a terminal goes to the whole group in front, and the server must outlive our last requests.
    pub(super) fn command(&self, program: &Path, working_dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(working_dir).process_group(0);
        if we_are_root() {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }
}

fn from_passwd(passwd: &str, name: &str) -> Option<User> {
    let line = passwd.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let mut fields = line.split(':').skip(1);
    let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    (uid != 0).then(|| User { name: name.to_owned(), uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0::/root:/bin/sh\npostgres2:x:1:1::/:/bin/sh\npostgres:x:103:110::/:/bin/sh\n";

    #[test]
    fn a_user_is_found_by_the_whole_name_and_is_never_root() {
        assert_eq!(
            from_passwd(PASSWD, "postgres"),
            Some(User { name: "postgres".into(), uid: 103, gid: 110 })
        );
        assert_eq!(from_passwd(PASSWD, "nobody"), None);
        assert_eq!(from_passwd(PASSWD, "root"), None);
    }

    #[test]
    fn a_closed_folder_on_the_way_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let (open, closed) = (temp.path().join("open"), temp.path().join("open/closed"));
        fs::create_dir_all(closed.join("deep")).unwrap();
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = User { name: "stranger".into(), uid: 4_000_001, gid: 4_000_001 };
        assert_eq!(stranger.stopped_at(&open), None);
        assert_eq!(stranger.stopped_at(&closed.join("deep")), Some(closed));
    }
}
