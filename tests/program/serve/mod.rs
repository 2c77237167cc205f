//! `aos serve`, over HTTP.

mod access;
mod bad_input;
mod budgets;
pub(crate) mod client;
mod crashed;
mod document;
mod listing;
mod page;
mod resume;
mod runs;
mod sent_events;
mod view;
mod workflows;
