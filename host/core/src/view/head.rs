//! What there is to say of a run as a whole.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::budget::FailedSteps;
use crate::failure::{ErrorCategory, Failure, advice};
use crate::ids::{BudgetName, Digest, RunId, SkillId};
use crate::journal::PinnedSkill;
use crate::outcome::{Cost, OutcomeCode, Status, StructuredOutcome};
use crate::skill::ExportName;
use crate::units::{Fuel, Money, Timestamp};

/// A run as a whole.
#[derive(Debug, Clone, Serialize)]
pub struct Head {
    /// The run.
    pub run: RunId,
    /// The workflow's name.
    pub workflow: String,
    /// BLAKE3 of the workflow's text.
    pub workflow_digest: Digest,
    /// When it began.
    pub started: Timestamp,
    /// Microseconds until the last entry. Time between a kill and a resumption does not count.
    pub took_us: u64,
    /// How it ended; null when it was killed, or still goes on.
    pub outcome: Option<OutcomeView>,
    /// The most that may be charged.
    pub ceiling: Money,
    /// The most that failed attempts may lose.
    pub absorbed_ceiling: Money,
    /// Where the money of failed attempts is booked: `absorb` or `charge`.
    pub failed_steps: FailedSteps,
    /// The named budget that the ceilings were taken from.
    pub budget: Option<BudgetName>,
    /// Where the money went.
    pub cost: Cost,
    /// All that left: what was charged, what failed attempts used, and what providers billed beyond what was held.
    pub total: Money,
    /// Whether that is the most that it can have been: of a call that failed or was cut off, all that was held counts.
    pub supposed: bool,
    /// What is held now.
    pub held: Money,
    /// Fuel used by all attempts that have ended.
    pub fuel: Fuel,
    /// The wall times at which it was resumed.
    pub resumed: Vec<Timestamp>,
    /// The fingerprint of the engine's rules.
    pub engine: Digest,
    /// The digest of the stub world; null for the live one.
    pub stubs: Option<Digest>,
    /// The digest of the price list.
    pub prices: Digest,
    /// Which component each skill's name stood for.
    pub skills: BTreeMap<SkillId, SkillView>,
    /// How many steps, attempts and calls there were, by what became of them.
    pub counts: Counts,
    /// Bytes of the journal's whole lines.
    pub bytes: usize,
    /// Entries; texts that are stored on lines of their own do not count.
    pub entries: usize,
    /// Bytes of a last line that is torn; null for none.
    pub torn_bytes: Option<usize>,
    /// The chain of the last line: of a run that has ended, the journal's seal.
    pub seal: Digest,
}

/// How a run ended.
#[derive(Debug, Clone, Serialize)]
pub struct OutcomeView {
    /// How.
    pub status: Status,
    /// `OK`, or why.
    pub code: OutcomeCode,
    /// The class of the code; null for `OK`.
    pub category: Option<ErrorCategory>,
    /// For people; empty for `OK`.
    pub message: String,
    /// What to do about it, in one line; empty for `OK`.
    pub advice: &'static str,
    /// Whether the same run may succeed later, with nothing changed.
    pub retryable: bool,
    /// Where and how it failed; null when there is nothing to say.
    pub details: Value,
}

/// What a skill's name stood for.
#[derive(Debug, Clone, Serialize)]
pub struct SkillView {
    /// BLAKE3 of the component; null where there was none that could be run.
    pub digest: Option<Digest>,
    /// The version that it says it has.
    pub version: Option<String>,
    /// Which of its exports is called; null where the component says itself what it is.
    pub export: Option<ExportName>,
    /// Why there was none.
    pub refused: Option<Failure>,
}

/// How many there were. Steps count once, whatever they went through; elements of a `foreach` count by themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Steps of the workflow.
    pub steps: usize,
    /// Steps that succeeded.
    pub success: usize,
    /// Steps with an output in which a fallback, or null for an element, stands for what failed.
    pub partial: usize,
    /// Steps that failed.
    pub failure: usize,
    /// Steps that did not run.
    pub skipped: usize,
    /// Steps that have begun and have no end.
    pub under_way: usize,
    /// Steps that the journal does not know yet.
    pub waiting: usize,
    /// Elements of a `foreach`.
    pub items: usize,
    /// Attempts whose skill was called.
    pub attempts: usize,
    /// Attempts after the first.
    pub retries: usize,
    /// Calls that may have changed the world, or cost money, whether they left or not.
    pub effects: usize,
    /// Of them, those that left, as far as anybody knows.
    pub sent: usize,
    /// Of those that left, those that failed.
    pub failed: usize,
    /// Calls of which nothing left: the gate, the budget or a limit refused them, or there was no connection.
    pub unsent: usize,
    /// Calls that have no result yet.
    pub unanswered: usize,
}

impl OutcomeView {
    pub(super) fn of(outcome: &StructuredOutcome) -> Self {
        let StructuredOutcome { status, code, category, message, retryable, details, .. } = outcome;
        let subcode = details.get("subcode").and_then(Value::as_str);
        let advice = match code {
            OutcomeCode::Ok => "",
            OutcomeCode::Error(code) => advice(*code, subcode),
        };
        Self {
            status: *status,
            code: *code,
            category: *category,
            message: message.clone(),
            advice,
            retryable: *retryable,
            details: details.clone(),
        }
    }
}

impl SkillView {
    pub(super) fn of(pinned: &PinnedSkill) -> Self {
        match pinned {
            PinnedSkill::Component { digest, version, export, .. } => Self {
                digest: Some(*digest),
                version: Some(version.clone()),
                export: export.clone(),
                refused: None,
            },
            PinnedSkill::Refused { failure } => {
                Self { digest: None, version: None, export: None, refused: Some(failure.clone()) }
            }
        }
    }
}
