//! What expressions mean: a table to read.

use serde_json::{Value, json};

use super::evaluate;

fn root() -> Value {
    json!({
        "input": {"name": "Ada", "tags": ["b", "a", "c"], "count": 3, "nested": {"x": {"y": [10, 20, 30]}}},
        "outcomes": {"fetch": {"status": "success"}, "store": {"status": "failure"}},
        "steps": {
            "fetch": {"items": [
                {"id": 2, "price": 1.5, "kind": "x"},
                {"id": 1, "price": 2.5, "kind": "y"},
                {"id": 3, "price": 4, "kind": "x"}
            ]},
            "store": null
        }
    })
}

fn table(rows: &[(&str, Value)]) {
    for (text, value) in rows {
        assert_eq!(evaluate(text, &root()).as_ref(), Ok(value), "{text}");
    }
}

#[test]
fn the_root_is_read_by_paths() {
    table(&[
        (".input.name", json!("Ada")),
        (".input.nested.x.y[-1]", json!(30)),
        (".input.nested.x.y[1:]", json!([20, 30])),
        (".input.nested.x.y[:-1]", json!([10, 20])),
        (".input.name[1:2]", json!("d")),
        (".steps.store.anything[0][1:].more", json!(null)),
        (".outcomes.fetch.status", json!("success")),
        (".outcomes[\"store\"].status == \"failure\"", json!(true)),
        (".steps.fetch.items[0].id", json!(2)),
        ("[.steps.fetch.items[].id]", json!([2, 1, 3])),
        (".input.tags[5]", json!(null)),
        ("[.input[]?] | length", json!(4)),
        ("[.input.name[]?]", json!([])),
    ]);
}

#[test]
fn what_workflows_are_made_of() {
    table(&[
        (".steps.fetch.items | map(select(.kind == \"x\")) | map(.price) | add", json!(5.5)),
        (".steps.fetch.items | sort_by(.id) | map(.id)", json!([1, 2, 3])),
        (
            ".steps.fetch.items | group_by(.kind) | map({kind: .[0].kind, n: length})",
            json!([{"kind": "x", "n": 2}, {"kind": "y", "n": 1}]),
        ),
        (".steps.fetch.items | map({(.id | tostring): .price}) | add", json!({"1": 2.5, "2": 1.5, "3": 4})),
        (".steps.store // {default: true}", json!({"default": true})),
        (".steps.fetch.items | any(.price > 3)", json!(true)),
        (".steps.fetch.items | all(.price > 3)", json!(false)),
        ("first(.steps.fetch.items[] | select(.price > 2)) | .id", json!(1)),
        (
            "\"Hello, \\(.input.name)! You have \\(.input.count) tags.\"",
            json!("Hello, Ada! You have 3 tags."),
        ),
        (".input.tags | sort | join(\", \")", json!("a, b, c")),
        ("if .input.count > 2 then \"many\" else \"few\" end", json!("many")),
        (
            "{name: .input.name, ok: (.outcomes.fetch.status == \"success\")}",
            json!({"name": "Ada", "ok": true}),
        ),
        (".input | {name, count}", json!({"name": "Ada", "count": 3})),
        ("[.outcomes[] | .status]", json!(["success", "failure"])),
        (".outcomes | to_entries | map(select(.value.status == \"failure\") | .key)", json!(["store"])),
        (".input | keys", json!(["count", "name", "nested", "tags"])),
        (
            "[.steps.fetch.items[].price] | {min: min, max: max, total: add}",
            json!({"min": 1.5, "max": 4, "total": 8}),
        ),
    ]);
}

#[test]
fn numbers_are_doubles_and_integers_where_exact() {
    table(&[
        ("4 / 2", json!(2)),
        ("1 / 4", json!(0.25)),
        ("0.1 + 0.2", json!(0.1 + 0.2)),
        ("1.5 + 1.5", json!(3)),
        ("1e3", json!(1000)),
        ("1.0", json!(1)),
        ("-0", json!(0)),
        ("0 * -1", json!(0)),
        ("9007199254740991", json!(9_007_199_254_740_991_i64)),
        ("1e21", json!(1e21)),
        ("1e300", json!(1e300)),
        ("7 % 3", json!(1)),
        ("-7 % 3", json!(-1)),
        ("7 % -3", json!(1)),
        ("5.9 % 2.9", json!(1)),
        ("1e300 % 7", json!(i64::MAX % 7)),
        ("1e300 / 1e299", json!(10)),
        ("[1, 1.0, 2] | unique", json!([1, 2])),
        ("4 / 2 | tostring", json!("2")),
        ("[1.5, 2, -0.5] | tojson", json!("[1.5,2,-0.5]")),
        ("-5 | length", json!(5)),
    ]);
    for text in
        ["1 / 0", "0 / 0", "1e308 + 1e308", "9007199254740991 + 1", "-9007199254740991 - 1", "1e10 * 1e10"]
    {
        let error = evaluate(text, &json!(null)).expect_err(text);
        assert!(error.message.contains("zero") || error.message.ends_with("is out of range"), "{text}");
    }
}

