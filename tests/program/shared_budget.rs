//! Many processes under one named budget.

use std::collections::BTreeSet;

use serde_json::Value;

use super::process::{Ended, Home, at_home};

/// A question to a model that takes its time, under a ceiling of ten cents.
const WORKFLOW: &str = r#"
aos: 1
name: asking
grants: {models: [gpt-4o-mini]}
budget: {ceiling_cents: 10}
steps:
  - {id: a, skill: llm_invoke, with: {model: gpt-4o-mini, task: ask, prompt: why, max_tokens: 16}}
  - {id: b, skill: llm_invoke, needs: [a], with: {model: gpt-4o-mini, task: ask, prompt: why, max_tokens: 16}}
"#;

fn stubs(delay_ms: u32) -> String {
    format!("llm: {{ask: {{text: yes, tokens: 7, input_tokens: 30, delay_ms: {delay_ms}}}}}")
}

async fn shown(home: &Home) -> Value {
    home.aos(["budget", "show", "team", "--format", "json"]).await.json()
}

fn whole(account: &Value) {
    let part = |name: &str| account[name].as_u64().unwrap();
    assert_eq!(part("available") + part("held") + part("charged"), part("ceiling"), "{account}");
    assert_eq!(
        part("absorbed_available") + part("absorbed_held") + part("absorbed"),
        part("absorbed_ceiling"),
        "{account}"
    );
}

const RUN: [&str; 8] = ["run", "flow.yaml", "--stubs", "stubs.yaml", "--budget", "team", "--format", "json"];

#[test]
fn sixteen_runs_of_several_processes_never_pass_their_budget_and_give_back_what_they_did_not_spend() {
    at_home(async |home| {
        home.write("flow.yaml", WORKFLOW).write("stubs.yaml", stubs(200));
        // Three at a time fit; the others wait outside and try again.
        home.aos(["budget", "set", "team", "--ceiling-cents", "30"]).await.assert_code(0);
        let one = async || {
            for _ in 0..200 {
                let ended = home.aos(RUN).await;
                match ended.json()["code"].as_str().unwrap() {
                    "OK" => return ended,
                    "AGENT_BUDGET_EXCEEDED" => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                    other => panic!("{other}: {}", ended.stderr),
                }
            }
            panic!("it never had its turn");
        };
        let watch = async {
            loop {
                let account = shown(&home).await;
                whole(&account);
                assert!(account["runs"].as_array().unwrap().len() <= 3, "{account}");
            }
        };
        let all = async {
            let two = async || {
                let mut ended = Vec::new();
                for _ in 0..4 {
                    let (first, second) = tokio::join!(one(), one());
                    ended.extend([first, second]);
                }
                ended
            };
            let (mut first, second) = tokio::join!(two(), two());
            first.extend(second);
            first
        };
        let ended: Vec<Ended> = tokio::select! { ended = all => ended, never = watch => never };
        let runs: BTreeSet<_> = ended.iter().map(|ended| ended.json()["run_id"].to_string()).collect();
        assert_eq!(runs.len(), 16);
        let account = shown(&home).await;
        whole(&account);
        let charged: u64 = ended.iter().map(|ended| ended.json()["cost"]["charged"].as_u64().unwrap()).sum();
        assert_eq!((account["charged"].as_u64(), account["held"].as_u64()), (Some(charged), Some(0)));
        assert!(charged > 0);
        let history = home.aos(["budget", "history", "team", "--format", "json"]).await.json();
        let count =
            |kind: &str| history.as_array().unwrap().iter().filter(|moved| moved["type"] == kind).count();
        assert_eq!((count("taken"), count("settled")), (16, 16));
    });
}

#[test]
fn a_stop_reaches_every_process_at_once() {
    at_home(async |home| {
        home.write("flow.yaml", WORKFLOW).write("stubs.yaml", stubs(1500));
        home.aos(["budget", "set", "team", "--ceiling-cents", "100"]).await.assert_code(0);
        let runs: Vec<_> = (0..3).map(|_| home.start(RUN)).collect();
        while shown(&home).await["runs"].as_array().unwrap().len() < 3 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        home.aos(["budget", "stop", "team", "--why", "enough"]).await.assert_code(0);
        for run in runs {
            let ended: Ended = run.wait_with_output().await.unwrap().into();
            ended.assert_code(1);
            let outcome = ended.json();
            assert_eq!(outcome["code"], "BUDGET_STOPPED", "{}", ended.stderr);
            let effects = outcome["side_effects"].as_array().unwrap();
            assert!(effects.iter().filter(|effect| effect["code"] == "OK").count() <= 1, "{effects:?}");
        }
        let account = shown(&home).await;
        whole(&account);
        assert_eq!((account["stopped"].as_str(), account["held"].as_u64()), (Some("enough"), Some(0)));
        let refused = home.aos(RUN).await;
        refused.assert_code(1);
        assert!(!refused.stderr.contains("journal "), "{}", refused.stderr);
        let journals = std::fs::read_dir(home.path(".aos/runs")).unwrap().count();
        assert_eq!(journals, 3, "a run that did not begin leaves nothing");
        home.aos(["budget", "start", "team"]).await.assert_code(0);
        home.write("stubs.yaml", stubs(0));
        home.aos(RUN).await.assert_code(0);
    });
}
