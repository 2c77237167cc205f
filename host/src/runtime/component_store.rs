//! The components of recorded runs, by digest.

use std::io::{self, Write as _};
use std::path::PathBuf;

use aos_core::failure::{COMPONENT_FILE, ErrorCode, Failure};
use aos_core::ids::Digest;
use tempfile::NamedTempFile;

use crate::invocation::Prepared;

/// A folder of components, each named after its digest.
#[derive(Debug, Clone)]
pub(super) struct ComponentStore {
    folder: PathBuf,
}

impl ComponentStore {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps a component, unless it is there already. Runs that keep the same one at the same time do not meet, and what
    /// could not be written whole is not left behind.
    ///
    /// # Errors
    ///
    /// `DISK_FULL`, or `JOURNAL_IO` for anything else that keeps it from being written.
    pub(super) fn keep(&self, skill: &Prepared) -> Result<(), Failure> {
        let path = self.path(skill.metadata().digest);
        let Some(component) = skill.component() else { return Ok(()) };
        if path.exists() {
            return Ok(());
        }
        let write = || -> io::Result<()> {
            std::fs::create_dir_all(&self.folder)?;
            let mut temporary = NamedTempFile::with_suffix_in(".tmp", &self.folder)?;
            temporary.write_all(component)?;
            temporary.persist(&path)?;
            Ok(())
        };
        write().map_err(|error| {
            let message = format!("the component cannot be kept at {}: {error}", path.display());
            Failure::new(ErrorCode::of_file(&error, ErrorCode::JournalIo), message)
                .with_subcode(COMPONENT_FILE)
        })
    }

    /// The component of a digest, if it is there and is what its name says.
    pub(super) fn find(&self, digest: Digest) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.path(digest)).ok()?;
        (Digest::of(&bytes) == digest).then_some(bytes)
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(format!("{digest}.wasm"))
    }
}
