//! The workflow format: what is right is read, and what is wrong is told with its place.

use std::time::Duration;

use aos_core::failure::ErrorCode;
use aos_core::units::Money;
use aos_core::workflow::{OnError, Workflow, find_cycle};
use proptest::prelude::*;

const GOOD: &str = r#"
aos: 1
name: good
description: two steps
input: {type: object}
grants: {hosts: [api.example.com], models: [gpt-*]}
budget: {ceiling_cents: 5}
deadline_ms: 60000
steps:
  - id: first
    skill: http_call
    with: {url: "https://api.example.com/${ .input.path }"}
    retry: {max_attempts: 2, base_ms: 10, cap_ms: 20, within_ms: 1000}
    deadline_ms: 500
  - id: second
    skill: json_transform
    needs: [first]
    when: ${ .outcomes.first.code == "OK" }
    with: {data: "${ .steps.first.body }", filter: "."}
    on_error: continue
output: ${ .steps }
"#;

fn faults(text: &str) -> Vec<(ErrorCode, usize, usize, String)> {
    let invalid = Workflow::parse(text.as_bytes()).expect_err(text);
    invalid
        .faults()
        .iter()
        .map(|fault| (fault.code, fault.line, fault.column, fault.message.clone()))
        .collect()
}

#[test]
fn a_good_file_is_read_whole() {
    let workflow = Workflow::parse(GOOD.as_bytes()).unwrap();
    assert_eq!(workflow.name(), "good");
    assert_eq!(workflow.budget().ceiling, Some(Money::from_cents(5).unwrap()));
    assert_eq!(workflow.deadline(), Some(Duration::from_secs(60)));
    let [first, second] = workflow.steps() else { panic!("two steps") };
    assert_eq!(first.retry.max_attempts, Some(2));
    assert_eq!(first.deadline, Some(Duration::from_millis(500)));
    assert_eq!(second.needs.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["first"]);
    assert_eq!(second.on_error, OnError::Continue);
    assert!(second.when.is_some() && workflow.output().is_some());
}

#[test]
fn json_is_read_as_well() {
    let text = r#"{"aos": 1, "name": "j", "steps": [{"id": "a", "skill": "s"}]}"#;
    let workflow = Workflow::parse(text.as_bytes()).unwrap();
    assert_eq!(workflow.budget().ceiling, None);
}

#[test]
fn a_reference_makes_a_need() {
    let text =
        "aos: 1\nname: n\nsteps:\n  - {id: b, skill: s, with: {x: '${ .steps.a }'}}\n  - {id: a, skill: s}\n";
    let workflow = Workflow::parse(text.as_bytes()).unwrap();
    assert_eq!(workflow.steps()[0].needs.len(), 1);
}

/// A file with one fault. What stands before `»` is where the fault is to be told.
fn marked(text: &str) -> (String, usize, usize) {
    let before = text.split('»').next().unwrap();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (text.replacen('»', "", 1), line, column)
}

fn check(code: ErrorCode, text: &str) {
    let (text, line, column) = marked(text);
    let (found, at_line, at_column, message) = faults(&text).swap_remove(0);
    assert_eq!((found, at_line, at_column), (code, line, column), "{text}\n{message}");
}

#[test]
fn each_rule_of_a_workflow_has_its_code_and_place() {
    let step = "steps:\n  - {id: a, skill: s}\n";
    for (code, head) in [
        (ErrorCode::WorkflowInvalid, "aos: »2\nname: n\n"),
        (ErrorCode::NameInvalid, "aos: 1\nname: »Bad Name\n"),
        (ErrorCode::WorkflowInvalid, "aos: 1\nname: n\n»oops: 1\n"),
        (ErrorCode::WorkflowInvalid, "aos: 1\nname: n\ndeadline_ms: »0\n"),
        (ErrorCode::BudgetInvalidAmount, "aos: 1\nname: n\nbudget: {ceiling_cents: »900719926}\n"),
        (ErrorCode::BudgetInvalidAmount, "aos: 1\nname: n\nbudget: {ceiling_cents: »-1}\n"),
        (ErrorCode::BudgetInvalidAmount, "aos: 1\nname: n\nbudget: {ceiling_cents: »1.5}\n"),
        (ErrorCode::SecretDenied, "aos: 1\nname: n\ngrants: {secrets: »[key]}\n"),
        (ErrorCode::WorkflowInvalid, "aos: 1\nname: n\ngrants: {hosts: [»\"a/b\"]}\n"),
        (ErrorCode::SchemaInvalid, "aos: 1\nname: n\ninput: {type: »5}\n"),
        (ErrorCode::WorkflowInvalid, "aos: 1\n»"),
        (ErrorCode::WorkflowInvalid, "aos: 1\n»aos: 1\nname: n\n"),
    ] {
        check(code, &format!("{head}{step}"));
    }
    check(ErrorCode::WorkflowInvalid, "aos: 1\nname: n\nsteps: »[]\n");
    check(ErrorCode::WorkflowInvalid, "»");
    check(ErrorCode::WorkflowInvalid, "»  \n \n");
    check(ErrorCode::WorkflowInvalid, "aos: »[1\nname: x");
}

