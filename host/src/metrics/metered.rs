//! A journal whose bytes, syncs and entries are counted as they are written.

use std::io;
use std::sync::Arc;

use aos_core::journal::{Listener, Sink, Syncer};
use prometheus::{Histogram, IntCounter};

use super::{Metrics, RunMeter};
use crate::gate::Mode;

/// A sink that counts what goes through it.
pub(crate) struct MeteredSink {
    inner: Box<dyn Sink>,
    bytes: IntCounter,
    sync_took: Histogram,
}

impl MeteredSink {
    /// Counts what goes to a sink.
    pub(crate) fn new(inner: Box<dyn Sink>, metrics: &Metrics) -> Self {
        let mode = [Mode::Live.as_str()];
        let bytes = metrics.families.journal_bytes.with_label_values(&mode);
        Self { inner, bytes, sync_took: metrics.families.sync_duration.with_label_values(&mode) }
    }
}

impl Sink for MeteredSink {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.inner.append(lines)?;
        self.bytes.inc_by(lines.len() as u64);
        Ok(())
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        let inner = self.inner.syncer()?;
        Some(Arc::new(MeteredSyncer { inner, took: self.sync_took.clone() }))
    }
}

struct MeteredSyncer {
    inner: Arc<dyn Syncer>,
    took: Histogram,
}

impl Syncer for MeteredSyncer {
    fn sync(&self) -> io::Result<()> {
        let timer = self.took.start_timer();
        let synced = self.inner.sync();
        timer.observe_duration();
        synced
    }
}

/// Adds entries up before they are handed on.
pub(crate) fn measured(meter: RunMeter, mut listener: Listener) -> Listener {
    let mut meter = LiveMeter(meter);
    Box::new(move |entry| {
        meter.0.add_live(entry);
        listener(entry);
    })
}

/// A run that is dropped tells what it has added up until there.
struct LiveMeter(RunMeter);

impl Drop for LiveMeter {
    fn drop(&mut self) {
        self.0.tell();
    }
}
