//! Every family, by its name, its help and its labels, and the values of closed labels from the start. `docs/metrics.md`
//! has a row for each.

use aos_core::failure::{ErrorCategory, ErrorCode, catalog};
use aos_core::journal::Because;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
};

use super::REFUSALS;
use crate::gate::Mode;
use crate::sandbox::CodeFrom;

/// Upper ends of the buckets in seconds: from what a clock costs to what a person waits for.
const BUCKETS: [f64; 18] = [
    0.000_01, 0.000_03, 0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0,
    120.0, 300.0, 600.0,
];

/// What became of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Reserved,
    Charged,
    Absorbed,
    Refunded,
    Overrun,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Reserved, Self::Charged, Self::Absorbed, Self::Refunded, Self::Overrun];

    /// The label's value.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Charged => "charged",
            Self::Absorbed => "absorbed",
            Self::Refunded => "refunded",
            Self::Overrun => "overrun",
        }
    }
}

/// What was decided of a failure that may be tried again.
pub(super) const AGAIN: &str = "again";

const REASONS: [Because; 5] = [
    Because::Excluded,
    Because::AttemptsUsed,
    Because::NotRepeatable,
    Because::PastDeadline,
    Because::BucketEmpty,
];

/// Doors whose calls have a result of their own.
const CALLS: [&str; 2] = ["http.send", "llm.complete"];

/// All families of one runtime.
#[derive(Clone)]
pub(super) struct Families {
    pub registry: Registry,
    pub runs: IntCounterVec,
    pub runs_refused: IntCounterVec,
    pub runs_in_progress: IntGaugeVec,
    pub run_duration: HistogramVec,
    pub steps: IntCounterVec,
    pub step_duration: HistogramVec,
    pub skill_duration: HistogramVec,
    pub invocations_in_progress: IntGaugeVec,
    pub queue_duration: HistogramVec,
    pub calls: IntCounterVec,
    pub call_duration: HistogramVec,
    pub fuel: IntCounterVec,
    pub memory: IntGaugeVec,
    pub money: IntCounterVec,
    pub refusals: IntCounterVec,
    pub retries: IntCounterVec,
    pub entries: IntCounterVec,
    pub journal_bytes: IntCounter,
    pub sync_duration: Histogram,
    pub components: IntCounterVec,
    pub compile_duration: Histogram,
}

/// Makes families, each registered as it is made.
struct Maker(Registry);

