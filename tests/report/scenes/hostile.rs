//! Runs in which everything that a user, a skill or an upstream can say is meant to break out of where it is shown.

use aos_host::failure::{ErrorCode, Failure};
use aos_host::{Door, LogLevel, NativeSkill};
use serde_json::{Map, Value, json};

use super::run;
use crate::support::recorded::Recorded;
use crate::support::runtime::{elsewhere, stubbed};

/// What must be shown as it is, and do nothing.
pub(crate) const TEXTS: [&str; 20] = [
    "<script>alert(1)</script>",
    "</script><!--<script>alert(2)</script>",
    "\"><img src=x onerror=alert(3)>",
    "'><svg/onload=alert(4)>",
    "</textarea></title></style></pre><iframe srcdoc='<script>alert(5)</script>'>",
    "javascript:alert(6)",
    "data:text/html,<script>alert(7)</script>",
    "${alert(8)}`${alert(8)}` {{constructor.constructor('alert(8)')()}}",
    "]]>--><![CDATA[<!DOCTYPE html>&lt;b&gt;&amp;&#x3c;script&#x3e;",
    "\u{1b}[2J\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}\u{1b}]8;;http://evil.test\u{1b}\\link\u{9b}2J",
    "\u{202e}desrever\u{202c} \u{2066}isolated\u{2069} \u{200f}\u{200e}\u{61c}\u{202a}\u{202b}\u{202d}",
    "a\u{0}b\u{1}c\u{8}d\u{7f}e\u{85}f",
    "one\rtwo\r\nthree\nfour\tfive\u{b}six\u{c}seven\u{2028}eight\u{2029}nine",
    "\u{301}\u{308}\u{20dd}\u{fe0f}\u{200d} Z\u{351}\u{36b}\u{343}a\u{321}\u{489}l\u{334}\u{302}g\u{33b}o\u{353}",
    "مرحبا بالعالم",
    "שלום עולם",
    "你好，世界",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 e\u{301}",
    "\u{feff}\u{fffd}\u{fffe}\u{e000}\u{10ffff}\u{ad}\u{200b}",
    "__proto__",
];

/// Bytes of the line without a blank: an attempt may write 1 MiB in all.
const LONG: usize = 1_000_000;

const STEPS: &str = r#"
  # <script>alert("a comment")</script>
  - id: constructor
    skill: odd
    with: {say: "${ .input.texts }", long: true}
  - id: fetch
    skill: http_call
    with:
      method: POST
      url: https://a.test/<script>alert(1)</script>?q="><img src=x onerror=alert(1)>&u=javascript:alert(1)&b=${ .input.texts[10] }
      headers: {x-odd: "\"><img src=x onerror=alert(1)></script><!--", x-tick: "javascript:alert(1)"}
      body: ${ .input }
  - id: text
    skill: http_call
    with: {method: PUT, url: "https://a.test/text", body: "${ .input.texts | join(\"\\n\") }"}
  - id: ask
    skill: llm_invoke
    with: {model: gpt-4o-mini, task: odd, prompt: "${ .input.texts | join(\" \") }", system: "${ .input.texts[0] }"}
  - id: denied
    skill: http_call
    on_error: continue
    with: {url: "https://evil.test/<script>alert(1)</script>\u202Etxt.exe"}
  - id: no-url
    skill: http_call
    on_error: continue
    with: {url: "javascript:alert(1)//<script>"}
  - id: fails
    skill: odd
    on_error: continue
    foreach: {in: "${ .input.texts }", parallel: 2}
    with: {fail: "${ .item }"}
  - id: falls
    skill: odd
    on_error: {fallback: "${ .input.texts }"}
    with: {fail: "</script>"}
  - id: 1st.step-_of-64-letters-abcdefghijklmnopqrstuvwxyz0123456789.end
    skill: odd
    foreach: {in: "${ .input.texts }", parallel: 3}
    with: {say: ["${ .item }"]}
"#;

/// A run with [`TEXTS`] in everything: input, requests, answers, fields, text that is logged, failures, fallbacks, elements,
/// output, and a line of a megabyte without a blank. It is `partial`.
pub(crate) async fn hostile() -> Recorded {
    hostile_with("output: \"${ {steps: .steps, texts: .input.texts} }\"").await
}

/// As [`hostile`], and it fails with as many of them in its message as there is room for, and all in its details.
pub(crate) async fn hostile_failure() -> Recorded {
    let last = "  - {id: last, skill: odd, needs: [fetch, ask, fails, falls], with: {fail: \"${ .input.texts | join(\\\" \\\") }\"}}";
    hostile_with(last).await
}

async fn hostile_with(end: &str) -> Recorded {
    let description = escaped(&json!(TEXTS.join(" ")));
    // The name can only be one of those that every object has.
    let workflow = format!(
        "aos: 1\nname: constructor\ndescription: {description}\ngrants: {{hosts: [a.test], models: [gpt-4o-mini]}}\nsteps:{STEPS}{end}\n"
    );
    let runtime = stubbed(&escaped(&world())).await;
    // Where it is replayed, it may be known from another time.
    let _ = elsewhere().await.register_native(skill());
    runtime.register_native(skill()).expect("a skill");
    let mut input: Map<String, Value> = TEXTS.iter().map(|text| ((*text).to_owned(), json!(text))).collect();
    input.insert("texts".to_owned(), json!(TEXTS));
    run(&runtime, &workflow, Value::Object(input)).await
}

/// JSON as YAML takes it, which has no control characters, and no pairs of surrogates either.
pub(crate) fn escaped(value: &Value) -> String {
    let plain = |c: char| c.is_ascii_graphic() || c == ' ' || c.len_utf16() > 1;
    let escape = |c: char| if plain(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    value.to_string().chars().map(escape).collect()
}

fn world() -> Value {
    let page = format!("<!doctype html><title>{}</title>{}", TEXTS[0], TEXTS.join("<br>"));
    let fields = json!({"content-type": "text/html", "x-odd": TEXTS[2], "location": TEXTS[5], "refresh": "0;url=javascript:alert(1)"});
    let long = "<".repeat(LONG);
    json!({
        "http": [
            {"method": "POST", "url": "https://a.test/<script>alert(1)</script>?q=\"><img src=x onerror=alert(1)>&u=javascript:alert(1)&b=".to_owned() + TEXTS[10],
                "headers": fields, "body": page},
            {"url": "https://a.test/text", "body": long},
        ],
        "llm": {"odd": {"text": TEXTS.join(" "), "tokens": 90}},
    })
}

fn skill() -> NativeSkill {
    let skill =
        NativeSkill::new("odd", TEXTS[0], |input, door| Box::pin(async move { odd(input, door).await }));
    skill.expect("a name").description(TEXTS.join(" "))
}

async fn odd(input: Value, door: &mut Door) -> Result<Value, Failure> {
    let levels = [LogLevel::Trace, LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];
    for (place, text) in input["say"].as_array().into_iter().flatten().enumerate() {
        door.log(levels[place % levels.len()], text.as_str().unwrap_or_default()).await;
    }
    if input["long"] == true {
        door.log(LogLevel::Info, &"x".repeat(LONG)).await;
    }
    match input["fail"].as_str() {
        Some(words) => Err(Failure::new(ErrorCode::SkillError, words).with_details(json!({words: words}))),
        None => Ok(input),
    }
}
