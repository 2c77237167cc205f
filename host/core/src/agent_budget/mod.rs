//! Named budgets, which outlive runs and processes. A run takes its whole ceiling from one before it begins, and gives
//! back the rest when it ends; a run that died holds it until it goes on, or until someone settles it.
//!
//! What is here decides and remembers; a file or a database keeps the lines.

mod account;
mod line;
mod movement;

pub use account::{AgentAccount, Holding, Taking, Wish};
pub use line::{Ledger, LedgerInvalid, MAX_LEDGER_BYTES};
pub use movement::{Moved, Movement, RunSpending};
