//! How many retries a run has: a wide outage then adds a tenth to the load, and not a multiple of it.

/// Retries in tenths: a run has ten at its beginning, and each attempt that succeeds gives back a tenth of one, up to ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBucket(u32);

/// What one retry takes.
const RETRY: u32 = 10;

/// What is there at the beginning, and at most.
const FULL: u32 = 10 * RETRY;

impl Default for RetryBucket {
    fn default() -> Self {
        Self(FULL)
    }
}

impl RetryBucket {
    /// Whether there is one retry in it.
    #[must_use]
    pub const fn has_one(self) -> bool {
        self.0 >= RETRY
    }

    /// Takes one retry out.
    pub const fn take(&mut self) {
        self.0 = self.0.saturating_sub(RETRY);
    }

    /// An attempt has succeeded.
    pub fn succeeded(&mut self) {
        self.0 = (self.0 + 1).min(FULL);
    }
}