#[test]
fn each_rule_of_a_step_has_its_code_and_place() {
    for (code, steps) in [
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s}\n  - {id: »a, skill: s}\n"),
        (ErrorCode::NameInvalid, "  - {id: »../a, skill: s}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, foreach: {in: »7}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, foreach: {in: »many}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, foreach: {in: [], parallel: »0}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, foreach: {in: [], parallel: »65}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, foreach: {in: [], »every: 2}}\n"),
        (ErrorCode::InvalidReference, "  - {id: a, skill: s, foreach: {in: \"${ ».item }\"}}\n"),
        (ErrorCode::InvalidReference, "  - {id: a, skill: s, with: {x: \"${ ».index }\"}}\n"),
        (ErrorCode::InvalidReference, "  - {id: a, skill: s, on_error: {fallback: \"${ ».item }\"}}\n"),
        (ErrorCode::InvalidReference, "  - {id: a, skill: s, foreach: {in: [1]}, when: \"${ ».item }\"}\n"),
        (
            ErrorCode::InvalidReference,
            "  - {id: »a, skill: s, on_error: {fallback: \"${ .outcomes.a.code }\"}}\n",
        ),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, on_error: »{fallback: 1, then: 2}}\n"),
        (ErrorCode::JsonNumberRange, "  - {id: a, skill: s, on_error: {fallback: »9007199254740992}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, retry: {also: »[TIMEOUT]}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, retry: {also: »[BUDGET_EXCEEDED]}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, retry: {never: »[SKILL_TRAP]}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, retry: {never: [»NO_SUCH_CODE]}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, on_error: »ignore}\n"),
        (ErrorCode::InvalidReference, "  - {id: a, skill: s, needs: [»b]}\n"),
        (ErrorCode::JsonNumberRange, "  - {id: a, skill: s, with: {x: »9007199254740992}}\n"),
        (ErrorCode::JsonNumberRange, "  - {id: a, skill: s, with: {x: »99999999999999999999999999}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, retry: {max_attempts: »0}}\n"),
        (ErrorCode::WorkflowInvalid, "  - {id: a, skill: s, retry: {max_attempts: »21}}\n"),
        (ErrorCode::WorkflowInvalid, "  - id: a\n    skill: s\n    when: »\"yes\"\n"),
        (ErrorCode::InvalidReference, "  - id: a\n    skill: s\n    with:\n      x: ab ${ ».steps.b } c\n"),
        (ErrorCode::InvalidReference, "  - id: a\n    skill: s\n    with:\n      x: ${ ».inptu }\n"),
        (ErrorCode::InvalidReference, "  - id: a\n    skill: s\n    with:\n      x: ${ ».steps }\n"),
        (
            ErrorCode::WorkflowInvalid,
            "  - id: a\n    skill: s\n    with:\n      x: ${ »reduce .[] as $x (0; 1) }\n",
        ),
        (ErrorCode::WorkflowInvalid, "  - id: a\n    skill: s\n    with:\n      x: »${ 1\n"),
    ] {
        check(code, &format!("aos: 1\nname: n\nsteps:\n{steps}"));
    }
}

#[test]
fn a_step_may_exclude_what_a_skill_says_and_what_it_asked_for_itself() {
    let retry = "retry: {also: [MODEL_QUOTA_EXHAUSTED], never: [SKILL_ERROR, MODEL_QUOTA_EXHAUSTED]}";
    let text = format!("aos: 1\nname: n\nsteps:\n  - {{id: a, skill: s, {retry}}}\n");
    assert!(Workflow::parse(text.as_bytes()).is_ok());
}

