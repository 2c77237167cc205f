//! `aos invoke` and the folder of skills: any component, dropped in, granted, run and repeated.

use serde_json::{Value, json};

use super::process::{Ended, Home, at_home};
use crate::support::runtime::{read, root};
use crate::support::server::{Reply, Server};
use crate::support::skip;

/// A component of another toolchain, in this folder; none where that is not here, which is said.
fn component(home: &Home, name: &str) -> bool {
    let built = root().join(format!("target/third-party/{name}.wasm"));
    if !built.exists() {
        skip(&format!("{name} is not tried: .ci/third-party could not build it here"));
        return false;
    }
    std::fs::copy(built, home.path(&format!("{name}.wasm"))).unwrap();
    true
}

fn sums(home: &Home) {
    home.write("sums.wat", read("fixtures/third-party/sums/sums.wat"));
}

async fn invoke(home: &Home, skill: &str, input: Value, more: &[&str]) -> Ended {
    let input = input.to_string();
    let given = ["invoke", skill, "--input", &input, "--format", "json"];
    home.aos(given.into_iter().chain(more.iter().copied())).await
}

/// The journal that a run has told.
fn journal(ended: &Ended) -> &str {
    ended.stderr.lines().find_map(|line| line.strip_prefix("journal ")).expect("a journal")
}

