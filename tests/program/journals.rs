//! `aos inspect`, `aos diff`, `aos resume`, and replays in which something else happens.

use serde_json::json;

use super::process::{Home, at_home};
use crate::hostile::component::hostile;
use crate::support::runtime::skills;
use crate::support::server::{Reply, Server};

/// The demo, recorded as `j.jsonl`.
async fn recorded() -> Home {
    let home = Home::new().with_demo();
    let ended = home.aos(["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "j.jsonl"]).await;
    ended.assert_code(0);
    home
}

#[test]
fn a_journal_is_shown_as_a_tree() {
    at_home(async |_| {
        let home = recorded().await;
        let ended = home.aos(["inspect", "j.jsonl"]).await;
        ended.assert_code(0);
        for words in [
            "demo  run ",
            "success  OK",
            "fetch  http_call",
            "0  http.send  GET https://api.github.com/zen  200",
            "└─ document",
        ] {
            assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
        }
        let ended = home.aos(["inspect", "j.jsonl", "--format", "json"]).await;
        ended.assert_code(0);
        let view = ended.json();
        assert_eq!(view["outcome"]["code"], "OK");
        assert_eq!(view["steps"][1]["attempts"][0]["calls"][0]["call"], "llm.complete");
        assert_eq!(view["torn_bytes"], json!(null));
    });
}

#[test]
fn a_torn_last_line_is_told() {
    at_home(async |_| {
        let home = recorded().await;
        let whole = std::fs::read(home.path("j.jsonl")).unwrap();
        home.write("j.jsonl", [&whole, b"{\"seq\":99".as_slice()].concat());
        let replay = home.aos(["replay", "j.jsonl"]).await;
        replay.assert_code(0);
        assert!(replay.stderr.contains("left out the last 9 bytes"), "{}", replay.stderr);
        home.write("j.jsonl", &whole[..whole.len() - 5]);
        let replay = home.aos(["replay", "j.jsonl"]).await;
        replay.assert_code(3);
        assert!(replay.stderr.contains("bytes are a line that is torn"), "{}", replay.stderr);
        let tree = home.aos(["inspect", "j.jsonl"]).await;
        assert!(tree.stdout.contains("not written to its end"), "{}", tree.stdout);
    });
}

#[test]
fn another_build_of_a_skill_is_compatible_or_parts_at_a_call() {
    at_home(async |_| {
        let home = recorded().await;
        let build = |name: &str, file: &std::path::Path| format!("{name}={}", file.display());
        let own = build("http_call", &skills().join("http_call.wasm"));
        let replay = home.aos(["replay", "j.jsonl", "--skill", &own]).await;
        replay.assert_code(0);
        assert!(replay.stderr.contains("compatible: with this http_call"), "{}", replay.stderr);
        // Another build: the same code, and a digest of its own.
        let mut bytes = std::fs::read(skills().join("http_call.wasm")).unwrap();
        bytes.extend([0, 5, 1, b'x', 1, 2, 3]);
        home.write("new.wasm", bytes);
        let replay =
            home.aos(["replay", "j.jsonl", "--skill", "http_call=new.wasm", "--format", "json"]).await;
        replay.assert_code(0);
        let other = build("http_call", &skills().join("json_transform.wasm"));
        let replay = home.aos(["replay", "j.jsonl", "--skill", &other]).await;
        replay.assert_code(3);
        assert!(
            replay.stderr.contains("REPLAY_DIVERGENCE") && replay.stderr.contains("step fetch"),
            "{}",
            replay.stderr
        );
        let replay = home.aos(["replay", "j.jsonl", "--skill", "nobody=new.wasm"]).await;
        replay.assert_code(3);
        assert!(replay.stderr.contains("it used http_call, json_transform, llm_invoke"), "{}", replay.stderr);
        home.aos(["replay", "j.jsonl", "--skill", "new.wasm"]).await.assert_code(2);
    });
}

#[test]
fn another_build_is_not_tried_on_a_run_that_fuel_ended_and_the_advice_fits() {
    at_home(async |home| {
        std::fs::create_dir(home.path("own")).unwrap();
        home.write("own/loops.wasm", hostile("loops", "(func $body (loop $again (br $again)))"));
        let flow = json!({"aos": 1, "name": "x", "steps": [{"id": "a", "skill": "loops"}]});
        home.write("flow.json", flow.to_string());
        let run = home.aos(["run", "flow.json", "--skills", "own", "--journal", "j.jsonl"]).await;
        run.assert_code(1);
        assert!(run.stdout.starts_with("failure  FUEL_EXHAUSTED"), "{}", run.stdout);
        home.aos(["replay", "j.jsonl"]).await.assert_code(0);
        let replay = home.aos(["replay", "j.jsonl", "--skill", "loops=own/loops.wasm"]).await;
        replay.assert_code(3);
        let words = [
            "step a attempt 1 was ended by its fuel",
            "fuel of another build cannot be compared",
            "a run that no fuel ended",
        ];
        for words in words {
            assert!(replay.stderr.contains(words), "{words} in {}", replay.stderr);
        }
        assert!(!replay.stderr.contains("aos resume"), "there is nothing to go on with: {}", replay.stderr);
    });
}

#[test]
fn a_replay_needs_no_place_for_compiled_components() {
    at_home(async |_| {
        let home = recorded().await;
        home.write("a-file", "");
        let cache = home.path("a-file").join("cache");
        let cache = format!("XDG_CACHE_HOME={}", cache.display());
        let replay = home.aos_within(&["env", &cache], ["replay", "j.jsonl"]).await;
        replay.assert_code(0);
        assert!(replay.stderr.contains("compiled components are not kept"), "{}", replay.stderr);
    });
}

#[test]
fn one_call_is_shown_in_full() {
    at_home(async |_| {
        let home = recorded().await;
        let ended = home.aos(["inspect", "j.jsonl", "--call", "fetch:1:0"]).await;
        ended.assert_code(0);
        assert!(ended.stdout.contains("\"url\": \"https://api.github.com/zen\""), "{}", ended.stdout);
        assert!(ended.stdout.contains("Keep it logically awesome."), "{}", ended.stdout);
        let ended = home.aos(["inspect", "j.jsonl", "--call", "fetch:1:0", "--format", "json"]).await;
        assert_eq!(ended.json()["answer"]["status"], 200);
        for (place, words) in [
            ("fetch:1:9", "no such call"),
            ("fetch", "STEP[/ITEM]:ATTEMPT[:INDEX]"),
            ("fetch:x:0", "fetch:1:0"),
        ] {
            let ended = home.aos(["inspect", "j.jsonl", "--call", place]).await;
            ended.assert_code(2);
            assert!(ended.stderr.contains(words), "{}", ended.stderr);
        }
    });
}

#[test]
fn a_journal_that_cannot_be_trusted_is_not_shown() {
    at_home(async |_| {
        let home = recorded().await;
        let good = std::fs::read_to_string(home.path("j.jsonl")).unwrap();
        home.write("bad.jsonl", good.replace("logically", "foolishly"));
        for arguments in
            [&["inspect", "bad.jsonl"][..], &["diff", "j.jsonl", "bad.jsonl"], &["resume", "bad.jsonl"]]
        {
            let ended = home.aos(arguments).await;
            ended.assert_code(3);
            assert!(ended.stderr.contains("JOURNAL_CORRUPT"), "{}", ended.stderr);
            assert_eq!(ended.stdout, "");
        }
        home.aos(["inspect", "nothing.jsonl"]).await.assert_code(2);
    });
}

#[test]
fn two_runs_of_the_same_do_not_part_and_others_do_at_the_call() {
    at_home(async |_| {
        let home = recorded().await;
        let stubs = std::fs::read_to_string(home.path("stubs.yaml")).unwrap();
        home.write("other.yaml", stubs.replace("Keep it logically awesome.", "Keep it short."));
        for (stubs, journal) in [("stubs.yaml", "same.jsonl"), ("other.yaml", "other.jsonl")] {
            home.aos(["run", "demo.yaml", "--stubs", stubs, "--journal", journal]).await.assert_code(0);
        }
        let ended = home.aos(["diff", "j.jsonl", "same.jsonl"]).await;
        ended.assert_code(0);
        assert!(ended.stdout.is_empty() && ended.stderr.contains("do not part"), "{}", ended.stderr);
        let ended = home.aos(["diff", "j.jsonl", "other.jsonl"]).await;
        ended.assert_code(1);
        let first = ended.stdout.lines().next().unwrap();
        assert_eq!(first, "fetch:1:0: the answer differs at /answer/body/text");
        assert!(
            ended.stdout.contains("- \"Keep it logically awesome.\"\n  + \"Keep it short.\""),
            "{}",
            ended.stdout
        );
        let ended = home.aos(["diff", "j.jsonl", "other.jsonl", "--format", "json"]).await;
        assert_eq!(ended.json()[0]["step"], "fetch");
    });
}

#[test]
fn a_killed_program_goes_on() {
    at_home(async |home| {
        let server = Server::start([
            Reply::text(200, "a").at("/first"),
            Reply::silence().at("/second"),
            Reply::text(200, "b").at("/second"),
        ])
        .await;
        let step = |id: &str, needs: &[&str]| json!({"id": id, "skill": "http_call", "needs": needs, "with": {"url": server.url(&format!("/{id}"))}});
        let steps = [step("first", &[]), step("second", &["first"])];
        let flow = json!({"aos": 1, "name": "x", "grants": {"hosts": [server.origin()]}, "steps": steps});
        home.write("flow.json", flow.to_string());
        let mut child = home.start(["run", "flow.json", "--journal", "j.jsonl"]);
        server.received(2).await;
        let other = home.aos(["resume", "j.jsonl"]).await;
        other.assert_code(3);
        assert!(other.stderr.contains("locked by another process"), "{}", other.stderr);
        child.kill().await.unwrap();
        let ended = home.aos(["inspect", "j.jsonl"]).await;
        assert!(ended.stdout.contains("no result") && ended.stdout.contains("no end"), "{}", ended.stdout);
        let ended = home.aos(["resume", "j.jsonl", "--format", "json"]).await;
        ended.assert_code(0);
        assert_eq!(ended.outcome().output["second"]["body"], "b");
        assert_eq!(server.paths(), ["/first", "/second", "/second"]);
        let replay = home.aos(["replay", "j.jsonl", "--format", "json"]).await;
        replay.assert_code(0);
        assert_eq!(replay.stdout, ended.stdout);
        let again = home.aos(["resume", "j.jsonl", "--format", "json"]).await;
        again.assert_code(0);
        assert_eq!(again.stdout, ended.stdout, "a run that has ended is not made again");
        assert!(again.stderr.contains("has ended already"), "{}", again.stderr);
    });
}

/// The demo as `killed.jsonl`, killed while it waited for its model.
fn killed(home: &Home) {
    let journal = std::fs::read_to_string(home.path("j.jsonl")).unwrap();
    let open = |line: &&str| line.contains("\"type\":\"intent\"") && line.contains("llm.complete");
    let place = journal.lines().position(|line| open(&line)).unwrap();
    let lines: Vec<_> = journal.split_inclusive('\n').take(place + 1).collect();
    home.write("killed.jsonl", lines.concat());
}

#[test]
fn a_run_that_may_not_go_on_tells_what_it_did_and_spent() {
    at_home(async |_| {
        let home = recorded().await;
        killed(&home);
        let journal = std::fs::read(home.path("killed.jsonl")).unwrap();
        let view = home.aos(["inspect", "killed.jsonl", "--format", "json"]).await.json();
        assert!(
            view["cost"]["charged"].as_u64().unwrap() > 0 && view["held"].as_u64().unwrap() > 0,
            "{view}"
        );
        home.write("other.yaml", "http: []");
        for (arguments, code) in [
            (&["--stubs", "other.yaml"][..], "CONFIG_INVALID"),
            (&[], "CONFIG_INVALID"),
            (&["--stubs", "stubs.yaml", "--skills", "none"], "SKILL_DIGEST_MISMATCH"),
        ] {
            if code == "SKILL_DIGEST_MISMATCH" {
                std::fs::create_dir(home.path("none")).unwrap();
                std::fs::remove_dir_all(home.path(".aos/components")).unwrap();
            }
            let resume = |more: &[&'static str]| {
                let fixed = ["resume", "killed.jsonl"];
                fixed.into_iter().chain(arguments.iter().copied()).chain(more.to_vec()).collect::<Vec<_>>()
            };
            let ended = home.aos(resume(&["--format", "json"])).await;
            assert!([Some(1), Some(3)].contains(&ended.code), "{}", ended.stderr);
            let outcome = ended.outcome();
            assert_eq!(outcome.code.as_str(), code);
            assert_eq!(json!(outcome.run_id), view["run"]);
            assert_eq!(json!(outcome.cost), view["cost"]);
            assert_eq!(outcome.details["held"], view["held"]);
            let effects: Vec<_> = outcome.side_effects.iter().map(|effect| effect.code.as_str()).collect();
            assert_eq!((effects, outcome.steps.len()), (vec!["OK", "UNKNOWN_OUTCOME"], 1));
            let text = home.aos(resume(&[])).await.stdout;
            assert!(text.contains("success  fetch  OK") && text.contains(", held $0.000"), "{text}");
            assert_eq!(std::fs::read(home.path("killed.jsonl")).unwrap(), journal, "nothing is written");
        }
    });
}

#[test]
fn what_is_of_no_run_has_no_figures_for_people() {
    at_home(async |_| {
        let home = recorded().await;
        killed(&home);
        home.write("flow.yaml", "aos: 1").write("inject.yaml", "[]");
        for arguments in [
            &["run", "flow.yaml"][..],
            &["run", "demo.yaml", "--journal", "j.jsonl"],
            &["replay", "killed.jsonl"],
            &["replay", "j.jsonl", "--inject", "inject.yaml"],
        ] {
            let ended = home.aos(arguments).await;
            assert!(ended.stdout.starts_with("failure  "), "{}", ended.stdout);
            assert!(!ended.stdout.contains("charged") && !ended.stdout.contains("null"), "{}", ended.stdout);
        }
    });
}

#[test]
fn something_else_can_happen_at_a_named_call() {
    at_home(async |_| {
        let home = recorded().await;
        home.write("inject.yaml", "- {step: fetch, index: 0, status: 503}\n");
        let ended = home.aos(["replay", "j.jsonl", "--inject", "inject.yaml", "--format", "json"]).await;
        ended.assert_code(0);
        assert_eq!(ended.outcome().steps[0].observability.retries, 1);
        assert!(ended.stderr.contains("proves nothing"), "{}", ended.stderr);
        home.write("inject.yaml", "- {step: fetch, index: 0, error: TLS_FAILURE}\n");
        let ended = home.aos(["replay", "j.jsonl", "--inject", "inject.yaml"]).await;
        ended.assert_code(0);
        assert!(ended.stdout.starts_with("failure  TLS_FAILURE"), "{}", ended.stdout);
        home.write("inject.yaml", "- {step: fetch, index: 4, timeout: true}\n");
        let ended = home.aos(["replay", "j.jsonl", "--inject", "inject.yaml", "--format", "json"]).await;
        ended.assert_code(3);
        assert_eq!(ended.outcome().code.as_str(), "INJECTION_INVALID");
        assert!(ended.outcome().message.starts_with("line 1 column 10"), "{}", ended.outcome().message);
        for nothing in ["", "[]\n", "# nothing\n"] {
            home.write("inject.yaml", nothing);
            let ended = home.aos(["replay", "j.jsonl", "--inject", "inject.yaml"]).await;
            ended.assert_code(3);
            assert!(ended.stdout.contains("a file is a list"), "{}", ended.stdout);
        }
        home.aos(["replay", "j.jsonl", "--stubs", "stubs.yaml"]).await.assert_code(2);
    });
}

#[test]
fn a_journal_lasts_as_one_says() {
    at_home(async |home| {
        let home = home.with_demo();
        for durability in ["effects", "every-entry", "none"] {
            let journal = format!("{durability}.jsonl");
            let ended = home
                .aos([
                    "run",
                    "demo.yaml",
                    "--stubs",
                    "stubs.yaml",
                    "--journal",
                    &journal,
                    "--durability",
                    durability,
                ])
                .await;
            ended.assert_code(0);
            home.aos(["replay", &journal]).await.assert_code(0);
        }
        home.aos(["run", "demo.yaml", "--durability", "perhaps"]).await.assert_code(2);
    });
}

#[test]
fn journals_of_other_ceilings_part_at_them() {
    at_home(async |_| {
        let home = recorded().await;
        let run = [
            "run",
            "demo.yaml",
            "--stubs",
            "stubs.yaml",
            "--absorbed-ceiling-cents",
            "1",
            "--journal",
            "k.jsonl",
        ];
        home.aos(run).await.assert_code(0);
        let ended = home.aos(["diff", "j.jsonl", "k.jsonl"]).await;
        ended.assert_code(1);
        assert!(ended.stdout.contains("the ceiling differs at /absorbed_ceiling"), "{}", ended.stdout);
    });
}