impl Maker {
    fn counter(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
        let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        let gauge = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn histogram(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<HistogramVec> {
        let options = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
        let histogram = HistogramVec::new(options, labels)?;
        self.0.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }
}

impl Families {
    pub(super) fn new() -> prometheus::Result<Self> {
        let make = Maker(Registry::new());
        let outcome = ["mode", "code", "category"];
        let bytes = IntCounter::new("aos_journal_bytes_total", "Bytes written to journals.")?;
        make.0.register(Box::new(bytes.clone()))?;
        let families = Self {
            runs: make.counter("aos_runs_total", "Runs that ended, by the code of their outcome.", &outcome)?,
            runs_refused: make.counter(
                "aos_runs_refused_total",
                "Runs that were refused before they had a journal.",
                &["code"],
            )?,
            runs_in_progress: make.gauge("aos_runs_in_progress", "Runs that are under way.", &["mode"])?,
            run_duration: make.histogram(
                "aos_run_duration_seconds",
                "From the begin of a run to its outcome; of a replay, how long the replay took.",
                &["mode"],
            )?,
            steps: make.counter(
                "aos_steps_total",
                "Steps that ended, by the code of their outcome.",
                &outcome,
            )?,
            step_duration: make.histogram(
                "aos_step_duration_seconds",
                "From the begin of a step's first attempt to its end, pauses included, as the journal has it.",
                &["mode"],
            )?,
            skill_duration: make.histogram(
                "aos_skill_duration_seconds",
                "From the begin of an attempt to its end, as the journal has it.",
                &["mode", "skill"],
            )?,
            invocations_in_progress: make.gauge(
                "aos_invocations_in_progress",
                "Attempts that are under way.",
                &["mode"],
            )?,
            queue_duration: make.histogram(
                "aos_queue_duration_seconds",
                "How long an attempt waited for its place among those that are under way.",
                &["mode"],
            )?,
            calls: make.counter(
                "aos_host_calls_total",
                "Calls of skills that have a result, by what it stands for.",
                &["mode", "call", "code"],
            )?,
            call_duration: make.histogram(
                "aos_host_call_duration_seconds",
                "From the intent of a call to its result, as the journal has it.",
                &["mode", "call"],
            )?,
            fuel: make.counter("aos_fuel_total", "Fuel that skills used, in units.", &["mode", "skill"])?,
            memory: make.gauge(
                "aos_skill_memory_peak_bytes",
                "The most memory that one invocation had.",
                &["mode", "skill"],
            )?,
            money: make.counter(
                "aos_money_nanodollars_total",
                "Money by what became of it, in billionths of a US dollar.",
                &["mode", "kind"],
            )?,
            refusals: make.counter(
                "aos_budget_refusals_total",
                "Attempts and calls that a ceiling, a stop or a missing price refused.",
                &["mode", "code"],
            )?,
            retries: make.counter(
                "aos_retries_total",
                "Failures that may be tried again, by what was decided of them.",
                &["mode", "code", "verdict"],
            )?,
            entries: make.counter(
                "aos_journal_entries_total",
                "Entries written to journals, or repeated from them.",
                &["mode", "type"],
            )?,
            journal_bytes: bytes,
            sync_duration: histogram(
                &make.0,
                "aos_journal_sync_duration_seconds",
                "How long it took to make a journal last.",
            )?,
            components: make.counter(
                "aos_components_total",
                "Machine code of components that was looked for, by where it came from.",
                &["from"],
            )?,
            compile_duration: histogram(
                &make.0,
                "aos_component_compile_duration_seconds",
                "How long it took to compile a component.",
            )?,
            registry: make.0,
        };
        families.at_zero();
        Ok(families)
    }

    /// Makes every series of closed labels, so that a rate over its first event is right.
    fn at_zero(&self) {
        for mode in Mode::ALL.map(Mode::as_str) {
            for vec in [&self.runs_in_progress, &self.invocations_in_progress] {
                vec.with_label_values(&[mode]);
            }
            for vec in [&self.run_duration, &self.step_duration, &self.queue_duration] {
                vec.with_label_values(&[mode]);
            }
            for family in [&self.runs, &self.steps] {
                family.with_label_values(&[mode, "OK", ""]);
                outcomes()
                    .for_each(|(code, category)| drop(family.with_label_values(&[mode, code, category])));
            }
            Kind::ALL.iter().for_each(|kind| drop(self.money.with_label_values(&[mode, kind.as_str()])));
            REFUSALS.iter().for_each(|code| drop(self.refusals.with_label_values(&[mode, code.as_str()])));
            CALLS.iter().for_each(|call| drop(self.call_duration.with_label_values(&[mode, call])));
            for row in catalog().retryable() {
                let verdicts = REASONS.iter().map(|because| because.as_str()).chain([AGAIN]);
                verdicts.for_each(|verdict| drop(self.retries.with_label_values(&[mode, row.word, verdict])));
            }
        }
        for row in catalog().rows() {
            self.runs_refused.with_label_values(&[row.word]);
        }
        CodeFrom::ALL.iter().for_each(|from| drop(self.components.with_label_values(&[from.as_str()])));
    }
}

fn histogram(registry: &Registry, name: &str, help: &str) -> prometheus::Result<Histogram> {
    let histogram = Histogram::with_opts(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()))?;
    registry.register(Box::new(histogram.clone()))?;
    Ok(histogram)
}

/// Every code with its class; `SKILL_ERROR` with each that a skill may say.
fn outcomes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let said = [
        ErrorCategory::Transient,
        ErrorCategory::Permanent,
        ErrorCategory::Resource,
        ErrorCategory::Validation,
    ];
    let own = ErrorCode::SkillError.as_str();
    let said = said.map(|category| (own, category.as_str()));
    catalog().rows().map(|row| (row.word, row.category.as_str())).chain(said)
}
