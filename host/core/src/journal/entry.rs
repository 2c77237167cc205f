//! What a journal's lines say. `docs/journal-format.md` describes each field; the order of fields here is the order on
//! the line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::budget::{FailedSteps, Limits};
use crate::failure::{ErrorCode, Failure};
use crate::ids::{BudgetName, Digest, RunId, Seed, SkillId, StepId};
use crate::outcome::{OutcomeCode, Spending, Status, StructuredOutcome};
use crate::sidecar::SkillTerms;
use crate::skill::ExportName;
use crate::trace::{RunTrace, TraceParent};
use crate::units::{Fuel, Money, Timestamp};

/// The version of the format that this build writes and reads.
pub const FORMAT_VERSION: u64 = 1;

/// Which attempt an entry belongs to. A replay follows each attempt by itself, so that parallel steps may interleave
/// in any way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// The step.
    pub step: StepId,
    /// The element of a `foreach`, counted from 0; null outside one.
    pub item: Option<u32>,
    /// The attempt, counted from 1.
    pub attempt: u32,
}

/// Place and time of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Counted from 0.
    pub seq: u64,
    /// The start of the run and the monotonic time since then: never earlier than the entry before.
    pub at: Timestamp,
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Place and time.
    pub stamp: Stamp,
    /// Which attempt; none for entries of the whole run.
    pub cursor: Option<Cursor>,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// `run-started`
    RunStarted(Box<RunStarted>),
    /// `step-started`
    StepStarted(StepStarted),
    /// `intent`
    Intent(Intent),
    /// `result`
    Result(CallResult),
    /// `observed`
    Observed(Observed),
    /// `emitted`
    Emitted(Emitted),
    /// `step-ended`
    StepEnded(Box<StepEnded>),
    /// `retry`
    Retry(Retry),
    /// `gave-up`
    GaveUp(GaveUp),
    /// `fell-back`
    FellBack(FellBack),
    /// `run-resumed`
    RunResumed(RunResumed),
    /// `run-ended`
    RunEnded(Box<RunEnded>),
}

/// Everything that a replay needs to begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`FORMAT_VERSION`].
    pub format: u64,
    /// The run.
    pub run: RunId,
    /// The workflow's name.
    pub workflow: String,
    /// BLAKE3 of the workflow's text.
    pub workflow_digest: Digest,
    /// The workflow's text.
    pub workflow_text: String,
    /// The input.
    pub input: Value,
    /// The most that may be charged.
    pub ceiling: Money,
    /// The most that failed attempts may lose.
    pub absorbed_ceiling: Money,
    /// Where the money of failed attempts is booked.
    #[serde(default, skip_serializing_if = "FailedSteps::is_default")]
    pub failed_steps: FailedSteps,
    /// The named budget that the ceilings were taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetName>,
    /// The digest of the price list.
    pub prices: Digest,
    /// The price of a million units of fuel.
    pub fuel_price: u64,
    /// What all randomness of the run is drawn from.
    pub seed: Seed,
    /// The fingerprint of the engine's rules.
    pub engine: Digest,
    /// Which component each skill name stands for, or why it stands for none.
    pub skills: BTreeMap<SkillId, PinnedSkill>,
    /// The digest of the stub world; null for the live one.
    pub stubs: Option<Digest>,
    /// The trace that the run is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
}

impl RunStarted {
    /// What the run may spend.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        let Self { ceiling, absorbed_ceiling, failed_steps, .. } = *self;
        Limits { ceiling, absorbed_ceiling, failed_steps }
    }

    /// Where it stands in a trace.
    #[must_use]
    pub const fn trace(&self) -> RunTrace {
        RunTrace::new(self.seed, self.traceparent)
    }
}

/// What a skill's name stood for when the run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PinnedSkill {
    /// A component.
    Component {
        /// BLAKE3 of the component.
        digest: Digest,
        /// The version that it says it has.
        version: String,
        /// Which of its exports is called; none where the component says itself what it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        export: Option<ExportName>,
        /// What someone said of it beside its component.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terms: Option<Box<SkillTerms>>,
    },
    /// No component that could be run.
    Refused {
        /// Why.
        failure: Failure,
    },
}

/// An attempt begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepStarted {
    /// The skill.
    pub skill: SkillId,
    /// BLAKE3 of its component.
    pub digest: Digest,
    /// The bound input.
    pub input: Value,
    /// Fuel that it may use.
    pub fuel_granted: Fuel,
    /// Which ceiling affords less fuel than the contract gives, if one does: `BUDGET_EXCEEDED` or
    /// `STEP_CEILING_EXCEEDED`.
    pub fuel_cut_by: Option<ErrorCode>,
    /// The price of that fuel, held.
    pub held: Money,
    /// The most that all attempts of the step may spend together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Money>,
    /// Milliseconds that it may take.
    pub deadline_ms: u64,
}

