//! Runs that are cut off: by a limit, by someone who asks, or by the end of their handle. All but the last replay.

use std::sync::Arc;

use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::journal::{Event, Interrupted, Recording, Sink, Syncer};
use aos_host::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_host::providers::MemorySink;
use aos_host::{Run, RunOptions, Runtime};
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::recorded::{Recorded, parse, record};
use crate::support::runtime::{in_time, live, read, specified, stubbed};
use crate::support::server::{Reply, Server};

/// A run of one request to a server that never answers, after the server has got it.
async fn waiting(runtime: &Runtime, server: &Server) -> (Run, MemorySink) {
    let workflow = parse(&flow::http(server, json!({"url": server.url("/")})));
    let journal = MemorySink::default();
    let run = runtime.start(&workflow, json!({}), RunOptions::default().journal(journal.clone()));
    server.received(1).await;
    (run, journal)
}

fn interrupted(run: &Recorded) -> Option<Interrupted> {
    run.entries().into_iter().find_map(|entry| match entry.event {
        Event::StepEnded(ended) => ended.interrupted,
        _ => None,
    })
}

#[test]
fn a_call_that_takes_longer_than_its_timeout_ms_is_a_timeout() {
    in_time(async {
        let server = Server::start([Reply::silence()]).await;
        let with = json!({"url": server.url("/"), "timeout_ms": 50});
        let step = json!({"with": with, "retry": {"max_attempts": 1}});
        let run = record(&live().await, &flow::http_step(&server, step), json!({})).await;
        run.assert_failure(ErrorCode::Timeout);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Transient));
        assert!(run.outcome.message.contains("50 ms"), "{}", run.outcome.message);
        assert_eq!((interrupted(&run), server.requests().len()), (None, 1));
        assert!(run.outcome.latency_ms >= 50);
    });
}

#[test]
fn a_timeout_counts_to_the_last_byte_of_the_body() {
    in_time(async {
        let server = Server::start([Reply::text(200, "late").delayed(5_000)]).await;
        let with = json!({"url": server.url("/"), "timeout_ms": 50});
        let step = json!({"with": with, "retry": {"max_attempts": 1}});
        let run = record(&live().await, &flow::http_step(&server, step), json!({})).await;
        run.assert_failure(ErrorCode::Timeout);
    });
}

#[test]
fn a_get_that_timed_out_is_tried_again_and_a_post_is_not() {
    in_time(async {
        for (method, requests) in [("GET", 2), ("POST", 1)] {
            let server = Server::start([Reply::silence(), Reply::text(200, "now")]).await;
            let with = json!({"method": method, "url": server.url("/"), "timeout_ms": 400});
            let step = json!({"with": with, "retry": {"base_ms": 0}});
            let run = record(&live().await, &flow::http_step(&server, step), json!({})).await;
            assert_eq!(run.outcome.is_usable(), requests == 2, "{method}: {}", run.code());
            assert_eq!(server.requests().len(), requests);
        }
    });
}

#[test]
fn an_attempt_that_takes_longer_than_the_steps_deadline_is_a_timeout() {
    in_time(async {
        let server = Server::start([Reply::silence()]).await;
        let with = json!({"url": server.url("/")});
        let step = json!({"with": with, "deadline_ms": 60, "retry": {"max_attempts": 1}});
        let run = record(&live().await, &flow::http_step(&server, step), json!({})).await;
        run.assert_failure(ErrorCode::Timeout);
        assert_eq!(run.outcome.side_effects.len(), 1);
        assert_eq!(run.outcome.side_effects[0].code, OutcomeCode::Error(ErrorCode::Timeout));
    });
}

#[test]
fn every_attempt_has_the_steps_whole_deadline() {
    in_time(async {
        let server = Server::start([Reply::silence(), Reply::text(200, "now").delayed(200)]).await;
        let with = json!({"url": server.url("/")});
        let step = json!({"with": with, "deadline_ms": 1000, "retry": {"base_ms": 0}});
        let run = record(&live().await, &flow::http_step(&server, step), json!({})).await;
        run.assert_success();
        assert_eq!((server.requests().len(), run.retries().len()), (2, 1));
        assert!(run.outcome.latency_ms >= 1200, "{}", run.outcome.latency_ms);
    });
}

