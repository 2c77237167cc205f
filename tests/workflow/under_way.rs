//! How many runs a host bears at one time, and a host that shuts down.

use aos_host::Runtime;
use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::outcome::OutcomeCode;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, providers::MemorySink};
use serde_json::json;

use crate::support::flow;
use crate::support::recorded::parse;
use crate::support::runtime::{in_time, skills};
use crate::support::server::{Reply, Server};

async fn at_most(runs: u32) -> Runtime {
    let runtime = Runtime::builder().max_runs(runs).build().unwrap();
    let component = std::fs::read(skills().join("http_call.wasm")).unwrap();
    runtime.register_skill(component).await.unwrap();
    runtime
}

fn workflow(server: &Server) -> Workflow {
    parse(&flow::http(server, json!({"url": server.url("/")})))
}

#[test]
fn a_run_beyond_the_most_is_refused_and_begins_when_another_has_ended() {
    in_time(async {
        let (runtime, server) =
            (at_most(1).await, Server::start([Reply::silence(), Reply::text(200, "x")]).await);
        let workflow = workflow(&server);
        let first = runtime.start(&workflow, json!({}), RunOptions::default());
        server.received(1).await;
        let (journal, options) = (MemorySink::default(), RunOptions::default());
        let refused = runtime.start(&workflow, json!({}), options.journal(journal.clone())).outcome().await;
        assert_eq!(refused.code, OutcomeCode::Error(ErrorCode::ConcurrencyLimit), "{}", refused.message);
        assert_eq!(refused.category, Some(ErrorCategory::Transient));
        assert!(refused.retryable && journal.bytes().is_empty() && server.requests().len() == 1);
        first.cancel();
        assert_eq!(first.outcome().await.code.as_str(), "CANCELLED");
        let second = runtime.run(&workflow, json!({})).await;
        assert_eq!(second.code, OutcomeCode::Ok, "{}", second.message);
    });
}

#[test]
fn a_run_that_is_dropped_gives_its_place_back() {
    in_time(async {
        let (runtime, server) = (at_most(1).await, Server::start([Reply::text(200, "x")]).await);
        let workflow = workflow(&server);
        drop(runtime.start(&workflow, json!({}), RunOptions::default()));
        loop {
            let outcome = runtime.run(&workflow, json!({"any": 1})).await;
            if outcome.code != OutcomeCode::Error(ErrorCode::ConcurrencyLimit) {
                break;
            }
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_host_that_shuts_down_begins_nothing_and_waits_for_what_is_under_way() {
    in_time(async {
        let (runtime, server) = (at_most(9).await, Server::start([Reply::text(200, "x").delayed(100)]).await);
        let workflow = workflow(&server);
        let run = runtime.start(&workflow, json!({}), RunOptions::default());
        server.received(1).await;
        let closing = tokio::spawn({
            let runtime = runtime.clone();
            async move { runtime.shut_down().await }
        });
        while runtime.run(&workflow, json!({})).await.code != OutcomeCode::Error(ErrorCode::HostShuttingDown)
        {
            tokio::task::yield_now().await;
        }
        closing.await.unwrap();
        assert_eq!(run.outcome().await.code, OutcomeCode::Ok, "it came to its end");
        runtime.shut_down().await;
    });
}
