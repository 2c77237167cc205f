//! One file a command.

mod budget;
mod budget_settle;
mod certify;
mod failures;
mod follow;
mod inspect;
mod invoke;
mod keygen;
mod new_skill;
mod prices;
mod replay;
mod report;
mod resume;
mod run;
mod skills;
mod verify;
mod watch;

pub(crate) use budget::{budget, budget_value};
pub(crate) use certify::certify;
pub(crate) use failures::failures;
pub(crate) use inspect::{diff, inspect};
pub(crate) use invoke::invoke;
pub(crate) use keygen::keygen;
pub(crate) use new_skill::new_skill;
pub(crate) use prices::prices;
pub(crate) use replay::replay;
pub(crate) use report::report;
pub(crate) use resume::resume;
pub(crate) use run::run;
pub(crate) use skills::{Described, add, check, describe, list, remove, update, wit};
pub(crate) use watch::watch;
