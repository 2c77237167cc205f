//! One file a command.

mod replay;
mod run;
mod skills;

pub(crate) use replay::replay;
pub(crate) use run::run;
pub(crate) use skills::{check, describe, list, wit};
