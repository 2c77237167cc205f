//! Runs of many steps, of everything that can become of a step.

use aos_host::failure::{ErrorCode, Failure};
use aos_host::providers::{ChatMessage, ChatRequest, ChatRole, HttpRequest};
use aos_host::{Door, LogLevel, NativeSkill};
use serde_json::{Value, json};

use super::run;
use crate::support::recorded::Recorded;
use crate::support::runtime::{elsewhere, stubbed};

/// Elements of the one step that goes through a list.
const ELEMENTS: usize = 40;

/// So many steps: chains of ten side by side, and a step for each element of a list. Of each hundred steps two fail and
/// are let pass, one falls back, one is left out, one is tried again, and some ask for something. It is `partial`.
pub(crate) async fn many_steps(count: usize) -> Recorded {
    let mut steps: Vec<_> = (1..count).map(|place| step(place - 1)).collect();
    steps.push(json!({
        "id": "each", "skill": "work", "on_error": "continue", "foreach": {"in": "${ .input.list }", "parallel": 4},
        "with": {"log": "element ${ .index | tostring }", "fail": "${ if .item % 10 == 9 then \"nine is too much\" else null end }"},
    }));
    let grants = json!({"hosts": ["a.test"], "models": ["gpt-4o-mini"]});
    let workflow = json!({"aos": 1, "name": "many", "grants": grants, "steps": steps, "output": "${ .steps.each | length }"});
    let flaky = (0..count).filter(|place| place % 100 == 12).map(|place| {
        json!({"url": format!("https://a.test/flaky/{place}"), "answers": [{"error": "connection_reset"}, {"body": "at last"}]})
    });
    let fine = json!({"url": "https://a.test/fine", "body": "fine"});
    let down = json!({"url": "https://a.test/down", "error": "dns"});
    let http: Vec<_> = [fine, down].into_iter().chain(flaky).collect();
    let world =
        json!({"http": http, "llm": {"guess": {"text": "Perhaps.", "tokens": 6, "input_tokens": 20}}});
    let runtime = stubbed(&world.to_string()).await;
    // Where it is replayed, it may be known from another time.
    let _ = elsewhere().await.register_native(skill());
    runtime.register_native(skill()).expect("a skill");
    run(&runtime, &workflow.to_string(), json!({"list": (0..ELEMENTS).collect::<Vec<_>>()})).await
}

fn step(place: usize) -> Value {
    let needs = if place.is_multiple_of(10) { vec![] } else { vec![format!("s{}", place - 1)] };
    let mut step = json!({"id": format!("s{place}"), "skill": "work", "needs": needs, "with": {}});
    let more = match place % 100 {
        12 => json!({"with": {"get": format!("https://a.test/flaky/{place}")}, "on_error": "continue",
            "retry": {"base_ms": 0, "cap_ms": 0}}),
        23 => {
            json!({"with": {"get": "https://a.test/down"}, "on_error": "continue", "retry": {"max_attempts": 1}})
        }
        34 => json!({"with": {"fail": "it did not want to"}, "on_error": "continue"}),
        45 => {
            json!({"with": {"fail": "there is something else"}, "on_error": {"fallback": {"instead": place}}})
        }
        56 => json!({"when": "${ false }"}),
        67 | 78 => json!({"with": {"ask": "What comes next?"}}),
        other if other.is_multiple_of(8) => {
            json!({"with": {"get": "https://a.test/fine", "log": "asks for it"}})
        }
        _ => json!({"with": {"place": place}}),
    };
    for (name, value) in more.as_object().into_iter().flatten() {
        step[name] = value.clone();
    }
    step
}

fn skill() -> NativeSkill {
    let skill =
        NativeSkill::new("work", "1.0.0", |input, door| Box::pin(async move { work(input, door).await }));
    skill.expect("a name").description("Does what its input says.")
}

async fn work(input: Value, door: &mut Door) -> Result<Value, Failure> {
    if let Some(line) = input["log"].as_str() {
        door.log(LogLevel::Info, line).await;
    }
    if let Some(url) = input["get"].as_str() {
        let answer = door.send(HttpRequest::get(url)?).await?;
        return Ok(json!({"status": answer.status, "body": String::from_utf8_lossy(&answer.body)}));
    }
    if let Some(question) = input["ask"].as_str() {
        return Ok(json!(door.ask(asked(question)).await?.text));
    }
    match input["fail"].as_str() {
        Some(words) => Err(Failure::new(ErrorCode::SkillError, words)),
        None => Ok(input),
    }
}

fn asked(question: &str) -> ChatRequest {
    let content = question.to_owned();
    let message = ChatMessage { role: ChatRole::User, content, tool_calls: Vec::new(), tool_call_id: None };
    ChatRequest {
        model: "gpt-4o-mini".to_owned(),
        messages: vec![message],
        max_tokens: 50,
        temperature: None,
        stop: Vec::new(),
        response_schema: None,
        tools: Vec::new(),
        task: Some("guess".to_owned()),
    }
}
