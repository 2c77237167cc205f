//! Models over the chat completions protocol that many providers share ("OpenAI-compatible").

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::reply::{self, Refusal};
use super::{
    ChatMessage, ChatRequest, ChatResponse, ChatRole, ChatTool, ChatToolCall, FinishReason, LlmProvider,
    LlmSession, TokenUsage,
};
use crate::providers::HttpResponse;

/// A provider of models. Its address and key come from the operator, so no grant of a workflow is asked about them.
#[derive(Clone)]
pub struct OpenAiCompatible {
    endpoint: Endpoint,
}

impl OpenAiCompatible {
    /// A provider at a base URL such as `https://api.openai.com/v1`, with a key where it wants one.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` for a URL that is none, and for a key that is empty or that no header field can carry.
    pub fn new(base_url: &str, key: Option<String>) -> Result<Self, Failure> {
        let endpoint = Endpoint::new(base_url, "/chat/completions")?;
        let endpoint = match key {
            Some(key) => endpoint.with_key("authorization", "Bearer ", key)?,
            None => endpoint,
        };
        Ok(Self { endpoint })
    }
}

impl LlmProvider for OpenAiCompatible {
    fn open(&self) -> Arc<dyn LlmSession> {
        Arc::new(self.clone())
    }
}

impl LlmSession for OpenAiCompatible {
    fn complete(
        &self,
        request: ChatRequest,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<ChatResponse, Failure>> {
        Box::pin(async move { read_answer(&self.endpoint.ask(&body(&request), timeout).await?) })
    }
}

fn body(request: &ChatRequest) -> Value {
    let mut body = json!({
        "model": request.model,
        "messages": request.messages.iter().map(message).collect::<Vec<_>>(),
        "max_completion_tokens": request.max_tokens,
    });
    let mut set = |name: &str, value: Value| {
        if let Some(members) = body.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if let Some(temperature) = request.temperature {
        set("temperature", json!(temperature));
    }
    if !request.stop.is_empty() {
        set("stop", json!(request.stop));
    }
    if let Some(schema) = &request.response_schema {
        let format = json!({"name": "answer", "strict": true, "schema": schema});
        set("response_format", json!({"type": "json_schema", "json_schema": format}));
    }
    if !request.tools.is_empty() {
        set("tools", request.tools.iter().map(tool).collect());
    }
    body
}

fn message(message: &ChatMessage) -> Value {
    let role = match message.role {
        ChatRole::System => "system",
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
        ChatRole::Tool => "tool",
    };
    let mut turn = json!({"role": role, "content": message.content});
    if let Some(members) = turn.as_object_mut() {
        if !message.tool_calls.is_empty() {
            members.insert("tool_calls".to_owned(), message.tool_calls.iter().map(tool_call).collect());
        }
        if let Some(id) = &message.tool_call_id {
            members.insert("tool_call_id".to_owned(), json!(id));
        }
    }
    turn
}

fn tool_call(call: &ChatToolCall) -> Value {
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}})
}

fn tool(tool: &ChatTool) -> Value {
    let function =
        json!({"name": tool.name, "description": tool.description, "parameters": tool.input_schema});
    json!({"type": "function", "function": function})
}

#[derive(Deserialize)]
struct Completion {
    model: String,
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Answer,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    content: Option<String>,
    /// What the model says instead, where it declines.
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<AnsweredCall>>,
}

#[derive(Deserialize)]
struct AnsweredCall {
    id: String,
    function: AnsweredFunction,
}

#[derive(Deserialize)]
struct AnsweredFunction {
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: u64,
}

#[derive(Deserialize)]
struct CompletionDetails {
    #[serde(default)]
    reasoning_tokens: u64,
}

fn read_answer(answer: &HttpResponse) -> Result<ChatResponse, Failure> {
    let completion: Completion = reply::read(answer, code_of)?;
    let choice =
        completion.choices.into_iter().next().ok_or_else(|| reply::unreadable("it has no choice"))?;
    let calls = choice.message.tool_calls.unwrap_or_default();
    let tool_calls: Vec<_> = calls
        .into_iter()
        .map(|call| ChatToolCall {
            id: call.id,
            name: call.function.name,
            arguments: call.function.arguments,
        })
        .collect();
    let refusal = choice.message.refusal.filter(|words| !words.is_empty());
    let finish_reason = match choice.finish_reason.as_deref() {
        _ if refusal.is_some() => FinishReason::Refusal,
        Some("length") => FinishReason::Length,
        Some("tool_calls" | "function_call") => FinishReason::ToolCalls,
        Some("content_filter") => FinishReason::ContentFilter,
        _ => FinishReason::Stop,
    };
    let text = choice.message.content.filter(|words| !words.is_empty()).or(refusal).unwrap_or_default();
    Ok(ChatResponse {
        text,
        finish_reason,
        tool_calls,
        usage: completion.usage.map(|usage| TokenUsage::from(usage).exact()),
        model: completion.model,
    })
}

impl From<Usage> for TokenUsage {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
            cached_input_tokens: usage.prompt_tokens_details.map_or(0, |details| details.cached_tokens),
            cache_write_input_tokens: 0,
            reasoning_tokens: usage.completion_tokens_details.map_or(0, |details| details.reasoning_tokens),
        }
    }
}

/// The status alone is not enough: an account without money says 429 as well. The finer word stands over the kind, and
/// both over the status.
fn code_of(refusal: &Refusal) -> Option<ErrorCode> {
    let words = [refusal.code.as_deref(), refusal.kind.as_deref()];
    words.into_iter().flatten().find_map(code_of_word)
}

fn code_of_word(word: &str) -> Option<ErrorCode> {
    Some(match word {
        "insufficient_quota" | "billing_hard_limit_reached" | "billing_not_active" => {
            ErrorCode::ModelQuotaExhausted
        }
        "rate_limit_exceeded" => ErrorCode::RateLimited,
        "context_length_exceeded" => ErrorCode::ModelContextExceeded,
        "content_filter" | "content_policy_violation" => ErrorCode::ModelContentFiltered,
        "server_is_overloaded" | "overloaded_error" => ErrorCode::ModelOverloaded,
        "model_not_found" => ErrorCode::ModelNotFound,
        "invalid_api_key" => ErrorCode::UpstreamUnauthenticated,
        _ => return None,
    })
}
