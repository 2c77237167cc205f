//! What the program logs, and the trace that it takes in and hands on.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::process::{Ended, Home, at_home};
use super::serve::client::{Service, answer};
use crate::support::flow;
use crate::support::server::{Reply, Request, Server};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// What stands in requests and answers, and may stand in no log.
const CANARY: &str = "canary-7d1f";

/// All that was said, a JSON object a line.
fn logged(ended: &Ended) -> Vec<Value> {
    objects(&ended.stderr)
}

fn objects(stderr: &str) -> Vec<Value> {
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let lines: Vec<Value> = stderr.lines().map(read).collect();
    for line in &lines {
        assert!(line["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{line}");
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
    lines
}

fn said<'a>(lines: &'a [Value], message: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["message"] == message).collect()
}

/// Names of the spans, from the outside in.
fn spans(line: &Value) -> Vec<&str> {
    line["spans"].as_array().unwrap().iter().map(|span| span["name"].as_str().unwrap()).collect()
}

/// Two elements, of which each asks once, and the first one twice; with something secret all along.
async fn two_elements(home: &Home) -> Server {
    let path = |path: &str| format!("{path}?key={CANARY}");
    let server = Server::start([
        Reply::text(503, CANARY).at(&path("/a")),
        Reply::text(200, CANARY).at(&path("/a")),
        Reply::text(404, CANARY).at(&path("/b")),
    ])
    .await;
    let with =
        json!({"url": format!("{}${{ .item }}?key={CANARY}", server.origin()), "headers": {"x-key": CANARY}});
    let step = json!({
        "with": with, "foreach": {"in": ["/a", "/b"]}, "on_error": "continue",
        "retry": {"max_attempts": 2, "base_ms": 1},
    });
    home.write("flow.yaml", flow::http_step(&server, step));
    server
}

fn parents(requests: &[Request]) -> Vec<Vec<&str>> {
    requests.iter().map(|request| request.header("traceparent")).collect()
}

#[test]
fn logs_are_json_lines_that_say_where_they_belong_and_hold_no_text_of_anybody_else() {
    at_home(async |home| {
        let _server = two_elements(&home).await;
        let input = json!({"secret": CANARY}).to_string();
        let arguments = ["run", "flow.yaml", "--input", &input, "--journal", "j.jsonl", "--format", "json"];
        let ended = home.aos(arguments.iter().chain(&["--log", "debug", "--log-format", "json"])).await;
        ended.assert_code(0);
        let (lines, outcome) = (logged(&ended), ended.outcome());
        assert!(!ended.stderr.contains(CANARY), "{}", ended.stderr);
        let run = json!({
            "name": "run", "run_id": outcome.run_id.to_string(), "workflow": "one-step", "mode": "live",
            "trace_id": outcome.observability.trace_id, "span_id": outcome.observability.span_id,
        });
        let inside: Vec<_> = lines.iter().filter(|line| line["spans"].is_array()).collect();
        assert!(inside.iter().all(|line| line["spans"][0] == run), "{inside:#?}");
        let calls = said(&lines, "answered");
        assert!(calls.iter().all(|call| spans(call) == ["run", "step", "attempt", "call"]), "{calls:#?}");
        let call = |item: u32, attempt: u32, code: &str| {
            json!([{"name": "step", "step": "call", "span_id": outcome.steps[0].observability.span_id},
                {"name": "attempt", "skill": "http_call", "item": item, "attempt": attempt},
                {"name": "call", "call": "http.send", "index": 0}, code])
            .to_string()
        };
        let mut ids = BTreeSet::new();
        let told: BTreeSet<String> = calls
            .iter()
            .map(|call| {
                let mut of_call = call["spans"][3].clone();
                let id = of_call.as_object_mut().unwrap().remove("span_id").unwrap();
                assert!(ids.insert(id.to_string()), "each has an id of its own");
                json!([call["spans"][1], call["spans"][2], of_call, call["code"]]).to_string()
            })
            .collect();
        let expected =
            [call(0, 1, "UPSTREAM_UNAVAILABLE"), call(0, 2, "OK"), call(1, 1, "UPSTREAM_NOT_FOUND")]
                .map(sorted);
        assert_eq!(told.into_iter().map(sorted).collect::<BTreeSet<_>>(), expected.into());
        let again = said(&lines, "tried again");
        assert_eq!(
            (again.len(), &again[0]["code"], spans(again[0])),
            (1, &json!("UPSTREAM_UNAVAILABLE"), vec!["run", "step"])
        );
        assert_eq!(said(&lines, "ended").len(), 3, "attempts");
        let end = said(&lines, "the run ended")[0];
        assert_eq!((&end["level"], &end["code"]), (&json!("INFO"), &json!("OK")));
        assert_eq!(end["charged"], json!(outcome.cost.charged.nanos()));
        assert_eq!(end["latency_ms"], json!(outcome.latency_ms));
        let told = said(&lines, "the run begins");
        assert_eq!((told.len(), spans(told[0])), (1, vec!["run"]));
    });
}

