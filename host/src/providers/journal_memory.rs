//! A journal in memory, for embedders and tests.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aos_core::journal::{Sink, Syncer};

/// Collects a journal's bytes. A clone shares them.
#[derive(Debug, Clone, Default)]
pub struct MemorySink {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl MemorySink {
    /// Everything written so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Sink for MemorySink {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(())
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        None
    }
}
