//! What is counted, for Prometheus. Labels come from closed sets and registered skills only.

use aos_core::outcome::StructuredOutcome;
use prometheus::{Encoder as _, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

/// The counters of one runtime. A clone shares them.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    runs: IntCounterVec,
    steps: IntCounterVec,
    charged: IntCounterVec,
    memory: IntGaugeVec,
}

/// Whether a run is made or repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Made.
    Live,
    /// Repeated.
    Replay,
}

impl Mode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Replay => "replay",
        }
    }
}

impl Metrics {
    /// Counters at zero.
    ///
    /// # Errors
    ///
    /// [`prometheus::Error`] when two of them have one name, which a test of this function finds.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let runs = IntCounterVec::new(Opts::new("aos_runs_total", "Runs that ended."), &["mode", "code"])?;
        let steps = IntCounterVec::new(Opts::new("aos_steps_total", "Steps that ended."), &["mode", "code"])?;
        let charged = IntCounterVec::new(
            Opts::new("aos_charged_nanodollars_total", "Money charged to runs."),
            &["mode"],
        )?;
        let memory = IntGaugeVec::new(
            Opts::new("aos_skill_memory_peak_bytes", "The most memory that one invocation had."),
            &["skill"],
        )?;
        registry.register(Box::new(runs.clone()))?;
        registry.register(Box::new(steps.clone()))?;
        registry.register(Box::new(charged.clone()))?;
        registry.register(Box::new(memory.clone()))?;
        Ok(Self { registry, runs, steps, charged, memory })
    }

    /// Counts a run and its steps.
    pub(crate) fn run_ended(&self, mode: Mode, outcome: &StructuredOutcome) {
        let mode = mode.as_str();
        self.runs.with_label_values(&[mode, outcome.code.as_str()]).inc();
        for step in &outcome.steps {
            self.steps.with_label_values(&[mode, step.code.as_str()]).inc();
        }
        self.charged.with_label_values(&[mode]).inc_by(outcome.cost.charged.nanos());
    }

    /// Notes the memory of one invocation.
    pub(crate) fn skill_memory(&self, skill: &str, bytes: usize) {
        let (gauge, bytes) =
            (self.memory.with_label_values(&[skill]), i64::try_from(bytes).unwrap_or(i64::MAX));
        if bytes > gauge.get() {
            gauge.set(bytes);
        }
    }

    /// All of them, in the Prometheus text format.
    ///
    /// # Errors
    ///
    /// [`prometheus::Error`] when they cannot be written.
    pub(crate) fn exposition(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}
