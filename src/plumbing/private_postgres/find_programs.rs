//! Where PostgreSQL's server programs are. Debian keeps them off the PATH, one folder for each major version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::Error;

/// The oldest major version that simfront is tested with.
const OLDEST_MAJOR: u32 = 15;

/// Folders that hold one folder for each version, and what leads from there to the programs: Debian and Ubuntu;
/// Homebrew; Arch's older versions.
const PER_VERSION: [(&str, &str); 3] =
    [("/usr/lib/postgresql", "bin"), ("/opt/homebrew/opt", "bin"), ("/opt", "bin")];

/// Folders of systems that install one version.
const FIXED: [&str; 4] = ["/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin", "/usr/libexec/postgresql"];

/// A folder with `initdb` and `postgres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) bin_dir: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    /// The programs to use: those of the given folder, else those of the version that made the data, else the
    /// newest on the machine.
    pub(super) fn find(bin_dir: Option<&Path>, data: &Path) -> Result<Self, Error> {
        let made_by = data_version(data);
        let found = match bin_dir {
            Some(dir) => {
                vec![Self::inside(dir).ok_or_else(|| Error::WrongBinDir(dir.to_owned()))?]
            }
            None => installed(),
        };
        choose(found, made_by, data)
    }

    /// The programs in this folder, if both are there and tell their version.
    fn inside(dir: &Path) -> Option<Self> {
        let dir = fs::canonicalize(dir).ok()?;
        if !dir.join("initdb").is_file() {
            return None;
        }
        let said = Command::new(dir.join("postgres"))
            .arg("--version")
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let major = major_version(&String::from_utf8_lossy(&said.stdout))?;
        Some(Self { bin_dir: dir, major })
    }
}

/// Every version on this machine.
fn installed() -> Vec<Programs> {
    let mut dirs: Vec<PathBuf> = Vec::new();
    for (above, below) in PER_VERSION {
        let Ok(versions) = fs::read_dir(above) else { continue };
        dirs.extend(versions.flatten().map(|version| version.path().join(below)));
    }
    dirs.extend(FIXED.iter().map(PathBuf::from));
    dirs.extend(on_the_path());
    dirs.iter().filter_map(|dir| Programs::inside(dir)).collect()
}

/// The folder of `initdb` on the PATH, asked of the shell.
fn on_the_path() -> Option<PathBuf> {
    let said = Command::new("sh").args(["-c", "command -v initdb"]).stdin(Stdio::null()).output().ok()?;
    let path = PathBuf::from(String::from_utf8(said.stdout).ok()?.trim());
    path.is_absolute().then(|| path.parent().map(Path::to_owned)).flatten()
}

fn choose(found: Vec<Programs>, made_by: Option<u32>, data: &Path) -> Result<Programs, Error> {
    let matching = found.iter().find(|programs| Some(programs.major) == made_by).cloned();
    let newest = found.into_iter().max_by_key(|programs| programs.major).ok_or(Error::ProgramsMissing)?;
    if newest.major < OLDEST_MAJOR {
        return Err(Error::TooOld { found: newest.major });
    }
    match (matching, made_by) {
        (Some(programs), _) => Ok(programs),
        (None, None) => Ok(newest),
        (None, Some(made_by)) => {
            Err(Error::WrongMajor { data: data.to_owned(), made_by, found: newest.major })
        }
    }
}

/// The major version that made a cluster, from its `PG_VERSION`; `None` when there is no cluster yet.
fn data_version(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15; a beta, `18beta1`, is 18.
fn major_version(said: &str) -> Option<u32> {
    let number = said.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits = number.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(major: u32) -> Programs {
        Programs { bin_dir: PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")), major }
    }

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("something else 15.1"), None);
    }

    #[test]
    fn the_newest_is_chosen_but_for_data_that_another_version_made() {
        let data = Path::new("/data");
        let both = || vec![programs(15), programs(17)];
        assert_eq!(choose(both(), None, data).unwrap().major, 17);
        assert_eq!(choose(both(), Some(15), data).unwrap().major, 15);
        let refused = choose(both(), Some(16), data).unwrap_err();
        assert!(matches!(refused, Error::WrongMajor { made_by: 16, found: 17, .. }), "{refused}");
    }

    #[test]
    fn nothing_and_too_old_are_told_apart() {
        let data = Path::new("/data");
        assert!(matches!(choose(vec![], None, data), Err(Error::ProgramsMissing)));
        assert!(matches!(choose(vec![programs(13)], None, data), Err(Error::TooOld { found: 13 })));
    }
}
