//! Runs to look at. Each is a real run of the real runtime in a world that is scripted; how it ends is the same each time.

mod hostile;
mod many;
mod sound;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aos_host::budget::PriceList;
use aos_host::providers::{MemorySink, OpenAiCompatible, World};
use aos_host::{RunOptions, Runtime};
use serde_json::{Value, json};

pub(crate) use hostile::{TEXTS, escaped, hostile, hostile_failure};
pub(crate) use many::many_steps;

use crate::support::recorded::{Recorded, parse};
use crate::support::runtime::{live, of_prices, read, stubbed};
use crate::support::server::{Reply, Server};
use crate::workflow::killed_run::{Moment, kill, resume};

/// Runs a workflow to its end, and takes its word for everything.
async fn run(runtime: &Runtime, workflow: &str, input: Value) -> Recorded {
    let sink = MemorySink::default();
    let options = RunOptions::default().journal(sink.clone());
    let outcome = runtime.start(&parse(workflow), input, options).outcome().await;
    Recorded { outcome, journal: sink.bytes() }
}

/// The demo: a request, a model, a document. It succeeds.
pub(crate) async fn three_steps() -> Recorded {
    let runtime = stubbed(&read("fixtures/stubs/demo.yaml")).await;
    run(&runtime, &read("fixtures/workflows/demo.yaml"), json!({})).await
}

/// Six steps: a question that cost money, a `POST` that acted, a `PUT` that got 503 until it was given up, and two steps
/// that were not run.
pub(crate) async fn failed() -> Recorded {
    let runtime = stubbed(&read("fixtures/reports/order.stubs.yaml")).await;
    run(&runtime, &read("fixtures/reports/order.yaml"), json!({"item": "pen"})).await
}

const RESUMED: &str = r#"
aos: 1
name: resumed
grants: {hosts: [a.test], models: [gpt-4o-mini]}
steps:
  - {id: first, skill: http_call, with: {url: "https://a.test/first"}}
  - {id: ask, skill: llm_invoke, needs: [first], retry: {base_ms: 0}, with: {model: gpt-4o-mini, task: sum, prompt: "${ .steps.first.body }"}}
  - {id: last, skill: json_transform, with: {data: "${ .steps.ask.text }", filter: "length"}}
"#;

const RESUMED_WORLD: &str = r#"
http: [{url: "https://a.test/first", body: one}]
llm: {sum: {text: A summary., tokens: 9}}
"#;

/// A run that was killed while a question was under way, whose last line is torn, and that went on: the question was asked
/// again, in another attempt. It succeeds.
pub(crate) async fn resumed() -> Recorded {
    let folder = tempfile::tempdir().expect("a folder");
    let path = killed(folder.path()).await;
    resume(&stubbed(RESUMED_WORLD).await, &path).await
}

/// The same run before it went on: without an end.
pub(crate) async fn killed_half_way() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::read(killed(folder.path()).await).expect("a journal")
}

async fn killed(folder: &Path) -> std::path::PathBuf {
    // Its writes are: the run, the step, its intent, its result, its end, the next step, the intent, the result.
    let (path, write) = (folder.join("killed.jsonl"), 7);
    assert!(kill(RESUMED, Some(RESUMED_WORLD), &path, write, Moment::Within).await, "it came to its end");
    path
}

const QUICK_AND_SLOW: &str = r#"
aos: 1
name: quick-and-slow
grants: {hosts: [a.test], models: [gpt-4o]}
budget: {ceiling_cents: 1}
steps:
  - {id: wait, skill: http_call, retry: {max_attempts: 2, cap_ms: 3000}, with: {url: "https://a.test/"}}
  - {id: first, skill: http_call, with: {url: "https://a.test/first"}}
  - {id: ask, skill: llm_invoke, needs: [first], with: {model: gpt-4o, task: think, max_tokens: 500, prompt: Well?}}
"#;

const QUICK_AND_SLOW_WORLD: &str = r#"
http:
  - {url: "https://a.test/", status: 503, headers: {retry-after-ms: "2500"}}
  - {url: "https://a.test/first", delay_ms: 50}
llm: {think: {text: Hm., tokens: 9}}
"#;

/// A question for which much was held and little was paid, in less time than a drawing of the run can show, and long
/// nothing after it.
pub(crate) async fn quick_and_slow() -> Recorded {
    run(&stubbed(QUICK_AND_SLOW_WORLD).await, QUICK_AND_SLOW, json!({})).await
}

const LETTERS: &str = r#"
aos: 1
name: letters
grants: {hosts: [crm.test, post.test], models: [gpt-4o]}
budget: {ceiling_cents: 3}
steps:
  - {id: customers, skill: http_call, with: {url: "https://crm.test/customers"}}
  - id: note
    skill: http_call
    needs: [customers]
    on_error: continue
    with: {method: POST, url: "https://crm.test/notes", body: {text: letters are written}}
  - id: letter
    skill: llm_invoke
    needs: [note]
    foreach: {in: "${ .steps.customers.body }", parallel: 1}
    with: {model: gpt-4o, task: letter, max_tokens: 800, prompt: "A letter to ${ .item }"}
  - {id: post, skill: http_call, with: {method: POST, url: "https://post.test/letters", body: "${ .steps.letter }"}}
"#;

