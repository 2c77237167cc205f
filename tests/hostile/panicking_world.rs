//! What an embedder gave the host panics: the clock, randomness, HTTP, a model, the journal's sink. Each call of each is
//! tried in turn; whichever it is, the run ends in `HOST_PANIC`, and the next one is clean.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::journal::{Recording, Sink, Syncer};
use aos_host::outcome::{OutcomeCode, StructuredOutcome};
use aos_host::policy::Policy;
use aos_host::providers::{
    ChatRequest, ChatResponse, Clock, Entropy, HttpProvider, HttpRequest, HttpResponse, HttpSession,
    LlmProvider, LlmSession, MemorySink, StubWorld, SystemClock, SystemEntropy, World,
};
use aos_host::units::Timestamp;
use aos_host::{RunOptions, Runtime};
use futures_util::future::BoxFuture;
use serde_json::json;

use crate::support::flow;
use crate::support::recorded::{assert_fits_schema, parse};
use crate::support::runtime::{in_time, of, read};

/// Counts calls down, and panics once, at the one that it was set to.
#[derive(Clone, Default)]
struct Fault(Arc<AtomicI64>);

impl Fault {
    /// The call of this number panics; 0 is none.
    fn set(&self, call: i64) {
        self.0.store(call, Ordering::SeqCst);
    }

    fn struck(&self) -> bool {
        self.0.load(Ordering::SeqCst) <= 0
    }

    fn strike(&self) {
        assert_ne!(self.0.fetch_sub(1, Ordering::SeqCst), 1, "struck\non purpose");
    }
}

/// Something of the world that panics when its fault strikes.
struct Shaky<T> {
    fault: Fault,
    inner: T,
}

impl Clock for Shaky<SystemClock> {
    fn wall(&self) -> Timestamp {
        self.fault.strike();
        self.inner.wall()
    }

    fn monotonic(&self) -> Duration {
        self.fault.strike();
        self.inner.monotonic()
    }
}

impl Entropy for Shaky<SystemEntropy> {
    fn draw(&self) -> Result<[u8; 32], Failure> {
        self.fault.strike();
        self.inner.draw()
    }
}

impl HttpProvider for Shaky<Arc<StubWorld>> {
    fn open(&self, policy: Arc<Policy>) -> Arc<dyn HttpSession> {
        self.fault.strike();
        let inner = HttpProvider::open(&*self.inner, policy);
        Arc::new(Shaky { fault: self.fault.clone(), inner })
    }
}

impl HttpSession for Shaky<Arc<dyn HttpSession>> {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, Failure>> {
        Box::pin(async {
            self.fault.strike();
            self.inner.send(request).await
        })
    }
}

impl LlmProvider for Shaky<Arc<StubWorld>> {
    fn open(&self) -> Arc<dyn LlmSession> {
        self.fault.strike();
        let inner = LlmProvider::open(&*self.inner);
        Arc::new(Shaky { fault: self.fault.clone(), inner })
    }
}

impl LlmSession for Shaky<Arc<dyn LlmSession>> {
    fn complete(
        &self,
        request: ChatRequest,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<ChatResponse, Failure>> {
        self.fault.strike();
        self.inner.complete(request, timeout)
    }
}

impl Sink for Shaky<MemorySink> {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.fault.strike();
        self.inner.append(line)
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        self.fault.strike();
        Some(Arc::new(Shaky { fault: self.fault.clone(), inner: () }))
    }
}

impl Syncer for Shaky<()> {
    fn sync(&self) -> io::Result<()> {
        self.fault.strike();
        Ok(())
    }
}

/// The parts of a world.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Clock,
    Entropy,
    Http,
    Llm,
    Sink,
}

async fn with_shaky(part: Part, fault: &Fault) -> Runtime {
    let stubs = || StubWorld::parse(&read("fixtures/stubs/spec.yaml")).unwrap();
    let world = World::stub(stubs());
    let fault = fault.clone();
    of(match part {
        Part::Clock => world.with_clock(Arc::new(Shaky { fault, inner: SystemClock::new() })),
        Part::Entropy => world.with_entropy(Arc::new(Shaky { fault, inner: SystemEntropy })),
        Part::Http => world.with_http(Arc::new(Shaky { fault, inner: Arc::new(stubs()) })),
        Part::Llm => world.with_llm(Arc::new(Shaky { fault, inner: Arc::new(stubs()) })),
        Part::Sink => world,
    })
    .await
}

async fn run(runtime: &Runtime, part: Part, fault: &Fault) -> (StructuredOutcome, Vec<u8>) {
    let url = "https://api.github.com/zen";
    let with = json!({"do": "everything", "request": {"url": url}, "url": url, "model": "gpt-4o-mini"});
    let grants = json!({"hosts": ["api.github.com"], "models": ["gpt-4o-mini"]});
    let workflow = parse(&flow::one_step(grants, "probe", json!({"with": with})));
    let sink = MemorySink::default();
    let options = match part {
        Part::Sink => RunOptions::default().journal(Shaky { fault: fault.clone(), inner: sink.clone() }),
        _ => RunOptions::default().journal(sink.clone()),
    };
    let outcome = runtime.start(&workflow, json!({}), options).outcome().await;
    (outcome, sink.bytes())
}

#[test]
fn whatever_panics_in_the_world_at_whichever_call_the_run_ends_in_host_panic_and_the_next_is_clean() {
    in_time(async {
        for (part, at_least) in
            [(Part::Clock, 25), (Part::Entropy, 2), (Part::Http, 3), (Part::Llm, 2), (Part::Sink, 25)]
        {
            let fault = Fault::default();
            let runtime = with_shaky(part, &fault).await;
            let mut call = 0;
            loop {
                call += 1;
                fault.set(call);
                let (outcome, journal) = run(&runtime, part, &fault).await;
                let struck = fault.struck();
                fault.set(0);
                if !struck {
                    assert_eq!(outcome.code, OutcomeCode::Ok, "{part:?} {call}: {}", outcome.message);
                    break;
                }
                ended_in_a_panic(&runtime, (part, call), &outcome, &journal).await;
                let (good, _) = run(&runtime, part, &fault).await;
                assert_eq!(good.code, OutcomeCode::Ok, "after {part:?} {call}: {}", good.message);
            }
            assert!(call > at_least, "{part:?} was called {call} times");
        }
    });
}

async fn ended_in_a_panic(
    runtime: &Runtime,
    (part, call): (Part, i64),
    outcome: &StructuredOutcome,
    journal: &[u8],
) {
    let expected = OutcomeCode::Error(ErrorCode::HostPanic);
    assert_eq!(outcome.code, expected, "{part:?} {call}: {}", outcome.message);
    assert!(outcome.message.contains("struck\\non purpose"), "{part:?} {call}: {}", outcome.message);
    assert_fits_schema(outcome);
    if journal.is_empty() {
        return;
    }
    Recording::read(journal).unwrap_or_else(|error| panic!("{part:?} {call}: {error}"));
    let replay = runtime.replay(journal).await;
    match replay.proof {
        // The seal was written, and then could not be made to last: what the journal holds is whole.
        Ok(()) if part == Part::Sink && replay.outcome.code == OutcomeCode::Ok => {}
        Ok(()) => assert_eq!(replay.outcome, *outcome, "{part:?} {call}"),
        // The journal has no end, or the panic was in none of its attempts: its replay says so.
        Err(failure) => {
            assert_eq!(failure.code, ErrorCode::ReplayIncomplete, "{part:?} {call}: {failure}");
        }
    }
}
