//! The browser that other tests look at pages with, held to what it has to notice.

use std::path::Path;

use serde_json::json;

use crate::support::browser::{Look, Seen};
use crate::support::runtime::in_time;
use crate::support::server::{Reply, Server};

const HEAD: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>
    <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">"#;

/// What is seen of a page that is a file with this in its body; `None` where there is no browser.
async fn look_at(body: &str, steps: impl FnOnce(Look, &Path) -> Look) -> Option<Seen> {
    let folder = tempfile::tempdir().unwrap();
    let look = page_in(folder.path(), body);
    steps(look, folder.path()).seen().await
}

fn page_in(folder: &Path, body: &str) -> Look {
    let path = folder.join("page #1.html");
    std::fs::write(&path, format!("{HEAD}<body data-ready><main><h1>A page</h1>{body}</main>")).unwrap();
    Look::at_file(&path)
}

/// The first word of each fault.
fn kinds(seen: &Seen) -> Vec<String> {
    seen.faults().iter().map(|fault| fault.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn a_page_that_does_nothing_wrong_is_clean() {
    in_time(async {
        let Some(seen) = look_at("<p>All is well.</p>", |look, _| look.axe()).await else { return };
        seen.assert_clean();
        assert!(seen.minor().is_empty() && seen.results.is_empty(), "{seen:?}");
        assert!((0.0..60_000.0).contains(&seen.opened_ms), "{}", seen.opened_ms);
    });
}

const REFUSED: &str = r#"<script>
    const policy = document.createElement("meta");
    policy.httpEquiv = "Content-Security-Policy";
    policy.content = "img-src 'none'";
    document.head.append(policy);
    new Image().src = "https://elsewhere.test/a.png";
</script>"#;

#[test]
fn whatever_a_page_does_wrong_is_noticed() {
    in_time(async {
        let rows: &[(&str, &[&str], &str)] = &[
            ("<script>console.error('it broke')</script>", &["console"], "it broke"),
            ("<script>console.warn('it bends')</script>", &["console"], "it bends"),
            ("<script>setTimeout(() => { throw new Error('uncaught') })</script>", &["console"], "uncaught"),
            ("<script>Promise.reject(new Error('unhandled'))</script>", &["console"], "unhandled"),
            (
                r#"<img alt="x" src="https://elsewhere.test/a.png">"#,
                &["console", "request"],
                "https://elsewhere.test/a.png",
            ),
            (
                "<script>fetch('http://127.0.0.1:1/a').catch(() => 0)</script>",
                &["console", "request"],
                "127.0.0.1:1/a",
            ),
            ("<script>new WebSocket('wss://elsewhere.test/socket')</script>", &["request"], "/socket"),
            (r#"<link rel="stylesheet" href="beside.css">"#, &["console", "request"], "beside.css"),
            (REFUSED, &["console", "request", "csp"], "img-src"),
            ("<script>alert(1)</script>", &["dialogs"], "1"),
            ("<input>", &["axe"], "label"),
            (
                r#"<p style="color: #aaa; background: #fff">Who can read this?</p>"#,
                &["axe"],
                "color-contrast",
            ),
            (r#"<p style="width: 1500px">Wide.</p>"#, &["overflow"], "Wide."),
        ];
        for (body, expected, word) in rows {
            let steps = |look: Look, _: &Path| {
                let look = look.eval("new Promise((go) => setTimeout(go, 100))");
                if expected.contains(&"axe") { look.axe() } else { look }
            };
            let Some(seen) = look_at(body, steps).await else { return };
            let (mut kinds, faults) = (kinds(&seen), seen.faults());
            kinds.dedup();
            assert_eq!(kinds, *expected, "{body}: {faults:#?}");
            assert!(faults.iter().any(|fault| fault.contains(word)), "{body}: {faults:#?}");
        }
    });
}

#[test]
#[should_panic(expected = "console: ")]
fn what_is_not_clean_fails_a_test() {
    in_time(async {
        match look_at("<script>console.error('it broke')</script>", |look, _| look).await {
            Some(seen) => drop(seen.assert_clean()),
            None => panic!("console: there is no browser"),
        }
    });
}

const CONTROLS: &str = r#"
    <label>Name <input id="name" onkeydown="if (event.key === 'Enter') said.textContent = this.value"></label>
    <label>Kind <select id="kind"><option>a<option>b</select></label> <output id="said"></output>
    <button id="show" onclick="setTimeout(() => { later.hidden = false; soon.remove(); }, 50)">Show</button>
    <p id="later" hidden>Later.</p><p id="soon">Soon.</p>
    <div id="list" tabindex="0" style="height: 50px; overflow: auto"><div style="height: 500px">Long.</div></div>
    <a id="save" download="figures.json">Save</a>
    <script>save.href = URL.createObjectURL(new Blob(['{"a": "é"}']))</script>"#;

#[test]
fn steps_are_done_in_order_and_give_what_they_find() {
    in_time(async {
        let seen = look_at(CONTROLS, |look, _| {
            look.fill("#name", "Ada")
                .press("Enter")
                .eval("said.textContent")
                .select("#kind", "b")
                .eval("kind.value")
                .click("#show")
                .wait("#later")
                .gone("#soon")
                .eval("({hidden: later.hidden})")
                .scroll("#list", 120)
                .eval("list.scrollTop")
                .download("#save")
                .viewport(500, 400)
                .eval("[innerWidth, innerHeight]")
                .eval("undefined")
        })
        .await;
        let Some(seen) = seen else { return };
        let file = json!({"name": "figures.json", "text": "{\"a\": \"é\"}"});
        let expected =
            [json!("Ada"), json!("b"), json!({"hidden": false}), json!(120), file, json!([500, 400])];
        assert_eq!(seen.results[..6], expected);
        assert_eq!(seen.results[6], json!(null));
        seen.assert_clean();
    });
}

#[test]
fn a_page_is_shown_as_the_user_wants_it() {
    in_time(async {
        let asked = "['(prefers-color-scheme: dark)', '(prefers-reduced-motion)', 'print'].map((query) => matchMedia(query).matches)";
        let plain = look_at("", |look, _| look.eval(asked).eval("[innerWidth, innerHeight]")).await;
        let Some(plain) = plain else { return };
        assert_eq!(plain.results, [json!([false, false, false]), json!([1280, 900])]);
        let other = look_at("", |look, _| {
            look.dark()
                .reduced_motion()
                .print()
                .width(390)
                .height(700)
                .eval(asked)
                .eval("[innerWidth, innerHeight]")
        });
        let other = other.await.unwrap();
        assert_eq!(other.results, [json!([true, true, true]), json!([390, 700])]);
    });
}

#[test]
fn pictures_are_of_the_window_or_of_the_whole_page() {
    in_time(async {
        let folder = tempfile::tempdir().unwrap();
        let (window, whole) = (folder.path().join("window.png"), folder.path().join("whole.png"));
        let body = r#"<p style="height: 3000px">Long.</p>"#;
        if look_at(body, |look, _| look.picture(&window).screenshot(&whole)).await.is_none() {
            return;
        }
        // Width and height stand in a PNG after its signature and the head of its first chunk.
        let height = |path: &Path| {
            let bytes = std::fs::read(path).unwrap();
            (bytes[1..4].to_vec(), u32::from_be_bytes(bytes[20..24].try_into().unwrap()))
        };
        assert_eq!(height(&window), (b"PNG".to_vec(), 900));
        assert!(height(&whole).1 > 3000, "{:?}", height(&whole));
    });
}

#[test]
fn a_step_that_cannot_be_done_is_told_with_its_place_and_a_picture() {
    in_time(async {
        let folder = tempfile::tempdir().unwrap();
        let look = || page_in(folder.path(), "<p>Short.</p>").timeout_ms(1500);
        let Some(error) = look().eval("1").click("#nothing").error().await else { return };
        assert_eq!((&error["place"], &error["doing"]), (&json!(1), &json!({"click": "#nothing"})));
        assert!(std::fs::read(error["screenshot"].as_str().unwrap()).unwrap().starts_with(b"\x89PNG"));
        let error = look().eval("nothing.at.all").error().await.unwrap();
        assert!(error["message"].as_str().unwrap().contains("nothing is not defined"), "{error}");
        // It hangs, and nobody waits for it: not even for a picture.
        let error = look().eval("(() => { for (;;) {} })()").error().await.unwrap();
        assert_eq!((&error["place"], &error["screenshot"]), (&json!(0), &json!(null)));
        let error = look().ready("#never").error().await.unwrap();
        assert_eq!(error["place"], "open");
    });
}

#[test]
fn a_served_page_may_ask_for_what_is_allowed_and_sends_the_fields_it_was_given() {
    in_time(async {
        let page =
            format!("{HEAD}<body data-ready><script>fetch('/data').then(() => fetch('/more'))</script>");
        let page = Reply::bytes(200, page.as_bytes()).header("content-type", "text/html").at("/");
        let server =
            Server::start([page, Reply::text(200, "x").at("/data"), Reply::text(200, "x").at("/more")]).await;
        let look = || {
            Look::at(server.url("/"))
                .header("x-token", "t-1")
                .eval("new Promise((go) => setTimeout(go, 200))")
        };
        let Some(seen) = look().may_ask(server.url("/")).seen().await else { return };
        seen.assert_clean();
        let strange = look().may_ask(server.url("/data")).seen().await.unwrap();
        assert_eq!(strange.faults(), [format!("request: {}", server.url("/more"))]);
        let requests = server.requests();
        assert!(requests.iter().all(|request| request.header("x-token") == ["t-1"]), "{requests:?}");
    });
}
