//! Time, as the world has it. The only place of the library that asks the machine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aos_core::units::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Wall time; it may step back.
    fn wall(&self) -> Timestamp;

    /// Time that only goes on, from an unknown start.
    fn monotonic(&self) -> Duration;
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    fn wall(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::from_unix(since.unwrap_or_default())
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still until it is told to go on.
#[derive(Debug)]
pub struct StillClock {
    start: Timestamp,
    nanos: AtomicU64,
}

impl StillClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub const fn new(start: Timestamp) -> Self {
        Self { start, nanos: AtomicU64::new(0) }
    }

    /// Goes on.
    pub fn advance(&self, by: Duration) {
        self.nanos.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Clock for StillClock {
    fn wall(&self) -> Timestamp {
        self.start.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

/// A clock that goes on by one step whenever it is asked: two runs of one thread see the same times.
#[derive(Debug)]
pub struct FixedClock {
    start: Timestamp,
    step: Duration,
    asked: AtomicU64,
}

impl FixedClock {
    /// A clock that begins at `start`.
    #[must_use]
    pub const fn new(start: Timestamp, step: Duration) -> Self {
        Self { start, step, asked: AtomicU64::new(0) }
    }
}

impl Clock for FixedClock {
    fn wall(&self) -> Timestamp {
        self.start.plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        self.step.saturating_mul(u32::try_from(asked).unwrap_or(u32::MAX))
    }
}
