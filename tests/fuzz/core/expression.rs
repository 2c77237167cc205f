//! Expressions: a template in the first line, and the root that it sees in the rest.

use aos_core::json;
use aos_core::workflow::expression::{Binding, Template, limit};
use serde_json::{Value, json};

pub(super) fn evaluate(data: &[u8]) {
    let Some(text) = super::text(data) else { return };
    let (text, root) = text.split_once('\n').unwrap_or((text, ""));
    let root = json::read(root).unwrap_or_else(|_| json!({"input": {"a": [1, "b", null]}, "steps": {}}));
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(fault) => {
            assert!(text.get(fault.span.clone()).is_some() && !fault.to_string().is_empty(), "{fault:?}");
            assert!(Binding::parse(&json!([text])).is_err());
            return;
        }
    };
    assert_eq!(template.source(), text);
    let read = template.references();
    let named = read.steps.values().chain(read.outcomes.values()).chain(read.unknown_roots.values());
    named.chain(&read.dynamic).for_each(|span| assert!(text.get(span.clone()).is_some(), "{span:?}"));
    let value = template.evaluate(&root);
    assert_eq!(value, template.evaluate(&root), "the same gives the same");
    match &value {
        Ok(value) => assert_bounded(value, &root),
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some() && !error.message.is_empty(), "{error:?}");
        }
    }
    let bound = Binding::parse(&json!({"a": [text]})).expect("the template was parsed");
    match (bound.evaluate(&root), value) {
        (Ok(bound), Ok(value)) => assert_eq!(bound, json!({"a": [value]})),
        (Err(error), Err(alone)) => assert_eq!((error.pointer.as_str(), error.error), ("/a/0", alone)),
        // Within two levels more, a value may be too deep.
        (Err(error), Ok(value)) => assert!(depth(&value) + 2 > limit::VALUE_DEPTH, "{error}"),
        (Ok(bound), Err(alone)) => panic!("{bound}, and alone {alone}"),
    }
}

/// What an expression gives is what the strict reader on the other side takes, and no more than it may make.
fn assert_bounded(value: &Value, root: &Value) {
    let text = value.to_string();
    let most = limit::MADE_BYTES as usize + root.to_string().len() * (limit::TOKENS + 1) + limit::TEXT_BYTES;
    assert!(text.len() <= most, "{} bytes", text.len());
    match json::read(&text) {
        Ok(again) => assert_eq!(again, *value),
        Err(error) => assert!(depth(value) > limit::VALUE_DEPTH, "{error}"),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
