//! What the service knows: its skills, and the catalogue of failures.

use aos_host::failure::{Row, catalog};
use serde_json::{Value, json};

use super::super::client::Service;
use super::look;
use crate::program::process::at_home;
use crate::support::runtime::skills;

#[test]
fn a_skill_is_shown_with_its_contract_its_terms_and_its_schemas() {
    at_home(async |home| {
        std::fs::create_dir(home.path("skills")).unwrap();
        for name in ["http_call.wasm", "json_transform.wasm"] {
            std::fs::copy(skills().join(name), home.path(&format!("skills/{name}"))).unwrap();
        }
        home.write("skills/http_call.skill.toml", "[limits]\nhost_calls = 3\n");
        let service = Service::start(&home, &["--skills", "skills"]).await;
        let seen = look(&service, "skills")
            .wait("a:has-text('json_transform')")
            .click("a:has-text('http_call')")
            .wait("h2:text-is('Schemas')")
            .eval("document.querySelector('main').innerText")
            .eval("location.hash = '#/skills/json_transform'")
            .wait("h1:has-text('json_transform')")
            .wait("text=No file beside the component says anything")
            .eval("location.hash = '#/skills/none'")
            .wait("text=there is no skill none");
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        let text = seen.results[0].as_str().unwrap();
        for words in [
            "Sends one HTTP request",
            "Calls of the host",
            "200,000,000",
            "64 MiB",
            "\"host_calls\": 3",
            "\"accept_status\"",
            "The statuses that are a success",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    });
}

#[test]
fn codes_are_listed_searched_and_lead_from_page_to_page() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        let seen = look(&service, "failures")
            .wait("a:text-is('TIMEOUT')")
            .eval(SHOWN)
            .click("button:text-is('Next')")
            .eval(SHOWN)
            .fill("[aria-label='Search in failures']", "deadline")
            .gone("a:text-is('DNS_FAILURE')")
            .fill("[aria-label='Search in failures']", "")
            .click("a:text-is('TIMEOUT')")
            .wait("h1:has-text('TIMEOUT')")
            .click(".page a:text-is('DEADLINE_EXCEEDED')")
            .wait("h1:has-text('DEADLINE_EXCEEDED')")
            .click("a:text-is('All codes')")
            .wait("h1:has-text('Failures')")
            .eval("location.hash = '#/failures/NO_SUCH'")
            .wait("[role=alert]:has-text('NO_SUCH')");
        let Some(seen) = seen.seen().await else { return };
        super::assert_clean_but_for(&seen, &["404 (Not Found)"]);
        let codes: Vec<_> = catalog().rows().map(|row| row.to_json()["code"].clone()).collect();
        let shown = seen.results[..2].iter().flat_map(|page| page.as_array().unwrap().clone());
        assert_eq!(shown.collect::<Vec<_>>(), codes);
    });
}

/// The codes of the table as far as it is turned.
const SHOWN: &str = "[...document.querySelectorAll('tbody a')].map((link) => link.textContent)";

/// Goes to each page in turn; gives the text of each without its code, and where its links lead.
const PAGES: &str = r##"(async (codes) => {
    const found = [];
    for (const code of codes) {
        location.hash = "#/failures/" + code;
        while (!document.querySelector(".page") || document.querySelector("h1").textContent !== code) await new Promise((go) => setTimeout(go, 5));
        const page = document.querySelector(".page").cloneNode(true);
        const links = [...page.querySelectorAll("a")].map((link) => link.getAttribute("href"));
        page.querySelectorAll("code").forEach((node) => node.replaceWith("CODE"));
        const blocks = [...page.querySelectorAll("h2, p, li, td, th, pre")].map((node) => node.textContent);
        found.push([code, blocks, links, page.querySelectorAll("h2").length, page.textContent]);
    }
    return found;
})"##;

#[test]
fn every_page_of_the_catalogue_is_drawn_without_a_mark_that_is_left_over() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        let codes: Vec<_> = catalog().rows().map(Row::to_json).map(|row| row["code"].clone()).collect();
        let all = format!("{PAGES}({})", json!(codes));
        let Some(seen) = look(&service, "failures").eval(&all).seen().await else { return };
        seen.assert_clean();
        let pages = seen.results[0].as_array().unwrap();
        assert_eq!(pages.len(), codes.len());
        for page in pages {
            let name = &page[0];
            let marks = ["](", "**", "`", "##", "<", "---|", "| "];
            for block in page[1].as_array().unwrap().iter().map(|text| text.as_str().unwrap()) {
                for mark in marks {
                    assert!(!block.contains(mark), "{name}: {mark} in {block}");
                }
                assert!(!block.starts_with(['|', '#', '-', '*', '_']), "{name}: {block}");
                assert!(!block.trim_start().starts_with("1. "), "{name}: {block}");
            }
            for mark in marks {
                assert!(!page[4].as_str().unwrap().contains(mark), "{name}: {mark}");
            }
            assert!(page[3].as_u64() >= Some(2), "{name} has its parts");
            for link in page[2].as_array().unwrap() {
                let code = link.as_str().unwrap().strip_prefix("#/failures/").map(Value::from);
                assert!(code.is_some_and(|code| codes.contains(&code)), "{name}: {link}");
            }
        }
    });
}
