//! Whatever a user, a skill, an upstream or an address says is text on the page, and does nothing.

use serde_json::{Map, Value, json};

use super::super::client::Service;
use super::{assert_clean_but_for, look};
use crate::program::process::at_home;
use crate::report::scenes::{TEXTS, escaped};

/// What the page makes no element of: there is none of these, however often it is drawn.
const STRANGE: &str = "document.querySelectorAll('main :is(script, img, iframe, svg:not(.graph, .curve), style, link, object, embed, [onerror], [onload], [srcdoc])').length";

const WORKFLOW: &str = r#"
aos: 1
name: constructor
description: WORDS
input: {type: object, description: WORDS, properties: {"<img src=x onerror=alert(1)>": {type: string, title: WORDS, description: WORDS, default: WORDS}, "__proto__": {enum: [WORDS, "__proto__"]}}}
grants: {hosts: [a.test], models: [gpt-4o-mini]}
steps:
  - {id: constructor, skill: http_call, with: {url: "https://a.test/<script>alert(1)</script>"}}
  - {id: ask, skill: llm_invoke, with: {model: gpt-4o-mini, task: odd, prompt: '${ .input.texts | join(" ") }'}}
  - {id: denied, skill: http_call, on_error: continue, with: {url: "https://evil.test/<script>alert(1)</script>"}}
  - {id: fails, skill: json_transform, needs: [constructor, ask, denied], with: {data: '${ .input.texts | join(" ") }', filter: error}}
"#;

#[test]
fn a_run_of_hostile_texts_is_shown_as_text() {
    at_home(async |home| {
        let words = escaped(&json!(TEXTS.join(" ")));
        std::fs::create_dir_all(home.path(".aos/workflows")).unwrap();
        home.write(".aos/workflows/odd.yaml", WORKFLOW.replace("WORDS", &words));
        home.write(
            ".aos/workflows/wrong.yaml",
            format!("aos: 1\nname: {words}\nsteps: [{{id: {words}, skill: x}}]\n"),
        );
        let page = format!("<!doctype html><title>{}</title>{}", TEXTS[0], TEXTS.join("<br>"));
        let world = json!({
            "http": [{"url": "https://a.test/<script>alert(1)</script>", "headers": {"content-type": "text/html", "x-odd": TEXTS[2]}, "body": page}],
            "llm": {"odd": {"text": TEXTS.join(" "), "tokens": 90}},
        });
        home.write("stubs.yaml", escaped(&world));
        home.aos(["budget", "set", "team", "--ceiling-cents", "500"]).await.assert_code(0);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let why = TEXTS[..4].join(" ");
        service.post("/v1/budgets/team/stop", &json!({"why": why})).await.assert_status(200);
        let mut input: Map<String, Value> =
            TEXTS.iter().map(|text| ((*text).to_owned(), json!(text))).collect();
        input.insert("texts".to_owned(), json!(TEXTS));
        let run = json!({"workflow": "odd", "input": input});
        let run = service.post("/v1/runs?wait=true", &run).await.assert_status(200).json();
        assert_eq!(run["code"], "TRANSFORM_ERROR", "{run}");
        let id = run["id"].as_str().unwrap();
        let all = "document.body.innerText";
        let seen = look(&service, &format!("runs/{id}"))
            .wait("h1:has-text('constructor') .chip:has-text('failed')")
            .click("summary:has-text('Input and output')")
            .wait(".provenance .document")
            .eval(all)
            .click(".row.step:has-text('constructor') .track")
            .wait(".drawer .document")
            .eval(all)
            .eval(STRANGE)
            .press("Escape")
            .eval("location.hash = '#/start'")
            .wait(".card:has-text('wrong') [role=alert]")
            .eval(all)
            .eval("location.hash = '#/start/odd'")
            .wait("button.main")
            .eval(all)
            .eval(STRANGE)
            .eval("location.hash = '#/budgets'")
            .wait(".card:has-text('stopped')")
            .eval(all)
            .eval(STRANGE);
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        let texts: Vec<_> =
            seen.results.iter().filter_map(Value::as_str).filter(|text| text.len() > 60).collect();
        let [run, drawer, start, form, budgets] = texts.as_slice() else { panic!("{texts:?}") };
        for (place, text) in
            [("run", run), ("drawer", drawer), ("start", start), ("form", form), ("budgets", budgets)]
        {
            assert!(text.contains("<script>alert(1)</script>"), "{place}: {text}");
        }
        assert!(budgets.contains(&why), "{budgets}");
        assert!(drawer.contains("<iframe srcdoc='<script>alert(5)</script>'>"), "{drawer}");
        // What would turn the direction of text, or is not seen at all, is spelled out.
        for text in [run, form] {
            assert!(text.contains("\\u202edesrever"), "{text}");
            assert!(!text.contains('\u{202e}'), "{text}");
        }
        let strange: Vec<_> = seen.results.iter().filter(|value| value.is_u64()).collect();
        assert_eq!(strange, [&json!(0), &json!(0), &json!(0)]);
    });
}

#[test]
fn an_address_that_somebody_made_up_is_text_as_well() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        let bad = "<img src=x onerror=alert(1)>";
        let path = "%3Cimg src=x onerror=alert(1)%3E";
        for part in ["runs", "failures", "skills", "start"] {
            let seen = look(&service, &format!("{part}/{path}"))
                .wait("[role=alert]")
                .eval("document.querySelector('main').innerText")
                .eval(STRANGE);
            let Some(seen) = seen.seen().await else { return };
            assert_clean_but_for(&seen, &["404 (Not Found)"]);
            assert!(seen.results[0].as_str().unwrap().contains(bad), "{part}: {}", seen.results[0]);
            assert_eq!(seen.results[1], 0, "{part}");
        }
        for part in ["%zz", "runs/%E0%A4%A", "__proto__", "constructor/x", "/"] {
            let seen = look(&service, part).wait("nav a[aria-current=page]").wait("h1");
            assert_clean_but_for(&seen.seen().await.unwrap(), &["404 (Not Found)"]);
        }
    });
}
