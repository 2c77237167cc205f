//! Questions to live model providers on the loopback, whatever protocol they speak.

use std::sync::Arc;

use aos_host::Runtime;
use aos_host::failure::Failure;
use aos_host::journal::{CallResult, Event};
use aos_host::providers::{LlmProvider, World};
use serde_json::{Value, json};

use super::flow;
use super::recorded::{Recorded, record};
use super::runtime::of;
use super::server::{Reply, Server};

/// A key that may be nowhere but on the wire.
pub(crate) const KEY: &str = "sk-canary-3f9d17c2";

/// A way to make a provider of a server.
pub(crate) type Provide = fn(&Server) -> Result<Arc<dyn LlmProvider>, Failure>;

/// A runtime of the real world, with a model provider.
pub(crate) async fn provided(provide: Provide, server: &Server) -> Runtime {
    of(World::live().with_llm(provide(server).expect("a provider"))).await
}

/// Asks a provider that answers so.
pub(crate) async fn ask(
    provide: Provide,
    replies: impl IntoIterator<Item = Reply>,
    step: Value,
) -> (Recorded, Server) {
    let server = Server::start(replies).await;
    let run = record(&provided(provide, &server).await, &flow::llm_step(step), json!({})).await;
    (run, server)
}

/// Asks once, whatever comes back.
pub(crate) async fn ask_once(provide: Provide, reply: Reply) -> (Recorded, Server) {
    let step = json!({"with": {"prompt": "why?", "max_tokens": 10}, "retry": {"max_attempts": 1}});
    ask(provide, [reply], step).await
}

/// The first result of a run's calls.
pub(crate) fn result(run: &Recorded) -> CallResult {
    let result = |event| if let Event::Result(result) = event { Some(result) } else { None };
    run.entries().into_iter().find_map(|entry| result(entry.event)).expect("a result")
}

/// The key is in no journal and in no outcome.
pub(crate) fn assert_no_key(run: &Recorded) {
    let journal = String::from_utf8(run.journal.clone()).unwrap();
    let outcome = String::from_utf8(run.outcome.canonical_bytes().unwrap()).unwrap();
    for text in [journal, outcome] {
        assert!(!text.contains(KEY), "{text}");
    }
}
