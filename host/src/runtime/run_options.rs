//! How one run differs from what its workflow says.

use std::sync::Arc;

use aos_core::agent_budget::{RunSpending, Wish};
use aos_core::budget::{FailedSteps, Limits};
use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::RunId;
use aos_core::journal::Sink;
use aos_core::trace::TraceParent;
use aos_core::units::{Money, Timestamp};
use aos_core::workflow::{DEFAULT_CEILING_CENTS, WorkflowBudget};

use crate::providers::AgentBudget;
use crate::sandbox::caught_in;

/// How one run differs from what its workflow says.
#[derive(Default)]
pub struct RunOptions {
    pub(super) id: Option<RunId>,
    pub(super) sink: Option<Box<dyn Sink>>,
    pub(super) money: MoneyOptions,
    pub(super) trace: Option<TraceParent>,
}

/// What a run may spend, and where it comes from.
#[derive(Default)]
pub(super) struct MoneyOptions {
    ceiling: Option<Money>,
    absorbed_ceiling: Option<Money>,
    pub(super) budget: Option<Arc<dyn AgentBudget>>,
    journal: Option<String>,
}

impl RunOptions {
    /// Its id, one of [`Runtime::new_id`](super::Runtime::new_id); without it, a new one.
    #[must_use]
    pub const fn id(mut self, id: RunId) -> Self {
        self.id = Some(id);
        self
    }

    /// Where the journal goes; without it, into memory, and it is gone with the run.
    #[must_use]
    pub fn journal(mut self, sink: impl Sink + 'static) -> Self {
        self.sink = Some(Box::new(sink));
        self
    }

    /// The trace that the run is part of. It stands in the journal, and is handed on to the hosts that the run calls.
    #[must_use]
    pub const fn trace(mut self, parent: TraceParent) -> Self {
        self.trace = Some(parent);
        self
    }

    /// The most that may be charged, instead of the workflow's own ceiling.
    #[must_use]
    pub const fn ceiling(mut self, ceiling: Money) -> Self {
        self.money.ceiling = Some(ceiling);
        self
    }

    /// The most that failed attempts may lose, instead of what the workflow says.
    #[must_use]
    pub const fn absorbed_ceiling(mut self, ceiling: Money) -> Self {
        self.money.absorbed_ceiling = Some(ceiling);
        self
    }

    /// A named budget, from which the run takes its ceilings before it begins. Without a ceiling of its own, it takes
    /// what there is, up to the usual one. `journal` is where its journal is, for whoever has to settle a run that died.
    #[must_use]
    pub fn budget(mut self, budget: Arc<dyn AgentBudget>, journal: Option<String>) -> Self {
        self.money.budget = Some(budget);
        self.money.journal = journal;
        self
    }
}

impl MoneyOptions {
    /// What a run may spend. It is taken from the named budget, where there is one.
    pub(super) fn take(&self, run: RunId, said: WorkflowBudget, at: Timestamp) -> Result<Limits, Failure> {
        let own = self.ceiling.or(said.ceiling);
        let usual = Money::from_cents(DEFAULT_CEILING_CENTS).unwrap_or(Money::MAX);
        let ceiling = own.unwrap_or(usual);
        let to_lose = self.absorbed_ceiling.or(said.absorbed_ceiling);
        let absorbed_ceiling = match (said.failed_steps, self.absorbed_ceiling) {
            (FailedSteps::Absorb, _) => to_lose.unwrap_or(ceiling),
            (FailedSteps::Charge, None) => Money::ZERO,
            (FailedSteps::Charge, Some(_)) => {
                let message = "the workflow says failed_steps: charge, so that nothing is absorbed; leave out the \
                               ceiling for what is";
                return Err(Failure::new(ErrorCode::ConfigInvalid, message));
            }
        };
        let limits = Limits { ceiling, absorbed_ceiling, failed_steps: said.failed_steps };
        let Some(budget) = &self.budget else { return Ok(limits) };
        let or_less = own.is_none() && to_lose.is_none();
        let wish = Wish { ceiling, absorbed_ceiling, or_less, journal: self.journal.clone() };
        let taking = budget.take(run, wish, at)?;
        Ok(Limits { ceiling: taking.ceiling, absorbed_ceiling: taking.absorbed_ceiling, ..limits })
    }

    /// A run that could not begin has spent nothing.
    pub(super) fn give_back(&self, run: RunId, at: Timestamp) {
        if let Some(budget) = &self.budget {
            // Where that fails, the run holds its ceilings until someone settles it.
            let _ = caught_in(|| budget.settle(run, RunSpending::default(), at));
        }
    }
}