/// JSON with its members in one order.
fn sorted(text: String) -> String {
    let value: Value = serde_json::from_str(&text).unwrap();
    String::from_utf8(aos_host::canonical::to_vec(&value).unwrap()).unwrap()
}

#[test]
fn a_replay_logs_the_same_calls_in_its_own_mode() {
    at_home(async |home| {
        let _server = two_elements(&home).await;
        let logs = ["--log", "debug", "--log-format", "json"];
        let run = home.aos(["run", "flow.yaml", "--journal", "j.jsonl"].iter().chain(&logs)).await;
        let replay = home.aos(["replay", "j.jsonl"].iter().chain(&logs)).await;
        replay.assert_code(0);
        let calls = |ended: &Ended, mode: &str| -> BTreeSet<String> {
            let lines = logged(ended);
            let calls = said(&lines, "answered").into_iter().map(|call| {
                assert_eq!(call["spans"][0]["mode"], mode);
                sorted(json!([call["spans"][2], call["spans"][3], call["code"]]).to_string())
            });
            calls.collect()
        };
        assert_eq!(calls(&run, "live"), calls(&replay, "replay"));
    });
}

#[test]
fn logs_are_as_loud_as_they_are_asked_to_be() {
    at_home(async |home| {
        let home = home.with_demo();
        let run = ["run", "demo.yaml", "--stubs", "stubs.yaml"];
        let json = ["--log-format", "json"];
        let silent = home.aos(run).await;
        assert!(silent.stderr.starts_with("run ") && !silent.stderr.contains("INFO"), "{}", silent.stderr);
        let usual = logged(&home.aos(run.iter().chain(&json)).await);
        assert_eq!(said(&usual, "the run ended").len(), 1);
        assert!(said(&usual, "answered").is_empty());
        let off = home.aos(run.iter().chain(&json).chain(&["--log", "off"])).await;
        assert_eq!((off.stderr.as_str(), off.code), ("", Some(0)));
        let named = home.aos(run.iter().chain(&json).chain(&["--log", "aos_host::gate=debug"])).await;
        assert_eq!(said(&logged(&named), "answered").len(), 2);
        let inherited = home.aos_with(&[("AOS_LOG", "debug")], run).await;
        assert!(
            inherited.stderr.contains("DEBUG run{")
                && inherited.stderr.lines().any(|line| line.starts_with("run ")),
            "{}",
            inherited.stderr
        );
        let stronger = home.aos_with(&[("AOS_LOG", "debug")], run.iter().chain(&["--log", "error"])).await;
        assert!(!stronger.stderr.contains("DEBUG"), "{}", stronger.stderr);
        for wrong in [
            home.aos(run.iter().chain(&["--log", "a=loud"])).await,
            home.aos_with(&[("AOS_LOG", "a=loud")], run).await,
        ] {
            wrong.assert_code(2);
            assert!(wrong.stderr.contains("a=loud"), "{}", wrong.stderr);
        }
    });
}

#[test]
fn faults_and_errors_are_json_as_well() {
    at_home(async |home| {
        home.write("flow.yaml", "aos: 1\nname: x\nsteps: [{id: a, skil: b}]\n");
        let json = ["--log-format", "json"];
        let faulty = home.aos(["run", "flow.yaml"].iter().chain(&json)).await;
        faulty.assert_code(1);
        assert!(logged(&faulty).iter().any(|line| line["level"] == "ERROR"), "{}", faulty.stderr);
        let missing = home.aos(["run", "nowhere.yaml"].iter().chain(&json)).await;
        missing.assert_code(2);
        assert!(
            said(&logged(&missing), "error: nowhere.yaml: No such file or directory (os error 2)").len() == 1,
            "{}",
            missing.stderr
        );
    });
}

#[test]
fn compiled_code_that_was_changed_is_told() {
    at_home(async |home| {
        let home = home.with_demo();
        let cache = [("XDG_CACHE_HOME", home.path("own").to_str().unwrap().to_owned())];
        let cache = [(cache[0].0, cache[0].1.as_str())];
        let list = ["skills", "list", "--log-format", "json"];
        home.aos_with(&cache, list).await.assert_code(0);
        let compiled = std::fs::read_dir(home.path("own/aos/compiled")).unwrap();
        let path = compiled.map(|entry| entry.unwrap().path()).next().expect("compiled code");
        let mut code = std::fs::read(&path).unwrap();
        code[100] ^= 1;
        std::fs::write(&path, code).unwrap();
        let again = home.aos_with(&cache, list).await;
        again.assert_code(0);
        let lines = logged(&again);
        let told: Vec<_> = lines.iter().filter(|line| line["code"] == "CACHE_INTEGRITY").collect();
        assert_eq!(told.len(), 1, "{}", again.stderr);
        assert_eq!((&told[0]["level"], &told[0]["file"]), (&json!("WARN"), &json!(path.to_str().unwrap())));
        assert!(home.aos_with(&cache, list).await.stderr.is_empty());
    });
}

