//! Failures that pass by themselves: tried again, told in the journal, and never where it could do harm.

use std::sync::Arc;

use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::journal::Retry;
use aos_host::outcome::OutcomeCode;
use aos_host::providers::{FixedEntropy, MemorySink, StubWorld, World};
use aos_host::{RunOptions, Runtime};
use serde_json::{Value, json};

use crate::hostile::attempts::body_of;
use crate::hostile::component::hostile;
use crate::support::flow;
use crate::support::recorded::{Recorded, parse, record};
use crate::support::runtime::{in_time, live, of, specified, stubbed};
use crate::support::server::{Reply, Server};

/// A retry policy without pauses.
fn at_once() -> Value {
    json!({"base_ms": 0})
}

/// Runs one request against replies, with a retry policy.
async fn call(replies: impl IntoIterator<Item = Reply>, mut with: Value, retry: Value) -> (Recorded, Server) {
    let server = Server::start(replies).await;
    with["url"] = server.url("/").into();
    let workflow = flow::http_step(&server, json!({"with": with, "retry": retry}));
    (record(&live().await, &workflow, json!({})).await, server)
}

fn codes(run: &Recorded) -> Vec<ErrorCode> {
    run.retries().into_iter().map(|retry| retry.code).collect()
}

#[test]
fn a_503_that_turns_into_a_200_succeeds_with_the_retry_in_the_journal() {
    in_time(async {
        let replies = [Reply::status(503), Reply::text(200, "back")];
        let (run, server) = call(replies, json!({}), at_once()).await;
        assert_eq!(run.assert_success().step("call").output["body"], "back");
        let why = "drawn from 0 to 0 ms".to_owned();
        let expected = Retry { code: ErrorCode::UpstreamUnavailable, delay_ms: 0, why };
        assert_eq!(run.retries(), [expected]);
        assert_eq!(server.requests().len(), 2);
        let effects = &run.outcome.side_effects;
        let seen: Vec<_> = effects.iter().map(|effect| (effect.attempt, effect.status)).collect();
        assert_eq!(seen, [(1, Some(503)), (2, Some(200))]);
        assert_eq!(effects[0].code, OutcomeCode::Error(ErrorCode::UpstreamUnavailable));
        assert_eq!(run.outcome.observability.retries, 1);
    });
}

#[test]
fn the_stub_worlds_500_is_transient_and_ends_after_four_attempts() {
    in_time(async {
        let step = json!({"with": {"url": "https://httpstat.us/500"}, "retry": {"base_ms": 1}});
        let workflow = flow::one_step(json!({"hosts": ["httpstat.us"]}), "http_call", step);
        let run = record(&specified().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::UpstreamError);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Transient));
        assert!(run.outcome.retryable);
        assert_eq!((run.outcome.side_effects.len(), codes(&run).len()), (4, 3));
        assert_eq!(run.outcome.details["body"], "Server error");
    });
}

#[test]
fn a_scripted_sequence_recovers_in_the_stub_world() {
    in_time(async {
        let stubs = r#"
http:
  - url: https://flaky.test/
    answers: [{error: connection_reset}, {error: dns}, {status: 429, headers: {Retry-After: "0"}}, {status: 200, body: {ok: true}}]
"#;
        let step = json!({"with": {"url": "https://flaky.test/"}, "retry": at_once()});
        let workflow = flow::one_step(json!({"hosts": ["flaky.test"]}), "http_call", step);
        let run = record(&stubbed(stubs).await, &workflow, json!({})).await;
        assert_eq!(run.assert_success().step("call").output["body"], json!({"ok": true}));
        let expected = [ErrorCode::ConnectionLost, ErrorCode::DnsFailure, ErrorCode::RateLimited];
        assert_eq!(codes(&run), expected);
    });
}

#[test]
fn each_run_begins_a_scripted_sequence_anew() {
    in_time(async {
        let stubs = "http: [{url: https://a.test/, answers: [{status: 503}, {status: 200}]}]";
        let step = json!({"with": {"url": "https://a.test/"}, "retry": at_once()});
        let workflow = flow::one_step(json!({"hosts": ["a.test"]}), "http_call", step);
        let runtime = stubbed(stubs).await;
        for _ in 0..2 {
            assert_eq!(codes(record(&runtime, &workflow, json!({})).await.assert_success()).len(), 1);
        }
    });
}

#[test]
fn a_429_waits_for_as_long_as_it_says() {
    in_time(async {
        for (hint, delay) in [("0", 0), ("1", 1000)] {
            let replies = [Reply::status(429).header("Retry-After", hint), Reply::status(200)];
            let (run, server) = call(replies, json!({}), at_once()).await;
            run.assert_success();
            let why = "the upstream asked for this pause".to_owned();
            assert_eq!(run.retries(), [Retry { code: ErrorCode::RateLimited, delay_ms: delay, why }]);
            assert!(run.outcome.latency_ms >= delay, "{}", run.outcome.latency_ms);
            assert_eq!(server.requests().len(), 2);
        }
    });
}

