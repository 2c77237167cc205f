//! `aos run` and `aos replay`: the outcome on standard output, the talk on standard error, and the exit code.

use aos_host::outcome::Status;
use serde_json::json;

use super::process::{Ended, Home, at_home};
use crate::support::runtime::read;
use crate::support::server::{Reply, Server};

/// A workflow of one request, which the stub world answers with 500.
const FAILING: &str = r#"
aos: 1
name: failing
grants: {hosts: [httpstat.us]}
steps:
  - {id: a, skill: http_call, retry: {max_attempts: 1}, with: {url: https://httpstat.us/500}}
"#;

/// A workflow that gives back its input.
const ECHO: &str = "aos: 1\nname: echo\nsteps:\n  - {id: a, skill: json_transform, with: {data: \"${ .input }\", filter: .}}\noutput: ${ .steps.a.result }\n";

async fn demo(home: &Home, more: &[&str]) -> Ended {
    let fixed = ["run", "demo.yaml", "--stubs", "stubs.yaml", "--format", "json", "--journal", "j.jsonl"];
    home.aos(fixed.iter().chain(more)).await
}

#[test]
fn the_demo_prints_its_canonical_outcome_and_nothing_else() {
    at_home(async |home| {
        let home = home.with_demo();
        let ended = demo(&home, &[]).await;
        ended.assert_code(0);
        let outcome = ended.outcome();
        let output =
            json!({"wisdom": "Keep it logically awesome.", "words": 4, "summary": "This is a summary."});
        assert_eq!((outcome.status, &outcome.output), (Status::Success, &output));
        let mut bytes = outcome.canonical_bytes().unwrap();
        bytes.push(b'\n');
        assert_eq!(ended.stdout.as_bytes(), bytes);
        let journal = std::fs::read_to_string(home.path("j.jsonl")).unwrap();
        assert!(journal.lines().last().unwrap().contains(&outcome.run_id.to_string()) || !journal.is_empty());
        assert!(ended.stderr.contains("fetch") && ended.stderr.contains("j.jsonl"), "{}", ended.stderr);
    });
}

#[test]
fn people_get_a_summary() {
    at_home(async |home| {
        let home = home.with_demo();
        let ended = home.aos(["run", "demo.yaml", "--stubs", "stubs.yaml"]).await;
        ended.assert_code(0);
        assert!(ended.stdout.starts_with("success  OK\n"), "{}", ended.stdout);
        assert!(ended.stdout.contains("\"words\": 4"), "{}", ended.stdout);
    });
}

#[test]
fn people_see_where_an_expression_failed() {
    at_home(async |home| {
        home.write("flow.yaml", ECHO.replace("${ .input }", "${ .input.n + {} }"));
        let ended = home.aos(["run", "flow.yaml", "--input", r#"{"n": 1}"#]).await;
        ended.assert_code(1);
        for words in ["EXPRESSION_ERROR", "in ${ .input.n + {} }", "step a, at /with/data"] {
            assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
        }
    });
}

#[test]
fn both_formats_write_numbers_alike() {
    at_home(async |home| {
        home.write("flow.yaml", ECHO);
        let ended = home.aos(["run", "flow.yaml", "--input", r#"{"n": 2.0, "m": 1e21}"#]).await;
        ended.assert_code(0);
        assert!(ended.stdout.contains("\"n\": 2\n") && ended.stdout.contains("1e+21"), "{}", ended.stdout);
    });
}

#[test]
fn a_stub_file_without_the_answer_is_told_and_not_tried_again() {
    at_home(async |home| {
        home.write("flow.yaml", FAILING.replace("retry: {max_attempts: 1}, ", ""))
            .write("stubs.yaml", "http: []");
        let ended = home.aos(["run", "flow.yaml", "--stubs", "stubs.yaml", "--format", "json"]).await;
        ended.assert_code(1);
        let outcome = ended.outcome();
        assert_eq!((outcome.code.as_str(), outcome.steps[0].observability.retries), ("CONFIG_INVALID", 0));
        assert!(outcome.message.contains("no answer for GET https://httpstat.us/500"), "{}", outcome.message);
        home.write("stubs.yaml", "llm:\n  summarize: [{text: a}, {txet: b}]\n");
        let ended = home.aos(["run", "flow.yaml", "--stubs", "stubs.yaml"]).await;
        ended.assert_code(2);
        assert!(ended.stderr.contains("line 2 column 27: there is no field `txet` here"), "{}", ended.stderr);
    });
}

#[test]
fn a_small_address_space_is_enough_and_makes_no_difference() {
    at_home(async |home| {
        let home = home.with_demo();
        demo(&home, &[]).await.assert_code(0);
        // The pool of instances reserves terabytes; without them, instances are made on demand.
        let limited = ["sh", "-c", "ulimit -v 12000000 && exec \"$@\"", "sh"];
        let run = home
            .aos_within(&limited, ["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "small.jsonl"])
            .await;
        run.assert_code(0);
        let replay = home.aos_within(&limited, ["replay", "j.jsonl"]).await;
        replay.assert_code(0);
        home.aos(["replay", "small.jsonl"]).await.assert_code(0);
        home.aos(["diff", "j.jsonl", "small.jsonl"]).await.assert_code(0);
    });
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    at_home(async |home| {
        let (server, proxy) = (
            Server::start([Reply::text(200, "direct")]).await,
            Server::start([Reply::text(200, "proxied")]).await,
        );
        let step = json!({"id": "a", "skill": "http_call", "with": {"url": server.url("/")}});
        let flow = json!({"aos": 1, "name": "x", "grants": {"hosts": [server.origin()]}, "steps": [step]});
        home.write("flow.json", flow.to_string());
        let set: Vec<_> = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
            .iter()
            .map(|name| format!("{name}={}", proxy.origin()))
            .collect();
        let with_proxy: Vec<_> = std::iter::once("env").chain(set.iter().map(String::as_str)).collect();
        let ended = home.aos_within(&with_proxy, ["run", "flow.json", "--format", "json"]).await;
        ended.assert_code(0);
        assert_eq!(ended.outcome().output["a"]["body"], "direct");
        assert_eq!(proxy.connections(), 0);
    });
}

#[test]
fn a_replay_prints_the_same_bytes() {
    at_home(async |home| {
        let home = home.with_demo();
        let run = demo(&home, &[]).await;
        let replay = home.aos(["replay", "j.jsonl", "--format", "json"]).await;
        replay.assert_code(0);
        assert_eq!(replay.stdout, run.stdout);
        assert!(replay.stderr.contains("the bytes are equal"), "{}", replay.stderr);
    });
}

#[test]
fn a_failed_run_exits_with_1_and_its_replay_with_0() {
    at_home(async |home| {
        let home = home.with_demo();
        home.write("failing.yaml", FAILING);
        let run = home
            .aos(["run", "failing.yaml", "--stubs", "stubs.yaml", "--journal", "f.jsonl", "--format", "json"])
            .await;
        run.assert_code(1);
        assert_eq!(run.outcome().code.as_str(), "UPSTREAM_ERROR");
        let replay = home.aos(["replay", "f.jsonl", "--format", "json"]).await;
        replay.assert_code(0);
        assert_eq!(replay.stdout, run.stdout);
    });
}

#[test]
fn a_partial_run_exits_with_0() {
    at_home(async |home| {
        let home = home.with_demo();
        home.write("partial.yaml", FAILING.replace("skill:", "on_error: continue, skill:"));
        let run = home.aos(["run", "partial.yaml", "--stubs", "stubs.yaml", "--format", "json"]).await;
        run.assert_code(0);
        assert_eq!(run.outcome().status, Status::Partial);
    });
}

#[test]
fn a_replay_needs_neither_the_skills_nor_the_workflow_nor_the_stubs() {
    at_home(async |home| {
        let home = home.with_demo();
        let run = demo(&home, &[]).await;
        for file in ["demo.yaml", "stubs.yaml", "target/skills"] {
            std::fs::remove_file(home.path(file)).unwrap();
        }
        let replay = home.aos(["replay", "j.jsonl", "--format", "json"]).await;
        replay.assert_code(0);
        assert_eq!(replay.stdout, run.stdout);
    });
}

#[test]
fn a_replay_of_a_changed_journal_exits_with_3_and_an_outcome() {
    at_home(async |home| {
        let home = home.with_demo();
        demo(&home, &[]).await.assert_code(0);
        let journal = std::fs::read(home.path("j.jsonl")).unwrap();
        for place in [0, journal.len() / 2, journal.len() - 2] {
            let mut changed = journal.clone();
            changed[place] ^= 1;
            home.write("changed.jsonl", changed);
            let replay = home.aos(["replay", "changed.jsonl", "--format", "json"]).await;
            replay.assert_code(3);
            assert_eq!(replay.outcome().code.as_str(), "JOURNAL_CORRUPT");
            assert!(replay.stderr.contains("not proven"), "{}", replay.stderr);
        }
        home.write("cut.jsonl", &journal[..journal.len() - 10]);
        let replay = home.aos(["replay", "cut.jsonl", "--format", "json"]).await;
        replay.assert_code(3);
        assert_eq!(replay.outcome().code.as_str(), "REPLAY_INCOMPLETE");
        home.write("empty.jsonl", "");
        home.aos(["replay", "empty.jsonl"]).await.assert_code(3);
        home.aos(["replay", "missing.jsonl"]).await.assert_code(2);
    });
}

#[test]
fn a_journal_is_never_written_over() {
    at_home(async |home| {
        let home = home.with_demo();
        demo(&home, &[]).await.assert_code(0);
        let journal = std::fs::read(home.path("j.jsonl")).unwrap();
        let second = demo(&home, &[]).await;
        second.assert_code(1);
        assert_eq!(second.outcome().code.as_str(), "JOURNAL_IO");
        assert_eq!(std::fs::read(home.path("j.jsonl")).unwrap(), journal);
    });
}

#[test]
fn journals_without_a_name_are_kept_by_time_for_their_owner_alone() {
    at_home(async |home| {
        use std::os::unix::fs::PermissionsExt as _;
        let home = home.with_demo();
        for _ in 0..2 {
            home.aos(["run", "demo.yaml", "--stubs", "stubs.yaml"]).await.assert_code(0);
        }
        let runs: Vec<_> =
            std::fs::read_dir(home.path(".aos/runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(runs.len(), 2);
        for run in runs {
            assert_eq!(std::fs::metadata(&run).unwrap().permissions().mode() & 0o777, 0o600);
            home.aos(["replay", run.to_str().unwrap()]).await.assert_code(0);
        }
    });
}

#[test]
fn an_input_comes_from_the_command_line_or_from_a_file() {
    at_home(async |home| {
        home.write("echo.yaml", ECHO).write("input.json", "{\"from\": [\"file\", 1.5]}");
        for (input, expected) in [
            ("{\"é\": null}", json!({"é": null})),
            ("@input.json", json!({"from": ["file", 1.5]})),
            ("[]", json!([])),
        ] {
            let run = home.aos(["run", "echo.yaml", "--input", input, "--format", "json"]).await;
            run.assert_code(0);
            assert_eq!(run.outcome().output, expected);
        }
        let none = home.aos(["run", "echo.yaml", "--format", "json"]).await;
        assert_eq!(none.outcome().output, json!({}));
    });
}

#[test]
fn an_input_that_is_no_json_exits_with_2_and_the_place() {
    at_home(async |home| {
        home.write("echo.yaml", ECHO).write("bad.json", "{\n  \"a\": 1,\n  \"a\": 2\n}");
        for (input, place) in [
            ("{", "line 1 column 1"),
            ("{\"a\": 1} x", "line 1 column 10"),
            ("{\"n\": 9007199254740993}", "line 1"),
            ("@bad.json", "line 3"),
            ("", "line 1"),
            ("@missing.json", "missing.json"),
        ] {
            let run = home.aos(["run", "echo.yaml", "--input", input]).await;
            run.assert_code(2);
            assert!(run.stderr.contains("--input") && run.stderr.contains(place), "{}", run.stderr);
            assert_eq!(run.stdout, "");
        }
        assert!(!home.path(".aos/runs").exists(), "nothing began");
    });
}

#[test]
fn a_ceiling_of_the_command_line_stands_above_the_workflows_own() {
    at_home(async |home| {
        let home = home.with_demo();
        let none = demo(&home, &["--ceiling-cents", "0"]).await;
        none.assert_code(1);
        let outcome = none.outcome();
        assert_eq!(outcome.code.as_str(), "BUDGET_EXCEEDED");
        assert!(outcome.side_effects.is_empty());
        home.aos(["replay", "j.jsonl"]).await.assert_code(0);
        for wrong in ["-1", "1.5", "lots", "900719926", "99999999999999999999"] {
            let run = home
                .aos(["run", "demo.yaml", "--stubs", "stubs.yaml", &format!("--ceiling-cents={wrong}")])
                .await;
            run.assert_code(2);
            assert!(run.stderr.contains("ceiling-cents"), "{}", run.stderr);
        }
    });
}

#[test]
fn a_command_line_that_cannot_be_followed_exits_with_2() {
    at_home(async |home| {
        let home = home.with_demo();
        let wrong: [&[&str]; 9] = [
            &[],
            &["fly"],
            &["run"],
            &["run", "demo.yaml", "--fast"],
            &["run", "demo.yaml", "--format", "xml"],
            &["run", "demo.yaml", "--stubs", "missing.yaml"],
            &["run", "demo.yaml", "--skills", "missing"],
            &["replay"],
            &["skills", "describe", "nobody"],
        ];
        for arguments in wrong {
            let ended = home.aos(arguments).await;
            ended.assert_code(2);
            assert!(!ended.stderr.is_empty() && ended.stdout.is_empty(), "{arguments:?}");
        }
    });
}

#[test]
fn help_and_version_are_no_errors() {
    at_home(async |home| {
        for arguments in [&["--help"][..], &["--version"], &["run", "--help"], &["replay", "--help"]] {
            let ended = home.aos(arguments).await;
            ended.assert_code(0);
            assert!(ended.stdout.contains("aos"), "{}", ended.stdout);
        }
    });
}

#[test]
fn a_stub_file_that_is_none_is_told_with_its_place() {
    at_home(async |home| {
        let home = home.with_demo();
        home.write("bad.yaml", "http:\n  - url: https://a.test/\n    stauts: 200\n");
        let run = home.aos(["run", "demo.yaml", "--stubs", "bad.yaml"]).await;
        run.assert_code(2);
        assert!(run.stderr.contains("bad.yaml") && run.stderr.contains("line 3"), "{}", run.stderr);
    });
}

#[test]
fn a_live_run_reaches_what_the_workflow_grants() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "Keep it real.")]).await;
        let text = read("fixtures/workflows/demo.yaml")
            .replace("[api.github.com]", &format!("[\"{}\"]", server.origin()));
        let text = text.split("  - id: summary").next().unwrap();
        home.write("live.yaml", text);
        let input = json!({"url": server.url("/zen")}).to_string();
        let run = home.aos(["run", "live.yaml", "--input", &input, "--format", "json"]).await;
        run.assert_code(0);
        assert_eq!(run.outcome().output["fetch"]["body"], "Keep it real.");
        assert_eq!(server.only_request().path, "/zen");
    });
}

#[test]
fn what_others_wrote_cannot_move_the_cursor() {
    at_home(async |home| {
        let stubs = json!({"http": [{
            "url": "https://a.test/", "status": 404, "body": "\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}gpj",
        }, {"url": "https://b.test/", "body": "\u{1b}[31mred\u{202e}"}]});
        let step = |id: &str, host: &str| {
            json!({
                "id": id, "skill": "http_call", "on_error": "continue", "with": {"url": format!("https://{host}/")},
            })
        };
        let workflow = json!({
            "aos": 1, "name": "x", "grants": {"hosts": ["a.test", "b.test"]},
            "steps": [step("a", "a.test"), step("b", "b.test")],
            "output": "${ [.outcomes[].details.body, .steps.b.body] }",
        });
        home.write("stubs.yaml", stubs.to_string()).write("x.yaml", workflow.to_string());
        let run = home.aos(["run", "x.yaml", "--stubs", "stubs.yaml"]).await;
        run.assert_code(0);
        assert!(run.stdout.contains("red"), "{}", run.stdout);
        for hidden in ['\u{1b}', '\u{7}', '\u{202e}'] {
            assert!(!run.stdout.contains(hidden) && !run.stderr.contains(hidden), "{:?}", run.stdout);
        }
    });
}
