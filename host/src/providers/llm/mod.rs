//! The seam to language models: one question out, one whole answer back.

mod chat;
mod endpoint;
mod openai;
mod reply;

pub use chat::{
    ChatMessage, ChatRequest, ChatResponse, ChatRole, ChatTool, ChatToolCall, FinishReason, LlmProvider,
    LlmSession, TokenUsage,
};
pub use openai::OpenAiCompatible;