#[test]
fn a_run_that_takes_longer_than_its_deadline_is_stopped_in_the_middle_of_a_call() {
    in_time(async {
        let server = Server::start([Reply::silence()]).await;
        let workflow = server.in_place_of_origin(
            r#"
aos: 1
name: deadline
deadline_ms: 100
grants: {hosts: ["ORIGIN"]}
steps:
  - {id: slow, skill: http_call, with: {url: "ORIGIN/slow"}}
  - {id: after, skill: http_call, needs: [slow], with: {url: "ORIGIN/after"}}
"#,
        );
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::DeadlineExceeded);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Permanent));
        assert!(!run.outcome.retryable);
        assert_eq!(interrupted(&run), Some(Interrupted::Call(0)));
        assert_eq!(run.step("slow").side_effects[0].code, OutcomeCode::Error(ErrorCode::DeadlineExceeded));
        assert_eq!(run.step("after").status, Status::Skipped);
        assert_eq!(server.paths(), ["/slow"]);
    });
}

#[test]
fn a_deadline_is_kept_between_two_attempts() {
    in_time(async {
        let server = Server::start([Reply::status(503).header("retry-after-ms", "400")]).await;
        let step = json!({"with": {"url": server.url("/")}, "retry": {"base_ms": 0, "max_attempts": 20}});
        let mut workflow: Value = serde_json::from_str(&flow::http_step(&server, step)).unwrap();
        workflow["deadline_ms"] = json!(600);
        let run = record(&live().await, &workflow.to_string(), json!({})).await;
        assert_eq!(run.outcome.status, Status::Failure);
        assert!(["UPSTREAM_UNAVAILABLE", "DEADLINE_EXCEEDED"].contains(&run.code()), "{}", run.code());
        assert!(server.requests().len() <= 2);
    });
}

#[test]
fn a_model_that_is_too_slow_is_a_timeout_and_its_money_is_gone() {
    in_time(async {
        let runtime = stubbed("llm: {ask: {text: late, tokens: 1, delay_ms: 5000}}").await;
        let step = json!({
            "with": {"prompt": "ask", "max_tokens": 10, "timeout_ms": 20}, "retry": {"max_attempts": 1},
        });
        let run = record(&runtime, &flow::llm_step(step), json!({})).await;
        run.assert_failure(ErrorCode::Timeout);
        assert!(run.outcome.side_effects[0].charge.nanos() > 0, "the provider may have worked");
    });
}

#[test]
fn a_run_that_is_cancelled_ends_and_replays() {
    in_time(async {
        let server = Server::start([Reply::silence()]).await;
        let (run, journal) = waiting(&live().await, &server).await;
        run.cancel();
        let run = Recorded { outcome: run.outcome().await, journal: journal.bytes() };
        run.assert_sound().await;
        run.assert_failure(ErrorCode::Cancelled);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Cancelled));
        assert_eq!(interrupted(&run), Some(Interrupted::Call(0)));
        assert_eq!(server.requests().len(), 1, "the replay asked nobody");
    });
}

/// A workflow of requests at the same time, to a server that answers none of them.
fn at_once(server: &Server, requests: &[Value]) -> String {
    let step = |(place, with): (usize, &Value)| {
        let mut with = with.clone();
        with["url"] = json!(server.url(&format!("/{place}")));
        json!({"id": format!("s{place}"), "skill": "http_call", "with": with, "retry": {"max_attempts": 1}})
    };
    let steps: Vec<_> = requests.iter().enumerate().map(step).collect();
    json!({"aos": 1, "name": "x", "grants": {"hosts": [server.origin()]}, "steps": steps}).to_string()
}

#[test]
fn a_run_that_is_cancelled_tells_which_requests_may_have_acted() {
    let (get, put) = (json!({"method": "GET"}), json!({"method": "PUT", "body": "x"}));
    let post = json!({"method": "POST", "body": "x"});
    let keyed = json!({"method": "POST", "body": "x", "idempotency_key": "k"});
    in_time(async {
        for (requests, unanswered) in [
            (vec![get.clone(), put, keyed], 0),
            (vec![get.clone(), post.clone()], 1),
            (vec![post.clone(), get, post], 2),
        ] {
            let server = Server::start([Reply::silence()]).await;
            let (journal, workflow) = (MemorySink::default(), parse(&at_once(&server, &requests)));
            let options = RunOptions::default().journal(journal.clone());
            let run = live().await.start(&workflow, json!({}), options);
            server.received(requests.len()).await;
            run.cancel();
            let run = Recorded { outcome: run.outcome().await, journal: journal.bytes() };
            run.assert_sound().await;
            run.assert_failure(ErrorCode::Cancelled);
            let told = |outcome: &StructuredOutcome| outcome.details["unanswered"].as_u64().unwrap_or(0);
            let words = match unanswered {
                0 => "the run was cancelled",
                1 => "cancelled; 1 request had left without a recorded answer, and may have acted",
                _ => "cancelled; 2 requests had left without a recorded answer, and may have acted",
            };
            assert!(run.outcome.message.ends_with(words), "{}", run.outcome.message);
            assert_eq!(told(&run.outcome), unanswered);
            assert_eq!(run.outcome.steps.iter().map(told).sum::<u64>(), unanswered);
        }
    });
}

