//! Every bound holds, and nothing gets past one: not by its text, not by its values.

use serde_json::{Value, json};

use super::{
    evaluate,
    room::{Binding, EvaluationErrorKind, Expression, ExpressionFault, FaultKind, limit},
};

fn fault(text: &str) -> ExpressionFault {
    Expression::parse(text).expect_err("a text past the bound")
}

fn passes_a_bound(text: &str, root: &Value) -> bool {
    evaluate(text, root).is_err_and(|error| error.kind == EvaluationErrorKind::Limit)
}

#[test]
fn the_longest_text_is_2048_bytes() {
    let longest = format!("\"{}\"", "x".repeat(limit::TEXT_BYTES - 2));
    assert!(Expression::parse(&longest).is_ok());
    let longer = format!("{longest} ");
    let fault = fault(&longer);
    assert_eq!((fault.kind, fault.span), (FaultKind::Limit, 0..2_049));
}

#[test]
fn the_129th_token_is_refused() {
    for (one, last) in [("1+", "1"), ("-", "1"), (".|", "."), ("1 and ", "1"), ("1,", "1"), ("1//", "1")] {
        let most = format!("{}{last}", one.repeat(limit::TOKENS));
        assert!(Expression::parse(&most).is_ok(), "{one}");
        let fault = fault(&format!("{one}{most}"));
        assert_eq!(fault.kind, FaultKind::Limit, "{one}");
    }
    assert!(Expression::parse(&format!("1{}", "?".repeat(limit::TOKENS))).is_ok());
    let fault = fault(&format!("1{}", "?".repeat(limit::TOKENS + 1)));
    assert_eq!((fault.kind, fault.span), (FaultKind::Limit, 129..130));
}

#[test]
fn tokens_in_strings_and_comments_do_not_count() {
    let text = format!("\"{}\" # {}", "+(".repeat(200), "|[".repeat(200));
    assert!(Expression::parse(&text).is_ok());
}

#[test]
fn the_33rd_level_is_refused() {
    let nestings = [
        ("[", "1", "]"),
        ("(", "1", ")"),
        ("{a:", "1", "}"),
        ("\"\\(", "1", ")\""),
        ("map(", ".", ")"),
        (".[", "0", "]"),
        ("if ", "1", " then 1 end"),
    ];
    for (open, inner, close) in nestings {
        let nested = |levels: usize| format!("{}{inner}{}", open.repeat(levels), close.repeat(levels));
        assert!(Expression::parse(&nested(limit::NESTING)).is_ok(), "{open}");
        let fault = fault(&nested(limit::NESTING + 1));
        assert_eq!(fault.kind, FaultKind::Limit, "{open}");
        assert!(fault.message.contains("32 deep"), "{}", fault.message);
    }
}

#[test]
fn the_100_001st_step_is_not_taken() {
    // The array, the path in it and the base of the path take a step each, and so does each element.
    let most = usize::try_from(limit::STEPS).expect("steps fit") - 4;
    assert!(evaluate("[.[]]", &json!(vec![Value::Null; most])).is_ok());
    let error = evaluate("[.[]]", &json!(vec![Value::Null; most + 1])).expect_err("a step too many");
    assert_eq!(error.kind, EvaluationErrorKind::Limit);
    assert_eq!(error.message, "evaluation takes more than 100000 steps");
}

#[test]
fn products_end_at_the_bound() {
    let root = json!(vec![1; 60]);
    for text in [
        "[.[] + .[] + .[]]",
        "[{a: .[], b: .[], c: .[]}]",
        "[\"\\(.[])\\(.[])\\(.[])\"]",
        "[.[.[], .[], .[]:.[], .[]][.[]]]",
        "[.[] | [1,2,3,4,5,6,7,8,9] | .[] + .[] + .[] + .[]]",
    ] {
        let text = text.replace(" as_path", ", .[] | (1,2,3) + (1,2,3) + (1,2,3) + (1,2,3) + (1,2,3)");
        assert!(passes_a_bound(&text, &root), "{text}");
    }
}

#[test]
fn comparisons_count_by_what_they_compare() {
    let big = json!(vec![1; 100_000]);
    let root = json!({"n": vec![0; 400], "a": big, "b": big});
    assert_eq!(evaluate(".a == .b", &root), Ok(json!(true)));
    assert!(!passes_a_bound("[(.n[] | true) and (.a == .b)]", &json!({"n": [], "a": 1})));
    assert!(passes_a_bound("[(.n[] == 0) and (.a == .b)]", &root));
    let long = "x".repeat(1_000_000);
    let root = json!({"n": vec![0; 1_000], "a": long, "b": long});
    assert!(passes_a_bound("[(.n[] == 0) and (.a == .b)]", &root));
    assert!(passes_a_bound("[(.n[] == 0) and (.a | startswith(.))]", &root));
    assert!(passes_a_bound("[(.n[] == 0) and ((.a | length) > 0)]", &root));
}