#[test]
fn what_is_wrong_in_a_file_is_said_to_whoever_wrote_it() {
    let step = "steps:\n  - {id: a, skill: s}\n";
    let second = format!("aos: 1\nname: n\n{step}---\n");
    for (head, words) in [
        (second.as_str(), "a second YAML document"),
        ("aos: 1\nname: n\ndeadline_ms: soon\n", "a whole number, 0 or more"),
        ("aos: 1\nname: n\ndeadline_ms: [1]\n", "a single value"),
        ("aos: 1\nname: n\ngrants: {hosts: a.example}\n", "a list"),
        ("aos: 1\nname: n\ngrants: [a]\n", "a mapping of names to values"),
        ("aos: 1\nname: [n]\n", "a single value"),
        ("aos: 1\nname: n\nname: m\n", "`name` stands here twice"),
        ("aos: 1\nname: n\noops: 1\n", "no field `oops` here; there are aos, name"),
        ("aos: 1\n", "the field `name` is missing"),
        ("aos: 1\nname: n\ninput: {$ref: \"https://example.com/x\"}\n", "leads out of the schema"),
    ] {
        let (.., message) = faults(&format!("{head}{step}")).swap_remove(0);
        assert!(message.contains(words), "{head:?}: {message}");
        for leak in ["u64", "struct", "Options", "policy", "feature", "untagged", "serde"] {
            assert!(!message.contains(leak), "{head:?}: {message}");
        }
    }
}

#[test]
fn a_fault_covers_its_value_and_no_more() {
    let text = "aos: 1\nname: Bad # no\nsteps:\n  - {id: a, skill: 's', needs: [ b ]}\n";
    let invalid = Workflow::parse(text.as_bytes()).unwrap_err();
    let covered: Vec<_> = invalid.faults().iter().map(|fault| &text[fault.span.clone()]).collect();
    assert_eq!(covered, ["Bad", "b"]);
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_text() {
    let text = "aos: 1\nname: N\ndeadline_ms: 0\nsteps:\n  - {id: a, skill: S, needs: [x]}\n";
    let codes: Vec<_> = faults(text).into_iter().map(|(code, line, ..)| (code, line)).collect();
    let expected = [
        (ErrorCode::NameInvalid, 2),
        (ErrorCode::WorkflowInvalid, 3),
        (ErrorCode::NameInvalid, 5),
        (ErrorCode::InvalidReference, 5),
    ];
    assert_eq!(codes, expected);
}

#[test]
fn a_wrong_expression_does_not_hide_a_wrong_reference_beside_it() {
    let text = "aos: 1\nname: n\nsteps:\n  - id: a\n    skill: s\n    with:\n      x: ${ 1 + }\n      y: ${ .steps.b }\n";
    let codes: Vec<_> = faults(text).into_iter().map(|(code, line, ..)| (code, line)).collect();
    assert_eq!(codes, [(ErrorCode::WorkflowInvalid, 7), (ErrorCode::InvalidReference, 8)]);
}

#[test]
fn a_circle_is_told_with_its_way() {
    let text = "aos: 1\nname: n\nsteps:\n  - {id: a, skill: s, needs: [b]}\n  - {id: b, skill: s, needs: [c]}\n  \
                - {id: c, skill: s, needs: [a]}\n  - {id: d, skill: s}\n";
    let found = faults(text);
    assert_eq!(found[0].0, ErrorCode::InvalidReference);
    assert!(found[0].3.contains("a needs b needs c needs a"), "{}", found[0].3);
    let own = faults("aos: 1\nname: n\nsteps:\n  - {id: a, skill: s, with: {x: '${ .steps.a }'}}\n");
    assert!(own[0].3.contains("a needs a"), "{}", own[0].3);
}

#[test]
fn bytes_that_are_no_text_have_a_place() {
    let invalid = Workflow::parse(b"aos: 1\nname: \xff\n").unwrap_err();
    assert_eq!((invalid.faults()[0].line, invalid.faults()[0].column), (2, 7));
    assert!(Workflow::parse(&[0; 9 << 20]).is_err());
}

#[test]
fn hostile_yaml_is_refused_in_bounded_time() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\n";
    for text in [
        bomb.to_owned(),
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(50_000),
    ] {
        assert!(Workflow::parse(text.as_bytes()).is_err());
    }
}

#[test]
fn no_circle_is_found_where_none_is() {
    let graph = [("a", vec![]), ("b", vec!["a"]), ("c", vec!["a", "b"])];
    let needs = graph.into_iter().map(|(name, needs)| (name, needs.into_iter().collect())).collect();
    assert_eq!(find_cycle(&needs), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Workflow::parse(&bytes);
    }

    #[test]
    fn a_good_file_with_one_character_changed_never_panics(place in 0..GOOD.len(), c in any::<char>()) {
        let mut text: Vec<char> = GOOD.chars().collect();
        text[place] = c;
        let _ = Workflow::parse(text.into_iter().collect::<String>().as_bytes());
    }
}
