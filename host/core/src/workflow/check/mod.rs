//! From the shape of a file to a workflow: every rule of the format, and every fault with its place.

mod checker;
mod expressions;
mod read;
mod step;
mod workflow;

pub(super) use read::check;
