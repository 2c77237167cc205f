//! What a skill says of its own failure, and what the host makes of it: every class, with every kind of word, of cause
//! and of pause.

use aos_host::Runtime;
use aos_host::failure::{ErrorCategory, ErrorCode, catalog};
use aos_host::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_host::units::MAX_EXACT_INTEGER;
use aos_host::workflow_format::Workflow;
use serde_json::{Value, json};

use crate::support::flow::one_step;
use crate::support::recorded::{assert_fits_schema, record};
use crate::support::runtime::{in_time, stubbed};

/// Every class that a skill can name, and what the host makes of it without a cause.
const CATEGORIES: [(&str, ErrorCategory); 9] = [
    ("transient", ErrorCategory::Transient),
    ("permanent", ErrorCategory::Permanent),
    ("resource", ErrorCategory::Resource),
    ("validation", ErrorCategory::Validation),
    ("permission", ErrorCategory::Skill),
    ("skill", ErrorCategory::Skill),
    ("integrity", ErrorCategory::Skill),
    ("infrastructure", ErrorCategory::Skill),
    ("cancelled", ErrorCategory::Skill),
];

/// Codes that a skill may give itself.
const CLAIMABLE: [&str; 3] = ["TRANSFORM_ERROR", "MODEL_OUTPUT_TRUNCATED", "MODEL_OUTPUT_INVALID"];

/// What a skill can give as its cause.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cause {
    None,
    /// A call that was denied.
    True,
    /// A call that was never made.
    False,
}

/// A workflow of one attempt in which the probe is denied a call, and fails in its own words.
fn failing(error: &Value) -> String {
    let denied = json!({"method": "GET", "url": "https://elsewhere.example/"});
    let step = json!({
        "with": {"do": "fail", "first": [denied], "error": error}, "retry": {"max_attempts": 1},
    });
    one_step(json!({}), "probe", step)
}

fn said(category: &str, word: Option<&str>, cause: Cause, pause: Option<u64>) -> Value {
    let cause = match cause {
        Cause::None => None,
        Cause::True => Some(0),
        Cause::False => Some(7),
    };
    json!({"message": "in its own words", "category": category, "code": word, "cause": cause, "retry_after_ms": pause})
}

async fn outcome(runtime: &Runtime, error: &Value) -> StructuredOutcome {
    let workflow = Workflow::parse(failing(error).as_bytes()).unwrap();
    let outcome = runtime.run(&workflow, json!({})).await;
    assert_fits_schema(&outcome);
    assert_eq!(outcome.status, Status::Failure, "{error}");
    outcome
}

/// Code, class, pause and finer word that the host has to come to.
fn expected(
    (said, category): (&str, ErrorCategory),
    word: Option<&str>,
    cause: Cause,
    pause: Option<u64>,
) -> (ErrorCode, ErrorCategory, Option<u64>, Option<String>) {
    let by_row = |code: ErrorCode| (code, code.row().category, None, None);
    match (cause, word) {
        (Cause::True, _) => by_row(ErrorCode::DestinationDenied),
        (Cause::False, _) => by_row(ErrorCode::AbiViolation),
        (Cause::None, Some(word)) if CLAIMABLE.contains(&word) => by_row(word.parse().expect(said)),
        (Cause::None, word) => {
            let pause = pause.map(|pause| pause.min(3_600_000));
            (ErrorCode::SkillError, category, pause, word.map(str::to_owned))
        }
    }
}

#[test]
fn what_a_skill_says_of_its_failure_comes_to_what_it_may_say() {
    in_time(async {
        let runtime = stubbed("{}").await;
        for category in CATEGORIES {
            for word in
                [None, Some(CLAIMABLE[0]), Some(CLAIMABLE[2]), Some("HOST_PANIC"), Some("no word\u{202e}")]
            {
                for cause in [Cause::None, Cause::True, Cause::False] {
                    for pause in [None, Some(0), Some(MAX_EXACT_INTEGER)] {
                        let outcome = outcome(&runtime, &said(category.0, word, cause, pause)).await;
                        let (code, class, hint, finer) = expected(category, word, cause, pause);
                        let place = format!("{category:?} {word:?} {cause:?} {pause:?}");
                        assert_eq!(outcome.code, OutcomeCode::Error(code), "{place}");
                        assert_eq!(outcome.category, Some(class), "{place}");
                        assert_eq!(outcome.retry_after_ms, hint, "{place}");
                        assert_eq!(
                            outcome.details.get("subcode"),
                            finer.map(Value::from).as_ref(),
                            "{place}"
                        );
                        let own_words = outcome.message.contains("in its own words");
                        assert_eq!(own_words, cause != Cause::False, "{place}: {}", outcome.message);
                    }
                }
            }
        }
    });
}

#[test]
fn no_word_of_the_catalogue_but_three_can_be_claimed() {
    in_time(async {
        let runtime = stubbed("{}").await;
        for row in catalog().rows() {
            let outcome = outcome(&runtime, &said("infrastructure", Some(row.word), Cause::None, None)).await;
            let code = if CLAIMABLE.contains(&row.word) { row.code } else { ErrorCode::SkillError };
            assert_eq!(outcome.code, OutcomeCode::Error(code), "{}", row.word);
        }
    });
}

#[test]
fn what_a_skill_says_at_length_is_cut_and_what_is_no_json_is_left_out() {
    in_time(async {
        let runtime = stubbed("{}").await;
        let long = "ü".repeat(100_000);
        let mut error = said("skill", Some(&long), Cause::None, None);
        error["message"] = json!(long);
        error["pointer"] = json!(long);
        error["details"] = json!(json!({"subcode": "HOST_PANIC", "long": long}).to_string());
        let run = record(&runtime, &failing(&error), json!({})).await;
        run.assert_failure(ErrorCode::SkillError);
        let outcome = run.step("call");
        assert!(
            outcome.message.len() <= 512 && run.outcome.message.len() <= 600,
            "{}",
            outcome.message.len()
        );
        for name in ["subcode", "pointer"] {
            let text = outcome.details[name].as_str().unwrap();
            assert!(text.starts_with('ü') && text.len() <= 512, "{name} has {} bytes", text.len());
        }
        assert!(outcome.details.to_string().len() < 32 << 10);
        error["details"] = json!("{no JSON");
        let run = record(&runtime, &failing(&error), json!({})).await;
        assert!(run.step("call").details.get("long").is_none());
    });
}
