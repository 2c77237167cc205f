//! What the skill says of itself, and the most that it may use.

use crate::bindings::Metadata;
use crate::bindings::aos::skill::types::{Effect, ResourceContract};

/// One unit is about one instruction; reading and checking a long answer takes a few million.
const FUEL: u64 = 200_000_000;

/// Room for a long conversation, its request and the answer.
const MEMORY_BYTES: u64 = 64 << 20;

/// Models may think for a minute; the input's `timeout_ms` can only shorten this.
const DEADLINE_MS: u32 = 120_000;

/// One call is made. The rest is room for what a language runtime asks of the host.
const HOST_CALLS: u32 = 16;

/// The skill, as the host shows it.
pub(crate) fn describe() -> Metadata {
    Metadata {
        id: "llm_invoke".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Asks a model one question and returns its answer, as JSON where a schema is given."
            .to_owned(),
        input_schema: include_str!("input.schema.json").to_owned(),
        output_schema: include_str!("output.schema.json").to_owned(),
        deterministic: true,
        effects: vec![Effect::Llm],
        idempotent: false,
        estimate: None,
        contract: ResourceContract {
            fuel: FUEL,
            memory_bytes: MEMORY_BYTES,
            deadline_ms: DEADLINE_MS,
            host_calls: HOST_CALLS,
            hosts: vec![],
            models: vec![],
            secrets: vec![],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::aos::skill::llm::{ChatResponse, FinishReason, ToolCall, Usage};
    use crate::output::Output;
    use jsonschema::Validator;
    use serde_json::{Value, json};

    fn validator(schema: &str) -> Validator {
        jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap()
    }

    #[test]
    fn the_input_schema_holds_what_the_skill_reads() {
        let schema = validator(&describe().input_schema);
        let turn = json!({"role": "user", "content": "x"});
        let right = [
            json!({"model": "m", "prompt": "x"}),
            json!({"model": "m", "messages": [turn], "system": "s", "max_tokens": 1, "temperature": 0.0}),
            json!({"model": "m", "prompt": "x", "stop": ["."], "task": "t", "timeout_ms": 1, "response_schema": {}}),
            json!({"model": "m", "prompt": "x", "tools": [{"name": "t", "input_schema": {}}]}),
        ];
        let wrong = [
            json!({"prompt": "x"}),
            json!({"model": "m"}),
            json!({"model": "m", "prompt": "x", "messages": [turn]}),
            json!({"model": "m", "messages": []}),
            json!({"model": "m", "messages": [{"role": "tool", "content": "x"}]}),
            json!({"model": "m", "prompt": "x", "temperature": 2.5}),
            json!({"model": "m", "prompt": "x", "response_schema": true}),
            json!({"model": "m", "prompt": "x", "top_p": 1}),
        ];
        assert!(right.iter().all(|input| schema.is_valid(input)));
        assert_eq!(wrong.iter().find(|input| schema.is_valid(input)), None);
    }

    #[test]
    fn the_output_fits_its_schema() {
        let call = ToolCall { id: "1".to_owned(), name: "t".to_owned(), arguments: "{}".to_owned() };
        let response = |tool_calls| ChatResponse {
            call: 0,
            text: "null".to_owned(),
            finish_reason: FinishReason::ToolCalls,
            tool_calls,
            usage: Usage { input_tokens: 5, output_tokens: 4, cached_input_tokens: 3, reasoning_tokens: 2 },
            cost_nanodollars: 7,
            model: "m-1".to_owned(),
        };
        let output = |tool_calls, json| -> Value {
            serde_json::from_str(&Output::new(response(tool_calls), json).write().unwrap()).unwrap()
        };
        let schema = validator(&describe().output_schema);
        let full = output(vec![call], Some(Value::Null));
        assert!(schema.is_valid(&full) && schema.is_valid(&output(vec![], None)));
        assert_eq!((&full["json"], &full["cost"]["nanodollars"]), (&Value::Null, &json!(7)));
        let mut keys: Vec<_> = output(vec![], None).as_object().unwrap().keys().cloned().collect();
        keys.sort();
        assert_eq!(keys, ["cost", "finish_reason", "model", "text", "usage"]);
    }
}
