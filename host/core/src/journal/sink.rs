//! Where a journal's bytes go. The two implementations, file and memory, live with the world's providers.

use std::io;
use std::sync::Arc;

/// Takes whole lines in order.
pub trait Sink: Send {
    /// Writes one line, its newline included.
    ///
    /// # Errors
    ///
    /// What the operating system says; the run ends then.
    fn append(&mut self, line: &[u8]) -> io::Result<()>;

    /// Makes what was appended last, from any thread; `None` where there is nothing to make last.
    fn syncer(&self) -> Option<Arc<dyn Syncer>>;
}

/// Makes what was appended last.
pub trait Syncer: Send + Sync {
    /// Returns when everything appended before is on the disk.
    ///
    /// # Errors
    ///
    /// What the operating system says; the run ends then, as a second try would prove nothing.
    fn sync(&self) -> io::Result<()>;
}
