//! What people are shown of a run: the runs to look at, and the figures of each.

mod changes;
mod figures;
mod pages;
pub(crate) mod scenes;
mod story;
