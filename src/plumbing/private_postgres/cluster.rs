//! The making of a new cluster. It is made beside its place and renamed when it is whole, so that a program killed
//! in the middle leaves nothing that looks like data.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use super::error::{Error, at};
use super::find_programs::Programs;
use super::place::Place;

/// The start of the name of a cluster that is being made.
const UNFINISHED: &str = "data.new";

/// Makes the cluster, if there is none.
pub(super) async fn ensure(place: &Place, programs: &Programs, durable: bool) -> Result<(), Error> {
    remove_unfinished(&place.home)?;
    let data = place.data();
    if data.exists() {
        return Ok(());
    }
    // A number of our own: an initdb that outlived its program must not meet this one.
    let unfinished = place.home.join(format!("{UNFINISHED}-{}", std::process::id()));
    // Debian has C.UTF-8, and musl's systems may not; the order of letters is the same in both.
    if let Err(first) = initdb(place, programs, &unfinished, "C.UTF-8", durable).await {
        remove_unfinished(&place.home)?;
        initdb(place, programs, &unfinished, "C", durable).await.map_err(|_| first)?;
    }
    fs::rename(&unfinished, &data).map_err(at(&data))?;
    File::open(&place.home).and_then(|home| home.sync_all()).map_err(at(&place.home))
}

async fn initdb(
    place: &Place,
    programs: &Programs,
    into: &Path,
    locale: &str,
    durable: bool,
) -> Result<(), Error> {
    let program = programs.bin_dir.join("initdb");
    let mut command = place.user.command(&program, &place.home);
    command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"]);
    // Texts are compared by their bytes, as C.UTF-8 does it too, but without asking the C library each time: keys, tokens
    // and numbers are what indexes here are made of.
    command.arg(format!("--locale={locale}")).args(["--lc-collate=C", "-D"]).arg(into);
    if !durable {
        command.arg("--no-sync");
    }
    let said = command.stdin(Stdio::null()).output().await.map_err(at(&program))?;
    if said.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&said.stderr);
    Err(Error::InitFailed(complaint.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// Takes away what an initdb left that did not come to its end. One that still runs loses its ground and ends.
fn remove_unfinished(home: &Path) -> Result<(), Error> {
    let entries = fs::read_dir(home).map_err(at(home))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let unfinished =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()));
        if unfinished && let Err(error) = fs::remove_dir_all(&path) {
            // An initdb that still writes into it; its number is not ours, so it is in nobody's way.
            tracing::warn!(%error, path = %path.display(), "what is left of an unfinished cluster stays for now");
        }
    }
    Ok(())
}