#[test]
fn a_run_that_another_step_ends_tells_what_it_cut_off() {
    in_time(async {
        let replies = [Reply::silence().at("/0"), Reply::status(404).at("/1").after_requests(2)];
        let server = Server::start(replies).await;
        let requests = [json!({"method": "POST", "body": "x"}), json!({})];
        let run = record(&live().await, &at_once(&server, &requests), json!({})).await;
        run.assert_failure(ErrorCode::UpstreamNotFound);
        assert_eq!(
            (&run.outcome.details["step"], &run.outcome.details["unanswered"]),
            (&json!("s1"), &json!(1))
        );
        assert!(run.outcome.message.contains("; 1 request had left"), "{}", run.outcome.message);
        assert_eq!(run.step("s0").details, json!({"unanswered": 1}));
        assert!(run.step("s1").details.get("unanswered").is_none());
    });
}

#[test]
fn a_run_that_is_cancelled_before_it_began_sends_nothing() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let workflow = parse(&flow::http(&server, json!({"url": server.url("/")})));
        let journal = MemorySink::default();
        let run = live().await.start(&workflow, json!({}), RunOptions::default().journal(journal.clone()));
        run.cancel();
        let run = Recorded { outcome: run.outcome().await, journal: journal.bytes() };
        run.assert_sound().await;
        run.assert_failure(ErrorCode::Cancelled);
        assert_eq!((run.step("call").status, server.connections()), (Status::Skipped, 0));
    });
}

#[test]
fn a_run_that_is_cancelled_during_a_pause_does_not_wait_for_it() {
    in_time(async {
        let server = Server::start([Reply::status(429).header("retry-after", "3600")]).await;
        let workflow = parse(&flow::http(&server, json!({"url": server.url("/")})));
        let journal = MemorySink::default();
        let mut run =
            live().await.start(&workflow, json!({}), RunOptions::default().journal(journal.clone()));
        while let Some(entry) = run.next_entry().await {
            if matches!(entry.event, Event::Retry(_)) {
                run.cancel();
            }
        }
        let run = Recorded { outcome: run.outcome().await, journal: journal.bytes() };
        run.assert_sound().await;
        run.assert_failure(ErrorCode::Cancelled);
        assert_eq!((run.retries().len(), server.requests().len()), (1, 1));
    });
}

#[test]
fn cancelling_what_has_ended_changes_nothing() {
    in_time(async {
        let workflow = parse(&flow::llm(json!({"prompt": "summarize"})));
        let mut run = specified().await.start(&workflow, json!({}), RunOptions::default());
        while run.next_entry().await.is_some() {}
        run.cancel();
        assert_eq!(run.outcome().await.status, Status::Success);
    });
}

#[test]
fn the_entries_of_a_run_are_told_as_they_are_written() {
    in_time(async {
        let server = Server::start([Reply::text(200, "hi").after_requests(2)]).await;
        let (mut run, journal) = waiting(&live().await, &server).await;
        let mut told = Vec::new();
        while let Some(entry) = run.next_entry().await {
            if matches!(entry.event, Event::Intent(_)) {
                // The answer waits for a second request, so this entry came before the end of its call.
                assert!(!String::from_utf8(journal.bytes()).unwrap().contains("\"type\":\"result\""));
                let step = json!({"with": {"url": server.url("/")}});
                record(&live().await, &flow::http_step(&server, step), json!({})).await.assert_success();
            }
            told.push((*entry).clone());
        }
        let outcome = run.outcome().await;
        assert_eq!(outcome.status, Status::Success);
        assert_eq!(told, Recording::read(&journal.bytes()).unwrap().entries());
    });
}

