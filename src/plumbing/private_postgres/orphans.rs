//! What an earlier program left behind when it was killed. We hold the lock, so nobody runs this cluster; but its
//! server may be alive still, and two servers on one cluster destroy it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::error::{Error, at};
use super::place::Place;

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A fast shutdown writes a checkpoint: seconds, unless the disk is very slow.
const CLEAN_STOP: Duration = Duration::from_secs(60);
/// After that it is told to leave at once; the next start recovers from the log.
const HARD_STOP: Duration = Duration::from_secs(10);

/// Stops every process of this cluster that is left from an earlier program, cleanly if it can be; then takes away a
/// pid file that would stop PostgreSQL because its number belongs to another program by now.
pub(super) async fn stop_orphans(place: &Place) -> Result<(), Error> {
    for (signal, patience) in
        [(Signal::INT, CLEAN_STOP), (Signal::QUIT, HARD_STOP), (Signal::KILL, HARD_STOP)]
    {
        if gone_after(place, signal, patience).await {
            return remove_stale_pid_file(place);
        }
    }
    match living(place).first() {
        Some(left) => Err(Error::OrphanStays { pid: left.pid.as_raw_nonzero().get() }),
        None => remove_stale_pid_file(place),
    }
}

/// Sends the signal to the server (or, where the server itself was killed, to what is left of it) and waits.
async fn gone_after(place: &Place, signal: Signal, patience: Duration) -> bool {
    let found = living(place);
    if found.is_empty() {
        return true;
    }
    tracing::warn!(processes = found.len(), "stopping a PostgreSQL that an earlier program left behind");
    let servers = found.iter().filter(|process| process.is_server);
    let has_server = servers.clone().next().is_some();
    for process in found.iter().filter(|process| process.is_server || !has_server) {
        // It may have ended since it was listed.
        let _gone = kill_process(process.pid, signal);
    }
    let looks = patience.as_millis() / LOOK_EVERY.as_millis();
    for _ in 0..looks {
        tokio::time::sleep(LOOK_EVERY).await;
        if living(place).is_empty() {
            return true;
        }
    }
    false
}

struct Process {
    pid: Pid,
    is_server: bool,
}

/// The processes of this cluster, by their command lines: the server's holds the data folder, its children show the
/// cluster's name. (Their working folders would tell as well, but root inside a container may not read those.)
fn living(place: &Place) -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let numbered = entries.flatten().filter_map(|entry| {
        let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
        (entry.metadata().ok()?.uid() == place.user.uid).then_some(())?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let is_server = is_server(&line, place);
        (is_server || is_child(&line, place)).then_some(Process { pid, is_server })
    });
    numbered.collect()
}

/// `/usr/lib/postgresql/15/bin/postgres -D DATA …`, words separated by zeros.
fn is_server(line: &[u8], place: &Place) -> bool {
    let mut words = line.split(|byte| *byte == 0);
    words.next().is_some_and(|program| program.ends_with(b"/postgres"))
        && words.next() == Some(b"-D")
        && words.next() == Some(place.data().as_os_str().as_encoded_bytes())
}

/// `postgres: CLUSTER: checkpointer`.
fn is_child(line: &[u8], place: &Place) -> bool {
    line.strip_prefix(b"postgres: ")
        .and_then(|rest| rest.strip_prefix(place.name.as_bytes()))
        .is_some_and(|rest| rest.starts_with(b":"))
}

/// PostgreSQL refuses to start while the number in its pid file belongs to any living process of its user. Nothing of
/// this cluster lives (the caller has looked), so such a number was given to another program since.
fn remove_stale_pid_file(place: &Place) -> Result<(), Error> {
    let file = place.data().join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&file) else { return Ok(()) };
    let taken = text
        .lines()
        .next()
        .and_then(|number| fs::metadata(format!("/proc/{}", number.trim())).ok())
        .is_some_and(|process| process.uid() == place.user.uid);
    if taken { fs::remove_file(&file).map_err(at(&file)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plumbing::private_postgres::user::User;
    use std::path::PathBuf;

    fn place() -> Place {
        Place {
            user: User::ourselves(),
            home: PathBuf::from("/srv/shop/postgres"),
            sockets: PathBuf::new(),
            name: "simfront-abc".into(),
            moved: false,
        }
    }

    #[test]
    fn only_this_cluster_is_recognised() {
        let server = |line: &str| is_server(line.replace(' ', "\0").as_bytes(), &place());
        assert!(server("/usr/lib/postgresql/15/bin/postgres -D /srv/shop/postgres/data -c fsync=on"));
        assert!(!server("/usr/lib/postgresql/15/bin/postgres -D /srv/shop/postgres/data2"));
        assert!(!server("/usr/bin/vi -D /srv/shop/postgres/data"));
        assert!(is_child(b"postgres: simfront-abc: checkpointer \0", &place()));
        assert!(!is_child(b"postgres: simfront-abcd: checkpointer \0", &place()));
        assert!(!is_child(b"postgres: checkpointer \0", &place()));
    }
}
