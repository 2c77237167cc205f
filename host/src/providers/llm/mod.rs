//! The seam to language models: one question out, one whole answer back.

mod anthropic;
mod chat;
mod endpoint;
mod openai;
mod reply;
mod router;

pub use anthropic::AnthropicMessages;
pub use chat::{
    ChatMessage, ChatRequest, ChatResponse, ChatRole, ChatTool, ChatToolCall, FinishReason, LlmProvider,
    LlmSession, TokenUsage,
};
pub use openai::OpenAiCompatible;
pub use router::ModelRouter;
