//! `aos:skill/llm`: one question, one whole answer.

use aos_core::failure::{ErrorCode, Failure};
use aos_core::json;
use serde_json::Value;

use super::Guest;
use super::wire::to_guest;
use crate::gate::{LlmAnswer, LlmCall};
use crate::providers::{ChatMessage, ChatRequest, ChatRole, ChatTool, ChatToolCall, FinishReason};
use crate::sandbox::bindings::aos::skill::llm;

impl llm::Host for Guest {
    async fn complete(
        &mut self,
        request: llm::ChatRequest,
    ) -> wasmtime::Result<Result<llm::ChatResponse, llm::Failure>> {
        let (index, answer) = self.gate.call(question(request)).await?;
        Ok(answer.map(|answer| response(answer, index)).map_err(|failure| to_guest(failure, index)))
    }
}

/// A schema that is no JSON is a fault of the question: the gate refuses it there, like any other denial.
fn question(request: llm::ChatRequest) -> LlmCall {
    let mut fault = None;
    let mut schema = |text: &str| {
        json::read(text).unwrap_or_else(|error| {
            fault =
                Some(Failure::new(ErrorCode::SchemaInvalid, format!("a schema of the question: {error}")));
            Value::Null
        })
    };
    let response_schema = request.response_schema.as_deref().map(&mut schema);
    let tools = request.tools.into_iter().map(|tool| {
        let input_schema = schema(&tool.input_schema);
        ChatTool { name: tool.name, description: tool.description, input_schema }
    });
    let question = ChatRequest {
        model: request.model,
        tools: tools.collect(),
        messages: request.messages.into_iter().map(message).collect(),
        max_tokens: request.max_tokens,
        temperature: request.temperature,
        stop: request.stop,
        response_schema,
        task: request.task,
    };
    LlmCall { question, timeout_ms: request.timeout_ms, fault }
}

fn message(message: llm::Message) -> ChatMessage {
    ChatMessage {
        role: match message.role {
            llm::Role::System => ChatRole::System,
            llm::Role::User => ChatRole::User,
            llm::Role::Assistant => ChatRole::Assistant,
            llm::Role::Tool => ChatRole::Tool,
        },
        content: message.content,
        tool_calls: message
            .tool_calls
            .into_iter()
            .map(|call| ChatToolCall { id: call.id, name: call.name, arguments: call.arguments })
            .collect(),
        tool_call_id: message.tool_call_id,
    }
}

fn response(answer: LlmAnswer, index: u32) -> llm::ChatResponse {
    let response = answer.response;
    let usage = response.usage.unwrap_or_default();
    llm::ChatResponse {
        call: index,
        text: response.text,
        finish_reason: match response.finish_reason {
            FinishReason::Stop => llm::FinishReason::Stop,
            FinishReason::Length => llm::FinishReason::Length,
            FinishReason::ToolCalls => llm::FinishReason::ToolCalls,
            // The guest's words know no refusal; the host's record of the call does.
            FinishReason::ContentFilter | FinishReason::Refusal => llm::FinishReason::ContentFilter,
        },
        tool_calls: response
            .tool_calls
            .into_iter()
            .map(|call| llm::ToolCall { id: call.id, name: call.name, arguments: call.arguments })
            .collect(),
        usage: llm::Usage {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            reasoning_tokens: usage.reasoning_tokens,
        },
        cost_nanodollars: answer.cost.nanos(),
        model: response.model,
    }
}
