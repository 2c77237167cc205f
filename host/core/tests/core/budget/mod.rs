//! The ledger: what is held, charged, absorbed and refunded always adds up, and no ceiling is passed.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

mod agent;
mod agent_lines;
mod agent_model;
mod asked;
mod machine;
mod model;
mod operation;
mod prices;
mod quotes;
mod random;
mod refusals;
mod threads;

use aos_core::budget::{AttemptAccount, BudgetTracker, PriceList, Quote, TokenCount};
use aos_core::failure::ErrorCode;
use aos_core::ids::StepId;
use aos_core::outcome::Spending;
use aos_core::units::{Fuel, Money};

fn nanos(nanos: u64) -> Money {
    Money::from_nanos(nanos).unwrap()
}

fn tracker(ceiling: u64) -> BudgetTracker {
    BudgetTracker::new(nanos(ceiling))
}

fn parts(request: u64) -> Spending {
    Spending { request: nanos(request), ..Spending::default() }
}

fn open(tracker: &BudgetTracker) -> AttemptAccount {
    tracker.step(&StepId::new("step").unwrap(), None, Money::ZERO).open_attempt()
}

#[test]
fn a_settled_call_is_charged_when_its_attempt_succeeds() {
    let tracker = tracker(100);
    let attempt = open(&tracker);
    let settled = attempt.reserve(nanos(60)).unwrap().sent().settle(nanos(25));
    assert_eq!((settled.spent, settled.refunded, settled.overrun), (nanos(25), nanos(35), Money::ZERO));
    assert_eq!(tracker.balance().held, nanos(25));
    assert_eq!(attempt.succeed(), nanos(25));
    let balance = tracker.balance();
    assert_eq!((balance.charged, balance.held, balance.refunded), (nanos(25), Money::ZERO, nanos(35)));
    assert_eq!(balance.peak_held, nanos(60));
}

#[test]
fn a_failed_attempt_is_absorbed_and_gives_its_room_back() {
    let tracker = tracker(100);
    let attempt = open(&tracker);
    let _ = attempt.reserve(nanos(60)).unwrap().sent().settle(nanos(60));
    assert_eq!(attempt.fail(), nanos(60));
    assert_eq!(tracker.balance().absorbed, nanos(60));
    assert_eq!(tracker.balance().available(), nanos(40), "what may be lost is bounded as well");
    let refusal = open(&tracker).reserve(nanos(41)).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::AbsorbedCeilingExceeded);
}

#[test]
fn a_reservation_that_is_dropped_goes_back_and_one_in_flight_is_spent() {
    let tracker = tracker(100);
    let attempt = open(&tracker);
    drop(attempt.reserve(nanos(10)).unwrap());
    assert_eq!(tracker.balance().held, Money::ZERO);
    drop(attempt.reserve(nanos(10)).unwrap().sent());
    assert_eq!(tracker.balance().held, nanos(10));
    assert_eq!(attempt.succeed(), nanos(10));
}

#[test]
fn an_account_without_a_verdict_counts_as_failed() {
    let tracker = tracker(100);
    let attempt = open(&tracker);
    let _ = attempt.reserve(nanos(10)).unwrap().sent().settle(nanos(10));
    drop(attempt);
    assert_eq!(tracker.balance().absorbed, nanos(10));
}

#[test]
fn a_bill_beyond_the_worst_case_is_an_overrun_and_not_charged() {
    let tracker = tracker(100);
    let attempt = open(&tracker);
    let settled = attempt.reserve(nanos(10)).unwrap().sent().settle(nanos(15));
    assert_eq!((settled.spent, settled.overrun), (nanos(10), nanos(5)));
    assert_eq!(attempt.succeed(), nanos(10));
}

#[test]
fn of_two_that_fit_alone_but_not_together_one_is_refused() {
    let tracker = tracker(100);
    let (one, two) = (open(&tracker), open(&tracker));
    let held = one.reserve(nanos(60)).unwrap();
    let refusal = two.reserve(nanos(60)).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.available, refusal.fits_later),
        (ErrorCode::BudgetExceeded, nanos(40), true)
    );
    assert!(!two.reserve(nanos(101)).unwrap_err().fits_later);
    held.refund();
    assert!(two.reserve(nanos(60)).is_ok());
}