#[test]
fn a_trace_is_taken_in_recorded_and_handed_on_to_whom_the_run_asks() {
    at_home(async |home| {
        let server = two_elements(&home).await;
        let run = ["run", "flow.yaml", "--journal", "j.jsonl", "--format", "json", "--traceparent", PARENT];
        let ended = home.aos(run.iter().chain(&["--log", "debug", "--log-format", "json"])).await;
        ended.assert_code(0);
        let journal = std::fs::read_to_string(home.path("j.jsonl")).unwrap();
        let first: Value = serde_json::from_str(journal.lines().next().unwrap()).unwrap();
        assert_eq!(first["traceparent"], PARENT);
        assert_eq!(ended.outcome().observability.trace_id, TRACE);
        let lines = logged(&ended);
        let spans: BTreeSet<String> = said(&lines, "answered")
            .into_iter()
            .map(|call| {
                let (run, call) = (&call["spans"][0], &call["spans"][3]);
                assert_eq!(
                    (&run["trace_id"], &run["parent_id"]),
                    (&json!(TRACE), &json!("b7ad6b7169203331"))
                );
                format!("00-{TRACE}-{}-01", call["span_id"].as_str().unwrap())
            })
            .collect();
        let requests = server.requests();
        let sent: BTreeSet<String> = parents(&requests)
            .into_iter()
            .map(|parents| {
                assert_eq!(parents.len(), 1);
                parents[0].to_owned()
            })
            .collect();
        assert_eq!((sent.len(), &sent), (3, &spans), "each call hands on its own span");
        assert!(
            journal.lines().skip(1).all(|line| !line.contains("traceparent")),
            "requests are recorded as they were made"
        );
        home.aos(["replay", "j.jsonl"]).await.assert_code(0);
    });
}

#[test]
fn a_trace_is_begun_by_nobody_else() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "hi")]).await;
        home.write("flow.yaml", flow::http(&server, json!({"url": server.url("/")})));
        home.write(
            "own.yaml",
            flow::http(&server, json!({"url": server.url("/"), "headers": {"TraceParent": "mine"}})),
        );
        home.aos(["run", "flow.yaml"]).await.assert_code(0);
        home.aos_with(&[("TRACEPARENT", "00-not-a-trace")], ["run", "flow.yaml"]).await.assert_code(0);
        home.aos_with(&[("TRACEPARENT", PARENT)], ["run", "flow.yaml"]).await.assert_code(0);
        home.aos(["run", "own.yaml", "--traceparent", PARENT]).await.assert_code(0);
        let requests = server.requests();
        let parents = parents(&requests);
        assert!(parents[0].is_empty() && parents[1].is_empty(), "{parents:?}");
        assert!(parents[2].len() == 1 && parents[2][0].contains(TRACE), "{parents:?}");
        assert_eq!(parents[3], ["mine"], "a guest in a trace of its own stays there");
        let wrong = home.aos(["run", "flow.yaml", "--traceparent", "00-not-a-trace"]).await;
        wrong.assert_code(2);
        assert!(wrong.stderr.contains("32, 16 and 2 lower-case hexadecimal digits"), "{}", wrong.stderr);
        assert_eq!(server.requests().len(), 4);
    });
}

#[test]
fn the_service_takes_a_trace_in_and_logs_its_runs_in_json() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "hi")]).await;
        let workflow: Value =
            serde_json::from_str(&flow::http(&server, json!({"url": server.url("/")}))).unwrap();
        let service = Service::start(&home, &["--log-format", "json", "--log", "debug"]).await;
        let run = async |parents: &[&str]| {
            let request = service.posting("/v1/runs?wait=true", &json!({"workflow": workflow}));
            let request =
                parents.iter().fold(request, |request, parent| request.header("traceparent", *parent));
            answer(request).await.assert_status(200).json()["id"].as_str().unwrap().to_owned()
        };
        let traced = run(&[PARENT]).await;
        for none in [vec![], vec!["00-not-a-trace"], vec![PARENT, PARENT]] {
            run(&none).await;
        }
        let requests = server.requests();
        let parents = parents(&requests);
        assert!(parents[0].len() == 1 && parents[0][0].contains(TRACE), "{parents:?}");
        assert!(parents[1..].iter().all(Vec::is_empty), "{parents:?}");
        service.signal(rustix::process::Signal::TERM);
        let (code, said_by) = service.ended().await;
        assert_eq!(code, Some(0));
        let lines = objects(&said_by);
        let ends = said(&lines, "the run ended");
        assert_eq!(ends.len(), 4);
        assert_eq!(
            (&ends[0]["spans"][0]["run_id"], &ends[0]["spans"][0]["trace_id"]),
            (&json!(traced), &json!(TRACE))
        );
        assert!(ends[1..].iter().all(|end| end["spans"][0]["trace_id"] != TRACE), "{ends:#?}");
        assert!(ends[1..].iter().all(|end| end["spans"][0]["parent_id"].is_null()), "{ends:#?}");
        let asked = said(&lines, "answered a request");
        let begun = asked.iter().find(|line| line["method"] == "POST").expect("a request");
        assert_eq!((&begun["path"], &begun["status"]), (&json!("/v1/runs"), &json!(200)));
    });
}
