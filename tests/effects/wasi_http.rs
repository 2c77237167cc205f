//! `wasi:http`: every request of a guest passes the gate, whatever becomes of it, and repeats without a network.

use std::collections::BTreeSet;
use std::sync::Arc;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::journal::{CallResult, Event, Injections, Intent, Interrupted, Observed, Recording, StepEnded};
use aos_host::outcome::OutcomeCode;
use aos_host::policy::Policy;
use aos_host::providers::{HttpProvider, HttpRequest, HttpResponse, HttpSession, World};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::recorded::{Recorded, forged, record};
use crate::support::runtime::{elsewhere, in_time, in_time_on_threads, live, of};
use crate::support::server::{Reply, Server};

/// Runs a scenario of the probe against a server with a script. `ORIGIN` stands for the server.
async fn run(script: impl IntoIterator<Item = Reply>, scenario: Value) -> (Recorded, Server) {
    let server = Server::start(script).await;
    let run = run_at(&server, json!({"with": scenario})).await;
    (run, server)
}

async fn run_at(server: &Server, step: Value) -> Recorded {
    let step = serde_json::from_str(&server.in_place_of_origin(&step.to_string())).unwrap();
    record(&live().await, &flow::probe_step(server, step), json!({})).await
}

/// The one request of a scenario `send`, and what the guest saw of it.
async fn send(reply: Reply, request: Value) -> (Recorded, Server) {
    run([reply], json!({"do": "send", "request": request})).await
}

fn seen(run: &Recorded) -> &Value {
    &run.assert_success().step("call").output
}

fn intents(run: &Recorded) -> Vec<Intent> {
    let intent = |event| if let Event::Intent(intent) = event { Some(intent) } else { None };
    run.entries().into_iter().filter_map(|entry| intent(entry.event)).collect()
}

fn results(run: &Recorded) -> Vec<CallResult> {
    let result = |event| if let Event::Result(result) = event { Some(result) } else { None };
    run.entries().into_iter().filter_map(|entry| result(entry.event)).collect()
}

fn observed(run: &Recorded, call: &str) -> Vec<Observed> {
    let observed = |event| if let Event::Observed(observed) = event { Some(observed) } else { None };
    let all = run.entries().into_iter().filter_map(|entry| observed(entry.event));
    all.filter(|observed| observed.call == call).collect()
}

fn end_of_attempt(run: &Recorded) -> StepEnded {
    let ended = |event| if let Event::StepEnded(ended) = event { Some(*ended) } else { None };
    run.entries().into_iter().find_map(|entry| ended(entry.event)).expect("an end")
}

#[test]
fn a_get_is_the_call_http_send_with_the_whole_request_and_the_whole_answer() {
    in_time(async {
        let reply = Reply::text(200, "Keep it logically awesome.").header("X-Request-Id", "7");
        let request = json!({"url": "ORIGIN/zen?a=b%20c", "headers": [["X-Wish", "zen"]]});
        let (run, server) = send(reply, request).await;
        let seen = seen(&run);
        assert_eq!((&seen["status"], &seen["body"]), (&json!(200), &json!("Keep it logically awesome.")));
        assert_eq!(seen["no_trailers"], true);
        assert!(seen["headers"].as_array().unwrap().contains(&json!(["x-request-id", "7"])), "{seen}");
        let [intent] = intents(&run).try_into().unwrap();
        assert_eq!((intent.call.as_str(), intent.index), ("http.send", 0));
        assert_eq!(intent.target, format!("GET {}", server.url("/zen?a=b%20c")));
        let whole = json!({
            "method": "GET", "url": server.url("/zen?a=b%20c"), "headers": [["X-Wish", "zen"]],
            "body": null, "timeout_ms": null, "idempotency_key": null,
        });
        assert_eq!(intent.request, whole);
        let [result] = results(&run).try_into().unwrap();
        assert_eq!((result.index, result.code, result.status), (0, OutcomeCode::Ok, Some(200)));
        assert_eq!(result.answer.unwrap()["body"], json!({"text": "Keep it logically awesome."}));
        assert_eq!(observed(&run, "future-incoming-response.get")[0].value, json!(true));
        let request = server.only_request();
        assert_eq!((request.method.as_str(), request.header("x-wish")), ("GET", vec!["zen"]));
        assert_eq!(request.header("host"), [server.origin().strip_prefix("http://").unwrap()]);
    });
}

