//! The workflow format: from a file's text to a [`Workflow`] that cannot be wrong. `docs/workflow-format.md` describes
//! it for people.

mod check;
pub mod expression;
mod fault;
mod file;
mod plan;
mod positions;
mod spec;

pub use fault::{Fault, WorkflowInvalid};
pub use plan::find_cycle;
pub use spec::{
    DEFAULT_CEILING_CENTS, ForEach, MAX_ITEMS, MAX_PARALLEL, MAX_STEPS, MAX_WORKFLOW_BYTES, OnError,
    OutcomesRead, Step, Workflow, WorkflowBudget,
};
