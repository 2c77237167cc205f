//! An answer of the Messages protocol, read; and its refusals as words of the catalogue.

use aos_core::failure::{ErrorCode, Failure};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::providers::llm::reply::{self, Refusal};
use crate::providers::{ChatResponse, ChatToolCall, FinishReason, HttpResponse, TokenUsage};

/// Refusals that their text alone tells apart, in lower case: all of them come with status 400 as
/// `invalid_request_error`.
const TOLD_BY_TEXT: [(&str, ErrorCode); 5] = [
    ("credit balance is too low", ErrorCode::ModelQuotaExhausted),
    ("api usage limits", ErrorCode::ModelQuotaExhausted),
    ("spend limit", ErrorCode::ModelQuotaExhausted),
    ("prompt is too long", ErrorCode::ModelContextExceeded),
    ("exceed context limit", ErrorCode::ModelContextExceeded),
];

#[derive(Deserialize)]
struct Message {
    model: String,
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

/// A part of the answer. What is thought aloud is no answer, and tools of the provider's own are never asked for.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Map<String, Value>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize)]
struct OutputDetails {
    #[serde(default)]
    thinking_tokens: u64,
}

/// Reads an answer.
///
/// # Errors
///
/// What a refusal stands for, or `HTTP_PROTOCOL_ERROR` for an answer that is not of the protocol.
pub(super) fn read(answer: &HttpResponse) -> Result<ChatResponse, Failure> {
    let message: Message = reply::read(answer, code_of)?;
    let (mut text, mut tool_calls) = (String::new(), Vec::new());
    for block in message.content {
        match block {
            Block::Text { text: more } => text.push_str(&more),
            Block::ToolUse { id, name, input } => {
                tool_calls.push(ChatToolCall { id, name, arguments: Value::Object(input).to_string() });
            }
            Block::Other => {}
        }
    }
    Ok(ChatResponse {
        text,
        finish_reason: finish_reason(message.stop_reason.as_deref()),
        tool_calls,
        usage: message.usage.map(|usage| TokenUsage::from(usage).exact()),
        model: message.model,
    })
}

fn finish_reason(stop_reason: Option<&str>) -> FinishReason {
    match stop_reason {
        // A paused turn is one that the provider's own tools have cut off. It is not whole, whatever its length.
        Some("max_tokens" | "model_context_window_exceeded" | "pause_turn") => FinishReason::Length,
        Some("tool_use") => FinishReason::ToolCalls,
        Some("refusal") => FinishReason::Refusal,
        // `end_turn`, `stop_sequence`, and what is not known yet: the answer is there and paid for, and no reason to
        // distrust it is.
        _ => FinishReason::Stop,
    }
}

impl From<Usage> for TokenUsage {
    /// The provider counts the question without what its cache was read and written for.
    fn from(usage: Usage) -> Self {
        let read = usage.cache_read_input_tokens.unwrap_or(0);
        let written = usage.cache_creation_input_tokens.unwrap_or(0);
        Self {
            input_tokens: usage.input_tokens.saturating_add(read).saturating_add(written),
            output_tokens: usage.output_tokens,
            cached_input_tokens: read,
            cache_write_input_tokens: written,
            reasoning_tokens: usage.output_tokens_details.map_or(0, |details| details.thinking_tokens),
        }
    }
}

/// What a refusal means beyond its status; the kind stands over the status. A request that took too long there (504,
/// `timeout_error`) stays the upstream's failure: no limit of this host was met.
fn code_of(refusal: &Refusal) -> Option<ErrorCode> {
    match refusal.kind.as_deref()? {
        "authentication_error" => Some(ErrorCode::UpstreamUnauthenticated),
        "billing_error" => Some(ErrorCode::ModelQuotaExhausted),
        "permission_error" => Some(ErrorCode::UpstreamForbidden),
        "not_found_error" => Some(ErrorCode::ModelNotFound),
        "request_too_large" => Some(ErrorCode::RequestTooLarge),
        "rate_limit_error" => Some(ErrorCode::RateLimited),
        "overloaded_error" => Some(ErrorCode::ModelOverloaded),
        "invalid_request_error" if refusal.status == 400 => told_by_text(refusal.message.as_deref()?),
        _ => None,
    }
}

fn told_by_text(message: &str) -> Option<ErrorCode> {
    let message = message.to_lowercase();
    TOLD_BY_TEXT.iter().find(|(words, _)| message.contains(words)).map(|(_, code)| *code)
}
