//! The outside as one value, and one run's view of it.

use std::sync::Arc;

use aos_core::ids::Digest;
use aos_core::policy::Policy;

use super::{
    Clock, Entropy, HttpProvider, HttpSession, LiveHttp, LlmProvider, LlmSession, ModelRouter, StubWorld,
    SystemClock, SystemEntropy,
};

/// Everything outside. It is live, a stub, or a mix that the embedder makes.
#[derive(Clone)]
pub struct World {
    http: Arc<dyn HttpProvider>,
    llm: Arc<dyn LlmProvider>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stubs: Option<Digest>,
}

/// What one run sees of the outside.
#[derive(Clone)]
pub struct WorldSession {
    /// HTTP.
    pub http: Arc<dyn HttpSession>,
    /// Models.
    pub llm: Arc<dyn LlmSession>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl World {
    /// The real world, without a model provider yet: asking a model is `CONFIG_INVALID`.
    #[must_use]
    pub fn live() -> Self {
        Self {
            http: Arc::new(LiveHttp::new()),
            llm: Arc::new(ModelRouter::new()),
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy),
            stubs: None,
        }
    }

    /// A scripted world: its HTTP and models answer from a file. Time and randomness are real.
    #[must_use]
    pub fn stub(stubs: StubWorld) -> Self {
        let digest = stubs.digest();
        let stubs = Arc::new(stubs);
        Self { http: Arc::<StubWorld>::clone(&stubs), llm: stubs, stubs: Some(digest), ..Self::live() }
    }

    /// With another way to send HTTP requests.
    #[must_use]
    pub fn with_http(mut self, http: Arc<dyn HttpProvider>) -> Self {
        self.http = http;
        self
    }

    /// With another way to ask models.
    #[must_use]
    pub fn with_llm(mut self, llm: Arc<dyn LlmProvider>) -> Self {
        self.llm = llm;
        self
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// With another source of randomness.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The source of randomness.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    /// The digest of the stub world's file; none for the live one.
    #[must_use]
    pub const fn stubs(&self) -> Option<Digest> {
        self.stubs
    }

    /// A view for one run.
    #[must_use]
    pub fn open(&self, policy: &Arc<Policy>) -> WorldSession {
        WorldSession {
            http: self.http.open(Arc::clone(policy)),
            llm: self.llm.open(),
            clock: Arc::clone(&self.clock),
        }
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("stubs", &self.stubs).finish_non_exhaustive()
    }
}
