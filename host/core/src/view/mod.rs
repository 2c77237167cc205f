//! A journal as people look at it: steps, their attempts, what each did, what it cost and how long it took. It is made
//! entry by entry, so that a run that goes on looks as it will when it is over.

mod asked;
mod attempt;
mod call;
mod changes;
mod failures;
mod head;
mod money;
mod place;
mod planned;
mod run;
mod story;
mod under_way;

pub use attempt::{AttemptView, StepView};
pub use call::CallView;
pub use changes::{AttemptChange, Changes, StepChange};
pub use failures::FailureView;
pub use head::{Counts, Head, OutcomeView, SkillView};
pub use money::MoneyPoint;
pub use place::{Document, Place, PlaceInvalid};
pub use planned::{PlannedStep, planned};
pub use run::RunView;
pub use story::{Remark, Tone};
pub use under_way::{OpenAttempt, OpenCall, UnderWay};
