//! One file a command.

mod follow;
mod inspect;
mod replay;
mod resume;
mod run;
mod skills;

pub(crate) use inspect::{diff, inspect};
pub(crate) use replay::replay;
pub(crate) use resume::resume;
pub(crate) use run::run;
pub(crate) use skills::{check, describe, list, wit};
