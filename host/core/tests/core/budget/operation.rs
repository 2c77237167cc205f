//! What can be done to a ledger, chosen at random: which of the things that are there a number means is said when it is
//! done.

use aos_core::units::MAX_EXACT_INTEGER;
use proptest::prelude::*;

use super::asked::{Asked, asked};

/// One thing that is done.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    OpenStep(Option<u64>),
    OpenAttempt(usize),
    Reserve(usize, Amount),
    ReserveQuote(usize, Asked),
    BuyFuel(usize, Fuel),
    Refund(usize),
    DropReserved(usize),
    Send(usize),
    Settle(usize, Bill),
    DropInFlight(usize),
    Succeed(usize),
    Fail(usize),
    DropAccount(usize),
    Stop(bool),
    /// The process ends, and what the run's books say is taken up by another one.
    Kill,
}

/// How much.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount {
    Just(u64),
    /// What is left, or one more, or one less.
    Left(i8),
}

/// What comes back as the price of a hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bill {
    Just(u64),
    /// A part of 255.
    Part(u8),
    /// All of it, or one more, or one less.
    About(i8),
}

/// How much fuel is wanted, beside an estimate, at a price for a million units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fuel {
    pub(crate) most: u64,
    pub(crate) estimate: Amount,
    pub(crate) price: u64,
}

/// What a run may spend: `None` for what failures lose means that they are charged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ceilings {
    pub(crate) charged: u64,
    pub(crate) absorbed: Option<u64>,
    /// What one is worth in all that is done, but for what things cost.
    pub(crate) unit: u64,
}

impl Ceilings {
    /// So many units, at most the most that money can say.
    pub(crate) fn of(&self, units: u64) -> u64 {
        units.saturating_mul(self.unit).min(MAX_EXACT_INTEGER)
    }
}

pub(crate) fn ceilings() -> impl Strategy<Value = Ceilings> {
    let unit = prop_oneof![3 => Just(1), 1 => Just(MAX_EXACT_INTEGER / 300)];
    (ceiling(), prop::option::weighted(0.7, ceiling()), unit).prop_map(|(charged, absorbed, unit)| Ceilings {
        charged,
        absorbed,
        unit,
    })
}

pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    let pick = any::<usize>;
    prop_oneof![
        2 => prop::option::weighted(0.8, ceiling_of_step()).prop_map(Operation::OpenStep),
        4 => pick().prop_map(Operation::OpenAttempt),
        12 => (pick(), amount()).prop_map(|(attempt, amount)| Operation::Reserve(attempt, amount)),
        4 => (pick(), asked()).prop_map(|(attempt, asked)| Operation::ReserveQuote(attempt, asked)),
        3 => (pick(), fuel()).prop_map(|(attempt, fuel)| Operation::BuyFuel(attempt, fuel)),
        2 => pick().prop_map(Operation::Refund),
        1 => pick().prop_map(Operation::DropReserved),
        10 => pick().prop_map(Operation::Send),
        8 => (pick(), bill()).prop_map(|(hold, bill)| Operation::Settle(hold, bill)),
        1 => pick().prop_map(Operation::DropInFlight),
        2 => pick().prop_map(Operation::Succeed),
        2 => pick().prop_map(Operation::Fail),
        1 => pick().prop_map(Operation::DropAccount),
        2 => prop::bool::weighted(0.1).prop_map(Operation::Stop),
        1 => Just(Operation::Kill),
    ]
}

fn at_the_ends() -> impl Strategy<Value = u64> {
    prop::sample::select(vec![0, 1, MAX_EXACT_INTEGER - 1, MAX_EXACT_INTEGER])
}

fn ceiling() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..900_u64, 1 => at_the_ends()]
}

fn ceiling_of_step() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..150_u64, 2 => 150..400_u64, 1 => at_the_ends()]
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        8 => (0..12_u64).prop_map(Amount::Just),
        4 => (0..100_u64).prop_map(Amount::Just),
        1 => at_the_ends().prop_map(Amount::Just),
        1 => (-1..=1_i8).prop_map(Amount::Left),
    ]
}

fn bill() -> impl Strategy<Value = Bill> {
    prop_oneof![
        12 => any::<u8>().prop_map(Bill::Part),
        3 => (-1..=1_i8).prop_map(Bill::About),
        2 => (0..20_u64).prop_map(Bill::Just),
        1 => at_the_ends().prop_map(Bill::Just),
    ]
}

fn fuel() -> impl Strategy<Value = Fuel> {
    let most = prop_oneof![4 => 0..100_000_000_u64, 1 => at_the_ends()];
    let price = prop_oneof![4 => 0..1_000_000_u64, 1 => Just(0), 1 => Just(u64::MAX)];
    (most, amount(), price).prop_map(|(most, estimate, price)| Fuel { most, estimate, price })
}
