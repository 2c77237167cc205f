//! The workflows that requests may name.

use serde_json::{Value, json};

use super::client::Service;
use super::runs::with_demo;
use crate::program::process::at_home;
use crate::support::runtime::read;

const BOUNDED: &str = "aos: 1\nname: a.title-of_its.own\ndeadline_ms: 2500\nsteps:\n  - {id: b, skill: json_transform, needs: [a], \
                       with: {data: 1, filter: .}}\n  - {id: a, skill: json_transform, with: {data: 1, filter: .}}\n";

#[test]
fn workflows_are_listed_by_name_also_those_that_cannot_be_used() {
    at_home(async |home| {
        let home = with_demo(home);
        let folder = ".aos/workflows";
        for (file, text) in [
            ("two.yaml", BOUNDED),
            ("two.json", "{}"),
            ("wrong.yml", "aos: 1\nname: wrong\nsteps: [{id: a}, {id: b, skill: s, needs: [c]}]\n"),
            ("Not a name.yaml", BOUNDED),
            ("notes.txt", "no workflow"),
        ] {
            home.write(&format!("{folder}/{file}"), text);
        }
        std::fs::create_dir(home.path(&format!("{folder}/folder.json"))).unwrap();
        home.write(&format!("{folder}/large.yaml"), vec![b'#'; (8 << 20) + 1]);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let list = service.get("/v1/workflows").await.assert_status(200).json();
        let list = list.as_array().unwrap();
        let names: Vec<_> = list.iter().map(|workflow| workflow["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["demo", "folder", "large", "two", "wrong"]);
        let input = json!({"type": "object", "properties": {"url": {"type": "string", "default": "https://api.github.com/zen"}}});
        let demo = json!({
            "name": "demo", "title": "demo", "steps": 3, "input_schema": input, "ceiling": 100_000_000,
            "deadline_ms": null, "problem": null,
        });
        assert_eq!(list[0], demo);
        let two = json!({
            "name": "two", "title": "a.title-of_its.own", "steps": 2, "input_schema": null, "ceiling": null,
            "deadline_ms": 2500, "problem": null,
        });
        assert_eq!(list[3], two);
        for broken in [&list[1], &list[2], &list[4]] {
            for member in ["title", "steps", "input_schema", "ceiling", "deadline_ms"] {
                assert_eq!(broken[member], Value::Null, "{broken}");
            }
            assert!(broken["problem"]["detail"].as_str().is_some_and(|text| !text.is_empty()), "{broken}");
        }
        let faults = list[4]["problem"]["details"]["faults"].as_array().unwrap();
        assert!(!faults.is_empty() && faults[0]["line"] == 3, "{faults:?}");
        let large = service.get("/v1/workflows/large").await.assert_status(200).json();
        assert_eq!((&large["text"], &large["plan"]), (&Value::Null, &Value::Null));
    });
}

#[test]
fn a_workflow_is_shown_with_its_text_and_its_graph() {
    at_home(async |home| {
        let home = with_demo(home);
        home.write(".aos/workflows/two.yaml", BOUNDED).write("secret.yaml", BOUNDED);
        home.write(".aos/workflows/wrong.yaml", "steps: 1\n");
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let one = async |name: &str| service.get(&format!("/v1/workflows/{name}")).await;
        let demo = one("demo").await.assert_status(200).json();
        assert_eq!(demo["text"], read("fixtures/workflows/demo.yaml"));
        assert_eq!((&demo["title"], &demo["steps"]), (&json!("demo"), &json!(3)));
        let run = service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.json();
        let view = service.get(&format!("/v1/runs/{}/view", run["id"].as_str().unwrap())).await.json();
        assert_eq!(demo["plan"], view["plan"], "a run is planned as its workflow is");
        let two = one("two").await.json();
        assert_eq!((&two["plan"][0]["needs"], &two["plan"][0]["layer"]), (&json!(["a"]), &json!(1)));
        let wrong = one("wrong").await.assert_status(200).json();
        assert_eq!((&wrong["text"], &wrong["plan"]), (&json!("steps: 1\n"), &Value::Null));
        assert!(!wrong["problem"].is_null());
        for name in ["none", "..%2F..%2Fsecret", "%2e%2e", "Demo", "demo.yaml"] {
            one(name).await.assert_problem(404);
        }
    });
}

#[test]
fn a_service_without_a_folder_of_workflows_has_none() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        assert_eq!(service.get("/v1/workflows").await.assert_status(200).json(), json!([]));
    });
}
