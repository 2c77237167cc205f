//! The jq language, by the jaq crates, without what would make a result depend on more than the input.
//!
//! `program` compiles and runs a filter; `vocabulary` says which filters there are, of which `formats`, `math`
//! and `patterns` hold those that jaq keeps behind its clock; `value` brings results back to JSON.

mod formats;
mod math;
mod patterns;
mod position;
mod program;
#[cfg(test)]
mod tests;
mod value;
mod vocabulary;

pub(crate) use position::Position;
pub(crate) use program::run;
