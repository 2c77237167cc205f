//! The world wing: everything outside, and nothing of WebAssembly. Each seam is one small trait with a live and a
//! stubbed implementation.

mod agent_budget;
mod clock;
mod entropy;
mod http;
mod journal_file;
mod journal_memory;
mod live_http;
mod llm;
mod stub;
mod world;

pub use agent_budget::{AgentBudget, BudgetFolder, FileBudget};
pub use clock::{Clock, FixedClock, StillClock, SystemClock};
pub use entropy::{Entropy, FixedEntropy, SystemEntropy};
pub use http::{HttpProvider, HttpRequest, HttpResponse, HttpSession, MAX_BODY_BYTES};
pub use journal_file::{Durability, FileSink, is_written, read_journal};
pub use journal_memory::MemorySink;
pub use live_http::{LiveHttp, NameResolver, SystemResolver};
pub use llm::{
    AnthropicMessages, ChatMessage, ChatRequest, ChatResponse, ChatRole, ChatTool, ChatToolCall,
    FinishReason, LlmProvider, LlmSession, ModelRouter, OpenAiCompatible, TokenUsage,
};
pub use stub::StubWorld;
pub use world::{World, WorldSession};
