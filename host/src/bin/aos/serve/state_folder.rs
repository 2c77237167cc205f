//! Where the service keeps what has to outlive it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use aos_host::ids::RunId;

/// The folder of one service. No other one uses it as long as this lives.
#[derive(Debug)]
pub(super) struct StateFolder {
    state: PathBuf,
    service: PathBuf,
    _lock: File,
}

impl StateFolder {
    /// Makes what is not there yet, for its owner alone.
    ///
    /// # Errors
    ///
    /// What the operating system says, and that another service uses it.
    pub(super) fn open(state: &Path) -> anyhow::Result<Self> {
        let service = state.join("service");
        for folder in [service.join("runs"), service.join("keys")] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.with_context(|| format!("--state: {} could not be made", folder.display()))?;
        }
        let path = service.join("lock");
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let lock = lock.with_context(|| format!("--state: {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { state: state.to_owned(), service, _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!(
                    "--state {}: another aos serve uses it; end that one, or name another folder",
                    state.display()
                )
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// The folder that was named.
    pub(super) fn state(&self) -> &Path {
        &self.state
    }

    /// Where idempotency keys are kept.
    pub(super) fn keys(&self) -> PathBuf {
        self.service.join("keys")
    }

    /// The journal of a run.
    pub(super) fn journal(&self, run: RunId) -> PathBuf {
        self.service.join("runs").join(format!("{run}.jsonl"))
    }

    /// All runs that have a journal, in the order of their ids.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub(super) fn runs(&self) -> io::Result<Vec<RunId>> {
        let mut runs = Vec::new();
        for entry in std::fs::read_dir(self.service.join("runs"))? {
            let path = entry?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            runs.extend(stem.and_then(|stem| stem.parse::<RunId>().ok()));
        }
        runs.sort_unstable();
        Ok(runs)
    }
}
