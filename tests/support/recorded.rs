//! A run with its journal, and the acceptance criteria of the specification's D1, which every run has to meet.

use std::sync::OnceLock;

use aos_host::failure::ErrorCode;
use aos_host::journal::{Because, Entry, Event, Recording, Retry};
use aos_host::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_host::providers::MemorySink;
use aos_host::units::Money;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::Value;

use super::certified::certified;
use super::{ledger, runtime};

/// A run that ended.
pub(crate) struct Recorded {
    pub outcome: StructuredOutcome,
    pub journal: Vec<u8>,
}

/// Runs a workflow and holds the run to the criteria.
pub(crate) async fn record(runtime: &Runtime, workflow: &str, input: Value) -> Recorded {
    record_with(runtime, workflow, input, RunOptions::default()).await
}

/// As [`record`], with a ceiling in nano-dollars.
pub(crate) async fn record_under(runtime: &Runtime, workflow: &str, nanos: u64) -> Recorded {
    let ceiling = Money::from_nanos(nanos).expect("an amount");
    record_with(runtime, workflow, serde_json::json!({}), RunOptions::default().ceiling(ceiling)).await
}

pub(crate) async fn record_with(
    runtime: &Runtime,
    workflow: &str,
    input: Value,
    options: RunOptions,
) -> Recorded {
    let workflow = parse(workflow);
    let sink = MemorySink::default();
    let outcome = runtime.start(&workflow, input, options.journal(sink.clone())).outcome().await;
    let recorded = Recorded { outcome, journal: sink.bytes() };
    recorded.assert_sound().await;
    recorded
}

/// A workflow that should be right.
pub(crate) fn parse(text: &str) -> Workflow {
    Workflow::parse(text.as_bytes()).unwrap_or_else(|invalid| panic!("{:#?}", invalid.faults()))
}

impl Recorded {
    /// The code of the run.
    pub(crate) fn code(&self) -> &'static str {
        self.outcome.code.as_str()
    }

    /// The outcome of a step.
    pub(crate) fn step(&self, id: &str) -> &StructuredOutcome {
        let of = |step: &&StructuredOutcome| step.step_id.as_ref().is_some_and(|own| own.as_str() == id);
        self.outcome.steps.iter().find(of).unwrap_or_else(|| panic!("no step {id} ended"))
    }

    /// The entries of the journal.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        Recording::read(&self.journal).expect("a whole journal").entries().to_vec()
    }

    /// The retries of the journal.
    pub(crate) fn retries(&self) -> Vec<Retry> {
        let retry = |entry: Entry| match entry.event {
            Event::Retry(retry) => Some(retry),
            _ => None,
        };
        self.entries().into_iter().filter_map(retry).collect()
    }

    /// What kept failures of the journal from being tried again.
    pub(crate) fn given_up(&self) -> Vec<(ErrorCode, Because)> {
        let gave_up = |entry: Entry| match entry.event {
            Event::GaveUp(gave_up) => Some((gave_up.code, gave_up.because)),
            _ => None,
        };
        self.entries().into_iter().filter_map(gave_up).collect()
    }

    /// The run ended well, or the test says why not.
    pub(crate) fn assert_success(&self) -> &Self {
        assert_eq!(self.outcome.status, Status::Success, "{}: {}", self.code(), self.outcome.message);
        self
    }

    /// The run failed with this code.
    pub(crate) fn assert_failure(&self, code: ErrorCode) -> &Self {
        let (status, message) = (self.outcome.status, &self.outcome.message);
        assert_eq!((status, self.code()), (Status::Failure, code.as_str()), "{message}");
        self
    }

    /// The criteria of D1: an outcome of its schema, a ledger that adds up, every effect listed, and replays that are
    /// equal byte for byte on a runtime whose world panics when it is touched, in all three engines.
    pub(crate) async fn assert_sound(&self) {
        assert_fits_schema(&self.outcome);
        assert_speaks_of_its_end(&self.outcome);
        let entries = self.entries();
        let Some(Event::RunEnded(ended)) = entries.last().map(|entry| &entry.event) else {
            panic!("the journal has no end");
        };
        assert_eq!(ended.outcome, self.outcome, "the journal's own outcome");
        ledger::assert_adds_up(&entries, &self.outcome);
        let effects: Vec<_> = self.outcome.side_effects.iter().map(|effect| (**effect).clone()).collect();
        assert_eq!(effects, ledger::side_effects(&entries));
        self.assert_replays_on(runtime::elsewhere().await).await;
        certified(runtime::elsewhere().await, &self.journal, 1).await;
    }

    /// The replay is the run, byte for byte.
    pub(crate) async fn assert_replays_on(&self, runtime: &Runtime) {
        let replay = runtime.replay(&self.journal).await;
        assert_eq!(replay.proof, Ok(()));
        let (replayed, recorded) = (replay.outcome.canonical_bytes(), self.outcome.canonical_bytes());
        let text = |bytes: Result<Vec<u8>, _>| String::from_utf8(bytes.unwrap()).unwrap();
        assert_eq!(text(replayed), text(recorded));
    }
}

/// A journal with entries that were changed, and a chain that fits them.
pub(crate) fn forged(run: &Recorded, change: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
    super::certified::sealed_again(&run.journal, change)
}

/// The outcome validates against the schema that the documentation publishes.
pub(crate) fn assert_fits_schema(outcome: &StructuredOutcome) {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let document = serde_json::from_str(&runtime::read("docs/outcome.schema.json")).expect("JSON");
        jsonschema::draft202012::new(&document).expect("a JSON Schema")
    });
    let value = serde_json::to_value(outcome).unwrap();
    let violations: Vec<_> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(violations.is_empty(), "{violations:#?} in {value:#}");
}

/// Status, code, category, message and output fit together, for the run and for each step.
fn assert_speaks_of_its_end(outcome: &StructuredOutcome) {
    match outcome.code {
        OutcomeCode::Ok => {
            assert_ne!(outcome.status, Status::Failure);
            assert_eq!((outcome.category, outcome.message.as_str()), (None, ""));
        }
        OutcomeCode::Error(code) => {
            assert_ne!(outcome.status, Status::Success, "{code}");
            assert!(!outcome.message.is_empty(), "{code} without a word");
            if outcome.status == Status::Partial {
                assert!(outcome.step_id.is_some(), "a run that went on has no code");
            } else {
                assert_eq!(outcome.output, Value::Null);
            }
            if code != ErrorCode::SkillError {
                assert_eq!(outcome.category, Some(code.row().category), "{code}");
            }
        }
    }
    outcome.steps.iter().for_each(assert_speaks_of_its_end);
}
