//! Models over Anthropic's Messages protocol.

mod answer;
mod provider;
mod question;

pub use provider::AnthropicMessages;
