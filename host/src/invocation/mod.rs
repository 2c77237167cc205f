//! One skill, one fresh store, one result.

mod admission;
mod answer;
mod elsewhere;
mod last_words;
mod order;
mod prepared;

pub use admission::{Admission, FunctionNote, ImportNote};
pub(crate) use admission::{admit, carry_over, examine};
pub(crate) use order::{Ended, Order, StopReason};
pub use prepared::Prepared;