#[test]
fn dropping_a_run_leaves_a_journal_without_an_end() {
    in_time(async {
        let server = Server::start([Reply::silence()]).await;
        let runtime = live().await;
        let (run, journal) = waiting(&runtime, &server).await;
        drop(run);
        let replay = runtime.replay(&journal.bytes()).await;
        assert_eq!(replay.outcome.code.as_str(), "REPLAY_INCOMPLETE");
        assert_eq!(replay.proof.unwrap_err().code, ErrorCode::ReplayIncomplete);
        let recording = Recording::read(&journal.bytes()).expect("what was written is whole");
        assert!(matches!(recording.entries().last().unwrap().event, Event::Intent(_)));
    });
}

#[test]
fn the_entries_of_a_run_are_a_stream_while_it_goes_on() {
    in_time(async {
        use futures_util::StreamExt as _;
        let sink = MemorySink::default();
        let workflow = parse(&read("fixtures/workflows/demo.yaml"));
        let options = RunOptions::default().journal(sink.clone());
        let mut run = specified().await.start(&workflow, json!({}), options);
        let seen: Vec<_> = run.entries().map(|entry| (*entry).clone()).collect().await;
        let outcome = run.outcome().await;
        assert_eq!(seen, Recording::read(&sink.bytes()).unwrap().entries());
        assert!(outcome.is_usable() && seen.len() > 8, "{} entries", seen.len());
    });
}

/// A disk that is full after so many writes.
struct Full(u32);

impl Sink for Full {
    fn append(&mut self, _lines: &[u8]) -> std::io::Result<()> {
        let room = self.0.checked_sub(1);
        self.0 = room.unwrap_or_default();
        room.map(|_| ()).ok_or_else(|| std::io::Error::from(std::io::ErrorKind::StorageFull))
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        None
    }
}

#[test]
fn a_run_whose_journal_cannot_be_written_tells_what_had_left() {
    in_time(async {
        for room in 0..6 {
            let server = Server::start([Reply::text(200, "hi")]).await;
            let step = json!({"with": {"url": server.url("/"), "method": "POST", "body": "x"}});
            let workflow = parse(&flow::http_step(&server, step));
            let options = RunOptions::default().journal(Full(room));
            let outcome = live().await.start(&workflow, json!({}), options).outcome().await;
            assert_eq!(outcome.code.as_str(), "DISK_FULL", "{room} writes");
            // The third write is the intent: without it nothing leaves.
            assert_eq!(server.requests().len(), usize::from(room >= 3), "{room} writes");
            assert_eq!(outcome.side_effects.len(), usize::from(room >= 3), "{room} writes");
            let told = outcome.message.contains("1 request had left without a recorded answer");
            assert_eq!(told, (3..4).contains(&room), "{room} writes: {}", outcome.message);
        }
    });
}

/// A disk that takes every line, and makes none of them last.
struct Unsynced(std::io::ErrorKind);

impl Sink for Unsynced {
    fn append(&mut self, _lines: &[u8]) -> std::io::Result<()> {
        Ok(())
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        Some(Arc::new(Self(self.0)))
    }
}

impl Syncer for Unsynced {
    fn sync(&self) -> std::io::Result<()> {
        Err(self.0.into())
    }
}

#[test]
fn a_run_whose_journal_cannot_be_made_to_last_sends_nothing() {
    use std::io::ErrorKind;
    in_time(async {
        for (kind, code) in [
            (ErrorKind::StorageFull, "DISK_FULL"),
            (ErrorKind::QuotaExceeded, "DISK_FULL"),
            (ErrorKind::FileTooLarge, "JOURNAL_IO"),
            (ErrorKind::ReadOnlyFilesystem, "JOURNAL_IO"),
            (ErrorKind::Other, "JOURNAL_IO"),
        ] {
            let server = Server::start([Reply::text(200, "hi")]).await;
            let step = json!({"with": {"url": server.url("/")}, "on_error": "continue", "retry": {"max_attempts": 3}});
            let workflow = parse(&flow::http_step(&server, step));
            let options = RunOptions::default().journal(Unsynced(kind));
            let outcome = live().await.start(&workflow, json!({}), options).outcome().await;
            assert_eq!((outcome.status, outcome.code.as_str()), (Status::Failure, code), "{kind:?}");
            assert!(outcome.message.contains("the journal could not be made to last"), "{}", outcome.message);
            assert!(server.requests().is_empty(), "{kind:?}");
        }
    });
}
