//! Idempotency keys: which run a request has begun already. A key is kept before its run begins, so that a request that is
//! repeated after a crash finds its run.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::{Digest, RunId};
use serde::{Deserialize, Serialize};

/// Characters of the longest key.
pub(super) const MAX_KEY: usize = 255;

/// All keys that were ever used.
#[derive(Debug)]
pub(super) struct Keys(PathBuf);

/// What is kept of one key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    run: RunId,
    /// BLAKE3 of what was asked for.
    asked: Digest,
}

impl Keys {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The run of a key: `id` where the key is new.
    ///
    /// # Errors
    ///
    /// `REQUEST_INVALID` for a key with which something else was asked for, or that is none; `DISK_FULL` or
    /// `JOURNAL_IO` where it cannot be kept.
    pub(super) fn run_of(&self, key: &str, asked: &[u8], id: RunId) -> Result<RunId, Failure> {
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            let message = format!("an Idempotency-Key has 1 to {MAX_KEY} printable ASCII characters");
            return Err(Failure::new(ErrorCode::RequestInvalid, message));
        }
        let kept = Kept { run: id, asked: Digest::of(asked) };
        let path = self.0.join(format!("{}.json", Digest::of(key.as_bytes())));
        let found = match self.keep(&path, &kept) {
            Ok(()) => return Ok(id),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => std::fs::read(&path),
            Err(error) => Err(error),
        };
        let bytes = found.map_err(|error| not_kept(&error))?;
        let found: Kept = serde_json::from_slice(&bytes).map_err(|error| not_kept(&error.into()))?;
        if found.asked != kept.asked {
            let message = "this Idempotency-Key was used for another request; take a new one";
            return Err(Failure::new(ErrorCode::RequestInvalid, message));
        }
        Ok(found.run)
    }

    /// Writes a key whole, or not at all, and makes it last.
    fn keep(&self, path: &std::path::Path, kept: &Kept) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(&serde_json::to_vec(kept)?)?;
        file.as_file().sync_data()?;
        file.persist_noclobber(path)?;
        std::fs::File::open(&self.0)?.sync_all()
    }
}

fn not_kept(error: &std::io::Error) -> Failure {
    Failure::new(
        ErrorCode::of_file(error, ErrorCode::JournalIo),
        format!("the Idempotency-Key could not be kept: {error}"),
    )
}
