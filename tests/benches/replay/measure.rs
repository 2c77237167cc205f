//! Times, and the middle of several.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Measures the time that this thread has a processor, so that what else the machine does counts little.
pub(crate) struct Stopwatch {
    start: Duration,
}

impl Stopwatch {
    /// One that runs from now on.
    pub(crate) fn start() -> Self {
        Self { start: used() }
    }

    /// The time since it was started.
    pub(crate) fn read(&self) -> Duration {
        used() - self.start
    }
}

fn used() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// What was measured of each thing, once a repetition.
pub(crate) struct Samples<K> {
    by_key: BTreeMap<K, Vec<f64>>,
}

impl<K> Default for Samples<K> {
    fn default() -> Self {
        Self { by_key: BTreeMap::new() }
    }
}

impl<K: Ord> Samples<K> {
    /// Adds a time, as microseconds a call.
    pub(crate) fn add(&mut self, key: K, took: Duration, calls: u32) {
        self.by_key.entry(key).or_default().push(took.as_secs_f64() * 1e6 / f64::from(calls));
    }

    /// The middle one; zero of none.
    pub(crate) fn median(&self, key: &K) -> f64 {
        median(self.by_key.get(key).into_iter().flatten().copied())
    }

    /// The middle one of the quotients of the same repetitions.
    pub(crate) fn median_ratio(&self, key: &K, to: &K) -> f64 {
        let (these, those) = (self.by_key.get(key), self.by_key.get(to));
        median(these.into_iter().flatten().zip(those.into_iter().flatten()).map(|(this, that)| this / that))
    }
}

/// The middle one; zero of none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
