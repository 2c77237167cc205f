//! The components of recorded runs, by digest.

use std::io;
use std::path::PathBuf;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::Digest;

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

    /// Keeps a component, unless it is there already.
    pub(super) fn keep(&self, skill: &Prepared) -> Result<(), Failure> {
        let path = self.path(skill.metadata().digest);
        if path.exists() {
            return Ok(());
        }
        let write = || -> io::Result<()> {
            std::fs::create_dir_all(&self.folder)?;
            let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
            std::fs::write(&temporary, skill.bytes())?;
            std::fs::rename(&temporary, &path)
        };
        write().map_err(|error| {
            let message = format!("the component cannot be kept at {}: {error}", path.display());
            Failure::new(ErrorCode::JournalIo, message)
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
