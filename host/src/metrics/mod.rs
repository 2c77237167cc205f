//! What is counted, for Prometheus. Labels come from closed sets and registered skills only, and every number of a run is
//! added up from the entries of its journal.

mod families;
mod meter;
mod metered;

use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use prometheus::{Encoder as _, HistogramTimer, TextEncoder};

use self::families::Families;
pub(crate) use self::meter::RunMeter;
pub(crate) use self::metered::{MeteredSink, measured};
use crate::gate::Mode;
use crate::sandbox::CodeFrom;

/// The numbers of one runtime. A clone shares them.
#[derive(Clone)]
pub(crate) struct Metrics(Families);

/// Something that is under way. Dropped, it no longer is.
pub(crate) struct InProgress(prometheus::IntGauge);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// All families, at zero.
    ///
    /// # Errors
    ///
    /// [`prometheus::Error`] when two of them have one name, which a test of this function finds.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        Families::new().map(Self)
    }

    /// How much may be under way at one time. Replays are bounded in their attempts alone.
    pub(crate) fn limits(&self, runs: u32, invocations: u32) {
        self.0.runs_limit.with_label_values(&[Mode::Live.as_str()]).set(runs.into());
        for mode in Mode::ALL {
            self.0.invocations_limit.with_label_values(&[mode.as_str()]).set(invocations.into());
        }
    }

    /// What adds up one run.
    pub(crate) fn meter(&self, mode: Mode) -> RunMeter {
        RunMeter::new(self.0.clone(), mode)
    }

    /// A run did not begin.
    pub(crate) fn run_refused(&self, failure: &Failure) {
        let labels = [Mode::Live.as_str(), failure.code.as_str(), failure.category.as_str()];
        self.0.runs_refused.with_label_values(&labels).inc();
    }

    /// A run is under way.
    pub(crate) fn run_begins(&self) -> InProgress {
        begins(&self.0.runs_in_progress.with_label_values(&[Mode::Live.as_str()]))
    }

    /// A replay is under way: how long it took is told when this is dropped.
    pub(crate) fn run_repeats(&self) -> (InProgress, HistogramTimer) {
        let under_way = begins(&self.0.runs_in_progress.with_label_values(&[Mode::Replay.as_str()]));
        let timer = self.0.run_duration.with_label_values(&[Mode::Replay.as_str()]).start_timer();
        (under_way, timer)
    }

    /// An attempt waits for its place: told when this is dropped.
    pub(crate) fn invocation_waits(&self, mode: Mode) -> HistogramTimer {
        self.0.queue_duration.with_label_values(&[mode.as_str()]).start_timer()
    }

    /// An attempt is under way.
    pub(crate) fn invocation_begins(&self, mode: Mode) -> InProgress {
        begins(&self.0.invocations_in_progress.with_label_values(&[mode.as_str()]))
    }

    /// Notes the memory of one invocation.
    pub(crate) fn skill_memory(&self, mode: Mode, skill: &str, bytes: usize) {
        let gauge = self.0.memory.with_label_values(&[mode.as_str(), skill]);
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        if bytes > gauge.get() {
            gauge.set(bytes);
        }
    }

    /// Machine code of a component was looked for.
    pub(crate) fn code_from(&self, mode: Mode, from: CodeFrom, took: Duration) {
        self.0.components.with_label_values(&[mode.as_str(), from.as_str()]).inc();
        if from != CodeFrom::Cache {
            self.0.compile_duration.with_label_values(&[mode.as_str()]).observe(took.as_secs_f64());
        }
    }

    /// All of them, in the Prometheus text format.
    ///
    /// # Errors
    ///
    /// [`prometheus::Error`] when they cannot be written.
    pub(crate) fn exposition(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.0.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

fn begins(gauge: &prometheus::IntGauge) -> InProgress {
    gauge.inc();
    InProgress(gauge.clone())
}

/// Whether the budget refused.
pub(super) const REFUSALS: [ErrorCode; 6] = [
    ErrorCode::BudgetExceeded,
    ErrorCode::StepCeilingExceeded,
    ErrorCode::AbsorbedCeilingExceeded,
    ErrorCode::BudgetStopped,
    ErrorCode::CostUnknown,
    ErrorCode::CostOverrun,
];
