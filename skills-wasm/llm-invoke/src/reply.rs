//! The JSON that a model was asked for: found in its text, read and checked.

use serde_json::{Number, Value};

use crate::bindings::aos::skill::llm::{ChatResponse, FinishReason};
use crate::fault::{Fault, Flaw};
use crate::schema::Schema;

/// 2^53 - 1. Past it, a reader that takes numbers for doubles sees another number than was written.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// The host reads 96 levels, and the value stands in objects of the output and of the next step.
const MAX_DEPTH: usize = 90;

/// The JSON of a complete answer; nothing where the model asks for a tool. One that was withheld never comes here.
pub(crate) fn json(response: &ChatResponse, schema: &Value) -> Result<Option<Value>, Fault> {
    match response.finish_reason {
        FinishReason::ToolCalls | FinishReason::ContentFilter => Ok(None),
        FinishReason::Length => Err(Fault::truncated(&response.text)),
        FinishReason::Stop => {
            read(&response.text, schema).map(Some).map_err(|flaw| Fault::invalid(&response.text, flaw))
        }
    }
}

fn read(text: &str, schema: &Value) -> Result<Value, Flaw> {
    let value: Value = serde_json::from_str(unfenced(text)).map_err(Flaw::NotJson)?;
    if !survives(&value, MAX_DEPTH) {
        return Err(Flaw::NotKept);
    }
    Schema::new(schema).check(&value)?;
    Ok(value)
}

/// Takes a Markdown fence off, which models like to put around JSON even when told not to.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(fenced) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else {
        return text;
    };
    fenced.strip_prefix("json").or_else(|| fenced.strip_prefix("JSON")).unwrap_or(fenced).trim()
}

/// Whether the value is read as the same value by whoever reads the output.
fn survives(value: &Value, levels: usize) -> bool {
    let inside = |item: &Value| levels.checked_sub(1).is_some_and(|levels| survives(item, levels));
    match value {
        Value::Number(number) => is_exact(number),
        Value::Array(array) => levels > 0 && array.iter().all(inside),
        Value::Object(object) => levels > 0 && object.values().all(inside),
        _ => true,
    }
}

fn is_exact(number: &Number) -> bool {
    let integer = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    match integer {
        Some(size) => size <= MAX_EXACT,
        // A longer integer is a double by now, already rounded, so a large number is refused however it was written.
        None => number.as_f64().is_some_and(|value| value.abs() <= MAX_EXACT as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::aos::skill::llm::Usage;
    use serde_json::json;

    fn answer(text: &str, finish_reason: FinishReason) -> Result<Option<Value>, Fault> {
        let usage = Usage { input_tokens: 1, output_tokens: 1, cached_input_tokens: 0, reasoning_tokens: 0 };
        let response = ChatResponse {
            call: 0,
            text: text.to_owned(),
            finish_reason,
            tool_calls: vec![],
            usage,
            cost_nanodollars: 0,
            model: "m".to_owned(),
        };
        json(&response, &json!({"type": "object", "required": ["a"]}))
    }

    #[test]
    fn a_fence_is_taken_off() {
        for text in
            ["{\"a\":1}", " ```json\n{\"a\": 1}\n```\n", "```\n{\"a\":1}\n```", "```JSON {\"a\":1}```"]
        {
            assert_eq!(answer(text, FinishReason::Stop).unwrap(), Some(json!({"a": 1})), "{text}");
        }
    }

    #[test]
    fn an_answer_that_is_not_what_was_asked_is_invalid() {
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        for text in ["Sure! {\"a\": 1}", "", "{}", "[1]", "{\"a\": 9007199254740993}", "{\"a\": 1e17}", &deep]
        {
            let fault = answer(text, FinishReason::Stop).unwrap_err();
            assert!(matches!(fault, Fault::Invalid { .. }), "{text}");
        }
    }

    #[test]
    fn how_the_answer_ended_decides() {
        assert!(matches!(answer("{\"a\": 1", FinishReason::Length), Err(Fault::Truncated { .. })));
        assert_eq!(answer("", FinishReason::ToolCalls).unwrap(), None);
        assert_eq!(answer("", FinishReason::ContentFilter).unwrap(), None);
    }
}
