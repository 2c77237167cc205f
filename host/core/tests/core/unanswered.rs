//! Which requests count as such that had left, have no answer, and would act again.

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::StepId;
use aos_core::journal::{
    CallClass, CallResult, Cursor, Entry, Event, Facts, Intent, Interrupted, Stamp, StepEnded,
};
use aos_core::outcome::{OutcomeCode, Spending, Status};
use aos_core::units::{Fuel, Money, Timestamp};
use serde_json::{Value, json};

use super::compare::run_started;

fn cursor(attempt: u32) -> Cursor {
    Cursor { step: StepId::new("s").unwrap(), item: None, attempt }
}

fn intent(index: u32, class: CallClass, repeatable: bool) -> Event {
    let (call, target) = ("http.send".to_owned(), "POST https://a.test/".to_owned());
    let (held, held_for, clamped_to) = (Money::ZERO, Spending::default(), None);
    let request = Value::Null;
    Event::Intent(Intent { index, call, class, target, request, repeatable, held, held_for, clamped_to })
}

fn result(index: u32, code: OutcomeCode) -> Event {
    Event::Result(CallResult {
        index,
        code,
        status: None,
        answer: None,
        failure: None,
        ends_attempt: false,
        spent_on: Spending::default(),
        spent: Money::ZERO,
        refunded: Money::ZERO,
        overrun: Money::ZERO,
    })
}

fn facts(events: impl IntoIterator<Item = Event>) -> Facts {
    let mut facts = Facts::new(Box::new(run_started()), Timestamp::EPOCH);
    for event in events {
        let stamp = Stamp { seq: 0, at: Timestamp::EPOCH };
        facts.apply(&Entry { stamp, cursor: Some(cursor(1)), event });
    }
    facts
}

#[test]
fn a_request_counts_when_it_has_no_answer_and_would_act_again() {
    let unknown = OutcomeCode::Error(ErrorCode::UnknownOutcome);
    for (events, count) in [
        (vec![intent(0, CallClass::Effect, false)], 1),
        (vec![intent(0, CallClass::Effect, true)], 0),
        (vec![intent(0, CallClass::Denied, false)], 0),
        (vec![intent(0, CallClass::Effect, false), result(0, OutcomeCode::Ok)], 0),
        (vec![intent(0, CallClass::Effect, false), result(0, unknown)], 1),
        (vec![intent(0, CallClass::Effect, true), result(0, unknown)], 0),
        (vec![intent(0, CallClass::Effect, false), intent(1, CallClass::Effect, false)], 2),
    ] {
        let facts = facts(events.clone());
        assert_eq!((facts.unanswered(&cursor(1)), facts.unanswered(&cursor(2))), (count, 0), "{events:?}");
    }
}

#[test]
fn only_an_attempt_that_was_cut_off_tells_of_them() {
    let ended = |interrupted| StepEnded {
        status: Status::Failure,
        code: OutcomeCode::Error(ErrorCode::Cancelled),
        failure: Some(Failure::new(ErrorCode::Cancelled, "x").with_details(json!({"other": true}))),
        output: None,
        fuel: Fuel::ZERO,
        memory_bytes: None,
        fuel_refunded: Money::ZERO,
        charged: Money::ZERO,
        absorbed: Money::ZERO,
        interrupted,
    };
    for (interrupted, requests, details) in [
        (Some(Interrupted::Call(0)), 2, json!({"other": true, "unanswered": 2})),
        (Some(Interrupted::Fuel(Fuel::ZERO)), 1, json!({"other": true, "unanswered": 1})),
        (Some(Interrupted::Call(0)), 0, json!({"other": true})),
        (None, 2, json!({"other": true})),
    ] {
        let mut ended = ended(interrupted);
        ended.tell_unanswered(requests);
        assert_eq!(ended.failure.unwrap().details, Some(details));
    }
}
