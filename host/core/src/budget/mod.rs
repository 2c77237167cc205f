//! Money: what things cost, what a run may spend, and what it has spent. Integers only.

#![deny(clippy::float_arithmetic)]

mod account;
mod prices;
mod reservation;
mod tracker;

pub use account::AttemptAccount;
pub use prices::{ModelPrice, PriceList, PricesInvalid};
pub use reservation::{InFlight, Reservation, Settled};
pub use tracker::{Balance, BudgetTracker, FuelGrant, Refusal};
