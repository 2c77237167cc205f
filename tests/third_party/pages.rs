//! `pages`: Rust by cargo-component, typed functions in an interface, and a client for `wasi:http` of its own.

use aos_host::Need;
use aos_host::failure::ErrorCode;
use aos_host::skill::{SkillEffect, SkillKind};
use serde_json::json;

use super::scene::{Scene, admission, component, described, is_limited};
use crate::support::runtime::in_time_on_threads;
use crate::support::server::{Reply, Server};

const NAME: &str = "pages";

#[test]
fn each_function_is_a_skill_with_the_schemas_of_its_types() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let admission = admission(&bytes, NAME).await;
        let names: Vec<_> = admission.skills.iter().map(|skill| skill.id.as_str()).collect();
        assert_eq!(names, ["pages.reader.title-of", "pages.reader.fetch", "pages.reader.words"]);
        let fetch = described(&admission, "pages.reader.fetch");
        assert_eq!((fetch.kind, fetch.version.as_str()), (SkillKind::Function, "1.2.0"));
        assert_eq!(fetch.export.as_ref().unwrap().to_string(), "demo:pages/reader@1.2.0#fetch");
        assert_eq!(fetch.effects, [SkillEffect::Http]);
        assert_eq!(fetch.output_schema["properties"]["status"]["maximum"], 65535);
        let words = described(&admission, "pages.reader.words");
        assert_eq!(words.input_schema["properties"]["order"]["enum"], json!(["by-count", "by-word"]));
        let wants = admission.imports.iter().filter(|import| import.needs == Some(Need::Hosts));
        assert_eq!(wants.count(), 1);
    });
}

#[test]
fn values_of_its_types_go_in_and_come_out() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let scene = Scene::new(&bytes, NAME, "").await;
        let title = async |html: &str| scene.output("pages.reader.title-of", json!({ "html": html })).await;
        assert_eq!(title("<title>Übersicht</title>").await, json!("Übersicht"));
        assert_eq!(title("<p>nothing</p>").await, json!(null));
        let input =
            json!({"text": "b a B 1", "order": "by-count", "options": ["ignore-case", "skip-numbers"]});
        assert_eq!(scene.output("pages.reader.words", input).await, json!([["b", 2], ["a", 1]]));
        let wrong = json!({"text": "", "order": "by-size", "options": []});
        let failed = scene.failure("pages.reader.words", wrong, ErrorCode::InputSchemaViolation).await;
        assert_eq!(failed.details["pointer"], "/with/order");
        assert!(failed.message.contains("\"by-count\" or \"by-word\""), "{}", failed.message);
    });
}

#[test]
fn its_own_client_passes_the_gate() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let page = "<title>A page</title><a href=\"/next\">next</a>";
        let server = Server::start([Reply::text(404, "").at("/gone"), Reply::text(200, page)]).await;
        let denied = Scene::new(&bytes, NAME, "").await;
        let failed = denied
            .failure("pages.reader.fetch", json!({"url": server.url("/")}), ErrorCode::SkillError)
            .await;
        let grant = format!("hosts: [\"{}\"]", server.origin());
        assert!(
            failed.message.contains("DESTINATION_DENIED") && failed.message.contains(&grant),
            "{}",
            failed.message
        );
        assert_eq!(failed.details["failed_calls"][0]["code"], "DESTINATION_DENIED");
        assert_eq!(server.connections(), 0);

        let scene = denied.granting(json!({"hosts": [server.origin()]}));
        let fetched = scene.output("pages.reader.fetch", json!({"url": server.url("/")})).await;
        let expected = json!({"url": server.url("/"), "status": 200, "title": "A page", "links": ["/next"], "bytes": page.len()});
        assert_eq!(fetched, expected);
        let failed = scene
            .failure("pages.reader.fetch", json!({"url": server.url("/gone")}), ErrorCode::SkillError)
            .await;
        assert_eq!(failed.details["error"], json!({"refused": 404}));
        assert_eq!(server.paths(), ["/", "/gone"]);
    });
}

#[test]
fn it_is_limited_also_in_calls() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        is_limited(&bytes, NAME, "pages.reader.title-of", &json!({"html": "x"})).await;
        let server = Server::start([Reply::silence()]).await;
        let grants = json!({"hosts": [server.origin()]});
        let input = json!({"url": server.url("/")});
        let hurried = Scene::new(&bytes, NAME, "[limits]\ndeadline_ms = 300").await.granting(grants.clone());
        // The call ends at the deadline, and what the guest makes of that comes a moment before the attempt ends or after.
        let run = hurried.run("pages.reader.fetch", input.clone()).await;
        let failed = run.step("it");
        let call = &failed.details["failed_calls"][0]["code"];
        assert!(failed.code.as_str() == "TIMEOUT" || call == "TIMEOUT", "{}", run.outcome.message);
        let mute = Scene::new(&bytes, NAME, "[limits]\nhost_calls = 0").await.granting(grants);
        mute.failure("pages.reader.fetch", input, ErrorCode::CallLimit).await;
        assert_eq!(server.requests().len(), 1);
    });
}