#[test]
fn a_question_that_would_be_cut_to_fit_later_is_told_apart_from_one_that_never_fits() {
    let tracker = tracker(100);
    let attempt = open(&tracker);
    let answer = |tokens| Quote::FREE.and_answer(tokens, 1_000_000);
    let held = attempt.reserve(nanos(90)).unwrap();
    let refusal = attempt.reserve_quote(&answer(101)).unwrap_err();
    assert_eq!((refusal.wanted, refusal.available), (nanos(101), nanos(10)));
    assert!(refusal.fits_later, "an untouched budget affords 100 of its tokens");
    assert!(!attempt.reserve_quote(&Quote::fixed(parts(101))).unwrap_err().fits_later);
    held.refund();
    let (_held, fitted) = attempt.reserve_quote(&answer(101)).unwrap();
    assert_eq!(fitted.clamped_to, Some(100));
    let all = BudgetTracker::new(Money::MAX);
    let attempt = open(&all);
    for held in [Money::ZERO, nanos(1)] {
        let _held = attempt.reserve(held).unwrap();
        let refusal = attempt.reserve_quote(&Quote::unaffordable()).unwrap_err();
        assert_eq!((refusal.code, refusal.wanted), (ErrorCode::BudgetExceeded, Money::MAX));
        assert!(!refusal.fits_later, "no budget has it");
    }
}

#[test]
fn a_step_that_used_more_than_money_can_say_gets_nothing_more() {
    let tracker = BudgetTracker::new(Money::MAX);
    let step = tracker.step(&StepId::new("step").unwrap(), Some(Money::MAX), Money::ZERO);
    let part = |tenths: u64| nanos(Money::MAX.nanos() / 10 * tenths);
    let spend = |tenths, billed| {
        let attempt = step.open_attempt();
        let _ = attempt.reserve(part(tenths)).unwrap().sent().settle(part(billed));
        attempt
    };
    spend(4, 4).succeed();
    spend(4, 4).fail();
    let later = step.open_attempt();
    let held = later.reserve(nanos(1)).unwrap();
    spend(1, 3).succeed();
    held.refund();
    assert_eq!(
        tracker.balance().available(),
        part(3).saturating_add(nanos(1)),
        "of the run there is some left"
    );
    assert_eq!(later.reserve(nanos(1)).unwrap_err().code, ErrorCode::StepCeilingExceeded);
}

#[test]
fn amounts_at_the_ends_neither_wrap_nor_panic() {
    let tracker = BudgetTracker::new(Money::MAX);
    let attempt = open(&tracker);
    let all = attempt.reserve(Money::MAX).unwrap();
    assert!(attempt.reserve(nanos(1)).is_err());
    assert!(attempt.reserve(Money::ZERO).is_ok());
    assert!(attempt.reserve(Money::MAX).is_err());
    let _ = all.sent().settle(Money::MAX);
    assert_eq!(attempt.succeed(), Money::MAX);
    assert_eq!(tracker.balance().available(), Money::ZERO);
}

#[test]
fn fuel_is_what_the_contract_says_or_what_the_rest_affords() {
    let contract = Fuel::new(1_000_000_000).unwrap();
    let buy = |ceiling, estimate| open(&tracker(ceiling)).buy_fuel(contract, nanos(estimate), 500);
    let (grant, hold) = buy(10_000_000, 0).unwrap();
    assert_eq!((grant.fuel, grant.price, grant.cut_by), (contract, nanos(500_000), None));
    assert_eq!(hold.amount(), grant.price);
    let (grant, _hold) = buy(1_000, 500).unwrap();
    assert_eq!((grant.fuel.units(), grant.price), (1_000_000, nanos(500)));
    assert_eq!(grant.cut_by, Some(ErrorCode::BudgetExceeded));
    assert_eq!(buy(0, 0).unwrap_err().code, ErrorCode::BudgetExceeded);
    assert!(buy(100, 101).is_err());
}

#[test]
fn the_bundled_prices_read_and_keep_a_contract_under_a_tenth_of_a_cent() {
    let prices = PriceList::bundled().unwrap();
    assert!(Money::of_units(1_000_000_000, prices.fuel).unwrap() < nanos(1_000_000));
    let mini = prices.model("gpt-4o-mini").unwrap();
    let of = |input, cached, output| {
        mini.of(TokenCount { input, cached, output, ..TokenCount::default() }).total()
    };
    assert_eq!(of(1_000_000, 0, 1_000_000), nanos(750_000_000));
    assert_eq!(of(10, 10, 0), nanos(750));
    assert_eq!(of(1, 5, 0), nanos(375), "a provider that contradicts itself is taken at its dearest");
    assert_eq!(of(u64::MAX, 0, u64::MAX), Money::MAX);
    assert_eq!(prices.model("no-such-model"), None);
    assert_eq!(prices.digest(), PriceList::bundled().unwrap().digest());
}
