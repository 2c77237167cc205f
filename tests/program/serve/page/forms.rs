//! Runs that are started from the form of their workflow.

use serde_json::json;

use super::super::client::Service;
use super::super::runs::with_demo;
use super::kinds::{filled, named, started, with_kinds};
use super::look;
use crate::program::process::at_home;

#[test]
fn a_run_gets_what_was_filled_in_and_nothing_that_was_left_out() {
    at_home(async |home| {
        let home = with_kinds(home);
        let service = Service::start(&home, &[]).await;
        // By the keyboard alone, up to the button; what has a usual value has it.
        let Some(seen) = started(filled(&service)).seen().await else { return };
        seen.assert_clean();
        let least = json!({
            "address": {"street": "A", "floor": 3}, "count": 4, "fixed": 7, "mode": "slow", "sure": true,
            "title": "T", "usual": 3,
        });
        assert_eq!(seen.results, std::slice::from_ref(&least));
        let element = |number: u32| named(&format!("tags, element {number}"));
        let add = "fieldset:has(> legend bdi:text-is('tags')) > button";
        let form = filled(&service)
            .fill(&named("title"), "a \"<b>\" é 你好")
            .select(&named("mode"), "2")
            .fill(&named("either"), "{\"a\": [1, null, -2.5e3]}")
            .select(&named("maybe"), "1")
            .click("legend label:has(bdi:text-is('other'))")
            .fill(&format!("fieldset:has(> legend bdi:text-is('other')) {}", named("street")), "B")
            .select(&named("perhaps"), "only")
            .fill(&named("ratio"), "0.25")
            .fill(&named("usual"), "")
            .click(add)
            .press("x")
            .click(add)
            .click(add)
            .fill(&element(2), "gone")
            .fill(&element(3), "z y")
            .click("button[aria-label='Remove tags, element 2']");
        let seen = started(form).seen().await.unwrap();
        seen.assert_clean();
        let most = json!({
            "address": {"street": "A", "floor": 3}, "count": 4, "fixed": 7, "mode": null, "sure": true,
            "title": "a \"<b>\" é 你好", "either": {"a": [1, null, -2500]}, "maybe": false,
            "other": {"street": "B"}, "perhaps": "only", "ratio": 0.25, "tags": ["x", "z y"],
        });
        assert_eq!(seen.results, [most]);
    });
}

#[test]
fn what_is_written_in_fields_and_as_json_is_the_same() {
    at_home(async |home| {
        let home = with_kinds(home);
        let service = Service::start(&home, &[]).await;
        let (json_turn, turn) =
            ("button:text-is('Write it as JSON')", "button:text-is('Write it in fields')");
        let text = named("Input as JSON");
        let other = json!({
            "address": {"street": "C"}, "count": 9, "fixed": 7, "mode": "fast", "sure": false, "title": "J",
            "other": {"street": "", "floor": 1}, "tags": ["one", "two"], "maybe": true,
        });
        let form = filled(&service)
            .click(json_turn)
            .eval("JSON.parse(document.querySelector('textarea').value)")
            .fill(&text, &other.to_string())
            .click(turn)
            .eval("document.querySelectorAll('fieldset input[type=text]').values().map((one) => one.value).toArray()")
            .click(json_turn)
            .eval("JSON.parse(document.querySelector('textarea').value)")
            // What no field can hold stays as it is.
            .fill(&text, &json!({"strange": [1]}).to_string())
            .click(turn)
            .wait("text=The fields cannot hold this value as it is")
            .eval("JSON.parse(document.querySelector('textarea').value)")
            .fill(&text, &other.to_string());
        let Some(seen) = started(form).seen().await else { return };
        seen.assert_clean();
        assert_eq!(seen.results[0]["address"], json!({"street": "A", "floor": 3}));
        assert_eq!(seen.results[1], json!(["C", "", "one", "two"]));
        assert_eq!((&seen.results[2], &seen.results[4]), (&other, &other));
        assert_eq!(seen.results[3], json!({"strange": [1]}));
    });
}

#[test]
fn a_run_costs_no_more_than_the_form_says_and_draws_from_the_budget_that_is_chosen() {
    at_home(async |home| {
        let home = with_demo(home);
        home.aos(["budget", "set", "team", "--ceiling-cents", "50"]).await.assert_code(0);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let cents = named("Ceiling in US cents");
        let seen = look(&service, "start")
            .click("a:has-text('Start demo')")
            .fill(&cents, "0")
            .click("button:text-is('Start the run')")
            .wait("h1 code:text-is('BUDGET_EXCEEDED')");
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        let seen = look(&service, "start/demo")
            .fill(&cents, "7")
            .select(&named("Named budget"), "team")
            .click("button:text-is('Start the run')")
            .wait("h1 .chip:has-text('succeeded')");
        seen.seen().await.unwrap().assert_clean();
        let runs = service.all().await;
        assert_eq!((&runs[0]["ceiling"], &runs[0]["budget"]), (&json!(70_000_000), &json!("team")));
        assert_eq!((&runs[1]["ceiling"], &runs[1]["budget"]), (&json!(0), &json!(null)));
        assert_eq!(runs.len(), 2);
    });
}
