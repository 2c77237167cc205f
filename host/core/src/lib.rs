//! The pure rules of AOS: no clock, no file, no network, no thread.
//!
//! A caller brings the world; this crate decides. Two floors live here. A file imports only from rooms that stand before
//! its own in this list, or from its own room (a test reads the list, so it is the rule):
//!
//! - floor 0, words: `units` `ids` `canonical` `failure` `json` `yaml` `skill` `trace` `outcome`
//! - floor 1, rules: `schema` `wit` `policy` `sidecar` `budget` `journal` `agent_budget` `retry` `workflow` `view`
//!
//! ```
//! use aos_core::budget::BudgetTracker;
//! use aos_core::ids::StepId;
//! use aos_core::units::Money;
//!
//! let tracker = BudgetTracker::with_ceiling_cents(1)?;
//! let attempt = tracker.step(&StepId::new("fetch")?, None, Money::ZERO).open_attempt();
//! let held = attempt.reserve(Money::from_nanos(4_000_000)?)?;
//! held.sent().settle(Money::from_nanos(1_500_000)?);
//! attempt.succeed();
//! assert_eq!(tracker.balance().charged, Money::from_nanos(1_500_000)?);
//! assert_eq!(tracker.balance().held, Money::ZERO);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod agent_budget;
pub mod budget;
pub mod canonical;
pub mod failure;
pub mod ids;
pub mod journal;
pub mod json;
pub mod outcome;
pub mod policy;
pub mod retry;
pub mod schema;
pub mod sidecar;
pub mod skill;
pub mod trace;
pub mod units;
pub mod view;
pub mod wit;
pub mod workflow;
pub mod yaml;