#[test]
fn a_429_that_stays_is_a_resource_that_ran_out() {
    in_time(async {
        let reply = Reply::status(429).header("retry-after-ms", "5");
        let (run, server) = call([reply], json!({}), at_once()).await;
        run.assert_failure(ErrorCode::RateLimited);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Resource));
        assert_eq!((run.outcome.retryable, run.outcome.retry_after_ms), (true, Some(5)));
        assert_eq!(server.requests().len(), 4);
    });
}

#[test]
fn a_get_is_sent_again_after_a_reset() {
    in_time(async {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
            let replies = [Reply::reset(), Reply::status(200)];
            let (run, server) = call(replies, json!({"method": method}), at_once()).await;
            run.assert_success();
            assert_eq!(codes(&run), [ErrorCode::ConnectionLost], "{method}");
            assert_eq!(server.requests().len(), 2);
        }
    });
}

#[test]
fn a_post_without_a_key_is_not_sent_again_after_it_may_have_acted() {
    in_time(async {
        let replies = [
            (Reply::reset(), ErrorCode::ConnectionLost),
            (Reply::close(), ErrorCode::ConnectionLost),
            (Reply::half_a_body(), ErrorCode::ResponseIncomplete),
            (Reply::status(500), ErrorCode::UpstreamError),
        ];
        for (reply, code) in replies {
            for method in ["POST", "PATCH"] {
                let with = json!({"method": method, "body": {"pay": 5}});
                let (run, server) = call([reply.clone(), Reply::status(200)], with, at_once()).await;
                run.assert_failure(code);
                assert_eq!((server.requests().len(), run.retries().len()), (1, 0), "{method} {code}");
            }
        }
    });
}

#[test]
fn a_post_that_was_refused_before_it_acted_is_sent_again() {
    in_time(async {
        let replies = [Reply::status(503), Reply::status(429), Reply::status(201)];
        let with = json!({"method": "POST", "body": "pay"});
        let (run, server) = call(replies, with, at_once()).await;
        run.assert_success();
        assert_eq!(codes(&run), [ErrorCode::UpstreamUnavailable, ErrorCode::RateLimited]);
        assert_eq!(server.requests().len(), 3);
    });
}

#[test]
fn a_post_with_a_key_is_sent_again_with_the_same_key() {
    in_time(async {
        for reply in [Reply::reset(), Reply::status(500), Reply::half_a_body()] {
            let with = json!({"method": "POST", "body": {"pay": 5}, "idempotency_key": "order-17"});
            let (run, server) = call([reply, Reply::status(201)], with, at_once()).await;
            run.assert_success();
            let requests = server.requests();
            assert_eq!(requests.len(), 2);
            assert_eq!(requests[0].header("idempotency-key"), ["order-17"]);
            assert_eq!(requests[0], requests[1]);
        }
    });
}

#[test]
fn one_attempt_is_one_attempt() {
    in_time(async {
        for (reply, code) in [
            (Reply::status(503), ErrorCode::UpstreamUnavailable),
            (Reply::status(500), ErrorCode::UpstreamError),
            (Reply::reset(), ErrorCode::ConnectionLost),
            (Reply::status(429), ErrorCode::RateLimited),
        ] {
            let (run, server) = call([reply], json!({}), json!({"max_attempts": 1})).await;
            run.assert_failure(code);
            assert_eq!((server.requests().len(), run.retries().len()), (1, 0));
        }
    });
}

#[test]
fn a_workflow_may_ask_for_more_attempts_than_the_catalog() {
    in_time(async {
        let replies = [503, 500, 502, 504, 503, 200].map(Reply::status);
        let (run, server) = call(replies, json!({}), json!({"max_attempts": 6, "base_ms": 0})).await;
        run.assert_success();
        assert_eq!(server.requests().len(), 6);
    });
}

