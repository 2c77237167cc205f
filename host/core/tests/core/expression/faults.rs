//! What is refused, where, and with what help.

use serde_json::json;

use super::{
    evaluate,
    room::{EvaluationErrorKind, Expression, FaultKind},
};

/// What expressions leave out, between guillemets.
const LEFT_OUT: &[&str] = &[
    "«def» f: 1; f",
    "1 + («def» f: 1; f)",
    "«reduce» .input[] as $x (0; . + $x)",
    "«foreach» .input[] as $x (0; . + $x)",
    ".input | «..»",
    "[«..»]",
    "«recurse»",
    "«recurse»(.a)",
    "«range»(3)",
    "[«range»(1; 3)]",
    "«limit»(3; .[])",
    "«label» $out | 1",
    "«break» $out",
    "«halt»",
    "«halt_error»(1)",
    "«env»",
    "«$ENV»",
    "«$x»",
    "«$__loc__»",
    "{«$x»}",
    ".input «as» $x | 1",
    ".input «as» [$a, $b] | 1",
    "«now»",
    "«input»",
    "«inputs»",
    "«\"a\" * 3»",
    "1 + («3 * \"a\"»)",
    "«\"\\(.a)\" * 3»",
    ".a | «test»(\"x\")",
    "«match»(\"x\")",
    "«capture»(\"x\")",
    "«scan»(\"x\")",
    "«sub»(\"x\"; \"y\")",
    "«gsub»(\"x\"; \"y\")",
    "«splits»(\"x\")",
    "«split»(\"x\"; \"g\")",
    "«@base64»",
    "«@json» \"\\(1)\"",
    "{«@text» \"a\": 1}",
    ".«@text» \"a\"",
    ".a «=» 1",
    ".a «|=» 1",
    ".a «+=» 1",
    ".a «-=» 1",
    ".a «*=» 1",
    ".a «/=» 1",
    ".a «%=» 1",
    ".a «//=» 1",
    "«try» .a",
    "«try» .a catch 1",
    "«import» \"a\" as a; 1",
    "«include» \"a\"; 1",
    "«a::b»",
    "«error»",
    "«error»(\"x\")",
    "«min_by»(.a)",
    "«unique_by»(.a)",
    "«with_entries»(.)",
    "«to_number»",
    "«any»(.[]; .)",
    "«add»(.[])",
    "«map»",
    "«map»(1; 2)",
    "\"a \\(«now») b\"",
    "if true then «now» else 1 end",
    "{a: if true then 1, «reduce» . as $x (0; 1) else 2 end}",
    "{a: «now»}",
    ".[«now»]",
    "«path»(.a)",
    "«getpath»([])",
    "«del»(.a)",
    "«debug»",
    "«input_filename»",
    "«walk»(.)",
    "«ascii_downcase»",
    "«nan»",
    "«infinite»",
    "«keys_unsorted»",
];

/// The text without its guillemets, and the bytes that they stand around.
fn marked(text: &str) -> (String, std::ops::Range<usize>) {
    let start = text.find('\u{ab}').expect("a start");
    let end = text.find('\u{bb}').expect("an end") - '\u{ab}'.len_utf8();
    (text.replace(['\u{ab}', '\u{bb}'], ""), start..end)
}

#[test]
fn what_expressions_leave_out_is_refused_where_it_stands() {
    for text in LEFT_OUT {
        let (text, span) = marked(text);
        let fault = Expression::parse(&text).expect_err(&text);
        assert_eq!((fault.kind, fault.span), (FaultKind::NotSupported, span), "{text}");
        assert!(fault.message.ends_with("is not part of workflow expressions"), "{text}: {}", fault.message);
        assert!(fault.help.is_some(), "{text}");
    }
}

#[test]
fn names_of_members_may_be_any_word() {
    let text = "{def: 1, reduce: 2, if: 3, try, as, and: 4, label: {import: 5}} | .def + .reduce + .if + .label.import";
    assert_eq!(evaluate(text, &json!({})), Ok(json!(11)));
    assert_eq!(evaluate("{a: if . then 1 else 2 end, def: 3}.def", &json!({})), Ok(json!(3)));
    assert_eq!(evaluate(".try.catch.foreach", &json!({"try": {"catch": {"foreach": 1}}})), Ok(json!(1)));
}

