//! What filters give, and how they fail.

use serde_json::{Value, json};

use super::run;
use crate::fault::Fault;

fn one(filter: &str, data: Value) -> Value {
    run(filter, data, false).unwrap_or_else(|fault| panic!("{filter}: {fault}"))
}

fn fault(filter: &str, data: Value) -> String {
    run(filter, data, false).unwrap_err().to_string()
}

#[test]
fn the_language_is_there() {
    let people = json!([{"name": "Bo", "age": 31}, {"name": "Al", "age": 29}]);
    assert_eq!(one("map(select(.age > 30).name)", people.clone()), json!(["Bo"]));
    assert_eq!(one("sort_by(.age) | .[0].name", people.clone()), json!("Al"));
    assert_eq!(
        one("reduce .[] as $p ({}; . + {($p.name): $p.age})", people.clone()),
        json!({"Bo": 31, "Al": 29})
    );
    assert_eq!(one("def f(g): map(g); f(.age) | add / length", people), json!(30.0));
    assert_eq!(one("to_entries | map(.key)", json!({"b": 1, "a": 2})), json!(["a", "b"]));
    assert_eq!(one("[limit(3; repeat(1))] | length", json!(null)), json!(3));
    assert_eq!(one("try error(\"x\") catch .", json!(null)), json!("x"));
    assert_eq!(
        one("[.[] | length]", json!([-2_147_483_648_i64, -3, "é", [1, 2]])),
        json!([2_147_483_648_i64, 3, 1, 2])
    );
    assert_eq!(one(". * 1000000", json!(2_147_483_647)), json!(2_147_483_647_000_000_i64));
}

#[test]
fn regular_expressions_are_there() {
    assert_eq!(one("test(\"B+\"; \"i\")", json!("abba")), json!(true));
    assert_eq!(
        one("[match(\"é(?<tail>.)\"; \"g\") | .offset, .captures[0].name]", json!("aéb éc")),
        json!([1, "tail", 4, "tail"])
    );
    assert_eq!(
        one("capture(\"(?<y>\\\\d+)-(?<m>\\\\d+)\")", json!("on 2024-07")),
        json!({"y": "2024", "m": "07"})
    );
    assert_eq!(one("gsub(\"(?<d>\\\\d)\"; \"<\\(.d)>\")", json!("a1b22")), json!("a<1>b<2><2>"));
    assert_eq!(one("split(\", *\"; null)", json!("a,b,  c")), json!(["a", "b", "c"]));
    assert_eq!(one("[scan(\"(?:(a)|(b))*\"; \"n\")] | length", json!("ba")), json!(1));
    assert!(fault("test(\"(\")", json!("x")).contains("no regular expression"));
    assert!(fault("test(\"a\"; \"z\")", json!("x")).contains("no flag"));
}

#[test]
fn formats_and_mathematics_are_there() {
    let row = || json!(["a\"b", 1.5, null, true, "t\tn"]);
    assert_eq!(one("@csv", row()), json!("\"a\"\"b\",1.5,,true,\"t\tn\""));
    assert_eq!(one("@tsv", row()), json!("a\"b\t1.5\t\ttrue\tt\\tn"));
    assert_eq!(one("[@html, @htmld]", json!("<&amp;'>")), json!(["&lt;&amp;amp;&#39;&gt;", "<&'>"]));
    assert_eq!(one("@uri \"q=\\(.)\"", json!("é &")), json!("q=%C3%A9%20%26"));
    assert_eq!(one("@base64 | [., @base64d]", json!("hi")), json!(["aGk=", "hi"]));
    assert_eq!(
        one("[pow(2; 10), (. | sqrt), atan2(0; 1), (. | log2)]", json!(16)),
        json!([1024.0, 4.0, 0.0, 4.0])
    );
    assert_eq!(
        one("[frexp, modf, ilogb, ldexp(1; 3), fma(2; 3; 4)]", json!(2.5)),
        json!([[0.625, 2], [0.5, 2.0], 1, 8.0, 10.0])
    );
    assert_eq!(
        one("[drem(5; 3), significand, logb, gamma, exp10]", json!(1)),
        json!([-1.0, 1.0, 0.0, 1.0, 10.0])
    );
}

