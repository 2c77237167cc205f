//! What the model answered, as `output.schema.json` describes it.

use serde::Serialize;
use serde_json::Value;

use crate::bindings::aos::skill::llm::{ChatResponse, FinishReason};
use crate::fault::Fault;

/// The output.
#[derive(Debug, Serialize)]
pub(crate) struct Output {
    text: String,
    finish_reason: &'static str,
    usage: Usage,
    cost: Cost,
    model: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Value>,
}

/// Tokens, as the provider counted them.
#[derive(Debug, Serialize)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    cached_input_tokens: u64,
    reasoning_tokens: u64,
}

/// What the call cost.
#[derive(Debug, Serialize)]
struct Cost {
    nanodollars: u64,
}

/// A tool that the model asks for.
#[derive(Debug, Serialize)]
struct ToolCall {
    id: String,
    name: String,
    arguments: String,
}

impl Output {
    /// Makes the output of the host's answer and of the JSON found in it.
    pub(crate) fn new(response: ChatResponse, json: Option<Value>) -> Self {
        let tool_calls = response.tool_calls.into_iter();
        Self {
            text: response.text,
            finish_reason: word(response.finish_reason),
            usage: Usage {
                input_tokens: response.usage.input_tokens,
                output_tokens: response.usage.output_tokens,
                cached_input_tokens: response.usage.cached_input_tokens,
                reasoning_tokens: response.usage.reasoning_tokens,
            },
            cost: Cost { nanodollars: response.cost_nanodollars },
            model: response.model,
            tool_calls: tool_calls
                .map(|call| ToolCall { id: call.id, name: call.name, arguments: call.arguments })
                .collect(),
            json,
        }
    }

    /// The JSON text of the output.
    pub(crate) fn write(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(Fault::Output)
    }
}

fn word(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
    }
}
