//! What a refusal says.

use aos_core::budget::{BudgetTracker, FailedSteps, Limits, Refusal, is_refusal};
use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::StepId;
use aos_core::units::Money;
use serde_json::json;

use super::{nanos, open, tracker};

fn refusal(code: ErrorCode) -> Refusal {
    Refusal { code, wanted: nanos(7), available: nanos(5), ceiling: nanos(9), fits_later: true }
}

#[test]
fn a_refusal_says_what_is_left_under_which_ceiling() {
    let under = |limit: &str| {
        format!("$0.000000007 do not fit: $0.000000005 are available under the {limit} of $0.000000009")
    };
    let overrun = format!("{}, as a provider billed more than its request could cost", under("ceiling"));
    let stopped = "the budget is stopped: nothing more is reserved".to_owned();
    for (code, message) in [
        (ErrorCode::BudgetExceeded, under("ceiling")),
        (ErrorCode::AbsorbedCeilingExceeded, under("absorbed ceiling")),
        (ErrorCode::StepCeilingExceeded, under("step's ceiling")),
        (ErrorCode::CostOverrun, overrun),
        (ErrorCode::BudgetStopped, stopped),
    ] {
        assert!(is_refusal(code));
        let failure = Failure::from(refusal(code));
        assert_eq!((failure.code, failure.message), (code, message));
        let details = json!({"wanted": 7, "available": 5, "ceiling": 9, "fits_later": true});
        assert_eq!(failure.details, Some(details));
    }
    assert!(!is_refusal(ErrorCode::AgentBudgetExceeded), "a run that did not begin holds nothing");
    assert!(!is_refusal(ErrorCode::FuelExhausted));
}

#[test]
fn a_ledger_shows_its_sums() {
    let tracker = BudgetTracker::with_ceiling_cents(2).unwrap();
    assert_eq!(tracker.balance().ceiling, nanos(20_000_000));
    assert_eq!(format!("{tracker:?}"), format!("BudgetTracker({:?})", tracker.balance()));
    assert!(BudgetTracker::with_ceiling_cents(u64::MAX).is_err());
    let attempt = open(&tracker);
    let _held = attempt.reserve(nanos(3)).unwrap();
    assert_eq!(attempt.tracker().balance(), tracker.balance());
}

#[test]
fn a_ledger_that_charges_failures_has_no_ceiling_for_what_they_lose() {
    let limits = |failed_steps| Limits { failed_steps, absorbed_ceiling: nanos(1), ..Limits::new(nanos(9)) };
    for (failed_steps, left) in [(FailedSteps::Charge, nanos(9)), (FailedSteps::Absorb, nanos(1))] {
        let tracker = BudgetTracker::with_limits(limits(failed_steps));
        assert_eq!((tracker.failed_steps(), tracker.balance().available()), (failed_steps, left));
        let mut before = tracker.balance();
        before.absorbed_ceiling = nanos(1);
        let restored = BudgetTracker::restored(before, failed_steps);
        assert_eq!((restored.failed_steps(), restored.balance()), (failed_steps, tracker.balance()));
    }
    assert!(FailedSteps::Absorb.is_default() && !FailedSteps::Charge.is_default());
}

#[test]
fn a_step_is_one_under_its_name_and_others_are_others() {
    let tracker = tracker(100);
    let step =
        |name: &str, ceiling| tracker.step(&StepId::new(name).unwrap(), Some(nanos(ceiling)), Money::ZERO);
    let held = step("one", 10).open_attempt().reserve(nanos(10)).unwrap();
    let refused = step("one", 90).open_attempt().reserve(nanos(1)).unwrap_err();
    assert_eq!((refused.code, refused.ceiling), (ErrorCode::StepCeilingExceeded, nanos(10)));
    assert!(step("two", 10).open_attempt().reserve(nanos(10)).is_ok());
    held.refund();
    assert!(step("one", 0).open_attempt().reserve(nanos(10)).is_ok());
}
