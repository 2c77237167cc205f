//! `echo-handler`: a server of HTTP, which is asked and asks others.

use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::skill::SkillKind;
use serde_json::json;

use super::scene::{Scene, admission, component, described, is_limited};
use crate::support::runtime::in_time_on_threads;
use crate::support::server::{Reply, Server};

const NAME: &str = "echo-handler";

#[test]
fn a_request_goes_in_and_a_response_comes_out() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let admission = admission(&bytes, NAME).await;
        assert_eq!(described(&admission, NAME).kind, SkillKind::Handler);
        let scene = Scene::new(&bytes, NAME, "").await;
        let hello = scene.output(NAME, json!({"url": "/hello"})).await;
        assert_eq!((&hello["status"], &hello["body"]), (&json!(200), &json!("hello\n")));
        let echoed =
            scene.output(NAME, json!({"method": "POST", "url": "/a?b=c", "body": {"z": 1, "a": []}})).await;
        assert_eq!(echoed["body"], json!({"z": 1, "a": []}));
        assert_eq!(echoed["headers"]["content-type"], "application/json");
        let raw = json!({"method": "POST", "url": "http://example.com/x", "body": {"base64": "AP8="}});
        assert_eq!(scene.output(NAME, raw).await["body"], json!({"base64": "AP8="}));
        let empty = scene.output(NAME, json!({"method": "POST", "body": ""})).await;
        assert_eq!(empty["body"], "");
    });
}

#[test]
fn a_status_that_is_not_accepted_is_a_failure() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let scene = Scene::new(&bytes, NAME, "").await;
        for (path, status, category) in
            [("/boom", 500, ErrorCategory::Transient), ("/nowhere", 404, ErrorCategory::Permanent)]
        {
            let failed = scene.failure(NAME, json!({ "url": path }), ErrorCode::SkillError).await;
            assert_eq!(failed.details["status"], status);
            assert_eq!(failed.run.step("it").category, Some(category));
        }
        for accepted in [json!([404]), json!(["4xx"]), json!(["200-299", "400-404"])] {
            let input = json!({"url": "/nowhere", "accept_status": accepted});
            assert_eq!(scene.output(NAME, input).await["status"], 404);
        }
        let input = json!({"url": "/nowhere", "accept_status": ["400-403", "5xx"]});
        scene.failure(NAME, input, ErrorCode::SkillError).await;
        let failed = scene.failure(NAME, json!({"url": "no url"}), ErrorCode::InputSchemaViolation).await;
        assert_eq!(failed.details["pointer"], "/with/url", "{}", failed.message);
        let reversed = json!({"accept_status": ["4xx", "299-200"]});
        let failed = scene.failure(NAME, reversed, ErrorCode::InputSchemaViolation).await;
        assert_eq!(failed.details["pointer"], "/with/accept_status/1", "{}", failed.message);
    });
}

#[test]
fn what_it_asks_of_others_passes_the_gate() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let server = Server::start([Reply::text(200, "from there")]).await;
        let relay = json!({"url": format!("/relay?to={}", server.url("/x"))});
        let denied = Scene::new(&bytes, NAME, "").await;
        let failed = denied.failure(NAME, relay.clone(), ErrorCode::SkillError).await;
        assert!(failed.message.contains("DESTINATION_DENIED"), "{}", failed.message);
        let narrowed = Scene::new(&bytes, NAME, "[grants]\nhosts = []").await;
        let narrowed = narrowed.granting(json!({"hosts": [server.origin()]}));
        let failed = narrowed.failure(NAME, relay.clone(), ErrorCode::SkillError).await;
        assert!(failed.message.contains(".skill.toml"), "{}", failed.message);
        assert_eq!(server.connections(), 0);
        let scene = denied.granting(json!({"hosts": [server.origin()]}));
        assert_eq!(scene.output(NAME, relay).await["body"], "from there");
        assert_eq!(server.paths(), ["/x"]);
    });
}

#[test]
fn it_is_limited() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        is_limited(&bytes, NAME, NAME, &json!({"url": "/hello"})).await;
    });
}
