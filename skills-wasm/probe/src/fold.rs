//! Many calls, long conversations, and everything that differs from run to run.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bindings::aos::skill::{http, llm};
use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::random::random;

/// A request of `aos:skill/http` as a test writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plain {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    timeout_ms: Option<u32>,
}

/// Makes requests one after another; what each came to.
pub(crate) fn calls(requests: Vec<Plain>) -> Value {
    requests.into_iter().map(Plain::send).collect()
}

impl Plain {
    fn send(self) -> Value {
        let sent = http::send(&http::Request {
            method: self.method,
            url: self.url,
            headers: self.headers,
            body: self.body.map(String::into_bytes),
            timeout_ms: self.timeout_ms,
            idempotency_key: None,
        });
        sent.map_or_else(|failure| json!(failure.code), |answer| json!(answer.status))
    }
}

/// Asks a model again and again, each time with all that was said before. The bytes of the whole conversation.
pub(crate) fn converse(model: &str, turns: usize, words: usize) -> Result<Value, String> {
    let turn = |role, content| llm::Message { role, content, tool_calls: vec![], tool_call_id: None };
    let mut messages = Vec::new();
    for n in 0..turns {
        messages.push(turn(llm::Role::User, format!("turn {n}{}", " word".repeat(words))));
        let answer = llm::complete(&llm::ChatRequest {
            model: model.to_owned(),
            messages: messages.clone(),
            max_tokens: 10,
            temperature: None,
            stop: vec![],
            response_schema: None,
            tools: vec![],
            task: Some("go on".to_owned()),
            timeout_ms: None,
        });
        messages.push(turn(llm::Role::Assistant, answer.map_err(|failure| failure.message)?.text));
    }
    Ok(json!(messages.iter().map(|message| message.content.len()).sum::<usize>()))
}

/// Asks the same so many times, and goes on whatever comes of it.
pub(crate) fn ask(model: &str, count: usize, max_tokens: u32) -> Value {
    let question = || llm::ChatRequest {
        model: model.to_owned(),
        messages: vec![llm::Message {
            role: llm::Role::User,
            content: "again?".to_owned(),
            tool_calls: vec![],
            tool_call_id: None,
        }],
        max_tokens,
        temperature: None,
        stop: vec![],
        response_schema: None,
        tools: vec![],
        task: Some("again".to_owned()),
        timeout_ms: None,
    };
    let answered = (0..count).filter(|_| llm::complete(&question()).is_ok()).count();
    json!({"answered": answered, "refused": count - answered})
}

/// What differs from run to run: clocks, randomness, the order of a hash map, and when a timeout of its own struck.
pub(crate) fn fold(impatient: Plain) -> Value {
    let wall = wall_clock::now();
    let before = monotonic_clock::now();
    let came_to = impatient.send();
    let after = monotonic_clock::now();
    #[expect(clippy::disallowed_types, reason = "its order differs from run to run, which is what is folded")]
    let map: std::collections::HashMap<u32, u32> = (0..40).map(|n| (n, n)).collect();
    json!({
        "wall": [wall.seconds, wall.nanoseconds], "before": before, "struck_after": after - before,
        "came_to": came_to, "random": random::get_random_u64().to_string(),
        "order": map.keys().collect::<Vec<_>>(), "address": format!("{:p}", &before),
        "float": (f64::NAN * -0.0).to_bits().to_string(),
    })
}
