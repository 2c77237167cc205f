//! The page itself: for anybody, and nothing in it. What it shows, it asks for with a token.

use reqwest::Method;
use reqwest::header::HOST;
use serde_json::json;

use super::super::client::{Service, answer};
use super::super::runs::with_demo;
use super::{assert_clean_but_for, look};
use crate::program::process::at_home;

const TOKEN: &str = "the-token-of-this-test";

#[test]
fn the_page_is_for_whoever_reaches_it_and_tells_nothing() {
    at_home(async |home| {
        let home = with_demo(home);
        home.write("tokens.txt", TOKEN);
        let service = Service::start(&home, &["--stubs", "stubs.yaml", "--tokens", "tokens.txt"]).await;
        let run = service.posting("/v1/runs?wait=true", &json!({"workflow": "demo"})).bearer_auth(TOKEN);
        let id = answer(run).await.json()["id"].as_str().unwrap().to_owned();
        let page = service.get("/").await;
        page.assert_status(200);
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(page.headers[name], value, "{name}");
        }
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.split("; ").any(|own| own == rule), "{rule}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        for (path, kind) in [("/assets/aos.js", "text/javascript"), ("/assets/aos.css", "text/css")] {
            let asset = service.get(path).await;
            assert_eq!(asset.assert_status(200).headers["content-type"], format!("{kind}; charset=utf-8"));
            assert!(!asset.text.contains(&id) && !asset.text.contains("demo.yaml"), "{path}");
        }
        assert!(!page.text.contains(&id) && !page.text.contains("demo"), "{}", page.text);
        service.get("/assets/none.js").await.assert_problem(401);
        service.get(&format!("/v1/runs/{id}/report")).await.assert_problem(401);
        answer(service.ask(Method::POST, "/")).await.assert_problem(405);
    });
}

#[test]
fn without_tokens_the_page_is_for_the_names_of_this_machine_alone() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        for path in ["/", "/assets/aos.js", "/assets/aos.css"] {
            service.get(path).await.assert_status(200);
            let named = answer(service.ask(Method::GET, path).header(HOST, "evil.example")).await;
            named.assert_problem(421);
        }
    });
}

#[test]
fn the_page_asks_for_a_token_until_it_has_a_good_one_and_keeps_it_in_the_tab() {
    at_home(async |home| {
        let home = with_demo(home);
        home.write("tokens.txt", TOKEN);
        let service = Service::start(&home, &["--stubs", "stubs.yaml", "--tokens", "tokens.txt"]).await;
        let run = service.posting("/v1/runs?wait=true", &json!({"workflow": "demo"})).bearer_auth(TOKEN);
        answer(run).await.assert_status(200);
        let field = "input[type=password]";
        let seen = look(&service, "runs")
            .wait(field)
            .eval("document.activeElement.type")
            .fill(field, "with a blank")
            .press("Enter")
            .wait("text=no blanks")
            .fill(field, "not-the-token-of-this-test")
            .press("Enter")
            .wait("text=The service does not know this token")
            .fill(field, TOKEN)
            .press("Enter")
            .wait(".runs a:has-text('demo')")
            .gone(field)
            .click("nav a:text-is('Skills')")
            .wait("a:has-text('http_call')")
            .eval("[location.href, JSON.stringify(localStorage), document.cookie, document.documentElement.outerHTML].join(' ')")
            .eval("sessionStorage.getItem('aos-token')");
        let Some(seen) = seen.seen().await else { return };
        assert_clean_but_for(&seen, &["401 (Unauthorized)"]);
        assert_eq!(seen.results[0], "password");
        assert!(!seen.results[1].as_str().unwrap().contains(TOKEN), "{}", seen.results[1]);
        assert_eq!(seen.results[2], TOKEN);
    });
}