#[test]
fn a_body_in_pieces_arrives_whole_and_its_length_may_be_said() {
    in_time(async {
        let long = "x".repeat(200_000);
        let pieces = json!(["one ", "two ", long]);
        let length = json!([["content-length", (8 + long.len()).to_string()], ["x-a", "1"]]);
        let request = json!({"url": "ORIGIN/", "method": "POST", "pieces": pieces, "headers": length});
        let (run, server) = send(Reply::status(204), request).await;
        assert_eq!(seen(&run)["status"], 204);
        let request = server.only_request();
        assert_eq!(request.body, format!("one two {long}").into_bytes());
        assert_eq!((request.header("content-length").len(), request.header("x-a")), (1, vec!["1"]));
        assert_eq!(intents(&run)[0].request["headers"], json!([["x-a", "1"]]));
    });
}

#[test]
fn a_length_that_is_not_kept_is_an_error_and_nothing_is_sent() {
    in_time(async {
        for (length, pieces, code) in [
            ("3", json!(["four"]), "ErrorCode::HttpRequestBodySize(Some(4))"),
            (
                "3",
                json!(null),
                "internal-error: REQUEST_INVALID: the request says that it has a body, and has none",
            ),
        ] {
            let headers = json!([["content-length", length]]);
            let request = json!({"url": "ORIGIN/", "method": "POST", "pieces": pieces, "headers": headers});
            let (run, server) = send(Reply::status(204), request).await;
            assert_eq!(seen(&run)["error"], code);
            assert_eq!(server.connections(), 0);
            let [result] = results(&run).try_into().unwrap();
            assert_eq!(result.code, OutcomeCode::Error(ErrorCode::RequestInvalid));
        }
    });
}

#[test]
fn requests_at_the_same_time_end_in_any_order_and_each_run_repeats() {
    in_time_on_threads(async {
        let mut orders = BTreeSet::new();
        for round in 0..20_u64 {
            // Delays that no two rounds share, in one order and in the other.
            let (first, second) =
                if round % 2 == 0 { (1 + round, 80 + round) } else { (80 + round, 1 + round) };
            let script = [
                Reply::text(200, "a").at("/a").delayed(first),
                Reply::text(200, "b").at("/b").delayed(second),
            ];
            let requests =
                json!([{"url": "ORIGIN/a"}, {"url": "ORIGIN/b", "method": "POST", "pieces": ["b"]}]);
            let (run, _server) = run(script, json!({"do": "concurrent", "requests": requests})).await;
            let arrived = seen(&run).as_array().unwrap().clone();
            assert_eq!(arrived.len(), 2);
            for answer in &arrived {
                let body = ["a", "b"][answer["index"].as_u64().unwrap() as usize];
                assert_eq!(answer["answer"]["body"], body);
            }
            let indices: Vec<_> =
                intents(&run).iter().map(|intent| (intent.index, intent.target.clone())).collect();
            assert!(
                indices.iter().any(|(index, target)| *index == 0 && target.ends_with("/a")),
                "{indices:?}"
            );
            assert!(
                indices.iter().any(|(index, target)| *index == 1 && target.ends_with("/b")),
                "{indices:?}"
            );
            orders.insert(arrived[0]["index"].as_u64().unwrap());
            run.assert_replays_on(elsewhere().await).await;
        }
        assert_eq!(orders.len(), 2, "the answers came in both orders");
    });
}

