//! A question in the words of the Messages protocol. What the protocol has no words for is refused here, with its
//! place; nothing is left out silently that says something.

use aos_core::failure::{ErrorCode, Failure};
use serde_json::{Map, Value, json};

use crate::providers::{ChatMessage, ChatRequest, ChatRole, ChatTool, ChatToolCall};

/// The body of the request.
///
/// # Errors
///
/// `REQUEST_INVALID` with a pointer into the question.
pub(super) fn body(request: &ChatRequest) -> Result<Value, Failure> {
    let mut body = json!({
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": turns(&request.messages)?,
    });
    let mut set = |name: &str, value: Value| {
        if let Some(members) = body.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    let system = system(&request.messages);
    if !system.is_empty() {
        set("system", system.into());
    }
    if let Some(temperature) = request.temperature {
        set("temperature", json!(checked(temperature)?));
    }
    if !request.stop.is_empty() {
        set("stop_sequences", json!(request.stop));
    }
    if let Some(schema) = &request.response_schema {
        set("output_config", json!({"format": {"type": "json_schema", "schema": schema}}));
    }
    if !request.tools.is_empty() {
        set("tools", request.tools.iter().map(tool).collect());
    }
    Ok(body)
}

fn invalid(pointer: &str, message: impl Into<String>) -> Failure {
    Failure::new(ErrorCode::RequestInvalid, message).at(pointer)
}

/// A question's temperature is from 0 to 2, and this protocol's from 0 to 1. Halving it would mean something else.
fn checked(temperature: f64) -> Result<f64, Failure> {
    if temperature > 1.0 {
        let message = format!("the temperature is {temperature}, and this provider takes 0 to 1");
        return Err(invalid("/temperature", message));
    }
    Ok(temperature)
}

/// The instructions, which stand beside the conversation, in their order.
fn system(messages: &[ChatMessage]) -> Vec<Value> {
    messages.iter().filter(|message| message.role == ChatRole::System).filter_map(text).collect()
}

/// What is said. The protocol refuses texts without a word, and they say nothing.
fn text(message: &ChatMessage) -> Option<Value> {
    let says = !message.content.trim().is_empty();
    says.then(|| json!({"type": "text", "text": message.content}))
}

/// One turn of the conversation: all messages of one side that follow each other.
struct Turn {
    role: &'static str,
    /// These come first: the results of tools have to follow the turn that asked for them at once.
    results: Vec<Value>,
    said: Vec<Value>,
}

impl Turn {
    const fn of(role: &'static str) -> Self {
        Self { role, results: Vec::new(), said: Vec::new() }
    }

    fn add(&mut self, block: Block) {
        match block {
            Block::Result(result) => self.results.push(result),
            Block::Said(said) => self.said.push(said),
        }
    }
}

impl From<Turn> for Value {
    fn from(turn: Turn) -> Self {
        let content: Vec<_> = turn.results.into_iter().chain(turn.said).collect();
        json!({"role": turn.role, "content": content})
    }
}

/// A part of a turn.
enum Block {
    Result(Value),
    Said(Value),
}

fn turns(messages: &[ChatMessage]) -> Result<Value, Failure> {
    let mut turns: Vec<Turn> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let role = if message.role == ChatRole::Assistant { "assistant" } else { "user" };
        for block in blocks(message, &format!("/messages/{place}"))? {
            match turns.last_mut().filter(|turn| turn.role == role) {
                Some(turn) => turn.add(block),
                None => {
                    let mut turn = Turn::of(role);
                    turn.add(block);
                    turns.push(turn);
                }
            }
        }
    }
    if turns.is_empty() {
        return Err(invalid("/messages", "nothing is asked: beside instructions, no message has a word"));
    }
    Ok(turns.into_iter().map(Value::from).collect())
}

fn blocks(message: &ChatMessage, pointer: &str) -> Result<Vec<Block>, Failure> {
    if message.role != ChatRole::Assistant && !message.tool_calls.is_empty() {
        return Err(invalid(&format!("{pointer}/tool_calls"), "only an assistant asks for tools"));
    }
    match message.role {
        ChatRole::System => Ok(Vec::new()),
        ChatRole::Tool => Ok(vec![Block::Result(result(message, pointer)?)]),
        ChatRole::User | ChatRole::Assistant => {
            let calls = message.tool_calls.iter().enumerate();
            let calls = calls.map(|(place, call)| tool_use(call, &format!("{pointer}/tool_calls/{place}")));
            text(message).map(Ok).into_iter().chain(calls).map(|block| block.map(Block::Said)).collect()
        }
    }
}

fn result(message: &ChatMessage, pointer: &str) -> Result<Value, Failure> {
    let Some(id) = &message.tool_call_id else {
        let message = "a tool's result names the call that it answers";
        return Err(invalid(&format!("{pointer}/tool_call_id"), message));
    };
    let mut result = json!({"type": "tool_result", "tool_use_id": id});
    if let Some(members) = result.as_object_mut().filter(|_| !message.content.trim().is_empty()) {
        members.insert("content".to_owned(), json!(message.content));
    }
    Ok(result)
}

/// Arguments are the text of a JSON object that a model wrote, and here they are the object itself.
fn tool_use(call: &ChatToolCall, pointer: &str) -> Result<Value, Failure> {
    let input: Map<String, Value> = serde_json::from_str(&call.arguments).map_err(|error| {
        let message = format!("the arguments for the tool {:?} are no JSON object: {error}", call.name);
        invalid(&format!("{pointer}/arguments"), message)
    })?;
    Ok(json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input}))
}

fn tool(tool: &ChatTool) -> Value {
    let mut described = json!({"name": tool.name, "input_schema": tool.input_schema});
    if let Some(members) = described.as_object_mut().filter(|_| !tool.description.is_empty()) {
        members.insert("description".to_owned(), json!(tool.description));
    }
    described
}