/// What a call does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallClass {
    /// It may change the world or cost money.
    Effect,
    /// It is never allowed; the guest gets a typed refusal.
    Denied,
}

impl CallClass {
    /// The word on the line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Effect => "effect",
            Self::Denied => "denied",
        }
    }
}

/// A call is about to happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The crossing within the attempt, counted from 0.
    pub index: u32,
    /// Which door.
    pub call: String,
    /// What it does to the world.
    pub class: CallClass,
    /// What it is aimed at, for people.
    pub target: String,
    /// The whole request.
    pub request: Value,
    /// Whether making it twice does no more than making it once.
    pub repeatable: bool,
    /// Its worst price, held.
    pub held: Money,
    /// The same by what it is for.
    #[serde(default, skip_serializing_if = "Spending::is_zero")]
    pub held_for: Spending,
    /// Tokens that a model's answer may have, where the budget affords fewer than were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clamped_to: Option<u32>,
}

/// A call has ended. Answer and settlement are one entry, so that no crash falls between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallResult {
    /// The index of its intent.
    pub index: u32,
    /// `OK`, or what the answer or its absence stands for.
    pub code: OutcomeCode,
    /// The upstream's status, where there is one.
    pub status: Option<u16>,
    /// What the guest got.
    pub answer: Option<Value>,
    /// What the guest got instead, or why the attempt ended here.
    pub failure: Option<Failure>,
    /// Whether the attempt ended here.
    pub ends_attempt: bool,
    /// What of the money held is spent.
    pub spent: Money,
    /// The same by what it was spent on.
    #[serde(default, skip_serializing_if = "Spending::is_zero")]
    pub spent_on: Spending,
    /// What of it went back.
    pub refunded: Money,
    /// What was billed beyond it.
    pub overrun: Money,
}

/// The guest looked at something that changes by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// The crossing within the attempt, counted from 0.
    pub index: u32,
    /// Which door.
    pub call: String,
    /// What it saw.
    pub value: Value,
}

/// The guest wrote something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Emitted {
    /// The crossing within the attempt, counted from 0.
    pub index: u32,
    /// Which door.
    pub call: String,
    /// The level or the stream.
    pub target: String,
    /// What it wrote. Bytes that are no UTF-8 stand as `{"base64": ...}`.
    pub text: Value,
}

/// Where an attempt was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interrupted {
    /// While the guest computed, when it had used this much fuel.
    Fuel(Fuel),
    /// Inside of the host call of this index.
    Call(u32),
}

/// An attempt has ended, or a step that never began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepEnded {
    /// How.
    pub status: Status,
    /// `OK`, or why.
    pub code: OutcomeCode,
    /// Everything that is known of the failure.
    pub failure: Option<Failure>,
    /// What it gave.
    pub output: Option<Value>,
    /// Fuel used.
    pub fuel: Fuel,
    /// The most bytes of memory that its guest had; none for what has no memory of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// What of the money held for fuel went back.
    pub fuel_refunded: Money,
    /// What the attempt is billed.
    pub charged: Money,
    /// What it lost.
    pub absorbed: Money,
    /// Where it was cut off.
    pub interrupted: Option<Interrupted>,
}

/// Another attempt will follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// The code that asked for it.
    pub code: ErrorCode,
    /// Milliseconds until then.
    pub delay_ms: u64,
    /// Why that long.
    pub why: String,
}

/// A failure that may be tried again is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaveUp {
    /// The code of the failure.
    pub code: ErrorCode,
    /// What stands in the way.
    pub because: Because,
    /// The same with its figures, for people.
    pub why: String,
}

/// What keeps a failure that may be tried again from being tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// The step's `retry.never` names the code.
    Excluded,
    /// All attempts are used.
    AttemptsUsed,
    /// What the attempt did may have acted, and would act again.
    NotRepeatable,
    /// The pause would end past `within_ms`, or past the deadline of the run.
    PastDeadline,
    /// The run has used up its retries.
    BucketEmpty,
}

impl Because {
    /// The word on the line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::AttemptsUsed => "attempts-used",
            Self::NotRepeatable => "not-repeatable",
            Self::PastDeadline => "past-deadline",
            Self::BucketEmpty => "bucket-empty",
        }
    }
}

/// The value of the step's `on_error` stands in for an output that there is not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FellBack {
    /// The value; null where it could not be evaluated.
    pub output: Value,
    /// Why it could not be evaluated.
    pub failure: Option<Failure>,
}

/// The run was killed, and goes on here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResumed {
    /// The wall time. The entries' own time does not count how long the run was dead.
    pub wall: Timestamp,
    /// Bytes of a torn last line that were cut off.
    pub torn_bytes: u64,
}

/// The run has ended. The chain of this line is the journal's seal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnded {
    /// How.
    pub outcome: StructuredOutcome,
}