#[test]
fn a_request_that_the_guest_drops_is_settled_before_the_attempt_ends() {
    in_time(async {
        let script =
            [Reply::text(200, "late").at("/late").delayed(300), Reply::text(200, "soon").at("/soon")];
        let scenario =
            json!({"do": "drop_half_way", "dropped": {"url": "ORIGIN/late"}, "then": {"url": "ORIGIN/soon"}});
        let (run, server) = run(script, scenario).await;
        assert_eq!(seen(&run)["body"], "soon");
        assert_eq!(server.requests().len(), 2);
        let mut ended: Vec<_> =
            results(&run).into_iter().map(|result| (result.index, result.status)).collect();
        assert_eq!(ended, [(1, Some(200)), (0, Some(200))]);
        ended.sort_unstable();
        let effects = run.outcome.side_effects.iter().map(|effect| (effect.index, effect.status));
        assert_eq!(effects.collect::<BTreeSet<_>>(), ended.into_iter().collect());
    });
}

#[test]
fn a_request_of_a_guest_that_traps_is_settled_as_well() {
    in_time(async {
        let scenario = json!({"do": "trap_half_way", "dropped": {"url": "ORIGIN/"}});
        let (run, _server) = run([Reply::text(200, "late").delayed(200)], scenario).await;
        run.assert_failure(ErrorCode::AbiViolation);
        assert_eq!(results(&run)[0].status, Some(200));
        assert_eq!(end_of_attempt(&run).interrupted, None);
    });
}

#[test]
fn a_dropped_request_without_an_end_is_settled_as_late_at_the_deadline() {
    in_time(async {
        let server = Server::start([Reply::silence().at("/never"), Reply::text(200, "soon")]).await;
        let scenario = json!({"do": "drop_half_way", "dropped": {"url": "ORIGIN/never"}, "then": {"url": "ORIGIN/soon"}});
        let run = run_at(&server, json!({"deadline_ms": 3000, "with": scenario})).await;
        assert_eq!(seen(&run)["body"], "soon");
        let late = results(&run).into_iter().find(|result| result.index == 0).unwrap();
        assert_eq!(late.code, OutcomeCode::Error(ErrorCode::Timeout));
    });
}

#[test]
fn an_attempt_that_is_cut_off_leaves_its_requests_without_a_result() {
    in_time(async {
        let server = Server::start([Reply::silence()]).await;
        let requests = json!([{"url": "ORIGIN/a"}, {"url": "ORIGIN/b"}]);
        let scenario = json!({"do": "concurrent", "requests": requests});
        let retry = json!({"max_attempts": 1});
        let step = json!({"deadline_ms": 500, "retry": retry, "with": scenario});
        let run = run_at(&server, step).await;
        run.assert_failure(ErrorCode::Timeout);
        // Each may have noticed the deadline just before it was cut off; most often neither has.
        assert_eq!(intents(&run).len(), 2);
        let interrupted = end_of_attempt(&run).interrupted;
        assert!(matches!(interrupted, Some(Interrupted::Call(_) | Interrupted::Fuel(_))));
        assert_eq!(run.outcome.side_effects.len(), 2, "{:?}", run.outcome.side_effects);
    });
}

/// Upstreams that never answer, through a client that does not heed how long it may take.
struct Deaf;

impl HttpProvider for Deaf {
    fn open(&self, _policy: Arc<Policy>) -> Arc<dyn HttpSession> {
        Arc::new(Self)
    }
}

