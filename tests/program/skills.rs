//! `aos skills`: what there is, what it says of itself, and whether a file would be admitted.

use serde_json::json;

use super::process::at_home;
use crate::support::runtime::{root, skills};

#[test]
fn the_list_has_one_skill_a_line_its_name_first() {
    at_home(async |home| {
        let ended = home.aos(["skills", "list"]).await;
        ended.assert_code(0);
        let names: Vec<_> = ended.stdout.lines().map(|line| line.split("  ").next().unwrap()).collect();
        assert_eq!(names, ["http_call", "json_transform", "llm_invoke"]);
    });
}

#[test]
fn the_list_as_json_has_everything() {
    at_home(async |home| {
        let ended = home.aos(["skills", "list", "--format", "json"]).await;
        ended.assert_code(0);
        let skills = ended.json();
        let effects: Vec<_> = skills.as_array().unwrap().iter().map(|skill| &skill["effects"]).collect();
        assert_eq!(effects, [&json!(["http"]), &json!([]), &json!(["llm"])]);
    });
}

#[test]
fn a_folder_without_skills_is_an_empty_list_and_a_hint() {
    at_home(async |home| {
        std::fs::create_dir(home.path("empty")).unwrap();
        let ended = home.aos(["skills", "list", "--skills", "empty"]).await;
        ended.assert_code(0);
        assert_eq!(ended.stdout, "");
        assert!(ended.stderr.contains("--skills"), "{}", ended.stderr);
    });
}

#[test]
fn a_file_that_is_no_skill_is_skipped_and_told() {
    at_home(async |home| {
        std::fs::create_dir(home.path("own")).unwrap();
        std::fs::copy(skills().join("json_transform.wasm"), home.path("own/good.wasm")).unwrap();
        home.write("own/bad.wasm", "no component").write("own/notes.txt", "nothing");
        let ended = home.aos(["skills", "list", "--skills", "own"]).await;
        ended.assert_code(0);
        assert!(ended.stdout.starts_with("json_transform  ") && ended.stdout.lines().count() == 1);
        assert!(ended.stderr.contains("bad.wasm: COMPONENT_INVALID"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("notes.txt"), "{}", ended.stderr);
    });
}

#[test]
fn a_folder_of_which_nothing_is_taken_is_a_failure() {
    at_home(async |home| {
        std::fs::create_dir(home.path("own")).unwrap();
        home.write("own/bad.wasm", "no component");
        let ended = home.aos(["skills", "list", "--skills", "own"]).await;
        ended.assert_code(1);
        assert!(ended.stderr.contains("no skills in own"), "{}", ended.stderr);
        let ended = home.aos(["skills", "describe", "x", "--skills", "own"]).await;
        ended.assert_code(2);
        assert!(ended.stderr.contains("no skills in own"), "{}", ended.stderr);
    });
}

#[test]
fn the_contract_is_written_where_it_is_asked_for_and_over_nothing_else() {
    at_home(async |home| {
        for _ in 0..2 {
            let ended = home.aos(["skills", "wit", "contract"]).await;
            ended.assert_code(0);
            assert_eq!(ended.stdout.lines().count(), 5);
        }
        for file in std::fs::read_dir(root().join("wit")).unwrap() {
            let file = file.unwrap();
            let written = home.path("contract").join(file.file_name());
            assert_eq!(std::fs::read(written).unwrap(), std::fs::read(file.path()).unwrap());
        }
        home.write("contract/log.wit", "mine");
        home.aos(["skills", "wit", "contract"]).await.assert_code(2);
        assert_eq!(std::fs::read(home.path("contract/log.wit")).unwrap(), b"mine");
    });
}

#[test]
fn a_description_has_digest_limits_and_schemas() {
    at_home(async |home| {
        let text = home.aos(["skills", "describe", "http_call"]).await;
        text.assert_code(0);
        for word in ["http_call", "digest", "fuel", "Redirects are never followed"] {
            assert!(text.stdout.contains(word), "{word} in {}", text.stdout);
        }
        let ended = home.aos(["skills", "describe", "http_call", "--format", "json"]).await;
        ended.assert_code(0);
        let described = ended.json();
        let bytes = std::fs::read(skills().join("http_call.wasm")).unwrap();
        assert_eq!(described["digest"], aos_host::ids::Digest::of(&bytes).to_string());
        assert_eq!(described["input_schema"]["required"], json!(["url"]));
        assert!(described["contract"]["fuel"].is_u64());
    });
}

#[test]
fn an_unknown_skill_is_told_with_those_that_there_are() {
    at_home(async |home| {
        let ended = home.aos(["skills", "describe", "nobody"]).await;
        ended.assert_code(2);
        assert!(ended.stderr.contains("http_call, json_transform, llm_invoke"), "{}", ended.stderr);
        home.aos(["skills", "describe", "No Name"]).await.assert_code(2);
    });
}

#[test]
fn a_check_tells_the_class_of_every_import() {
    at_home(async |home| {
        for name in ["http_call", "json_transform", "llm_invoke"] {
            let file = skills().join(format!("{name}.wasm"));
            let file = file.to_str().unwrap();
            let text = home.aos(["skills", "check", file]).await;
            text.assert_code(0);
            assert!(text.stdout.contains(&format!("admitted as {name} ")), "{}", text.stdout);
            let ended = home.aos(["skills", "check", file, "--format", "json"]).await;
            ended.assert_code(0);
            let admission = ended.json();
            assert_eq!((&admission["skills"][0]["id"], &admission["refused"]), (&json!(name), &json!(null)));
            let imports = admission["imports"].as_array().unwrap();
            assert!(!imports.is_empty());
            for import in imports {
                assert!(import["class"].is_string(), "{import}");
                assert!(text.stdout.contains(import["interface"].as_str().unwrap()), "{import}");
            }
        }
    });
}

#[test]
fn a_check_of_what_is_no_component_exits_with_1_and_says_why() {
    at_home(async |home| {
        let whole = std::fs::read(skills().join("http_call.wasm")).unwrap();
        home.write("text.wasm", "(component)")
            .write("empty.wasm", "")
            .write("half.wasm", &whole[..whole.len() / 2]);
        for file in ["text.wasm", "empty.wasm", "half.wasm"] {
            let text = home.aos(["skills", "check", file]).await;
            text.assert_code(1);
            assert!(text.stdout.contains("refused: COMPONENT_INVALID"), "{}", text.stdout);
            let ended = home.aos(["skills", "check", file, "--format", "json"]).await;
            ended.assert_code(1);
            assert_eq!(ended.json()["refused"]["code"], "COMPONENT_INVALID");
        }
        home.aos(["skills", "check", "missing.wasm"]).await.assert_code(2);
    });
}
