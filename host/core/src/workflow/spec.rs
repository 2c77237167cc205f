//! A workflow that was checked: what the runner needs, and nothing that it would have to doubt.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::WorkflowInvalid;
use super::check::check;
use super::expression::{Binding, References, Template};
use crate::budget::FailedSteps;
use crate::ids::{Digest, SkillId, StepId};
use crate::policy::Grants;
use crate::retry::RetryPolicy;
use crate::schema::Schema;
use crate::units::Money;

/// Bytes of a workflow file: ten thousand steps fit.
pub const MAX_WORKFLOW_BYTES: usize = 8 << 20;

/// Steps of one workflow: beyond it, a journal of one run is no longer something that people open.
pub const MAX_STEPS: usize = 10_000;

/// Elements that one `foreach` goes through.
pub const MAX_ITEMS: usize = 10_000;

/// Invocations of one `foreach` at one time: as many as a host runs in all.
pub const MAX_PARALLEL: u32 = 64;

/// What a run may spend when its workflow does not say.
pub const DEFAULT_CEILING_CENTS: u64 = 1000;

/// A workflow. Its steps are in the order of the file; what each needs comes from what it refers to.
#[derive(Debug, Clone)]
pub struct Workflow {
    pub(super) name: String,
    pub(super) text: Arc<str>,
    pub(super) input: Option<Schema>,
    pub(super) grants: Grants,
    pub(super) budget: WorkflowBudget,
    pub(super) deadline: Option<Duration>,
    pub(super) steps: Arc<[Step]>,
    pub(super) output: Option<Binding>,
    pub(super) outcomes: OutcomesRead,
}

/// Which outcomes of steps the expressions of a workflow read. The others need not be kept for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomesRead {
    any: bool,
    named: BTreeSet<String>,
}

impl OutcomesRead {
    /// Whether the outcome of a step is read.
    #[must_use]
    pub fn reads(&self, step: &StepId) -> bool {
        self.any || self.named.contains(step.as_str())
    }

    pub(super) fn add(&mut self, found: &References) {
        self.any |= found.dynamic.is_some();
        self.named.extend(found.outcomes.keys().cloned());
    }
}

/// What a workflow says of the money of its runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkflowBudget {
    /// The most that a run may be charged.
    pub ceiling: Option<Money>,
    /// The most that failed attempts may lose; as much as the ceiling when it does not say.
    pub absorbed_ceiling: Option<Money>,
    /// Where the money of failed attempts is booked.
    pub failed_steps: FailedSteps,
}

/// One node of a workflow.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub id: StepId,
    /// The skill that it runs.
    pub skill: SkillId,
    /// It runs once for each element of this.
    pub foreach: Option<ForEach>,
    /// What the skill gets.
    pub with: Binding,
    /// Steps that end before this one begins.
    pub needs: BTreeSet<StepId>,
    /// It runs only when this is true.
    pub when: Option<Template>,
    /// When to try again.
    pub retry: RetryPolicy,
    /// How long one attempt may take.
    pub deadline: Option<Duration>,
    /// The most that all its attempts may spend together, whatever becomes of them.
    pub ceiling: Option<Money>,
    /// What its failure does to the run.
    pub on_error: OnError,
}

/// What a step's failure does to the run.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum OnError {
    /// The run stops and fails.
    #[default]
    Fail,
    /// The run goes on, with null as the step's output, and ends `partial`.
    Continue,
    /// The run goes on, with this value as the step's output.
    Fallback(Binding),
}

/// One invocation for each element of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ForEach {
    /// The list.
    pub items: Binding,
    /// How many invocations run at one time.
    pub parallel: u32,
}

impl Workflow {
    /// Reads a workflow from the bytes of a YAML or JSON file.
    ///
    /// # Errors
    ///
    /// [`WorkflowInvalid`]: a fault of syntax or type alone, otherwise all faults at once, each with line and column.
    pub fn parse(bytes: &[u8]) -> Result<Self, WorkflowInvalid> {
        check(bytes)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text it was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// BLAKE3 of the text.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// The schema that its input has to fit.
    #[must_use]
    pub const fn input_schema(&self) -> Option<&Schema> {
        self.input.as_ref()
    }

    /// What its skills may reach.
    #[must_use]
    pub const fn grants(&self) -> &Grants {
        &self.grants
    }

    /// What it says of the money of its runs.
    #[must_use]
    pub const fn budget(&self) -> WorkflowBudget {
        self.budget
    }

    /// How long a whole run may take.
    #[must_use]
    pub const fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Its steps, in the order of the file.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Which outcomes of steps its expressions read.
    #[must_use]
    pub const fn outcomes_read(&self) -> &OutcomesRead {
        &self.outcomes
    }

    /// What a run gives; `None`: an object of every step's output.
    #[must_use]
    pub const fn output(&self) -> Option<&Binding> {
        self.output.as_ref()
    }
}
