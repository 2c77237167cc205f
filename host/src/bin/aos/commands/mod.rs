//! One file a command.

mod inspect;
mod replay;
mod run;
mod skills;

pub(crate) use inspect::{diff, inspect};
pub(crate) use replay::replay;
pub(crate) use run::run;
pub(crate) use skills::{check, describe, list, wit};