#[test]
fn a_component_runs_by_its_path_and_its_run_repeats() {
    at_home(async |home| {
        sums(&home);
        let ended = invoke(&home, "./sums.wat", json!({"numbers": [1, "9007199254740993"]}), &[]).await;
        ended.assert_code(0);
        assert_eq!(ended.outcome().output, json!("9007199254740994"));
        let replayed = home.aos(["replay", journal(&ended), "--format", "json"]).await;
        replayed.assert_code(0);
        assert_eq!(replayed.stdout, ended.stdout);
        let wrong = invoke(&home, "./sums.wat", json!({"numbers": [0.5]}), &[]).await;
        wrong.assert_code(1);
        let outcome = wrong.outcome();
        assert_eq!(outcome.code.as_str(), "INPUT_SCHEMA_VIOLATION");
        assert_eq!(outcome.details["pointer"], "/with/numbers/0");
        let bad = home.write("bad.wasm", "no component").aos(["invoke", "./bad.wasm"]).await;
        bad.assert_code(1);
        assert!(bad.stdout.contains("./bad.wasm: "), "{}", bad.stdout);
        let long = home.aos(["invoke", "./sums.wat", "--input", r#"{"numbers": [9007199254740993]}"#]).await;
        long.assert_code(2);
        assert!(long.stderr.contains("quote it"), "{}", long.stderr);
    });
}

#[test]
fn it_has_a_ceiling_and_a_journal_of_ones_own_and_a_sidecar() {
    at_home(async |home| {
        sums(&home);
        let input = json!({"numbers": vec![1; 1000]});
        let ended =
            invoke(&home, "./sums.wat", input.clone(), &["--journal", "own.jsonl", "--ceiling-cents", "0"])
                .await;
        ended.assert_code(1);
        assert_eq!(ended.outcome().code.as_str(), "BUDGET_EXCEEDED");
        assert!(home.path("own.jsonl").exists());
        home.write("sums.skill.toml", "[limits]\nfuel = 100\n");
        let limited = invoke(&home, "./sums.wat", input, &[]).await;
        assert_eq!(limited.outcome().code.as_str(), "FUEL_EXHAUSTED");
        home.write("sums.skill.toml", "[limits]\nfule = 100\n");
        let wrong = home.aos(["invoke", "./sums.wat", "--input", "{}"]).await;
        wrong.assert_code(2);
        assert!(
            wrong.stderr.contains("sums.skill.toml: line 2 column 1: unknown field `fule`"),
            "{}",
            wrong.stderr
        );
    });
}

#[test]
fn what_it_may_not_reach_is_told_with_the_line_to_add_and_one_grant_lets_it() {
    at_home(async |home| {
        if !component(&home, "pages") {
            return;
        }
        let server = Server::start([Reply::text(200, "<title>Hi</title>")]).await;
        let checked = home.aos(["skills", "check", "pages.wasm"]).await;
        checked.assert_code(0);
        for line in
            ["pages.reader.fetch", "needs hosts", "--grant host=HOST", "under [grants]", "hosts = [\"HOST\"]"]
        {
            assert!(checked.stdout.contains(line), "{line} in {}", checked.stdout);
        }
        home.aos(["skills", "add", "pages.wasm"]).await.assert_code(0);
        std::fs::remove_file(home.path("pages.wasm")).unwrap();

        let input = json!({"url": server.url("/")});
        let denied = invoke(&home, "pages.reader.fetch", input.clone(), &[]).await;
        denied.assert_code(1);
        let message = denied.outcome().message;
        assert!(message.contains(&format!("hosts: [\"{}\"]", server.origin())), "{message}");
        assert_eq!(server.connections(), 0);
        assert!(denied.stderr.contains("--grant host=HOST"), "{}", denied.stderr);
        let wrong = invoke(&home, "pages.reader.fetch", json!({"url": "nonsense"}), &[]).await;
        assert!(!wrong.stderr.contains("--grant"), "{}", wrong.stderr);
        let grant = format!("host={}", server.origin());
        let granted = invoke(&home, "pages.reader.fetch", input.clone(), &["--grant", &grant]).await;
        granted.assert_code(0);
        assert_eq!(granted.outcome().output["title"], "Hi");

        let sidecar = home.path("data/aos/skills/pages.skill.toml");
        let text = std::fs::read_to_string(&sidecar).unwrap();
        std::fs::write(&sidecar, format!("{text}\n[grants]\nhosts = [\"{}\"]\n", server.origin())).unwrap();
        invoke(&home, "pages.reader.fetch", input.clone(), &[]).await.assert_code(0);
        // A grant for a try counts where the sidecar has less.
        std::fs::write(&sidecar, format!("{text}\n[grants]\nhosts = []\n")).unwrap();
        invoke(&home, "pages.reader.fetch", input.clone(), &[]).await.assert_code(1);
        invoke(&home, "pages.reader.fetch", input, &["--grant", &grant]).await.assert_code(0);
        // The journal and the component that was kept for it are enough, also when the skill is gone.
        home.aos(["skills", "remove", "pages"]).await.assert_code(0);
        home.aos(["replay", journal(&granted)]).await.assert_code(0);
    });
}

#[test]
fn one_function_of_several_is_chosen_by_name() {
    at_home(async |home| {
        if !component(&home, "pages") {
            return;
        }
        let input = json!({"html": "<title>x</title>"});
        let several = invoke(&home, "./pages.wasm", input.clone(), &[]).await;
        several.assert_code(2);
        assert!(several.stderr.contains("--function"), "{}", several.stderr);
        for name in ["title-of", "reader.title-of", "pages.reader.title-of"] {
            let ended = invoke(&home, "./pages.wasm", input.clone(), &["--function", name]).await;
            assert_eq!(ended.outcome().output, json!("x"));
        }
        home.aos(["skills", "add", "pages.wasm"]).await.assert_code(0);
        let by_name = invoke(&home, "pages", input.clone(), &["--function", "title-of"]).await;
        assert_eq!(by_name.outcome().output, json!("x"));
        let described = home.aos(["skills", "describe", "pages"]).await;
        assert!(described.stderr.contains("pages has several functions"), "{}", described.stderr);
        let removed = home.aos(["skills", "remove", "pages.reader.fetch"]).await;
        assert!(removed.stderr.contains("is a function of pages"), "{}", removed.stderr);
        let other = ["--function", "fetch"];
        invoke(&home, "pages.reader.title-of", input.clone(), &other).await.assert_code(2);
        invoke(&home, "pages.reader.title-of", input.clone(), &["--function", "title-of"])
            .await
            .assert_code(0);
        let sidecar = home.path("data/aos/skills/pages.skill.toml");
        std::fs::write(sidecar, "no TOML").unwrap();
        let broken = invoke(&home, "pages", input.clone(), &other).await;
        broken.assert_code(1);
        assert_eq!(broken.outcome().code.as_str(), "CONFIG_INVALID");
        home.aos(["skills", "remove", "pages"]).await.assert_code(0);
        let none = invoke(&home, "./pages.wasm", input.clone(), &["--function", "nothing"]).await;
        none.assert_code(2);
        assert!(none.stderr.contains("pages.reader.title-of"), "{}", none.stderr);
        let unknown = invoke(&home, "pages.reader.title-of", input, &[]).await;
        unknown.assert_code(2);
        assert!(unknown.stderr.contains("http_call"), "{}", unknown.stderr);
        for grant in ["hosts=x", "host=ftp://x", "env=A", "env==x", "model="] {
            home.aos(["invoke", "./pages.wasm", "--grant", grant]).await.assert_code(2);
        }
    });
}

#[test]
fn a_command_takes_variables_that_are_granted_for_a_try() {
    at_home(async |home| {
        if !component(&home, "lines") {
            return;
        }
        let grant = ["--grant", "env=LINES_PREFIX=> "];
        let ended = invoke(&home, "./lines.wasm", json!({"stdin": "a\n"}), &grant).await;
        assert_eq!(ended.outcome().output["stdout"], "> a\n");
    });
}

#[test]
fn skills_are_added_listed_and_removed_and_nothing_is_overwritten() {
    at_home(async |home| {
        sums(&home);
        let added = home.aos(["skills", "add", "sums.wat"]).await;
        added.assert_code(0);
        assert!(added.stdout.contains("added sums in "), "{}", added.stdout);
        home.aos(["skills", "add", "sums.wat"]).await.assert_code(0);
        home.aos(["skills", "add", "sums.wat", "--name", "total"]).await.assert_code(0);
        // The digest that a sidecar names holds a text as well.
        home.write("sums.skill.toml", format!("component = \"{}\"\n", "0".repeat(64)));
        let pinned = home.aos(["skills", "check", "sums.wat"]).await;
        pinned.assert_code(2);
        assert!(pinned.stderr.contains("names the component"), "{}", pinned.stderr);
        std::fs::remove_file(home.path("sums.skill.toml")).unwrap();
        let listed = home.aos(["skills", "list"]).await;
        let names: Vec<_> = listed.stdout.lines().map(|line| line.split("  ").next().unwrap()).collect();
        assert_eq!(names, ["http_call", "json_transform", "llm_invoke", "sums", "total"]);
        let described = home.aos(["skills", "describe", "total", "--format", "json"]).await.json();
        assert_eq!((&described["kind"], &described["export"]), (&json!("function"), &json!("sum")));

        let other = read("fixtures/third-party/sums/sums.wat").replace("\"sum\"", "\"add\"");
        home.write("sums.wat", other);
        let taken = home.aos(["skills", "add", "sums.wat"]).await;
        taken.assert_code(1);
        assert!(taken.stderr.contains("NAME_INVALID") && taken.stderr.contains("update"), "{}", taken.stderr);
        home.write("bad.wasm", "no component");
        let refused = home.aos(["skills", "add", "bad.wasm", "--format", "json"]).await;
        refused.assert_code(1);
        assert_eq!(refused.json()[0]["refused"]["code"], "COMPONENT_INVALID");
        // Of a folder, each is told.
        std::fs::create_dir(home.path("many")).unwrap();
        home.write("many/more.wat", read("fixtures/third-party/sums/sums.wat"))
            .write("many/bad.wasm", "no component");
        let many = home.aos(["skills", "add", "many"]).await;
        many.assert_code(1);
        assert!(many.stdout.contains("added more") && many.stderr.contains("bad.wasm"), "{}", many.stderr);

        for name in ["sums", "total", "more"] {
            home.aos(["skills", "remove", name]).await.assert_code(0);
        }
        for missing in ["sums", "nofile.wasm"] {
            home.aos(["invoke", missing]).await.assert_code(2);
        }
        let as_text =
            home.write("in.json", "{}").aos(["invoke", "./many/more.wat", "--input", "in.json"]).await;
        assert!(as_text.stderr.contains("write @in.json"), "{}", as_text.stderr);
        let gone = home.aos(["skills", "remove", "sums"]).await;
        gone.assert_code(1);
        assert!(gone.stderr.contains("SKILL_NOT_FOUND"), "{}", gone.stderr);
        let left = std::fs::read_dir(home.path("data/aos/skills/components")).unwrap().count();
        assert_eq!(left, 0);
    });
}

#[test]
fn another_build_is_tried_on_the_journals_before_it_is_put_in_place() {
    at_home(async |home| {
        sums(&home);
        home.aos(["skills", "add", "sums.wat"]).await.assert_code(0);
        invoke(&home, "sums", json!({"numbers": [1, 2]}), &[]).await.assert_code(0);
        let text = read("fixtures/third-party/sums/sums.wat");
        let digest = async || {
            home.aos(["skills", "describe", "sums", "--format", "json"]).await.json()["digest"].clone()
        };
        let before = digest().await;
        // The same function, with something beside it that nobody calls.
        home.write("same.wat", text.replacen("(component", "(component (core module $unused)", 1));
        home.write("other.wat", text.replace("\"sum\"", "\"add\""));
        let parted = home.aos(["skills", "update", "sums", "other.wat"]).await;
        parted.assert_code(1);
        // A component of one function is called as its file, so what workflows call is the same, and what journals hold is not.
        assert!(
            parted.stdout.contains("parts") && parted.stdout.contains("EXPORT_MISSING"),
            "{}",
            parted.stdout
        );
        home.write("wider.wat", text.replace("(result s64)", "(result u64)"));
        let changed = home.aos(["skills", "update", "sums", "wider.wat"]).await;
        changed.assert_code(1);
        assert!(changed.stdout.contains("changed     sums gives another output"), "{}", changed.stdout);
        assert_eq!(digest().await, before);
        let tried = home.aos(["skills", "update", "sums", "same.wat", "--dry-run"]).await;
        tried.assert_code(0);
        assert_eq!(digest().await, before);
        let updated = home.aos(["skills", "update", "sums", "same.wat"]).await;
        updated.assert_code(0);
        assert!(updated.stdout.contains("compatible"), "{}", updated.stdout);
        assert_ne!(digest().await, before);
        home.aos(["skills", "update", "sums", "other.wat", "--force"]).await.assert_code(0);
        home.aos(["skills", "update", "nobody", "other.wat"]).await.assert_code(1);
        let broken = home.path("data/aos/skills/sums.skill.toml");
        let text = std::fs::read_to_string(&broken).unwrap();
        std::fs::write(&broken, format!("{text}\n[limit]\n")).unwrap();
        let unknown = home.aos(["skills", "update", "sums", "same.wat"]).await;
        unknown.assert_code(1);
        assert!(unknown.stderr.contains("cannot be compared"), "{}", unknown.stderr);
        std::fs::write(&broken, text).unwrap();
        let again = home.aos(["skills", "update", "sums", "other.wat"]).await;
        again.assert_code(0);
        assert!(again.stdout.contains("already"), "{}", again.stdout);
        home.aos(["skills", "update", "sums", "same.wat", "--journals", "nowhere"]).await.assert_code(2);
        std::fs::create_dir(home.path("none")).unwrap();
        let untried = home.aos(["skills", "update", "sums", "same.wat", "--journals", "none"]).await;
        untried.assert_code(0);
        assert!(untried.stdout.contains("nothing was tried"), "{}", untried.stdout);
    });
}