#[test]
fn one_value_is_wanted_unless_multiple_are_asked_for() {
    assert_eq!(run(".[]", json!([1, 2]), true).unwrap(), json!([1, 2]));
    assert_eq!(run("empty", json!(1), true).unwrap(), json!([]));
    assert!(matches!(run(".[]", json!([1, 2]), false), Err(Fault::Count(2))));
    assert!(fault("empty", json!(1)).contains("yields 0 values where one is wanted; with multiple: true"));
    assert!(matches!(run("repeat(1)", json!(1), true), Err(Fault::TooMany(100_000))));
}

#[test]
fn a_wrong_filter_says_where() {
    let cases = [
        ("", "expected term, found the end at line 1, column 1 of the filter"),
        (".a |\n  é", "expected token, found \"é\" at line 2, column 3 of the filter"),
        ("[1, 2", "expected closing bracket, found the end at line 1, column 6 of the filter"),
        ("\"é\" | if . then 1", "expected else or end, found the end at line 1, column 18 of the filter"),
        ("map(.a)) | 1", "expected token, found \")\" at line 1, column 8 of the filter"),
        (".a | nope(1; 2)", "filter nope/2 is not defined at line 1, column 6 of the filter"),
        ("$x", "variable $x is not defined at line 1, column 1 of the filter"),
        ("import \"m\" as m; 1", "module loading not supported at line 1, column 9 of the filter"),
    ];
    for (filter, expected) in cases {
        assert_eq!(fault(filter, json!(null)), expected);
    }
    assert!(matches!(
        run(&" ".repeat(65_537), json!(1), false),
        Err(Fault::FilterTooLong { bytes: 65_537, .. })
    ));
}

#[test]
fn what_depends_on_more_than_the_input_is_named() {
    for (filter, name) in [
        ("now", "now/0"),
        ("env.PATH", "env/0"),
        ("$ENV", "$ENV"),
        ("[inputs]", "inputs/0"),
        ("input", "input/0"),
        ("localtime", "localtime/0"),
        ("debug", "debug/0"),
        ("debug(1)", "debug/1"),
        ("stderr", "stderr/0"),
        ("halt", "halt/0"),
        ("halt_error", "halt_error/0"),
        ("todate", "todate/0"),
        ("strftime(\"%Y\")", "strftime/1"),
        ("halt(1)", "halt/1"),
    ] {
        let fault = fault(filter, json!(1));
        assert!(fault.contains(&format!(" {name} is not available (")), "{fault}");
    }
}

#[test]
fn errors_of_a_filter_are_passed_on() {
    assert_eq!(fault("error(\"no luck\")", json!(1)), "filter failed: no luck");
    assert_eq!(fault("error({a: 1})", json!(1)), r#"filter failed: {"a":1}"#);
    assert_eq!(fault(".a", json!([])), r#"filter failed: cannot index [] with "a""#);
    assert_eq!(fault("break $x", json!(1)), "label $x is not defined at line 1, column 7 of the filter");
}

#[test]
fn what_json_cannot_hold_is_no_result() {
    let cases = [
        (
            "{a: [9007199254740992]}",
            "number 9007199254740992 is past 2^53 - 1 in size and would not be read exactly, at \"/a/0\" of the result",
        ),
        (
            "[92233720368547758070]",
            "number 92233720368547758070 is past 2^53 - 1 in size and would not be read exactly, at \"/0\" of the result",
        ),
        ("[1e1000]", "number 1e1000 cannot be written as JSON, at \"/0\" of the result"),
        ("nan", "number NaN cannot be written as JSON, at \"\" of the result"),
        ("-infinite", "number -Infinity cannot be written as JSON, at \"\" of the result"),
        ("{a: (\"/w==\" | @base64d)}", "string is not UTF-8, at \"/a\" of the result"),
        ("[1] | tobytes", "string is not UTF-8, at \"\" of the result"),
        ("[{(1): 2}]", "key 1 is not a string, at \"/0\" of the result"),
        ("reduce range(500) as $i (0; [.])", "value goes deeper than 90 levels, at \"/0/0"),
    ];
    for (filter, expected) in cases {
        let input = json!({"data": 1, "filter": filter});
        let fault = crate::transform(&input.to_string()).unwrap_err().to_string();
        assert!(fault.starts_with(expected), "{filter}: {fault}");
    }
}
