//! One runtime in which each request costs, and a server that is well.

use aos_host::Runtime;
use aos_host::budget::PriceList;
use aos_host::failure::{ErrorCode, Settlement};
use aos_host::journal::{CallResult, Event, Intent};
use aos_host::providers::{LiveHttp, World};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::flow;
use crate::support::recorded::{Recorded, record};
use crate::support::runtime::of_prices;
use crate::support::server::{Reply, Server};

/// What each request costs, in nano-dollars.
pub(super) const PRICE: u64 = 9;

/// A runtime, and a server that answers.
pub(super) struct Scene {
    pub(super) runtime: Runtime,
    good: Server,
}

/// How a call ended, and whether its request may have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Sent(ErrorCode),
    NotSent(ErrorCode),
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::of(LiveHttp::new()).await
    }

    pub(super) async fn of(http: LiveHttp) -> Self {
        let list = format!("as_of = \"2026-01-01\"\nfuel = 0\n[http.\"*\"]\nrequest = {PRICE}_000_000\n");
        let world = World::live().with_http(Arc::new(http));
        let runtime = of_prices(world, PriceList::from_toml(&list).unwrap()).await;
        Self { runtime, good: Server::start([Reply::text(200, "well")]).await }
    }

    /// Sends one request to an origin that is granted, once.
    pub(super) async fn send(&self, origin: &str, with: Value) -> Recorded {
        self.send_granted(json!([origin]), origin, with).await
    }

    /// As [`Scene::send`], with other grants.
    pub(super) async fn send_granted(&self, hosts: Value, origin: &str, mut with: Value) -> Recorded {
        if with.get("url").is_none() {
            with["url"] = format!("{origin}/").into();
        }
        let step = json!({"with": with, "retry": {"max_attempts": 1}});
        record(&self.runtime, &flow::one_step(json!({"hosts": hosts}), "http_call", step), json!({})).await
    }

    /// Sends one request, which fails so; and a good one right after, on the same runtime.
    pub(super) async fn fails(&self, origin: &str, with: Value, end: End) -> Recorded {
        let run = self.send(origin, with).await;
        assert_ends(&run, end);
        self.goes_on().await;
        run
    }

    /// As [`Scene::fails`], for a server on which it depends when exactly the connection is seen to break.
    pub(super) async fn fails_as_one_of(&self, origin: &str, with: Value, ends: &[End]) {
        let run = self.send(origin, with).await;
        let found = ends.iter().find(|end| end.code().as_str() == run.code());
        assert_ends(&run, *found.unwrap_or_else(|| panic!("{}: {}", run.code(), run.outcome.message)));
        self.goes_on().await;
    }

    /// A good request.
    pub(super) async fn goes_on(&self) {
        let run = self.send(&self.good.origin(), json!({})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "well");
        assert_eq!(run.outcome.side_effects[0].charge.nanos(), PRICE);
    }
}

impl End {
    const fn code(self) -> ErrorCode {
        match self {
            Self::Sent(code) | Self::NotSent(code) => code,
        }
    }
}

/// The run ended with the code, of the class that the catalogue says; the record of its call says whether the request was
/// sent; and of what was held for it, all is spent or all goes back, as the catalogue says of what was sent.
pub(super) fn assert_ends(run: &Recorded, end: End) {
    let code = end.code();
    run.assert_failure(code);
    assert_ne!(code, ErrorCode::Unclassified, "no failure lacks its word");
    let row = code.row();
    assert_eq!(run.outcome.category, Some(row.category));
    let (intent, result) = only_call(run);
    let failure = result.failure.expect("a failure");
    assert_eq!(failure.code, code);
    let sent = matches!(end, End::Sent(_));
    assert_eq!(failure.request_sent, sent, "{code}: {}", failure.message);
    let spent = if sent && row.settlement != Settlement::Refund { intent.held.nanos() } else { 0 };
    assert_eq!(result.spent.nanos(), spent, "{code}");
    assert_eq!(result.refunded.nanos(), intent.held.nanos() - spent, "{code}");
    assert_eq!(run.outcome.cost.spent.request.nanos(), spent);
}

fn only_call(run: &Recorded) -> (Intent, CallResult) {
    let (mut intents, mut results) = (Vec::new(), Vec::new());
    for entry in run.entries() {
        match entry.event {
            Event::Intent(intent) => intents.push(intent),
            Event::Result(result) => results.push(result),
            _ => {}
        }
    }
    assert_eq!((intents.len(), results.len()), (1, 1));
    (intents.remove(0), results.remove(0))
}
