//! What cannot be started, and how it is told.

use serde_json::json;

use super::super::client::Service;
use super::super::runs::with_demo;
use super::kinds::{filled, named, started, with_kinds};
use super::look;
use crate::program::process::at_home;

/// The field that has the focus: whether it is marked, and what is said of it to whoever cannot see it.
const TOLD: &str = "(() => { const field = document.activeElement; const words = field.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).innerText).filter(Boolean); return [field.getAttribute('aria-invalid'), words[words.length - 1]]; })()";

#[test]
fn what_does_not_fit_a_field_is_told_at_the_field_and_starts_nothing() {
    at_home(async |home| {
        let home = with_kinds(home);
        let service = Service::start(&home, &[]).await;
        let wrong = [
            ("count", "", "a number is needed"),
            ("count", "0", "this is less than 1"),
            ("count", "10", "this is more than 9"),
            ("count", "1.5", "a whole number is needed"),
            ("ratio", "0", "this is not more than 0"),
            ("either", "{\"a\": ", "this is no JSON"),
            ("either", "[9007199254740993]", "beyond 2^53"),
            ("Ceiling in US cents", "1.5", "a whole number is needed"),
            ("Ceiling in US cents", "-1", "this is less than 0"),
        ];
        let start = "button:text-is('Start the run')";
        let form = wrong.iter().fold(filled(&service), |form, (name, text, _)| {
            let form = form.fill(&named(name), text).click(start).eval(TOLD);
            form.fill(&named(name), if *name == "count" { "4" } else { "" })
        });
        // A field of numbers takes letters of numbers, which are none by themselves.
        let form = form.click("label:has(bdi:text-is('Ceiling in US cents'))").press("e").click(start);
        let form = form.eval(TOLD).fill(&named("Ceiling in US cents"), "");
        // One that is marked is not left by turning to JSON.
        let form = form.fill(&named("count"), "").click("button:text-is('Write it as JSON')").eval(TOLD);
        let form = form.eval("document.querySelectorAll('[aria-invalid]').length").fill(&named("count"), "4");
        let form = form.eval("document.querySelectorAll('[aria-invalid]').length");
        let Some(seen) = started(form).seen().await else { return };
        seen.assert_clean();
        for ((name, text, words), told) in wrong.iter().zip(&seen.results) {
            assert_eq!(told[0], "true", "{name} {text}");
            assert!(told[1].as_str().unwrap().contains(words), "{name} {text}: {told}");
        }
        assert_eq!(seen.results[9], json!(["true", "this is no number"]));
        assert_eq!(seen.results[10], json!(["true", "a number is needed"]));
        assert_eq!((&seen.results[11], &seen.results[12]), (&json!(1), &json!(0)));
        assert_eq!(service.all().await.len(), 1, "nothing was started but the last");
    });
}

#[test]
fn a_workflow_that_is_broken_shows_all_its_faults_and_cannot_be_started() {
    at_home(async |home| {
        let home = with_demo(home);
        home.write(
            ".aos/workflows/broken.yaml",
            "aos: 1\nname: broken\nsteps: [{id: a}, {id: a, skill: b}]\n",
        );
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let told = service.get("/v1/workflows/broken").await.json();
        let faults = told["problem"]["details"]["faults"].as_array().unwrap().clone();
        let seen = look(&service, "start")
            .wait(".card:has-text('demo') a")
            .wait(".card:has-text('broken') [role=alert]")
            .eval("[...document.querySelectorAll('.card')].map((card) => [card.innerText, card.querySelectorAll('a').length])")
            .eval("location.hash = '#/start/broken'")
            .wait("h1:has-text('Start broken') ~ * [role=alert]:has-text('WORKFLOW_INVALID')")
            .eval("document.querySelectorAll('form, .form button').length")
            .eval("location.hash = '#/start/none'")
            .wait("text=there is no workflow none");
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        let card = &seen.results[0][0];
        assert_eq!((&card[1], &seen.results[0][1][1]), (&json!(0), &json!(1)));
        for fault in &faults {
            let words = fault["message"].as_str().unwrap();
            assert!(card[0].as_str().unwrap().contains(words), "{words}: {card}");
        }
        assert_eq!(seen.results[2], 0);
    });
}
