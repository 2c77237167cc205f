//! Strings with expressions in them, and values with such strings.

use serde_json::{Value, json};

use super::room::{Binding, EvaluationErrorKind, FaultKind, Template};

fn root() -> Value {
    json!({"input": {"n": 1.5, "s": "text", "o": {"b": [1, "x"], "a": null}}, "outcomes": {}, "steps": {"one": 1}})
}

fn rendered(text: &str) -> Value {
    let template = Template::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    assert_eq!(template.source(), text);
    template.evaluate(&root()).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

#[test]
fn a_string_that_is_one_expression_keeps_the_type() {
    assert_eq!(rendered("${ .input.n }"), json!(1.5));
    assert_eq!(rendered("${.input.o}"), json!({"a": null, "b": [1, "x"]}));
    assert_eq!(rendered("${null}"), json!(null));
    assert_eq!(rendered("${ .input.s }"), json!("text"));
}

#[test]
fn any_other_string_becomes_text() {
    assert_eq!(rendered(""), json!(""));
    assert_eq!(rendered("plain"), json!("plain"));
    assert_eq!(rendered(" ${ .input.n }"), json!(" 1.5"));
    assert_eq!(rendered("${ .input.n }\n"), json!("1.5\n"));
    assert_eq!(rendered("a ${.input.s} b ${.input.o} c"), json!("a text b {\"a\":null,\"b\":[1,\"x\"]} c"));
    assert_eq!(rendered("${null}${true}${4/2}"), json!("nulltrue2"));
    assert_eq!(rendered("\u{e9}${\"\u{e9}\"}\u{1f4a3}"), json!("\u{e9}\u{e9}\u{1f4a3}"));
}

#[test]
fn a_doubled_dollar_stands_for_the_literal_opening() {
    assert_eq!(rendered("$${ .input.n }"), json!("${ .input.n }"));
    assert_eq!(rendered("$$${ 1 }"), json!("$${ 1 }"));
    assert_eq!(rendered("$ $$ {} $x $${a} ${1}"), json!("$ $$ {} $x ${a} 1"));
    assert_eq!(rendered("$"), json!("$"));
    assert_eq!(rendered("a$"), json!("a$"));
}

#[test]
fn only_a_brace_that_closes_the_expression_ends_it() {
    assert_eq!(rendered("${ {a: {b: 1}} | .a.b }"), json!(1));
    assert_eq!(rendered("${ \"}\" }!"), json!("}!"));
    assert_eq!(rendered("${ \"a}\\({b: \"}\"} | .b)}\" }!"), json!("a}}}!"));
    assert_eq!(rendered("${ \"\\\"}\" }!"), json!("\"}!"));
    assert_eq!(rendered("${ 1 # }\n + 1 }!"), json!("2!"));
    assert_eq!(rendered("${ 1 # \\\n } \n + 1 }!"), json!("2!"));
    assert_eq!(rendered("${ \"#\" }}"), json!("#}"));
}

#[test]
fn an_expression_that_does_not_end_is_refused() {
    for text in ["a ${", "a ${ .b", "a ${ \"}", "a ${ {}", "a ${ # }", "a ${ {a: 1 "] {
        let fault = Template::parse(text).expect_err(text);
        assert_eq!((fault.kind, fault.span), (FaultKind::Syntax, 2..4), "{text}");
        assert_eq!(fault.message, "`${` is never closed");
    }
}

#[test]
fn spans_are_bytes_of_the_string() {
    let text = "\u{e9} ${ .a } ${ .b + now }";
    let fault = Template::parse(text).expect_err("now");
    assert_eq!(&text[fault.span], "now");
    let text = "a ${ ( } b";
    let fault = Template::parse(text).expect_err("unclosed");
    assert_eq!((fault.message.as_str(), &text[fault.span]), ("`(` is never closed", "("));
    let text = "x ${ 1 } ${ .input.s - 1 }";
    let error = Template::parse(text).expect("a template").evaluate(&root()).expect_err("no number");
    assert_eq!(&text[error.span], ".input.s - 1");
    let text = "x ${ 1, 2 }";
    let error = Template::parse(text).expect("a template").evaluate(&root()).expect_err("two values");
    assert_eq!(&text[error.span], "1, 2");
}

#[test]
fn references_are_those_of_all_expressions() {
    let text = "${ .steps.one } ${ .outcomes.two } ${ .foo } ${ .steps } $${ .steps.no }";
    let found = Template::parse(text).expect("a template").references();
    assert_eq!(found.steps.into_iter().collect::<Vec<_>>(), [("one".to_owned(), 3..13)]);
    assert_eq!(&text[found.outcomes["two"].clone()], ".outcomes.two");
    assert_eq!(&text[found.unknown_roots["foo"].clone()], ".foo");
    assert_eq!(found.dynamic.map(|span| &text[span]), Some(".steps"));
}

#[test]
fn an_expression_gives_one_value() {
    for (text, count) in
        [("${ empty }", "no value"), ("a ${ .input.o.b[] }", "2 values"), ("${ 1,2,3 }", "3 values")]
    {
        let error = Template::parse(text).expect("a template").evaluate(&root()).expect_err(text);
        assert!(error.message.contains(count), "{text}: {}", error.message);
        assert!(error.message.contains("`[ ... ]`"), "{text}: {}", error.message);
        assert_eq!(error.kind, EvaluationErrorKind::Failed);
    }
}

#[test]
fn a_binding_evaluates_the_strings_of_a_value() {
    let value = json!({
        "${ key }": "${ .input.n }",
        "list": ["${ .steps.one }", "n = ${ .input.n }", 7, null, true, {"deep": "${ .input.o }"}],
        "text": "$${ literal }"
    });
    let binding = Binding::parse(&value).expect("a binding");
    let expected = json!({
        "${ key }": 1.5,
        "list": [1, "n = 1.5", 7, null, true, {"deep": {"a": null, "b": [1, "x"]}}],
        "text": "${ literal }"
    });
    assert_eq!(binding.evaluate(&root()), Ok(expected));
}

#[test]
fn a_binding_tells_every_fault_and_its_place() {
    let value = json!({"a/b": ["${ now }", "fine", "${ .x "], "c~d": {"e": "${ 1 + }"}, "f": "${ .ok }"});
    let faults = Binding::parse(&value).expect_err("three faults");
    let places: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.fault.kind)).collect();
    let expected = [
        ("/a~1b/0", FaultKind::NotSupported),
        ("/a~1b/2", FaultKind::Syntax),
        ("/c~0d/e", FaultKind::Syntax),
    ];
    assert_eq!(places, expected);
    for fault in &faults {
        assert!(value.pointer(&fault.pointer).is_some(), "{}", fault.pointer);
    }
}

#[test]
fn a_binding_tells_where_an_evaluation_fails() {
    let binding = Binding::parse(&json!({"a": ["${ 1 }", "x ${ .input.s - 1 }"]})).expect("a binding");
    let error = binding.evaluate(&root()).expect_err("no number");
    assert_eq!((error.pointer.as_str(), error.error.span), ("/a/1", 5..17));
}

#[test]
fn a_binding_tells_the_references_of_each_string() {
    let value =
        json!({"a": "${ .steps.one }", "b": ["plain", "${ .steps.two } ${ .outcomes.one }"], "c": "$${x}"});
    let found = Binding::parse(&value).expect("a binding").references();
    let pointers: Vec<_> = found.iter().map(|found| found.pointer.as_str()).collect();
    assert_eq!(pointers, ["/a", "/b/1"]);
    assert!(found[0].references.steps.contains_key("one"));
    assert_eq!(found[1].references.steps["two"], 3..13);
}

#[test]
fn a_value_without_strings_is_itself() {
    let value = json!([1, {"a": [null, true, 2.5]}]);
    assert_eq!(Binding::parse(&value).expect("a binding").evaluate(&root()), Ok(value));
}
