//! A provider that speaks the Messages protocol: one question out, one whole answer back.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::Failure;
use futures_util::future::BoxFuture;

use super::{answer, question};
use crate::providers::llm::endpoint::Endpoint;
use crate::providers::{ChatRequest, ChatResponse, LlmProvider, LlmSession};

/// The version of the protocol that is spoken here; the provider keeps each for good.
const VERSION: &str = "2023-06-01";

/// A provider of models. Its address and key come from the operator, so no grant of a workflow is asked about them.
#[derive(Clone)]
pub struct AnthropicMessages {
    endpoint: Endpoint,
}

impl AnthropicMessages {
    /// Where Anthropic itself is.
    pub const BASE_URL: &str = "https://api.anthropic.com";

    /// A provider at a base URL, such as [`BASE_URL`](Self::BASE_URL), with its key. A `/v1` at the URL's end may be
    /// left out.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` for a URL that is none, and for a key that is empty or that no header field can carry.
    pub fn new(base_url: &str, key: String) -> Result<Self, Failure> {
        let base_url = base_url.trim_end_matches('/');
        let base_url = base_url.strip_suffix("/v1").unwrap_or(base_url);
        let endpoint = Endpoint::new(base_url, "/v1/messages")?
            .with_header("anthropic-version", VERSION)
            .with_key("x-api-key", "", key)?;
        Ok(Self { endpoint })
    }
}

impl LlmProvider for AnthropicMessages {
    fn open(&self) -> Arc<dyn LlmSession> {
        Arc::new(self.clone())
    }
}

impl LlmSession for AnthropicMessages {
    fn complete(
        &self,
        request: ChatRequest,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<ChatResponse, Failure>> {
        Box::pin(async move {
            let question = question::body(&request)?;
            answer::read(&self.endpoint.ask(&question, timeout).await?)
        })
    }
}