#[test]
fn what_is_not_jq_is_refused_where_it_goes_wrong() {
    let refused = [
        ("«»", "expression is empty"),
        ("1 +«»", "expected a value, found the end"),
        ("1 «2»", "expected an operator or the end, found `2`"),
        ("«|» 1", "expected a value, found `|`"),
        ("[1, «]»", "expected a value, found `]`"),
        ("«(»1", "`(` is never closed"),
        ("1 + («[»1", "`[` is never closed"),
        ("{a: (1«]»}", "`]` does not close `(`"),
        ("«{»a: 1", "`{` is never closed"),
        ("«\"»abc", "`\"` is never closed"),
        ("\"a\\«q»\"", "`\\q` is not an escape of a string"),
        ("\"a\\u«x»\"", "`\\u` needs four hexadecimal digits of a character"),
        ("1«)»", "`)` is not part of jq"),
        ("{a: «'»x'}", "`'` is not part of jq"),
        ("true «&»& false", "`&` is not part of jq"),
        ("true «||» false", "expected an operator or the end, found `||`"),
        ("1.«»", "number lacks a digit"),
        ("$«»", "name is missing after `$` or `@`"),
        (".a.«»", "expected a name after `.`, found the end"),
        (".a.«1»", "expected a name after `.`, found `1`"),
        ("if 1 then 2«»", "expected `elif`, `else` or `end`, found the end"),
        ("if 1 «end»", "expected `then`, found `end`"),
        ("1 + «then»", "expected a value, found `then`"),
        ("1 | «end»", "expected a value, found `end`"),
        ("{a «b»}", "expected comma or right brace, found `b`"),
        ("{«1»: 2}", "expected a name after `.`, found `1`"),
        ("{«\"a\\(1)\"»}", "computed name of a member has no value"),
        ("«9007199254740992»", "number 9007199254740992 is out of range"),
        ("1 + «1e309»", "number 1e309 is out of range"),
        ("«1e16»", "number 1e16 is out of range"),
        ("6 * 5 «%» 4", "`%` after `*` or `/` needs parentheses"),
        ("6 / -5 «%» 4", "`%` after `*` or `/` needs parentheses"),
        ("7 % 5 * 3 «%» 2", "`%` after `*` or `/` needs parentheses"),
        ("6 * if 1 then 2 % 1 else 3 end «%» 4", "`%` after `*` or `/` needs parentheses"),
    ];
    for (text, message) in refused {
        let (text, span) = marked(text);
        let fault = Expression::parse(&text).expect_err(&text);
        assert_eq!(
            (fault.message.as_str(), fault.span, fault.kind),
            (message, span, FaultKind::Syntax),
            "{text}"
        );
    }
}

#[test]
fn a_remainder_that_is_clear_is_computed() {
    for (text, value) in
        [("6*(5%4)", 6), ("(6*5)%4", 2), ("7%5*3", 6), ("6*5+7%4", 33), ("[6*5,7%4]|.[1]", 3)]
    {
        assert_eq!(evaluate(text, &json!(null)), Ok(json!(value)), "{text}");
    }
}

#[test]
fn a_likely_name_is_offered() {
    for (text, help) in [
        ("lenght", "did you mean `length`?"),
        ("sortby(.a)", "did you mean `sort_by`?"),
        ("toString", "did you mean `tostring`?"),
        ("fromJson", "did you mean `fromjson`?"),
        ("starts_with(\"a\")", "did you mean `startswith`?"),
        ("input.a", "did you mean `.input`?"),
        ("steps.a", "did you mean `.steps`?"),
        ("now", "jq that needs more is a `json_transform` step"),
        ("x", "jq that needs more is a `json_transform` step"),
    ] {
        let fault = Expression::parse(text).expect_err(text);
        assert_eq!(fault.help.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn an_error_of_evaluation_stands_where_it_happens() {
    let root = json!({"input": {"a": 1, "s": "text", "l": [1, "x"]}});
    let failing = [
        ("«.input.a - \"x\"»", "cannot subtract the string \"x\" from the number 1"),
        ("1 + («[] - {a: 1}»)", "cannot subtract an object from an array"),
        ("«([1]) - (\"a\")»", "cannot subtract the string \"a\" from an array"),
        ("[1, «-\"a\"»]", "cannot negate the string \"a\""),
        ("«- [1]»", "cannot negate an array"),
        (".input.a«.b».c", "cannot index the number 1 with \"b\""),
        (".input.a«[\"b\"]»", "cannot index the number 1 with \"b\""),
        (".input.l«[\"b\"]»", "cannot index an array with \"b\""),
        (".input.l«[.input]»", "cannot index an array with an object"),
        (".input.a«.\"b\"»", "cannot index the number 1 with \"b\""),
        (".input.a«[]»", "cannot iterate over the number 1"),
        (".input.a«[1:]»", "cannot slice the number 1"),
        (".input.s«[\"x\":]»", "cannot slice at the string \"x\""),
        (".input.l | map(«. + 1»)", "cannot add the string \"x\" and the number 1"),
        ("\"a \\(«1 / 0») b\"", "cannot divide by zero"),
        ("«5 % 0»", "cannot take the remainder of a division by zero"),
        ("if true then «1 - null» else 2 end", "cannot subtract null from the number 1"),
        (".input.s | «keys»", "cannot list the keys of the string \"text\""),
        (".input | «has(1)»", "cannot look for the number 1 in an object"),
        (".input.s | «tonumber»", "the string \"text\" is not a number"),
        (".input.s | «fromjson»", "\"text\" is not JSON: expected ident at line 1 column 2"),
        ("{(«.input.a»): 1}", "cannot name a member with the number 1"),
        ("«.input.s * .input.a»", "string repetition is left to a `json_transform` step"),
        ("«1e300 * 1e300»", "result inf is out of range"),
        (
            "«1, 2»",
            "expression gives 2 values, not one: `[ ... ]` makes an array of them, `first(...)` takes the first",
        ),
        (
            "«.input.l[]»",
            "expression gives 2 values, not one: `[ ... ]` makes an array of them, `first(...)` takes the first",
        ),
        ("«empty»", "expression gives no value, not one: `[ ... ]` makes an array of what there is"),
    ];
    for (text, message) in failing {
        let (text, span) = marked(text);
        let error = evaluate(&text, &root).expect_err(&text);
        assert_eq!((error.message.as_str(), error.span), (message, span), "{text}");
        assert_eq!(error.kind, EvaluationErrorKind::Failed, "{text}");
    }
}

#[test]
fn a_long_value_is_cut_short_in_a_message() {
    let error = evaluate(". - 1", &json!("x".repeat(1_000))).expect_err("no number");
    assert_eq!(error.message, "cannot subtract the number 1 from the string \"xxxxxxxxxxxxxxxxxxxxxxxx\"...");
}
