//! The journal: one JSON line per change, written before the answer leaves. A line that the operating system has
//! taken survives the death of this process (`kill -9`); a power cut may take the last ones, which is enough for a
//! stand-in.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An open journal. Readable by its owner alone, for it holds activation codes.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    /// How many bytes of whole lines it holds.
    length: u64,
}

impl Journal {
    /// Opens a journal of a directory and reads what it holds. A last line that a crash cut off is dropped: its
    /// answer never left. Two sandboxes may not share a directory.
    pub(super) fn open<E: DeserializeOwned>(directory: &Path, name: &str) -> anyhow::Result<(Self, Vec<E>)> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .with_context(|| format!("cannot make the sandbox's directory {}", directory.display()))?;
        let path = directory.join(name);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open the sandbox's journal {}", path.display()))?;
        if file.try_lock().is_err() {
            bail!("another sandbox is using {}", path.display());
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let events = bytes[..whole]
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .enumerate()
            .map(|(n, line)| {
                serde_json::from_slice(line)
                    .with_context(|| format!("line {} of {} cannot be read", n + 1, path.display()))
            })
            .collect::<anyhow::Result<Vec<E>>>()?;
        let length = u64::try_from(whole)?;
        file.set_len(length)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Self { file, length }, events))
    }

    /// Adds a line. When it cannot be written whole, nothing of it stays.
    pub(super) fn append(&mut self, event: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        if let Err(error) = self.file.write_all(&line) {
            self.file.set_len(self.length)?;
            return Err(error).context("cannot write the sandbox's journal");
        }
        self.length += u64::try_from(line.len())?;
        Ok(())
    }
}