#[test]
fn more_attempts_do_not_make_a_permanent_failure_transient() {
    in_time(async {
        let retry = json!({"max_attempts": 6, "base_ms": 0});
        let (run, server) = call([Reply::status(404), Reply::status(200)], json!({}), retry).await;
        run.assert_failure(ErrorCode::UpstreamNotFound);
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn pauses_stay_below_their_bounds_and_double() {
    in_time(async {
        let retry = json!({"max_attempts": 5, "base_ms": 4, "cap_ms": 16});
        let (run, _) = call([Reply::status(500)], json!({}), retry).await;
        let retries = run.assert_failure(ErrorCode::UpstreamError).retries();
        for (retry, bound) in retries.iter().zip([4, 8, 16, 16]) {
            assert!(retry.delay_ms <= bound, "{retry:?}");
            assert_eq!(retry.why, format!("drawn from 0 to {bound} ms"));
        }
        assert_eq!(retries.len(), 4);
    });
}

#[test]
fn jitter_is_drawn_from_the_seed_of_the_run() {
    in_time(async {
        let delays = |seed| async move {
            let step = json!({
                "with": {"url": "https://httpstat.us/500"},
                "retry": {"max_attempts": 6, "base_ms": 12, "cap_ms": 12},
            });
            let workflow = flow::one_step(json!({"hosts": ["httpstat.us"]}), "http_call", step);
            let run = record(&seeded(seed).await, &workflow, json!({})).await;
            run.retries().into_iter().map(|retry| retry.delay_ms).collect::<Vec<_>>()
        };
        let first = delays(1).await;
        assert_eq!(first.len(), 5);
        assert_eq!(first, delays(1).await, "the same seed, the same pauses");
        assert_ne!(first, delays(2).await, "another seed, other pauses");
    });
}

async fn seeded(seed: u8) -> Runtime {
    let stubs = StubWorld::parse("http: [{url: https://httpstat.us/500, status: 500}]").unwrap();
    of(World::stub(stubs).with_entropy(Arc::new(FixedEntropy::new(seed)))).await
}

#[test]
fn no_retry_begins_beyond_within_ms() {
    in_time(async {
        let reply = Reply::status(429).header("retry-after", "2");
        let retry = json!({"base_ms": 0, "within_ms": 1900});
        let (run, server) = call([reply, Reply::status(200)], json!({}), retry).await;
        run.assert_failure(ErrorCode::RateLimited);
        assert_eq!(run.outcome.retry_after_ms, Some(2000), "the hint is handed on");
        assert_eq!((server.requests().len(), run.retries().len()), (1, 0));
    });
}

#[test]
fn no_retry_begins_beyond_the_deadline_of_the_run() {
    in_time(async {
        let server = Server::start([Reply::status(429).header("retry-after", "3600")]).await;
        let step = json!({"with": {"url": server.url("/")}});
        let mut workflow: Value = serde_json::from_str(&flow::http_step(&server, step)).unwrap();
        workflow["deadline_ms"] = json!(30_000);
        let run = record(&live().await, &workflow.to_string(), json!({})).await;
        run.assert_failure(ErrorCode::RateLimited);
        assert_eq!((run.outcome.retry_after_ms, server.requests().len()), (Some(3_600_000), 1));
    });
}

#[test]
fn a_server_that_is_gone_is_tried_again() {
    in_time(async {
        let server = Server::start([]).await;
        let step = json!({"with": {"url": server.url("/")}, "retry": {"base_ms": 1}});
        let workflow = flow::http_step(&server, step);
        server.stop().await;
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::ConnectFailed);
        assert_eq!(codes(&run), [ErrorCode::ConnectFailed; 3]);
    });
}

#[test]
fn a_post_that_never_left_is_tried_again() {
    in_time(async {
        let server = Server::start([]).await;
        let with = json!({"method": "POST", "url": server.url("/"), "body": "pay"});
        let workflow = flow::http_step(&server, json!({"with": with, "retry": {"base_ms": 1}}));
        server.stop().await;
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::ConnectFailed);
        assert_eq!(run.retries().len(), 3);
    });
}

#[test]
fn a_name_that_does_not_resolve_is_tried_again() {
    in_time(async {
        // RFC 6761, section 6.4: this name never resolves.
        let step =
            json!({"with": {"url": "http://nowhere.invalid/"}, "retry": {"base_ms": 1, "max_attempts": 2}});
        let workflow = flow::one_step(json!({"hosts": ["http://nowhere.invalid"]}), "http_call", step);
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::DnsFailure);
        assert_eq!(codes(&run), [ErrorCode::DnsFailure]);
    });
}

#[test]
fn a_skill_that_says_that_its_failure_may_pass_is_tried_again() {
    in_time(async {
        let runtime = stubbed("{}").await;
        let name = "says_that_it_may_pass";
        runtime.register_skill(hostile(name, &body_of(name))).await.unwrap();
        let workflow = flow::one_step(json!({}), name, json!({"retry": at_once()}));
        let sink = MemorySink::default();
        let options = RunOptions::default().journal(sink.clone());
        let outcome = runtime.start(&parse(&workflow), json!({}), options).outcome().await;
        let run = Recorded { outcome, journal: sink.bytes() };
        run.assert_failure(ErrorCode::SkillError).assert_replays_on(&runtime).await;
        assert_eq!((run.outcome.category, run.outcome.retryable), (Some(ErrorCategory::Transient), true));
        assert_eq!(codes(&run), [ErrorCode::SkillError; 3]);
    });
}
