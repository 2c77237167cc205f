//! The runs to look at are what their documentation says.

use aos_host::failure::ErrorCode;
use aos_host::journal::{Because, Entry, Event, Recording, differences};
use aos_host::outcome::{OutcomeCode, Status};
use aos_host::units::Money;
use serde_json::Value;

use super::{
    TEXTS, all, budget_gone, cut_off, failed, hostile, hostile_failure, killed_half_way, many_steps, resumed,
    two_that_part,
};
use crate::support::recorded::Recorded;
use crate::support::runtime::in_time;

#[test]
fn every_one_repeats_and_adds_up() {
    in_time(async {
        for (name, run) in all().await {
            assert_ne!(run.outcome.code.as_str(), "CONFIG_INVALID", "{name}: {}", run.outcome.message);
            run.assert_sound().await;
        }
    });
}

#[test]
fn the_failed_one_asked_acted_gave_up_and_left_two_steps() {
    in_time(async {
        let run = failed().await;
        run.assert_failure(ErrorCode::UpstreamUnavailable);
        assert_eq!(run.outcome.details["step"], "ship");
        assert_eq!(
            (run.retries().len(), run.given_up()),
            (3, vec![(ErrorCode::UpstreamUnavailable, Because::AttemptsUsed)])
        );
        assert!(run.step("advice").cost.charged > Money::ZERO, "{:?}", run.step("advice").cost);
        assert_eq!(run.step("order").side_effects[0].status, Some(201));
        for left in ["label", "mail"] {
            let step = run.step(left);
            assert_eq!(
                (step.status, step.code),
                (Status::Skipped, OutcomeCode::Error(ErrorCode::DependencyFailed))
            );
        }
    });
}

#[test]
fn the_resumed_one_was_killed_in_a_question_and_asked_it_again() {
    in_time(async {
        let killed = killed_half_way().await;
        let killed = Recording::read(&killed).unwrap();
        assert!(
            killed.torn().is_some() && matches!(killed.entries().last().unwrap().event, Event::Intent(_))
        );
        let run = resumed().await;
        assert!(run.entries().iter().any(|entry| matches!(&entry.event, Event::RunResumed(_))));
        assert_eq!((run.assert_success().retries().len(), run.step("ask").attempts.len()), (1, 2));
        assert!(run.outcome.cost.absorbed > Money::ZERO);
    });
}

#[test]
fn the_one_whose_budget_is_gone_wrote_four_letters_and_posted_none() {
    in_time(async {
        let run = budget_gone().await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(
            (&run.outcome.details["step"], &run.outcome.details["item"]),
            (&"letter".into(), &4.into())
        );
        let effects = &run.step("letter").side_effects;
        let codes: Vec<_> = effects.iter().map(|effect| effect.code.as_str()).collect();
        assert_eq!(codes, ["OK", "OK", "OK", "OK", "BUDGET_EXCEEDED"]);
        let limited: Vec<_> = effects.iter().map(|effect| effect.clamped_to.is_some()).collect();
        assert_eq!(limited, [false, false, false, true, false]);
        assert_eq!(run.step("note").side_effects[0].status, Some(409));
        assert!(run.step("post").side_effects.is_empty());
    });
}

#[test]
fn the_question_of_the_one_that_was_cancelled_has_no_result_and_is_paid() {
    in_time(async {
        let run = cut_off().await;
        run.assert_failure(ErrorCode::Cancelled);
        let kinds: Vec<_> = run.entries().iter().map(|entry| entry.event.kind()).collect();
        assert!(kinds.contains(&"intent") && !kinds.contains(&"result"), "{kinds:?}");
        assert!(run.outcome.cost.absorbed > Money::ZERO);
    });
}

#[test]
fn of_many_steps_there_is_something_of_everything() {
    in_time(async {
        let run = many_steps(300).await;
        assert_eq!(
            (run.outcome.status, run.outcome.steps.len()),
            (Status::Partial, 300),
            "{}",
            run.outcome.message
        );
        let count = |status| run.outcome.steps.iter().filter(|step| step.status == status).count();
        assert_eq!([Status::Partial, Status::Failure, Status::Skipped].map(count), [4, 6, 3]);
        assert_eq!((run.retries().len(), run.step("each").attempts.len()), (3, 40));
        assert!(run.outcome.cost.charged > Money::ZERO && run.outcome.side_effects.len() > 40);
    });
}

/// Whether a text stands in it, in a value or as a name.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(values) => values.iter().any(|value| holds(value, text)),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains(text) || holds(value, text))
        }
        _ => false,
    }
}

/// The types of entries that a text stands in.
fn kinds(run: &Recorded, text: &str) -> Vec<&'static str> {
    let entries = run.entries();
    // As it is written within any other text, without its quotation marks.
    let text = format!("{text:?}");
    let with = entries.iter().filter(|entry| format!("{:?}", entry.event).contains(&text[1..text.len() - 1]));
    let mut kinds: Vec<_> = with.map(|entry| entry.event.kind()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Why an attempt failed, in words.
fn message(entry: Entry) -> Option<String> {
    match entry.event {
        Event::StepEnded(ended) => Some(ended.failure?.message),
        _ => None,
    }
}

#[test]
fn the_hostile_ones_say_everything_everywhere() {
    in_time(async {
        let (run, failure) = (hostile().await, hostile_failure().await);
        assert_eq!(run.outcome.status, Status::Partial, "{}", run.outcome.message);
        failure.assert_failure(ErrorCode::SkillError);
        let everywhere = [
            "emitted",
            "fell-back",
            "intent",
            "result",
            "run-ended",
            "run-started",
            "step-ended",
            "step-started",
        ];
        assert!(failure.outcome.message.contains(&TEXTS[..6].join(" ")), "{}", failure.outcome.message);
        let messages: Vec<_> = run.entries().into_iter().filter_map(message).collect();
        for text in TEXTS {
            assert_eq!(kinds(&run, text), everywhere, "{text:?}");
            assert!(holds(&run.outcome.output, text), "{text:?}");
            assert!(messages.iter().any(|message| message.contains(text)), "{text:?} in {messages:?}");
            assert!(
                holds(&failure.step("last").details, text),
                "{text:?} in {}",
                failure.step("last").details
            );
        }
        let codes = ["denied", "no-url"].map(|step| run.step(step).code.as_str());
        assert_eq!(codes, ["DESTINATION_DENIED", "URL_INVALID"]);
        assert!(run.journal.len() > 2_000_000, "{} bytes", run.journal.len());
    });
}

#[test]
fn the_two_part_at_one_call() {
    in_time(async {
        let [left, right] = two_that_part().await;
        let (left, right) =
            (Recording::read(&left.journal).unwrap(), Recording::read(&right.journal).unwrap());
        let found = differences(&left, &right, false);
        let first = found.first().expect("they part");
        let cursor = first.cursor.as_ref().expect("an attempt");
        assert_eq!((cursor.step.as_str(), first.index), ("other", Some(0)), "{first:?}");
    });
}
