//! `StructuredOutcome`: the one shape in which every run and every step ends. `docs/outcome.schema.json` is its
//! schema.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
use crate::failure::{ErrorCategory, ErrorCode, Failure};
use crate::ids::{Digest, RunId, SkillId, StepId};
use crate::trace::RunTrace;
use crate::units::{Fuel, Money, Timestamp};

/// The version of the shape, in every outcome's `schema`.
pub const SCHEMA: &str = "aos.outcome/1";

/// How a run or a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All went well.
    Success,
    /// It ended early; the code says why.
    Failure,
    /// A run of which some steps failed and were let pass.
    Partial,
    /// A step that did not run.
    Skipped,
}

impl Status {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Partial => "partial",
            Self::Skipped => "skipped",
        }
    }
}

/// `OK`, or a code of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeCode {
    /// Nothing is wrong.
    Ok,
    /// What is wrong.
    Error(ErrorCode),
}

impl OutcomeCode {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Error(code) => code.as_str(),
        }
    }
}

impl Serialize for OutcomeCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OutcomeCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "OK" => Ok(Self::Ok),
            word => word.parse().map(Self::Error).map_err(serde::de::Error::custom),
        }
    }
}

/// Money by what it was spent on, in nano-dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spending {
    /// What components computed.
    pub fuel: Money,
    /// Requests, and what they carried there and back.
    pub request: Money,
    /// Tokens of questions to models.
    pub input: Money,
    /// Tokens of their answers.
    pub output: Money,
}

impl Spending {
    /// Amounts in millionths of a nano-dollar. Their sum is rounded up, once, and the parts add up to it.
    #[must_use]
    pub fn rounded_up(request: u128, input: u128, output: u128) -> Self {
        let up = |millionths: u128| {
            let nanos = u64::try_from(millionths.div_ceil(1_000_000)).unwrap_or(u64::MAX);
            Money::from_nanos(nanos).unwrap_or(Money::MAX)
        };
        let total = up(request.saturating_add(input).saturating_add(output));
        let request = up(request).min(total);
        let input = up(input).min(total.saturating_sub(request));
        let output = total.saturating_sub(request).saturating_sub(input);
        Self { fuel: Money::ZERO, request, input, output }
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> Money {
        [self.request, self.input, self.output].into_iter().fold(self.fuel, Money::saturating_add)
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            fuel: self.fuel.saturating_add(other.fuel),
            request: self.request.saturating_add(other.request),
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
        }
    }

    /// As much of it as `most` covers, in the order of the fields.
    #[must_use]
    pub fn within(&self, most: Money) -> Self {
        let mut left = most;
        let mut take = |part: Money| {
            let taken = part.min(left);
            left = left.saturating_sub(taken);
            taken
        };
        Self {
            fuel: take(self.fuel),
            request: take(self.request),
            input: take(self.input),
            output: take(self.output),
        }
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// Where the money went, in nano-dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Billed to the budget.
    pub charged: Money,
    /// Spent by attempts that failed: reported, not billed.
    pub absorbed: Money,
    /// Held for a worst case that did not come.
    pub refunded: Money,
    /// Billed by providers beyond what was held for their requests, which was all that they could cost.
    pub overrun: Money,
    /// The most that was held at one time.
    pub peak_held: Money,
    /// What was charged and absorbed, by what it was spent on.
    pub spent: Spending,
}

/// What one attempt of a step cost, in nano-dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptCost {
    /// The element of a `foreach`, counted from 0; null outside one.
    pub item: Option<u32>,
    /// The attempt, counted from 1.
    pub attempt: u32,
    /// Its money, and the most that it held at one time.
    pub cost: Cost,
}

/// One thing that a step did to the world, or tried to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideEffect {
    /// The step.
    pub step: StepId,
    /// The element of a `foreach`, counted from 0; null outside one.
    pub item: Option<u32>,
    /// The attempt, counted from 1.
    pub attempt: u32,
    /// The crossing within the attempt, counted from 0.
    pub index: u32,
    /// Which door: `http.send`, `llm.complete`, `log.log`, `cli.stdout` and the like.
    pub call: String,
    /// What it was aimed at: a method and URL, a model, a stream.
    pub target: String,
    /// The upstream's status, where there is one.
    pub status: Option<u16>,
    /// `OK`, or why it failed.
    pub code: OutcomeCode,
    /// What it cost.
    pub charge: Money,
    /// Tokens that the answer could have, where the budget afforded fewer than were asked for.
    pub clamped_to: Option<u32>,
}

/// Which component ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeMetadata {
    /// The skill's name.
    pub skill_id: SkillId,
    /// Its version.
    pub skill_version: String,
    /// BLAKE3 of the component.
    pub skill_digest: Digest,
}

