//! Money: what things cost, what a run may spend, and what it has spent. Integers only.

#![deny(clippy::float_arithmetic)]

mod account;
mod books;
mod exact;
mod http_price;
mod model_price;
mod prices;
mod quote;
mod refusal;
mod reservation;
mod sync;
mod tracker;

pub use account::{AttemptAccount, FuelGrant};
pub use http_price::HttpPrice;
pub use model_price::{ModelPrice, PriceTier, TokenCount};
pub use prices::{PriceList, PricesInvalid};
pub use quote::{Fitted, LEAST_TOKENS, Quote};
pub use refusal::{Refusal, is_refusal};
pub use reservation::{InFlight, Reservation, Settled};
pub use tracker::{Balance, BudgetTracker, FailedSteps, Limits, StepAccount, StopFlag};
