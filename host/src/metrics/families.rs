//! Every family, by its name, its help and its labels, and the values of closed labels from the start. `docs/metrics.md`
//! has a row for each.

use aos_core::failure::{ErrorCategory, ErrorCode, catalog};
use aos_core::journal::{Because, Event};
use aos_core::retry::may_be_asked_for;
use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};

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

/// A kind of family, made from its name, its help and its labels.
trait Family: Collector + Clone + Sized + 'static {
    /// The word for it in the text format.
    const TYPE: &'static str;

    fn make(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<Self>;
}

impl Family for IntCounterVec {
    const TYPE: &'static str = "counter";

    fn make(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<Self> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Family for IntGaugeVec {
    const TYPE: &'static str = "gauge";

    fn make(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<Self> {
        Self::new(Opts::new(name, help), labels)
    }
}

impl Family for HistogramVec {
    const TYPE: &'static str = "histogram";

    fn make(name: &str, help: &str, labels: &[&str]) -> prometheus::Result<Self> {
        Self::new(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()), labels)
    }
}

/// Makes the struct of all families, and registers each as it is made.
macro_rules! families {
    ($($field:ident: $kind:ident = $name:literal [$($label:literal)*] $help:literal;)*) => {
        /// All families of one runtime.
        #[derive(Clone)]
        pub(super) struct Families {
            pub registry: Registry,
            $(#[doc = $help] pub $field: $kind,)*
        }

        impl Families {
            /// Name, help and type of each.
            pub(super) const HEADS: &'static [(&'static str, &'static str, &'static str)] =
                &[$(($name, $help, <$kind as Family>::TYPE),)*];

            pub(super) fn new() -> prometheus::Result<Self> {
                let registry = Registry::new();
                $(
                    let $field = $kind::make($name, $help, &[$($label),*])?;
                    registry.register(Box::new($field.clone()))?;
                )*
                let families = Self { registry, $($field),* };
                families.at_zero();
                Ok(families)
            }
        }
    };
}

families! {
    runs: IntCounterVec = "aos_runs_total" ["mode" "code" "category"]
        "Runs that ended, by the code and the category of their outcome.";
    runs_refused: IntCounterVec = "aos_runs_refused_total" ["mode" "code" "category"]
        "Runs that were refused before they began, or before they were gone on with, by the reason.";
    runs_in_progress: IntGaugeVec = "aos_runs_in_progress" ["mode"]
        "Runs that are under way.";
    runs_limit: IntGaugeVec = "aos_runs_limit" ["mode"]
        "Runs that may be under way at one time.";
    run_duration: HistogramVec = "aos_run_duration_seconds" ["mode"]
        "From the begin of a run to its end, as the journal has it; of a replay, how long the replay took.";
    steps: IntCounterVec = "aos_steps_total" ["mode" "code" "category"]
        "Steps of runs that ended, by the code and the category of their outcome.";
    step_duration: HistogramVec = "aos_step_duration_seconds" ["mode"]
        "From the begin of a step's first attempt to its end, pauses included, as the journal has it.";
    skill_duration: HistogramVec = "aos_skill_duration_seconds" ["mode" "skill"]
        "From the begin of an attempt to its end, as the journal has it.";
    invocations_in_progress: IntGaugeVec = "aos_invocations_in_progress" ["mode"]
        "Attempts that are under way.";
    invocations_limit: IntGaugeVec = "aos_invocations_limit" ["mode"]
        "Attempts that may be under way at one time.";
    queue_duration: HistogramVec = "aos_queue_duration_seconds" ["mode"]
        "How long an attempt waited for its place among those that are under way.";
    calls: IntCounterVec = "aos_host_calls_total" ["mode" "call" "code"]
        "Calls of skills that have a result, by what it stands for.";
    call_duration: HistogramVec = "aos_host_call_duration_seconds" ["mode" "call"]
        "From the intent of a call to its result, as the journal has it.";
    fuel: IntCounterVec = "aos_fuel_total" ["mode" "skill"]
        "Fuel that skills used, in units.";
    memory: IntGaugeVec = "aos_skill_memory_peak_bytes" ["mode" "skill"]
        "The most memory that one invocation had.";
    money: IntCounterVec = "aos_money_nanodollars_total" ["mode" "kind"]
        "Money by what became of it, in billionths of a US dollar.";
    refusals: IntCounterVec = "aos_budget_refusals_total" ["mode" "code"]
        "Attempts and calls that a ceiling, a stop or a missing price refused, and attempts that used up the fuel that a ceiling left them.";
    retries: IntCounterVec = "aos_retries_total" ["mode" "code" "verdict"]
        "Failures that may be tried again, by what was decided of them.";
    entries: IntCounterVec = "aos_journal_entries_total" ["mode" "type"]
        "Entries written to journals, or repeated from them; blobs do not count.";
    journal_bytes: IntCounterVec = "aos_journal_bytes_total" ["mode"]
        "Bytes written to journals; a replay writes none.";
    sync_duration: HistogramVec = "aos_journal_sync_duration_seconds" ["mode"]
        "How long it took to make a journal last; its count is how often that was done.";
    components: IntCounterVec = "aos_components_total" ["mode" "from"]
        "Machine code of components that was looked for, by where it came from.";
    compile_duration: HistogramVec = "aos_component_compile_duration_seconds" ["mode"]
        "How long it took to compile a component, or to refuse it.";
}

impl Families {
    /// Makes every series of closed labels, so that a rate over its first event is right.
    fn at_zero(&self) {
        for mode in Mode::ALL.map(Mode::as_str) {
            for vec in [&self.runs_in_progress, &self.invocations_in_progress] {
                vec.with_label_values(&[mode]);
            }
            let timed = [&self.run_duration, &self.step_duration, &self.queue_duration];
            for vec in timed.into_iter().chain([&self.sync_duration, &self.compile_duration]) {
                vec.with_label_values(&[mode]);
            }
            for family in [&self.runs, &self.steps] {
                family.with_label_values(&[mode, "OK", ""]);
                outcomes()
                    .for_each(|(code, category)| drop(family.with_label_values(&[mode, code, category])));
            }
            Kind::ALL.iter().for_each(|kind| drop(self.money.with_label_values(&[mode, kind.as_str()])));
            REFUSALS.iter().for_each(|code| drop(self.refusals.with_label_values(&[mode, code.as_str()])));
            for call in CALLS {
                self.call_duration.with_label_values(&[mode, call]);
                let codes = catalog().rows().map(|row| row.word).chain(["OK"]);
                codes.for_each(|code| drop(self.calls.with_label_values(&[mode, call, code])));
            }
            for code in tried_again() {
                let verdicts = REASONS.iter().map(|because| because.as_str()).chain([AGAIN]);
                verdicts.for_each(|verdict| drop(self.retries.with_label_values(&[mode, code, verdict])));
            }
            Event::KINDS.iter().for_each(|kind| drop(self.entries.with_label_values(&[mode, kind])));
            self.journal_bytes.with_label_values(&[mode]);
            let from = CodeFrom::ALL.map(CodeFrom::as_str);
            from.iter().for_each(|from| drop(self.components.with_label_values(&[mode, from])));
        }
        for row in catalog().rows() {
            let labels = [Mode::Live.as_str(), row.word, row.category.as_str()];
            self.runs_refused.with_label_values(&labels);
        }
    }

    /// As [`Families::at_zero`], of a skill.
    pub(super) fn skill_at_zero(&self, skill: &str) {
        for mode in Mode::ALL.map(Mode::as_str) {
            self.fuel.with_label_values(&[mode, skill]);
            self.memory.with_label_values(&[mode, skill]);
            self.skill_duration.with_label_values(&[mode, skill]);
        }
    }
}

/// Codes of which it is decided whether they are tried again: by their class, as a workflow asks for it, or as a skill says.
fn tried_again() -> impl Iterator<Item = &'static str> {
    let rows = catalog()
        .rows()
        .filter(|row| row.is_retried() || may_be_asked_for(row.code) || row.code == ErrorCode::SkillError);
    rows.map(|row| row.word)
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
