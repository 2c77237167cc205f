//! `greeter`: JavaScript by componentize-js, with `fetch`, `Date` and `Math.random`.

use aos_host::failure::ErrorCode;
use serde_json::json;

use super::scene::{Scene, component, is_limited};
use crate::support::runtime::in_time_on_threads;
use crate::support::server::{Reply, Server};

const NAME: &str = "greeter";

#[test]
fn its_date_and_its_chance_are_the_hosts() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let scene = Scene::new(&bytes, NAME, "").await;
        let greeting = scene.output("greeter.greetings.greet", json!({"name": "Ada"})).await;
        assert!(greeting["text"].as_str().unwrap().contains("Ada"), "{greeting}");
        assert!(greeting["at"].as_str().unwrap().ends_with('Z') && greeting["lucky"].is_u64(), "{greeting}");
    });
}

#[test]
fn its_fetch_passes_the_gate() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let server = Server::start([Reply::text(404, "").at("/gone"), Reply::text(200, "from there")]).await;
        let relay = |path: &str| json!({"url": server.url(path)});
        let denied = Scene::new(&bytes, NAME, "").await;
        let failed = denied.failure("greeter.greetings.relay", relay("/"), ErrorCode::SkillError).await;
        assert!(failed.message.contains("DESTINATION_DENIED"), "{}", failed.message);
        assert_eq!(server.connections(), 0);
        let scene = denied.granting(json!({"hosts": [server.origin()]}));
        assert_eq!(scene.output("greeter.greetings.relay", relay("/")).await, json!("from there"));
        let failed = scene.failure("greeter.greetings.relay", relay("/gone"), ErrorCode::SkillError).await;
        assert!(failed.message.contains("answered 404"), "{}", failed.message);
        assert_eq!(failed.details["failed_calls"][0]["code"], "UPSTREAM_NOT_FOUND");
    });
}

#[test]
fn it_is_limited() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        is_limited(&bytes, NAME, "greeter.greetings.greet", &json!({"name": "Ada"})).await;
    });
}
