//! One skill, one fresh store, one result.

mod admission;
mod admitted;
mod answer;
mod callee;
mod command;
mod contract;
mod elsewhere;
mod exports;
mod handler;
mod last_words;
mod native;
mod not_callable;
mod order;
mod prepared;
mod skill_names;
mod values;
mod wit_docs;

pub use admission::{Admission, FunctionNote, ImportNote, Need};
pub(crate) use admission::{admit, carry_over, examine};
pub(crate) use admitted::Admitted;
pub use admitted::{Naming, Uncallable};
pub use native::NativeSkill;
pub(crate) use order::{Ended, Order, StopReason};
pub use prepared::Prepared;
