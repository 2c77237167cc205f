//! A question to a model and its answer, in words that every provider's protocol has.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::Failure;
use aos_core::units::MAX_EXACT_INTEGER;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// The instructions.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool.
    Tool,
}

/// The model asks for a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatToolCall {
    /// The provider's name for the request.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as JSON text that the model wrote.
    pub arguments: String,
}

/// A tool that the model may ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatTool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: ChatRole,
    /// What is said.
    pub content: String,
    /// What the assistant asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ChatToolCall>,
    /// Which request a turn of the tool answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The model.
    pub model: String,
    /// The conversation, oldest first.
    pub messages: Vec<ChatMessage>,
    /// The most tokens of the answer.
    pub max_tokens: u32,
    /// 0.0 to 2.0.
    pub temperature: Option<f64>,
    /// Texts at which the answer ends.
    pub stop: Vec<String>,
    /// JSON Schema that the answer must fit.
    pub response_schema: Option<Value>,
    /// Tools that the model may ask for.
    pub tools: Vec<ChatTool>,
    /// A word for what is asked.
    pub task: Option<String>,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model had said all.
    Stop,
    /// The tokens were used up.
    Length,
    /// The model asks for tools.
    ToolCalls,
    /// The provider withheld the answer.
    ContentFilter,
    /// The model itself declined.
    Refusal,
}

/// Tokens, as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Of the question, cached ones included.
    pub input_tokens: u64,
    /// Of the answer, reasoning included.
    pub output_tokens: u64,
    /// Of the question's, those that were cached.
    pub cached_input_tokens: u64,
    /// Of the question's, those that the provider wrote into its cache; a guest is not told of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write_input_tokens: u64,
    /// Of the answer's, those of reasoning.
    pub reasoning_tokens: u64,
}

impl TokenUsage {
    /// With no count that JSON would change: journals and guests could not carry it. None that is true is as large.
    pub(super) fn exact(self) -> Self {
        let exact = |count: u64| count.min(MAX_EXACT_INTEGER);
        Self {
            input_tokens: exact(self.input_tokens),
            output_tokens: exact(self.output_tokens),
            cached_input_tokens: exact(self.cached_input_tokens),
            cache_write_input_tokens: exact(self.cache_write_input_tokens),
            reasoning_tokens: exact(self.reasoning_tokens),
        }
    }
}

/// Journals that were written before this was counted keep their bytes.
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatResponse {
    /// What the model said.
    pub text: String,
    /// Why it ended.
    pub finish_reason: FinishReason,
    /// Which tools it asks for.
    pub tool_calls: Vec<ChatToolCall>,
    /// What was counted; `None` when the provider did not say.
    pub usage: Option<TokenUsage>,
    /// The model that answered.
    pub model: String,
}

/// Opens sessions. One provider serves all runs.
pub trait LlmProvider: Send + Sync {
    /// A session for one run.
    fn open(&self) -> Arc<dyn LlmSession>;
}

/// Asks the questions of one run.
pub trait LlmSession: Send + Sync {
    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue's model, network or upstream group.
    fn complete(
        &self,
        request: ChatRequest,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<ChatResponse, Failure>>;

    /// A question of this run was answered before it was killed. A world that answers in sequences goes on after it.
    fn answered_before(&self, _question: &ChatRequest) {}
}
