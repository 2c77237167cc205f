//! What an expression can read is found without values, and no reference is missed.

use serde_json::{Value, json};

use super::{
    Dice, generator, on_a_worker_stack,
    room::{EvaluationErrorKind, Expression, References},
};

fn references(text: &str) -> References {
    Expression::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")).references()
}

fn names<T>(found: &std::collections::BTreeMap<String, T>) -> Vec<&str> {
    found.keys().map(String::as_str).collect()
}

#[test]
fn steps_are_found_wherever_they_are_named() {
    let table: &[(&str, &[&str])] = &[
        (".steps.a", &["a"]),
        (".steps.a.b.c", &["a"]),
        (".steps[\"a b\"]", &["a b"]),
        (".[\"steps\"].a", &["a"]),
        (".[\"steps\"][\"a\"]", &["a"]),
        (".steps.\"a\"", &["a"]),
        (".\"steps\".a", &["a"]),
        (".steps | .a", &["a"]),
        (".steps | .a, .b", &["a", "b"]),
        (". | .steps | . | .a", &["a"]),
        ("(.steps).a", &["a"]),
        ("(., .).steps.a", &["a"]),
        (".steps?.a?", &["a"]),
        ("(.steps.a)?", &["a"]),
        (".steps.a // .steps.b", &["a", "b"]),
        ("(.nope // .steps).a", &["a"]),
        (
            "if .steps.a then .steps.b elif .steps.c then .steps.d else .steps.e end",
            &["a", "b", "c", "d", "e"],
        ),
        ("if .input then .steps else .outcomes end | .a", &["a"]),
        ("if .steps.a then . end | .steps.b", &["a", "b"]),
        ("[.steps.a, {b: .steps.b}]", &["a", "b"]),
        ("{(.steps.a): .steps.b}", &["a", "b"]),
        ("\"\\(.steps.a)-\\(.steps.b)\"", &["a", "b"]),
        (".steps.a + .steps.b == -.steps.c and .steps.d", &["a", "b", "c", "d"]),
        (".input | map(.steps)", &[]),
        (".input | .steps.a", &[]),
        (".steps.a | .steps.b", &["a"]),
        (".steps.a | map(.steps.b)", &["a"]),
        (".steps.a | has(.steps)", &["a"]),
        (".steps.a[.steps.b]", &["a", "b"]),
        (".steps.a[.steps.b:.steps.c]", &["a", "b", "c"]),
        (".steps.a[]", &["a"]),
        ("select(.steps.a) | .steps.b", &["a", "b"]),
        ("first(.steps.a, .steps.b)", &["a", "b"]),
        ("first(.steps) | .a", &["a"]),
        ("last(.) | .steps.a", &["a"]),
        (".input | select(.a) | .steps.b", &[]),
        (".steps.a | keys, length, first", &["a"]),
        ("empty | .steps", &[]),
        ("1 | .steps.a", &[]),
        ("[1] | map(.steps.a)", &[]),
        (".steps | select(.a) | .b", &["a", "b"]),
    ];
    for (text, steps) in table {
        let found = references(text);
        assert_eq!((names(&found.steps), &found.dynamic), (steps.to_vec(), &None), "{text}");
    }
}

#[test]
fn outcomes_are_apart_from_steps() {
    let found = references(".outcomes.a.status == \"ok\" and .steps.b and (.outcomes | .c)");
    assert_eq!((names(&found.outcomes), names(&found.steps)), (vec!["a", "c"], vec!["b"]));
}

#[test]
fn a_name_that_is_not_written_may_be_any_name() {
    for (text, span) in [
        (".", 0..1),
        (".steps", 0..6),
        (".outcomes", 0..9),
        ("1, .", 3..4),
        (".steps | keys", 0..6),
        ("keys", 0..4),
        (". | length", 0..1),
        (".steps[.input.name]", 0..19),
        (".[.input.name]", 0..14),
        (".steps[]", 0..8),
        (".[]", 0..3),
        (".steps[\"a\\(1)\"]", 0..15),
        (".steps[(\"a\", \"b\")]", 0..18),
        (".steps[0]", 0..9),
        (".steps[1:]", 0..10),
        (".steps | map(.a)", 0..6),
        ("map(.)", 0..6),
        ("any(.a)", 0..7),
        (".steps | sort_by(.a)", 0..6),
        (".steps | has(\"a\")", 0..6),
        (".input[.steps]", 7..13),
        ("[.]", 1..2),
        ("{a: .steps}", 4..10),
        ("{steps}", 1..6),
        ("\"\\(.outcomes)\"", 3..12),
        (".steps == null", 0..6),
        (". and true", 0..1),
        ("-(.steps)", 2..8),
        ("if .steps then 1 else 2 end", 3..9),
        ("if .input then 1 end", 0..20),
        ("select(.steps.a)", 0..16),
        ("first(.)", 6..7),
        ("(.steps.a, .steps) | .b | .c, (.steps | length)", 0..0),
    ] {
        let dynamic = references(text).dynamic;
        if span.is_empty() {
            assert_eq!(dynamic, None, "{text}");
        } else {
            assert_eq!(dynamic, Some(span), "{text}");
        }
    }
}

#[test]
fn names_that_the_root_may_not_have_are_told_apart() {
    let found = references(".foo.bar + .item.x - .input.y * .[\"in dex\"] + .foo");
    let unknown = [("foo", 0..4), ("in dex", 32..43), ("item", 11..16)];
    assert_eq!(found.unknown_roots, unknown.map(|(name, span)| (name.to_owned(), span)).into());
    assert_eq!(found.dynamic, None);
}

#[test]
fn the_first_place_of_a_reference_is_told() {
    let found = references("1 + .steps.b + .steps.a.x + (.steps | .b) + .steps.c[.steps.c]");
    assert_eq!(found.steps["a"], 15..23);
    assert_eq!(found.steps["b"], 4..12);
    assert_eq!(found.steps["c"], 44..52);
}

fn without(root: &Value, member: &str, kept: &[&str]) -> Value {
    let mut root = root.clone();
    if let Some(members) = root.get_mut(member).and_then(Value::as_object_mut) {
        members.retain(|name, _| kept.contains(&name.as_str()));
    }
    root
}

#[test]
fn what_is_not_referred_to_does_not_matter() {
    on_a_worker_stack(|| {
        let mut dice = Dice(23);
        let root = json!({
            "input": {"a": 1, "b": [3, 1], "x": "steps"},
            "outcomes": {"one": {"a": "ok"}, "two": "failed", "a": 1},
            "steps": {"one": {"a": [1, 2]}, "two": "x", "three": [[1], 2], "a": {"b": 1}, "steps": {"one": 5}}
        });
        let (mut proved, mut reading) = (0, 0);
        for _ in 0..20_000 {
            let text = generator::expression(&mut dice, 4).ours;
            let Ok(expression) = Expression::parse(&text) else {
                continue;
            };
            let found = expression.references();
            if found.dynamic.is_some() {
                continue;
            }
            let less = without(&root, "steps", &names(&found.steps));
            let less = without(&less, "outcomes", &names(&found.outcomes));
            let whole = expression.evaluate(&root);
            let limited = whole.as_ref().is_err_and(|error| error.kind == EvaluationErrorKind::Limit);
            if !limited {
                assert_eq!(whole, expression.evaluate(&less), "{text}");
            }
            proved += 1;
            reading += usize::from(!found.steps.is_empty());
        }
        assert!(proved > 1_000 && reading > 300, "{proved} expressions, of which {reading} read a step");
    });
}
