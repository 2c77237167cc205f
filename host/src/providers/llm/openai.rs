//! Models over the chat completions protocol that many providers share ("OpenAI-compatible").

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure, UpstreamAnswer, classify_status};
use aos_core::units::Timestamp;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    ChatMessage, ChatRequest, ChatResponse, ChatRole, ChatTool, ChatToolCall, FinishReason, LlmProvider,
    LlmSession, TokenUsage,
};
use crate::providers::{HttpProvider, HttpRequest, HttpResponse, HttpSession, LiveHttp};

/// What stands where a key stood.
const REDACTED: &str = "[redacted]";

/// A provider of models. Its address and key come from the operator, so no grant of a workflow is asked about them.
#[derive(Clone)]
pub struct OpenAiCompatible {
    endpoint: Option<Endpoint>,
}

#[derive(Clone)]
struct Endpoint {
    url: Url,
    key: Option<String>,
    http: Arc<dyn HttpSession>,
}

impl OpenAiCompatible {
    /// A provider at a base URL such as `https://api.openai.com/v1`, with a key where it wants one.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` for a URL that is none.
    pub fn new(base_url: &str, key: Option<String>) -> Result<Self, Failure> {
        let refused =
            |reason: String| Failure::new(ErrorCode::ConfigInvalid, format!("{base_url:?}: {reason}"));
        let text = format!("{}/chat/completions", base_url.trim_end_matches('/'));
        let url = aos_core::policy::parse_url(&text).map_err(|failure| refused(failure.message))?;
        let pattern = aos_core::policy::HostPattern::granting(&url);
        let hosts = vec![pattern.parse().map_err(|error| refused(format!("{error}")))?];
        let grants = aos_core::policy::Grants { hosts, ..Default::default() };
        let http = LiveHttp::new().open(Arc::new(aos_core::policy::Policy::new(grants)));
        Ok(Self { endpoint: Some(Endpoint { url, key, http }) })
    }

    /// No provider: every question is `CONFIG_INVALID`, with the way out.
    #[must_use]
    pub const fn unconfigured() -> Self {
        Self { endpoint: None }
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
        Box::pin(async move {
            let Some(endpoint) = &self.endpoint else {
                let message = "no model provider is set up; set AOS_LLM_BASE_URL (and AOS_LLM_API_KEY), or give --stubs";
                return Err(Failure::new(ErrorCode::ConfigInvalid, message));
            };
            let answer = endpoint.http.send(endpoint.request(&request, timeout)).await?;
            read_answer(&endpoint.without_key(answer))
        })
    }
}

impl Endpoint {
    fn request(&self, request: &ChatRequest, timeout: Duration) -> HttpRequest {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(self.key.iter().map(|key| ("authorization".to_owned(), format!("Bearer {key}"))));
        let body = body(request).to_string().into();
        HttpRequest { method: "POST".to_owned(), url: self.url.clone(), headers, body, timeout }
    }

    /// An answer that repeats the key, as some refusals do, must not carry it any further.
    fn without_key(&self, answer: HttpResponse) -> HttpResponse {
        let Some(key) = self.key.as_deref().filter(|key| !key.is_empty()) else { return answer };
        let hide = |text: &str| text.replace(key, REDACTED);
        let headers = answer.headers.iter().map(|(name, value)| (name.clone(), hide(value))).collect();
        let body = match serde_json::from_slice::<Value>(&answer.body) {
            Ok(mut value) => {
                hide_in(&mut value, &hide);
                value.to_string().into()
            }
            Err(_) => hide(&String::from_utf8_lossy(&answer.body)).into(),
        };
        HttpResponse { status: answer.status, headers, body }
    }
}

/// Changes every string of a JSON value. JSON may write one character in several ways, so its text will not do.
fn hide_in(value: &mut Value, hide: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = hide(text),
        Value::Array(items) => items.iter_mut().for_each(|item| hide_in(item, hide)),
        Value::Object(members) => members.values_mut().for_each(|member| hide_in(member, hide)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
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
    if answer.status != 200 {
        return Err(refused(answer));
    }
    let odd = |reason: String| {
        Failure::new(ErrorCode::HttpProtocolError, format!("the provider's answer cannot be read: {reason}"))
            .sent()
    };
    let completion: Completion =
        serde_json::from_slice(&answer.body).map_err(|error| odd(error.to_string()))?;
    let choice = completion.choices.into_iter().next().ok_or_else(|| odd("it has no choice".to_owned()))?;
    let calls = choice.message.tool_calls.unwrap_or_default();
    let tool_calls: Vec<_> = calls
        .into_iter()
        .map(|call| ChatToolCall {
            id: call.id,
            name: call.function.name,
            arguments: call.function.arguments,
        })
        .collect();
    let finish_reason = match choice.finish_reason.as_deref() {
        Some("length") => FinishReason::Length,
        Some("tool_calls" | "function_call") => FinishReason::ToolCalls,
        Some("content_filter") => FinishReason::ContentFilter,
        _ => FinishReason::Stop,
    };
    let text = choice.message.content.unwrap_or_default();
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

/// The status alone is not enough: an account without money says 429 as well.
fn refused(answer: &HttpResponse) -> Failure {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let word =
        |name: &str| body.pointer(&format!("/error/{name}")).and_then(Value::as_str).map(str::to_owned);
    let subcode = word("code").or_else(|| word("type"));
    let known = match (subcode.as_deref(), answer.status) {
        (Some("insufficient_quota" | "billing_hard_limit_reached"), _) => {
            Some(ErrorCode::ModelQuotaExhausted)
        }
        (Some("context_length_exceeded"), _) => Some(ErrorCode::ModelContextExceeded),
        (Some("content_filter" | "content_policy_violation"), _) => Some(ErrorCode::ModelContentFiltered),
        (Some("server_is_overloaded" | "overloaded_error"), _) => Some(ErrorCode::ModelOverloaded),
        (Some("model_not_found"), _) | (_, 404) => Some(ErrorCode::ModelNotFound),
        _ => None,
    };
    // A pause that is given as a date has no place in this protocol, so the time of the answer does not matter.
    let answered = UpstreamAnswer { status: answer.status, headers: &answer.headers, at: Timestamp::EPOCH };
    let by_status = classify_status(answered).unwrap_or_else(|| {
        Failure::new(
            ErrorCode::HttpProtocolError,
            format!("the provider answered with status {}", answer.status),
        )
        .sent()
    });
    let mut failure = match known {
        Some(code) => {
            let failure = Failure::new(code, by_status.message.clone()).sent();
            Failure { status: by_status.status, retry_after_ms: by_status.retry_after_ms, ..failure }
        }
        None => by_status,
    };
    if let Some(message) = word("message") {
        failure = Failure { message: Failure::new(failure.code, message).message, ..failure };
    }
    match subcode {
        Some(subcode) => failure.with_subcode(subcode),
        None => failure,
    }
}
