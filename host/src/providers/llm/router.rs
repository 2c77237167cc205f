//! Several providers as one: each question goes to the one of its model.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use futures_util::future::BoxFuture;

use super::{ChatRequest, ChatResponse, LlmProvider, LlmSession};

/// How the names of Anthropic's models begin.
const CLAUDE: &str = "claude";

/// A provider for models whose name begins with `claude`, and one for all others. Where only one of them is there,
/// it is asked about every model: many a gateway serves the models of several makers.
#[derive(Clone, Default)]
pub struct ModelRouter {
    claude: Option<Arc<dyn LlmProvider>>,
    others: Option<Arc<dyn LlmProvider>>,
}

impl ModelRouter {
    /// Without a provider: every question is `CONFIG_INVALID`, with the ways out.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a provider for models whose name begins with `claude`.
    #[must_use]
    pub fn with_claude(mut self, provider: Arc<dyn LlmProvider>) -> Self {
        self.claude = Some(provider);
        self
    }

    /// With a provider for all other models.
    #[must_use]
    pub fn with_others(mut self, provider: Arc<dyn LlmProvider>) -> Self {
        self.others = Some(provider);
        self
    }
}

impl LlmProvider for ModelRouter {
    fn open(&self) -> Arc<dyn LlmSession> {
        let open =
            |provider: &Option<Arc<dyn LlmProvider>>| provider.as_ref().map(|provider| provider.open());
        Arc::new(RoutedSession { claude: open(&self.claude), others: open(&self.others) })
    }
}

struct RoutedSession {
    claude: Option<Arc<dyn LlmSession>>,
    others: Option<Arc<dyn LlmSession>>,
}

impl RoutedSession {
    fn session_for(&self, model: &str) -> Option<&Arc<dyn LlmSession>> {
        let (claude, others) = (self.claude.as_ref(), self.others.as_ref());
        if model.starts_with(CLAUDE) { claude.or(others) } else { others.or(claude) }
    }
}

impl LlmSession for RoutedSession {
    fn complete(
        &self,
        request: ChatRequest,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<ChatResponse, Failure>> {
        match self.session_for(&request.model) {
            Some(session) => session.complete(request, timeout),
            None => Box::pin(std::future::ready(Err(not_set_up()))),
        }
    }

    fn answered_before(&self, question: &ChatRequest) {
        if let Some(session) = self.session_for(&question.model) {
            session.answered_before(question);
        }
    }
}

fn not_set_up() -> Failure {
    let message = "no model provider is set up; set AOS_LLM_BASE_URL (and AOS_LLM_API_KEY) for one that speaks chat \
                   completions, or AOS_ANTHROPIC_API_KEY for Anthropic, or give --stubs";
    Failure::new(ErrorCode::ConfigInvalid, message)
}
