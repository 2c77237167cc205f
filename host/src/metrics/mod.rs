//! What is counted, for Prometheus. Labels come from closed sets and registered skills only, and every number of a run is
//! added up from the entries of its journal.

mod families;
mod meter;
mod metered;

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::outcome::StructuredOutcome;
use prometheus::{HistogramTimer, TextEncoder};

use self::families::Families;
pub(crate) use self::meter::RunMeter;
pub(crate) use self::metered::{MeteredSink, measured};
use crate::gate::Mode;
use crate::sandbox::CodeFrom;

/// The numbers of one runtime. A clone shares them.
#[derive(Clone)]
pub(crate) struct Metrics {
    families: Families,
    /// Held while a peak is compared and raised.
    peaks: Arc<Mutex<()>>,
}

/// Something that is under way. Dropped, it no longer is.
pub(crate) struct InProgress(prometheus::IntGauge);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A replay that is under way. Dropped before it has ended, it tells of no time.
pub(crate) struct Repeating {
    timer: Option<HistogramTimer>,
    _under_way: InProgress,
}

impl Repeating {
    /// Tells how long it took.
    pub(crate) fn ended(mut self) {
        if let Some(timer) = self.timer.take() {
            timer.observe_duration();
        }
    }
}

impl Drop for Repeating {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.stop_and_discard();
        }
    }
}

impl Metrics {
    /// All families, at zero.
    ///
    /// # Errors
    ///
    /// [`prometheus::Error`] when two of them have one name, which a test of this function finds.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        Ok(Self { families: Families::new()?, peaks: Arc::default() })
    }

    /// How much may be under way at one time. Replays are bounded in their attempts alone.
    pub(crate) fn limits(&self, runs: u32, invocations: u32) {
        self.families.runs_limit.with_label_values(&[Mode::Live.as_str()]).set(runs.into());
        for mode in Mode::ALL {
            self.families.invocations_limit.with_label_values(&[mode.as_str()]).set(invocations.into());
        }
    }

    /// What adds up one run.
    pub(crate) fn meter(&self, mode: Mode) -> RunMeter {
        RunMeter::new(self.families.clone(), mode)
    }

    /// A run did not begin.
    pub(crate) fn run_refused(&self, failure: &Failure) {
        let labels = [Mode::Live.as_str(), failure.code.as_str(), failure.category.as_str()];
        self.families.runs_refused.with_label_values(&labels).inc();
    }

    /// A run ended, and its journal has no end to tell it.
    pub(crate) fn run_unsealed(&self, outcome: &StructuredOutcome) {
        let (code, category) = meter::labels(outcome);
        self.families.runs.with_label_values(&[Mode::Live.as_str(), code, category]).inc();
    }

    /// A skill is known from here on.
    pub(crate) fn skill_known(&self, skill: &str) {
        self.families.skill_at_zero(skill);
    }

    /// A run is under way.
    pub(crate) fn run_begins(&self) -> InProgress {
        begins(&self.families.runs_in_progress.with_label_values(&[Mode::Live.as_str()]))
    }

    /// A replay is under way.
    pub(crate) fn run_repeats(&self) -> Repeating {
        let mode = [Mode::Replay.as_str()];
        let timer = self.families.run_duration.with_label_values(&mode).start_timer();
        let under_way = begins(&self.families.runs_in_progress.with_label_values(&mode));
        Repeating { timer: Some(timer), _under_way: under_way }
    }

    /// An attempt waits for its place: told when this is dropped.
    pub(crate) fn invocation_waits(&self, mode: Mode) -> HistogramTimer {
        self.families.queue_duration.with_label_values(&[mode.as_str()]).start_timer()
    }

    /// An attempt is under way.
    pub(crate) fn invocation_begins(&self, mode: Mode) -> InProgress {
        begins(&self.families.invocations_in_progress.with_label_values(&[mode.as_str()]))
    }

    /// Notes the memory of one invocation.
    pub(crate) fn skill_memory(&self, mode: Mode, skill: &str, bytes: usize) {
        let gauge = self.families.memory.with_label_values(&[mode.as_str(), skill]);
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let _alone = self.peaks.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes > gauge.get() {
            gauge.set(bytes);
        }
    }

    /// Machine code of a component was looked for.
    pub(crate) fn code_from(&self, mode: Mode, from: CodeFrom, took: Duration) {
        self.families.components.with_label_values(&[mode.as_str(), from.as_str()]).inc();
        if from != CodeFrom::Cache {
            self.families.compile_duration.with_label_values(&[mode.as_str()]).observe(took.as_secs_f64());
        }
    }

    /// All of them, in the Prometheus text format. A family without a series has its help and its type.
    ///
    /// # Errors
    ///
    /// [`prometheus::Error`] when they cannot be written.
    pub(crate) fn exposition(&self) -> Result<String, prometheus::Error> {
        let gathered = self.families.registry.gather();
        let mut text = TextEncoder::new().encode_to_string(&gathered)?;
        for (name, help, kind) in Families::HEADS {
            if gathered.iter().all(|family| family.name() != *name) {
                // Writing to a string cannot fail.
                let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
            }
        }
        Ok(text)
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
