//! The pure rules, through their public API.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bounds;
mod budget;
mod canonical;
mod compare;
mod expression;
mod failure;
mod floors;
mod fuzz;
mod journal;
mod json;
mod policy;
mod retry;
mod schema;
mod sidecar;
mod trace;
mod unanswered;
mod under_way;
mod units;
mod wit;
mod workflow;