impl HttpSession for Deaf {
    fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, Failure>> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn a_dropped_request_that_never_ends_cuts_the_attempt_off_and_the_cut_is_repeated() {
    in_time(async {
        let with = json!({"do": "drop_half_way", "dropped": {"url": "http://never.test/"}, "then": null});
        let retry = json!({"max_attempts": 1});
        for (of_step, of_run, code) in
            [(200, 60_000, ErrorCode::Timeout), (60_000, 200, ErrorCode::DeadlineExceeded)]
        {
            let step = json!({
                "id": "call", "skill": "probe", "deadline_ms": of_step, "retry": retry, "with": with,
            });
            let workflow = json!({
                "aos": 1, "name": "deaf", "deadline_ms": of_run, "grants": {"hosts": ["http://never.test"]},
                "steps": [step],
            });
            let runtime = of(World::live().with_http(Arc::new(Deaf))).await;
            let run = record(&runtime, &workflow.to_string(), json!({})).await;
            run.assert_failure(code);
            assert_eq!((intents(&run).len(), results(&run).len()), (1, 0));
            assert_eq!(end_of_attempt(&run).interrupted, Some(Interrupted::Call(0)));
        }
    });
}

#[test]
fn an_attempt_that_is_cut_off_while_it_computes_stops_at_the_same_unit_with_its_requests_open() {
    in_time(async {
        let server = Server::start([Reply::silence()]).await;
        let open = json!({"url": "ORIGIN/open", "method": "POST", "pieces": ["half"]});
        let with = json!({"do": "compute", "open": open, "sent": {"url": "ORIGIN/sent"}});
        // A fast machine uses up all the fuel of the attempt in a second.
        let step = json!({"deadline_ms": 400, "retry": {"max_attempts": 1}, "with": with});
        let run = run_at(&server, step).await;
        run.assert_failure(ErrorCode::Timeout);
        assert!(matches!(end_of_attempt(&run).interrupted, Some(Interrupted::Fuel(_))));
        assert_eq!(server.paths(), ["/sent"]);
        assert_eq!(intents(&run).iter().map(|intent| intent.index).collect::<Vec<_>>(), [1]);
    });
}

#[test]
fn a_body_that_is_dropped_before_it_is_finished_is_not_sent() {
    in_time(async {
        let request = json!({"url": "ORIGIN/", "method": "POST", "pieces": ["half"]});
        let (run, server) = run([Reply::status(204)], json!({"do": "unfinished", "request": request})).await;
        let message = "internal-error: REQUEST_INVALID: the body was dropped before it was finished";
        assert_eq!(seen(&run)["error"], message);
        assert_eq!(server.connections(), 0);
        let [result] = results(&run).try_into().unwrap();
        assert_eq!(result.code, OutcomeCode::Error(ErrorCode::RequestInvalid));
    });
}

#[test]
fn a_body_that_is_open_when_the_guest_returns_is_not_sent() {
    in_time(async {
        let request = json!({"url": "ORIGIN/", "method": "POST", "pieces": ["half"]});
        let (run, server) = run([Reply::status(204)], json!({"do": "left_open", "request": request})).await;
        assert_eq!(seen(&run), &Value::Null);
        assert_eq!(server.connections(), 0);
        assert_eq!(results(&run)[0].code, OutcomeCode::Error(ErrorCode::RequestInvalid));
    });
}

#[test]
fn a_body_may_be_written_while_another_request_is_made() {
    in_time(async {
        let script = [Reply::text(200, "between").at("/between"), Reply::text(200, "whole").at("/whole")];
        let request = json!({"url": "ORIGIN/whole", "method": "POST", "pieces": ["a", "b"]});
        let between = json!({"url": "ORIGIN/between"});
        let (run, server) =
            run(script, json!({"do": "interleaved", "request": request, "between": between})).await;
        let seen = seen(&run);
        assert_eq!(seen["early"], "not yet");
        assert_eq!((&seen["between"]["body"], &seen["answer"]["body"]), (&json!("between"), &json!("whole")));
        assert_eq!(server.paths(), ["/between", "/whole"]);
        // Indices are the guest's order; entries stand in the order of what happened.
        let order: Vec<_> = intents(&run).iter().map(|intent| intent.index).collect();
        assert_eq!(order.iter().min(), order.last(), "{order:?}");
    });
}

#[test]
fn a_body_that_is_too_large_or_has_trailers_is_refused_by_a_typed_error() {
    in_time(async {
        let request = json!({"url": "ORIGIN/", "method": "POST", "pieces": []});
        let limit = 16 << 20;
        let large = |bytes: usize| json!({"do": "large", "request": request, "bytes": bytes});
        let (run_of_limit, server) = run([Reply::status(204)], large(limit)).await;
        assert_eq!(seen(&run_of_limit)["answer"]["status"], 204);
        assert_eq!(server.only_request().body.len(), limit);
        let error = format!("ErrorCode::HttpRequestBodySize(Some({limit}))");
        let (beyond, server) = run([Reply::status(204)], large(limit + 1)).await;
        let expected =
            json!({"written": "StreamError::Closed", "finished": {"Err": error}, "answer": {"error": error}});
        assert_eq!(seen(&beyond), &expected);
        assert_eq!(server.connections(), 0);
        assert_eq!(results(&beyond)[0].code, OutcomeCode::Error(ErrorCode::RequestTooLarge));
        let (trailers, server) =
            run([Reply::status(204)], json!({"do": "trailers", "request": request})).await;
        assert_eq!(seen(&trailers)["finished"]["Err"], "ErrorCode::HttpRequestTrailerSectionSize(Some(0))");
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn a_host_without_a_grant_never_hears_of_the_request() {
    in_time(async {
        let other = Server::start([Reply::status(204)]).await;
        let (run, server) = send(Reply::status(204), json!({"url": other.url("/secret")})).await;
        assert_eq!(seen(&run)["error"], "ErrorCode::HttpRequestDenied");
        assert_eq!((other.connections(), server.connections()), (0, 0));
        assert_eq!(run.outcome.side_effects[0].code, OutcomeCode::Error(ErrorCode::DestinationDenied));
    });
}

#[test]
fn what_goes_wrong_has_a_word_of_wasi_http() {
    in_time(async {
        let large = vec![b'x'; (16 << 20) + 1];
        for (reply, error) in [
            (Reply::silence(), "ErrorCode::HttpResponseTimeout"),
            (Reply::half_a_body(), "ErrorCode::HttpResponseIncomplete"),
            (Reply::close(), "ErrorCode::ConnectionTerminated"),
            (Reply::raw(b"nonsense\r\n\r\n"), "ErrorCode::HttpProtocolError"),
            (Reply::bytes(200, &large), "ErrorCode::HttpResponseBodySize(Some(16777216))"),
        ] {
            let timeout = if error.ends_with("Timeout") { 300 } else { 20_000 };
            let (run, _server) = send(reply, json!({"url": "ORIGIN/", "timeout_ms": timeout})).await;
            assert_eq!(seen(&run)["error"], error);
        }
        let (run, _server) = send(Reply::status(503), json!({"url": "ORIGIN/"})).await;
        assert_eq!(seen(&run)["status"], 503);
        assert_eq!(run.outcome.side_effects[0].code.as_str(), "UPSTREAM_UNAVAILABLE");
        let (run, _server) = send(Reply::status(204), json!({"url": "ORIGIN/", "method": "BREW"})).await;
        assert_eq!(seen(&run)["error"], "ErrorCode::HttpRequestMethodInvalid");
        let (run, _server) = send(Reply::status(204), json!({"url": "ftp://a.test/"})).await;
        assert_eq!(seen(&run)["error"], "ErrorCode::HttpRequestUriInvalid");
    });
}

#[test]
fn a_port_that_refuses_is_a_refused_connection() {
    in_time(async {
        let gone = Server::start([]).await.stop().await;
        let grants = json!({"hosts": [gone]});
        let with = json!({"do": "send", "request": {"url": format!("{gone}/")}});
        let workflow = flow::one_step(grants, "probe", json!({"with": with}));
        let run = record(&live().await, &workflow, json!({})).await;
        assert_eq!(seen(&run)["error"], "ErrorCode::ConnectionRefused");
    });
}

#[test]
fn a_guest_waits_for_so_many_answers_at_one_time() {
    in_time(async {
        let scenario = json!({"do": "many", "request": {"url": "ORIGIN/"}, "count": 20});
        let (run, server) = run([Reply::status(204)], scenario).await;
        assert_eq!(seen(&run), &json!({"begun": 16, "refused": "ErrorCode::ConnectionLimitReached"}));
        assert_eq!(server.requests().len(), 16);
    });
}

#[test]
fn what_a_guest_makes_the_host_keep_is_bounded() {
    in_time(async {
        let request = json!({"url": "ORIGIN/", "method": "POST", "pieces": []});
        let large = vec![b'x'; 16 << 20];
        for (scenario, right, wrong) in [
            (json!({"do": "flood_bodies", "request": request}), 4, 5),
            (json!({"do": "flood_fields"}), 100, 130),
            (json!({"do": "keep_answers", "request": {"url": "ORIGIN/"}}), 1, 5),
        ] {
            for (count, code) in
                [(right, OutcomeCode::Ok), (wrong, OutcomeCode::Error(ErrorCode::PayloadLimit))]
            {
                let mut scenario = scenario.clone();
                scenario["count"] = json!(count);
                let (run, _server) = run([Reply::bytes(200, &large)], scenario.clone()).await;
                assert_eq!(run.outcome.code, code, "{scenario}: {}", run.outcome.message);
            }
        }
    });
}

#[test]
fn looks_at_an_answer_are_repeated_as_they_were() {
    in_time(async {
        let reply = Reply::text(200, "there").delayed(200);
        let (run, _server) = run([reply], json!({"do": "looks", "request": {"url": "ORIGIN/"}})).await;
        let seen = seen(&run);
        assert_eq!((&seen["early"], &seen["was_ready"]), (&json!("not yet"), &json!(false)));
        assert_eq!((&seen["is_ready"], &seen["answer"]["body"]), (&json!(true), &json!("there")));
        assert_eq!(seen["again"], "taken before");
    });
}

#[test]
fn a_replay_of_what_cannot_become_ready_ends_as_a_divergence() {
    in_time(async {
        let request = json!({"url": "ORIGIN/", "method": "POST", "pieces": []});
        let (run, _server) =
            run([Reply::status(204)], json!({"do": "timer_or_never", "request": request})).await;
        assert_eq!(seen(&run), &json!([0]));
        let other = forged(&run, |entries| {
            for entry in entries {
                if let Event::Observed(observed) = &mut entry.event {
                    observed.value = json!([1]);
                }
            }
        });
        let failure = elsewhere().await.replay(&other).await.proof.unwrap_err();
        assert_eq!(failure.code, ErrorCode::ReplayDivergence, "{failure}");
        assert!(failure.message.contains("poll.poll"), "{failure}");
    });
}

#[test]
fn a_request_that_differs_from_the_recorded_one_is_a_divergence() {
    in_time(async {
        let (run, _server) = send(Reply::status(204), json!({"url": "ORIGIN/"})).await;
        let other = forged(&run, |entries| {
            for entry in entries {
                if let Event::Intent(intent) = &mut entry.event {
                    intent.request["method"] = json!("HEAD");
                }
            }
        });
        let failure = elsewhere().await.replay(&other).await.proof.unwrap_err();
        assert_eq!(failure.code, ErrorCode::ReplayDivergence, "{failure}");
        assert!(failure.message.contains("/request/method"), "{failure}");
    });
}

#[test]
fn a_request_can_be_rehearsed_with_another_end() {
    in_time(async {
        let (run, _server) = send(Reply::text(200, "well"), json!({"url": "ORIGIN/"})).await;
        for (injection, code, seen) in [
            (json!({"status": 503, "body": "no"}), "OK", json!(503)),
            (json!({"error": "TIMEOUT"}), "OK", json!(null)),
            (json!({"trap": true}), "SKILL_TRAP", json!(null)),
        ] {
            let mut injection = injection;
            injection["step"] = json!("call");
            injection["index"] = json!(0);
            let recording = Recording::read(&run.journal).unwrap();
            let injections = Injections::read(&json!([injection]).to_string(), &recording).unwrap();
            let outcome = elsewhere().await.rehearse(recording, injections).await.unwrap();
            assert_eq!(outcome.code.as_str(), code, "{injection}: {}", outcome.message);
            assert_eq!(outcome.steps[0].output["status"], seen, "{injection}");
        }
    });
}

#[test]
fn waiting_for_nothing_traps_and_repeats() {
    in_time(async {
        let (run, _server) = run([], json!({"do": "empty_poll"})).await;
        run.assert_failure(ErrorCode::AbiViolation);
    });
}

#[test]
fn fields_keep_their_order_and_their_rules() {
    in_time(async {
        let (run, _server) = run([], json!({"do": "fields"})).await;
        let seen: Vec<_> = seen(&run).as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let expected = include_str!("fields.txt").lines().collect::<Vec<_>>();
        assert_eq!(seen, expected, "{}", seen.join("\n"));
    });
}