/// How to find it elsewhere: in logs, and in the traces of whoever asked for the run and whom it called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observability {
    /// W3C Trace Context: 32 hexadecimal digits.
    pub trace_id: String,
    /// W3C Trace Context: 16 hexadecimal digits.
    pub span_id: String,
    /// How often the step was tried again.
    pub retries: u32,
}

impl Observability {
    /// That of a run, or of one of its steps, without retries.
    #[must_use]
    pub fn of(trace: &RunTrace, step: Option<&StepId>) -> Self {
        let span = step.map_or_else(|| trace.run(), |step| trace.step(step));
        Self { trace_id: trace.trace().to_string(), span_id: span.to_string(), retries: 0 }
    }

    /// That of no run: identifiers that W3C Trace Context calls invalid.
    fn nowhere() -> Self {
        Self { trace_id: "0".repeat(32), span_id: "0".repeat(16), retries: 0 }
    }
}

/// How a run or a step ended, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StructuredOutcome {
    /// [`SCHEMA`].
    pub schema: String,
    /// The run.
    pub run_id: RunId,
    /// The step; null for the run.
    pub step_id: Option<StepId>,
    /// How it ended.
    pub status: Status,
    /// What it gave; null where it failed or was skipped.
    pub output: Value,
    /// `OK`, or why.
    pub code: OutcomeCode,
    /// The class of the code; null for `OK`.
    pub category: Option<ErrorCategory>,
    /// For people; empty for `OK`.
    pub message: String,
    /// Where and how it failed; null when there is nothing to say.
    pub details: Value,
    /// Whether the same run may succeed later, with nothing changed.
    pub retryable: bool,
    /// The pause that was asked for.
    pub retry_after_ms: Option<u64>,
    /// `cost.charged`, rounded up.
    pub cost_cents: u64,
    /// Where the money went.
    pub cost: Cost,
    /// The same for each attempt, in the order in which they ended; empty for a run.
    pub attempts: Vec<AttemptCost>,
    /// Fuel used.
    pub fuel: Fuel,
    /// Fuel granted.
    pub fuel_granted: Fuel,
    /// Wall time, pauses between attempts included.
    pub latency_ms: u64,
    /// What was done to the world, in the journal's order.
    #[serde(with = "shared")]
    pub side_effects: Vec<Arc<SideEffect>>,
    /// Which component ran; null for a run.
    pub metadata: Option<OutcomeMetadata>,
    /// How to find it elsewhere.
    pub observability: Observability,
    /// When it ended.
    pub timestamp: Timestamp,
    /// One outcome a step, in the file's order; empty for a step.
    pub steps: Vec<StructuredOutcome>,
}

impl StructuredOutcome {
    /// The outcome of a run that could not begin.
    #[must_use]
    pub fn refused(run: RunId, failure: &Failure, now: Timestamp) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            run_id: run,
            step_id: None,
            status: Status::Failure,
            output: Value::Null,
            code: OutcomeCode::Error(failure.code),
            category: Some(failure.category),
            message: failure.message.clone(),
            details: failure.outcome_details(),
            retryable: failure.retryable,
            retry_after_ms: failure.retry_after_ms,
            cost_cents: 0,
            cost: Cost::default(),
            attempts: Vec::new(),
            fuel: Fuel::ZERO,
            fuel_granted: Fuel::ZERO,
            latency_ms: 0,
            side_effects: Vec::new(),
            metadata: None,
            observability: Observability::nowhere(),
            timestamp: now,
            steps: Vec::new(),
        }
    }

    /// Its RFC 8785 bytes: what a replay must repeat.
    ///
    /// # Errors
    ///
    /// [`canonical::NotCanonical`] never comes of an outcome that this host made.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, canonical::NotCanonical> {
        canonical::to_vec(self)
    }

    /// Whether a run stands behind it. Where none does, its figures are nothing that was measured.
    #[must_use]
    pub fn is_of_a_run(&self) -> bool {
        self.observability.trace_id != Observability::nowhere().trace_id
    }

    /// Whether a caller may go on with the output: success or partial.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        matches!(self.status, Status::Success | Status::Partial)
    }
}

/// Effects stand in the outcome of their step and in that of the run, and are held once.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::SideEffect;

    pub(super) fn serialize<S: Serializer>(
        effects: &[Arc<SideEffect>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(effects.iter().map(|effect| &**effect))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Arc<SideEffect>>, D::Error> {
        Vec::<SideEffect>::deserialize(deserializer)
            .map(|effects| effects.into_iter().map(Arc::new).collect())
    }
}