#[test]
fn a_number_is_its_double_whatever_it_is_held_as() {
    let held = json!({"a": [2.0, -0.0, 0.25, 1.5], "b": 1.0});
    let integers = json!({"a": [2, 0, 0.25, 1.5], "b": 1});
    for text in [
        "tojson",
        "\"\\(.)\"",
        ".a[0] | tostring",
        ".a | map(tostring) | join(\",\")",
        ".a | sort | tojson",
        ".a[.b] | tojson",
        ".a[.b:] | tojson",
        "[.a[] == (2, 0, 1)]",
        "flatten(.b) | tojson",
        "[.a[0] + .b, -.a[1], .a[0] / 4, .a[0] % 2]",
    ] {
        assert_eq!(evaluate(text, &held), evaluate(text, &integers), "{text}");
    }
    assert_eq!(evaluate("tojson", &held), Ok(json!(r#"{"a":[2,0,0.25,1.5],"b":1}"#)));
}

#[test]
fn integers_that_a_double_does_not_hold_are_not_made() {
    for text in ["fromjson", "tonumber"] {
        let error = evaluate(text, &json!("9007199254740993")).expect_err(text);
        assert!(error.message.ends_with("is out of range"), "{text}: {}", error.message);
        assert_eq!(evaluate(text, &json!("9007199254740991")), Ok(json!(9_007_199_254_740_991_i64)));
        assert_eq!(evaluate(text, &json!("1e300")), Ok(json!(1e300)));
    }
    assert!(evaluate("fromjson", &json!(r#"[{"a": -9007199254740992}]"#)).is_err());
    let root = json!([9_007_199_254_740_993_i64]);
    assert_eq!(evaluate(".[0]", &root), Ok(root[0].clone()));
}

#[test]
fn values_have_an_order() {
    let sorted = json!([null, false, true, -1, 0.5, 2, "", "a", "b", [], [1], [1, 2], [2], {}, {"a": 1}, {"a": 2}, {"b": 0}, {"a": 0, "b": 0}]);
    let mut shuffled = sorted.as_array().expect("an array").clone();
    shuffled.reverse();
    shuffled.swap(3, 11);
    // An object with more names is compared by its first names first.
    let expected = json!([null, false, true, -1, 0.5, 2, "", "a", "b", [], [1], [1, 2], [2], {}, {"a": 1}, {"a": 2}, {"a": 0, "b": 0}, {"b": 0}]);
    assert_eq!(evaluate("sort", &json!(shuffled)), Ok(expected));
}

#[test]
fn streams_are_in_the_order_of_jq() {
    table(&[
        ("[(1,2) + (10,20)]", json!([11, 12, 21, 22])),
        ("[{a: (1,2), b: (3,4)} | [.a, .b]]", json!([[1, 3], [1, 4], [2, 3], [2, 4]])),
        (
            "[{(\"a\",\"b\"): (1,2)} | to_entries[] | [.key, .value]]",
            json!([["a", 1], ["a", 2], ["b", 1], ["b", 2]]),
        ),
        ("[\"\\(1,2)-\\(3,4)\"]", json!(["1-3", "2-3", "1-4", "2-4"])),
        ("[.input.nested.x.y[(0,1):(2,3)] | length]", json!([2, 3, 1, 2])),
        ("[[[1,2],[3,4]][(0,1)][(0,1)]]", json!([1, 3, 2, 4])),
        ("[(true,false) and (true,false)]", json!([true, false, false])),
        ("[if (true,false) then 1 else 2 end]", json!([1, 2])),
        ("[(1,null,2) // 3]", json!([1, 2])),
        ("[flatten(0,1) | length] | length", json!(2)),
        ("[.input.tags | join(\",\",\"-\")]", json!(["b,a,c", "b-a-c"])),
    ]);
}

#[test]
fn errors_are_caught_where_they_happen_and_nowhere_else() {
    table(&[
        ("[(1, (\"a\" - 1), 2)?]", json!([1])),
        ("[.input[] | (. + 1)?]", json!([4])),
        ("[(1, 2)? | select(. > 1)]", json!([2])),
        ("first(1, (\"a\" - 1))", json!(1)),
        ("[first(1, (\"a\" - 1)), 2]", json!([1, 2])),
        ("[1] | any(. == 1, (\"a\" - 1))", json!(true)),
        ("[first((1, 2) | first(., 3)), first(4, 5)]", json!([1, 4])),
    ]);
    // What fails after the `?` is not caught by it.
    assert!(evaluate("[(1, 2)? | . - \"a\"]", &json!(null)).is_err());
    assert!(evaluate(".a?.b", &json!({"a": 1})).is_err());
}

#[test]
fn the_members_of_an_object_are_in_the_order_of_their_names() {
    table(&[
        ("{b: 1, a: 2, B: 3} | tojson", json!("{\"B\":3,\"a\":2,\"b\":1}")),
        ("[{b: 1, a: 2}[]]", json!([2, 1])),
        ("{b: 1, a: 2} | to_entries | map(.key)", json!(["a", "b"])),
        ("{a: 1, a: 2}", json!({"a": 2})),
    ]);
}
