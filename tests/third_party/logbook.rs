//! `logbook`: Python by componentize-py, which reads clocks and draws randomness.

use aos_host::failure::ErrorCode;
use aos_host::units::Timestamp;
use serde_json::json;

use super::scene::{Scene, admission, component, described, is_limited};
use crate::support::runtime::in_time_on_threads;

const NAME: &str = "logbook";

#[test]
fn what_its_toolchain_leaves_is_told_and_not_called() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let admission = admission(&bytes, NAME).await;
        let names: Vec<_> = admission.skills.iter().map(|skill| skill.id.as_str()).collect();
        assert_eq!(names, ["logbook.book.parse", "logbook.book.to-json", "logbook.book.stamp"]);
        let [left] = admission.uncallable.as_slice() else { panic!("{:?}", admission.uncallable) };
        assert!(
            left.export.to_string() == "exports#init" && left.reason.contains("componentize-py"),
            "{left:?}"
        );
        let level =
            &described(&admission, "logbook.book.parse").output_schema["items"]["properties"]["level"];
        assert_eq!(level["enum"], json!(["info", "warning", "error"]));
    });
}

#[test]
fn its_clock_and_its_chance_are_the_hosts() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let scene = Scene::new(&bytes, NAME, "").await;
        let entry =
            json!({"at": "2026-03-01T12:30:00", "level": "warning", "text": "door", "fields": [["n", "3"]]});
        let text = "2026-03-01 12:30 [warning] door {\"n\": 3}";
        assert_eq!(scene.output("logbook.book.parse", json!({ "text": text })).await, json!([entry]));
        let failed =
            scene.failure("logbook.book.parse", json!({"text": "no line"}), ErrorCode::SkillError).await;
        assert!(failed.message.starts_with("line 1: expected"), "{}", failed.message);
        // Each run is replayed in three engines as well, with the same time and the same id.
        let stamp = async || scene.output("logbook.book.stamp", json!({"what": "x"})).await;
        let (first, second) = (stamp().await, stamp().await);
        assert_ne!(first["id"], second["id"]);
        let at: Timestamp = first["at"].as_str().unwrap().replace("+00:00", "000000Z").parse().unwrap();
        assert!(at > Timestamp::EPOCH);
    });
}

#[test]
fn it_is_limited() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        is_limited(&bytes, NAME, "logbook.book.stamp", &json!({"what": "x"})).await;
    });
}