const LETTERS_WORLD: &str = r#"
http:
  - {url: "https://crm.test/customers", body: [Ada, Bea, Cem, Dan, Eve, Fay]}
  - {url: "https://crm.test/notes", method: POST, status: 409, body: there is one of today}
llm: {letter: {text: Dear customer., tokens: 790}}
"#;

/// A budget that is enough for three of six letters, a fourth that may be shorter, and no fifth. A `POST` was answered with
/// 409 before, which its workflow lets pass, and one after it was not made.
pub(crate) async fn budget_gone() -> Recorded {
    run(&stubbed(LETTERS_WORLD).await, LETTERS, json!({})).await
}

const IN_PART: &str = r#"
aos: 1
name: in-part
grants: {hosts: [news.test]}
steps:
  - id: article
    skill: http_call
    foreach: {in: "${ [11, 12] }", parallel: 1}
    on_error: continue
    with: {url: "https://news.test/${ .item }"}
  - {id: text, skill: json_transform, with: {data: "${ .steps.article }", filter: "length"}}
"#;

const IN_PART_WORLD: &str = r#"
http:
  - {url: "https://news.test/11", body: Rain in the north}
  - {url: "https://news.test/12", status: 404, body: gone}
"#;

/// A list of two, of which the second failed, which its workflow lets pass. It is partial.
pub(crate) async fn in_part() -> Recorded {
    run(&stubbed(IN_PART_WORLD).await, IN_PART, json!({})).await
}

const DEARER: &str = r#"
aos: 1
name: dearer
grants: {models: [gpt-4o-mini]}
steps:
  - {id: ask, skill: llm_invoke, with: {model: gpt-4o-mini, task: think, max_tokens: 16, prompt: Well?}}
"#;

/// A question that a dearer model answered than the one that was asked: its provider bills more than was held.
pub(crate) async fn overrun() -> Recorded {
    let answer = json!({
        "id": "c-1", "object": "chat.completion", "model": "gpt-4o",
        "usage": {"prompt_tokens": 10, "completion_tokens": 16, "total_tokens": 26},
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
    });
    let server = Server::start([Reply::json(200, &answer)]).await;
    let provider = OpenAiCompatible::new(&server.url("/v1"), None).expect("a provider");
    let world = World::live().with_llm(Arc::new(provider));
    run(&of_prices(world, PriceList::bundled().expect("prices")).await, DEARER, json!({})).await
}

const REFUSED: &str = r#"
aos: 1
name: refused
steps: [{id: ask, skill: http_call, with: {url: "https://a.test/"}}]
"#;

/// A request to a host that is not granted, and nothing else.
pub(crate) async fn refused() -> Recorded {
    run(&stubbed("http: []").await, REFUSED, json!({})).await
}

const STOPPED: &str = r#"
aos: 1
name: stopped
grants: {models: [gpt-4o]}
steps:
  - {id: ask, skill: llm_invoke, with: {model: gpt-4o, task: think, max_tokens: 100, prompt: Well?}}
"#;

/// A run that was cancelled while its only question was under way.
pub(crate) async fn cut_off() -> Recorded {
    let runtime = stubbed("llm: {think: {text: Hm., tokens: 9, delay_ms: 60000}}").await;
    let sink = MemorySink::default();
    let options = RunOptions::default().journal(sink.clone());
    let run = runtime.start(&parse(STOPPED), json!({}), options);
    while !String::from_utf8_lossy(&sink.bytes()).contains(r#""type":"intent""#) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    run.cancel();
    Recorded { outcome: run.outcome().await, journal: sink.bytes() }
}

/// Two runs of one workflow in one world that do the same until the answer to their second request differs.
pub(crate) async fn two_that_part() -> [Recorded; 2] {
    let script = [
        Reply::text(200, "meet").at("/other"),
        Reply::text(200, "part").at("/other"),
        Reply::text(200, "we"),
    ];
    let (server, runtime) = (Server::start(script).await, live().await);
    let step = |id: &str, needs: &[&str]| json!({"id": id, "skill": "http_call", "needs": needs, "with": {"url": server.url(&format!("/{id}"))}});
    let last = json!({"id": "join", "skill": "json_transform", "with":
        {"data": "${ [.steps.same.body, .steps.other.body, .steps.after.body] }", "filter": "join(\" \")"}});
    let steps = [step("same", &[]), step("other", &["same"]), step("after", &["other"]), last];
    let workflow =
        json!({"aos": 1, "name": "parting", "grants": {"hosts": [server.origin()]}, "steps": steps})
            .to_string();
    [run(&runtime, &workflow, json!({})).await, run(&runtime, &workflow, json!({})).await]
}

/// All of them but the longest, by name.
pub(crate) async fn all() -> Vec<(&'static str, Recorded)> {
    let [left, right] = two_that_part().await;
    vec![
        ("three_steps", three_steps().await),
        ("many_steps", many_steps(300).await),
        ("failed", failed().await),
        ("resumed", resumed().await),
        ("budget_gone", budget_gone().await),
        ("cut_off", cut_off().await),
        ("in_part", in_part().await),
        ("overrun", overrun().await),
        ("refused", refused().await),
        ("hostile", hostile().await),
        ("hostile_failure", hostile_failure().await),
        ("two_that_part: left", left),
        ("two_that_part: right", right),
    ]
}
