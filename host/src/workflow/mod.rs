//! Many invocations: the steps of a workflow, in the order that their graph allows. The file format and its rules are
//! pure and live in [`aos_core::workflow`].

mod attempt;
mod elements;
mod foreach;
mod ledger;
mod runner;
mod scope;
mod step;
mod tries;

pub(crate) use runner::stop;
pub(crate) use runner::{RunPlan, Runner};
pub(crate) use scope::Scope;
pub(crate) use tries::check_size;
