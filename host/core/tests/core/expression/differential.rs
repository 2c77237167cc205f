//! Expressions mean what they mean to jaq, but where they differ on purpose.

use serde_json::{Value, json};

use super::{
    Dice,
    corpus::{DIFFERENT, SAME, SAME_OVER_LINES, rows},
    generator, jaq, on_a_worker_stack,
    room::{EvaluationErrorKind, Expression, FaultKind},
};

fn inputs() -> Vec<Value> {
    let step = |one: Value, two: Value| {
        json!({
            "input": {"a": 1, "b": [3, 1, 2], "x": "a,b", "deep": {"a": {"b": null}}},
            "outcomes": {"one": {"status": "ok"}, "two": {"status": "failed"}},
            "steps": {"one": one, "three": [[1, [2]], [3], []], "two": two}
        })
    };
    vec![
        step(json!({"a": [1, 2, 3], "b": {"x": true}}), json!(null)),
        step(json!([{"a": 2, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "z"}]), json!("a-b-c")),
        step(json!([null, false, true, 0, 1.5, "s", [], {}]), json!([{"key": "k", "value": 1}])),
        json!({"input": {"b": [], "x": ""}, "outcomes": {}, "steps": {}}),
        json!({"input": "text", "outcomes": {}, "steps": {"one": 5, "three": "7", "two": [5, 6]}}),
    ]
}

/// Where the spellings mean different things: in all their values, or in those up to the first error.
///
/// Whatever passes a bound here is left out, because jaq has none.
fn differences_of(definitions: &str, spellings: &[(String, String)], input: &Value) -> Vec<String> {
    let (mut texts, mut mine, mut filters) = (Vec::new(), Vec::new(), Vec::new());
    for (ours, theirs) in spellings {
        for (before, after) in [("[", "]"), ("[(", ")?]")] {
            let text = format!("{before}{ours}\n{after}");
            let value = match Expression::parse(&text) {
                Ok(expression) => expression.evaluate(input),
                Err(fault) if fault.kind == FaultKind::Limit => continue,
                Err(fault) => panic!("{text}: {fault:?}"),
            };
            if value.as_ref().is_err_and(|error| error.kind == EvaluationErrorKind::Limit) {
                continue;
            }
            texts.push(text);
            mine.push(value.ok());
            filters.push(format!("{before}{theirs}\n{after}"));
        }
    }
    let theirs = jaq::run_all(definitions, &filters, input);
    let shown = |value: &Option<Value>| value.as_ref().map_or("an error".into(), Value::to_string);
    let compared = texts.iter().zip(&filters).zip(mine.iter().zip(&theirs));
    let different = compared.filter(|(_, (mine, theirs))| match (mine, theirs) {
        (Some(mine), Some(theirs)) => !jaq::same(mine, theirs),
        (mine, theirs) => mine != theirs,
    });
    let described = different.map(|((text, filter), (mine, theirs))| {
        format!("{text}\n  {filter}\n  for {input}\n  ours: {}\n  jaq:  {}", shown(mine), shown(theirs))
    });
    described.collect()
}

/// How many programs of how many random expressions jaq is given: it compiles its definitions for each.
const ROUNDS: usize = 100;
const ROUND: usize = 100;

#[test]
fn expressions_mean_what_they_mean_to_jaq() {
    let texts = rows(SAME).flatten().chain(SAME_OVER_LINES.iter().copied());
    let corpus: Vec<_> = texts.map(|text| (text.to_owned(), text.to_owned())).collect();
    assert!(corpus.len() >= 150, "{} expressions", corpus.len());
    for input in inputs() {
        let differences = differences_of("", &corpus, &input);
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

#[test]
fn the_differences_to_jaq_are_these() {
    let input = &inputs()[0];
    for row in rows(DIFFERENT) {
        let [text, ours, theirs] = row.as_slice() else { panic!("{row:?}") };
        let expression = Expression::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        let shown = |value: Option<Value>| value.map_or("error".to_owned(), |value| value.to_string());
        assert_eq!(shown(expression.evaluate(input).ok()), *ours, "{text}");
        assert_eq!(shown(jaq::run(text, input)), *theirs, "{text}, by jaq");
    }
}

#[test]
fn random_expressions_mean_what_jq_says_in_terms_of_jaq() {
    on_a_worker_stack(|| {
        let inputs = inputs();
        let mut dice = Dice(11);
        let mut values = 0;
        for _ in 0..ROUNDS {
            let input = dice.pick(&inputs);
            let mut spellings = Vec::new();
            for _ in 0..ROUND {
                let pair = generator::expression(&mut dice, 4);
                match Expression::parse(&pair.ours) {
                    Ok(expression) => values += usize::from(expression.evaluate(input).is_ok()),
                    // The repetition of a string cannot be spelled.
                    Err(fault) if fault.kind == FaultKind::NotSupported => continue,
                    Err(_) => {}
                }
                spellings.push((pair.ours, pair.jaq));
            }
            let differences = differences_of(jaq::JQ, &spellings, input);
            assert!(differences.is_empty(), "{}", differences.join("\n"));
        }
        assert!(values > ROUNDS * ROUND / 8, "only {values} of the expressions have a value");
    });
}
