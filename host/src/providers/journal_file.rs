//! A journal in a file, locked for as long as its run writes it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use aos_core::journal::{JournalError, Sink, Syncer};

/// Writes a journal's lines to a file.
#[derive(Debug)]
pub struct FileSink {
    file: Arc<File>,
}

impl FileSink {
    /// Makes a new file, for its owner alone, and locks it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Io`] when the file is there already, another process holds it, or it cannot be made.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let refused = |error: io::Error| JournalError::Io {
            what: "could not be made",
            reason: format!("{}: {error}", path.display()),
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(refused)?;
        }
        let file =
            OpenOptions::new().append(true).create_new(true).mode(0o600).open(path).map_err(refused)?;
        file.try_lock().map_err(|error| JournalError::Io {
            what: "is locked by another process",
            reason: format!("{}: {error}", path.display()),
        })?;
        Ok(Self { file: Arc::new(file) })
    }
}

impl Sink for FileSink {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        (&*self.file).write_all(line)
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        Some(Arc::new(FileSyncer(Arc::clone(&self.file))))
    }
}

struct FileSyncer(Arc<File>);

impl Syncer for FileSyncer {
    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