#[test]
fn at_most_16_mib_are_made() {
    let root = json!({"text": "x".repeat(1 << 20), "items": vec!["y"; 1_000]});
    let doubled = |times: usize| format!(".text{}|length", "|.+.".repeat(times));
    assert_eq!(evaluate(&doubled(3), &root), Ok(json!(8 << 20)));
    assert!(passes_a_bound(&doubled(5), &root));
    for text in [
        "[.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]",
        "\"\\(.text)\\(.text)\\(.text)\\(.text)\\(.text)\\(.text)\\(.text)\\(.text)\\(.text)\"",
        "[.items[] as_value]",
        ".items | map({a: ., b: .}) | map([., ., ., ., ., ., ., .]) | map([., ., ., ., ., ., ., .])",
        "[.text,.text,.text,.text] | tojson | tojson | tojson",
        ".text / \"\"",
        "[.text,.text,.text,.text,.text,.text,.text,.text,.text,.text] | join(\",\")",
        "[.text,.text,.text,.text,.text,.text,.text,.text,.text,.text] | add",
        "(.text | tojson) as_text",
    ] {
        let text = text.replace(" as_value", "|{a:.,b:.,c:.,d:.}|[.,.,.,.]|[.,.,.,.]|[.,.,.,.]|[.,.,.,.]");
        let text = text.replace(" as_text", "|[.,.,.,.]|tojson|[.,.,.,.]|tojson");
        assert!(passes_a_bound(&text, &root), "{text}");
    }
}

#[test]
fn what_is_only_looked_at_is_not_made() {
    let root = json!({"steps": {"big": {"text": "x".repeat(20 << 20), "field": 7}}});
    assert_eq!(evaluate(".steps.big.field", &root), Ok(json!(7)));
    assert_eq!(evaluate(".steps.big.text | length", &root), Ok(json!(20 << 20)));
    assert_eq!(evaluate(".steps | .big | select(.field == 7) | .field", &root), Ok(json!(7)));
    assert_eq!(evaluate("if .steps.big then .steps.big.field else .steps.big end", &root), Ok(json!(7)));
    assert!(passes_a_bound(".steps.big", &root));
}

#[test]
fn deep_json_is_refused_before_it_is_read() {
    let nested = |levels: usize| json!(format!("{}{}", "[".repeat(levels), "]".repeat(levels)));
    assert!(evaluate("fromjson | type", &nested(limit::JSON_DEPTH - 1)).is_ok());
    assert!(passes_a_bound("fromjson | type", &nested(limit::JSON_DEPTH)));
    assert!(passes_a_bound("fromjson | type", &nested(1_000_000)));
    assert!(passes_a_bound("fromjson?", &json!("{\"a\":".repeat(100_000))));
    assert!(evaluate("fromjson", &json!(format!("\"{}\"", "[".repeat(1_000)))).is_ok());
    let wide = json!(format!("[{}0]", "0,".repeat(600_000)));
    assert!(passes_a_bound("fromjson | length", &wide));
}

#[test]
fn a_value_is_at_most_96_deep() {
    let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
    assert!(evaluate("[.]", &nested(limit::VALUE_DEPTH - 1)).is_ok());
    assert!(passes_a_bound("[.]", &nested(limit::VALUE_DEPTH)));
    assert!(evaluate("[.] | length", &nested(limit::VALUE_DEPTH)).is_ok());
    assert!(Binding::parse(&nested(limit::VALUE_DEPTH)).is_ok());
    let faults = Binding::parse(&nested(limit::VALUE_DEPTH + 1)).expect_err("too deep");
    assert_eq!((faults.len(), faults[0].fault.kind), (1, FaultKind::Limit));
    let binding = Binding::parse(&json!([["${ . }"]])).expect("a binding");
    assert!(binding.evaluate(&nested(limit::VALUE_DEPTH - 2)).is_ok());
    let error = binding.evaluate(&nested(limit::VALUE_DEPTH - 1)).expect_err("too deep");
    assert_eq!(error.error.kind, EvaluationErrorKind::Limit);
}

#[test]
fn the_bounds_hold_for_a_binding_as_a_whole() {
    let root = json!({"text": "x".repeat(1 << 20)});
    let binding = |strings: usize| Binding::parse(&json!(vec!["${ .text }"; strings])).expect("a binding");
    assert!(binding(15).evaluate(&root).is_ok());
    let error = binding(16).evaluate(&root).expect_err("16 MiB and a little");
    assert_eq!((error.pointer.as_str(), error.error.kind), ("/15", EvaluationErrorKind::Limit));
}

#[test]
fn a_passed_bound_is_not_caught() {
    let root = json!(vec![1; 1_000]);
    assert!(passes_a_bound("[.[] + .[]]? // 1", &root));
    assert!(passes_a_bound("first((.[] + .[]) | select(. == 0))?", &root));
}
