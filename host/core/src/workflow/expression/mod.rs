//! The expressions of a workflow: jq in `${ ... }`.
//!
//! This room owns what an expression may say, what it means, how much it may do, and what it refers to. It is
//! pure: no clock, no files, no randomness, and the same text and the same values give the same answer on
//! every machine. It must never run anything that it cannot end: jq that needs more is a `json_transform`
//! step, in the sandbox, under fuel.
//!
//! The way of a text: `template` finds the `${ ... }` in a string; `bound` refuses what is too much for a
//! parser that recurses; jaq lexes and parses; `survey` and `lower` make of that a `tree` in which only
//! what is permitted can be written; `walk` evaluates it, and `references` tells what it can read.
//!
//! It follows jq 1.7, as jaq does, but for these decisions:
//!
//! - Numbers are doubles, and what they mean depends on their double only. A number that is not finite, or an
//!   integer past 2^53 - 1 that JSON would write as one, is an error where it is made.
//! - The members of an object are in the order of their names.
//! - The order of evaluation is that of jq and not that of jaq: of `f + g`, `g` varies slowest.
//! - `*` before `%` needs parentheses, because jq and jaq read them differently. Strings are not repeated.
//! - There are no variables, definitions, assignments, formats or regular expressions, and no recursion.

mod binding;
mod bound;
mod call;
mod construct;
mod entries;
mod error;
#[expect(clippy::module_inception, reason = "the noun of the file is the noun of the room")]
mod expression;
mod fault;
mod function;
mod json;
mod kind;
pub mod limit;
mod lower;
mod lower_path;
mod meter;
mod number;
mod operator;
mod order;
mod parse;
mod path;
mod references;
mod scan;
mod sequence;
mod survey;
mod template;
mod text;
mod tree;
mod walk;

pub use self::{
    binding::{Binding, BindingError, BindingFault, BindingReferences},
    error::{EvaluationError, EvaluationErrorKind},
    expression::Expression,
    fault::{ExpressionFault, FaultKind},
    references::References,
    template::Template,
};
