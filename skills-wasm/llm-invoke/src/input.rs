//! What the caller asks, and the request that it makes. Asks nothing.

use serde::Deserialize;
use serde_json::Value;

use crate::bindings::aos::skill::llm;
use crate::fault::Fault;

/// Enough for a page of answer; whoever wants more says so, because the budget holds what it may cost.
const DEFAULT_MAX_TOKENS: u32 = 1024;

/// The input, as `input.schema.json` describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    model: String,
    messages: Option<Vec<Message>>,
    prompt: Option<String>,
    system: Option<String>,
    #[serde(default = "default_max_tokens")]
    max_tokens: u32,
    temperature: Option<f64>,
    #[serde(default)]
    stop: Vec<String>,
    pub(crate) response_schema: Option<Value>,
    #[serde(default)]
    tools: Vec<Tool>,
    task: Option<String>,
    timeout_ms: Option<u32>,
}

/// One turn of the conversation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: Role,
    content: String,
    #[serde(default)]
    tool_calls: Vec<ToolCall>,
    tool_call_id: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    User,
    Assistant,
    Tool,
}

/// What the assistant asked for in an earlier turn.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolCall {
    id: String,
    name: String,
    arguments: String,
}

/// A tool that the model may ask for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    #[serde(default)]
    description: String,
    input_schema: Value,
}

impl Input {
    /// Reads the JSON text of the input.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        serde_json::from_str(text).map_err(Fault::Input)
    }

    /// The request to send: `system` first, then the messages, or the prompt as the only one.
    pub(crate) fn into_request(self) -> Result<llm::ChatRequest, Fault> {
        let asked = match (self.messages, self.prompt) {
            (Some(messages), None) => messages,
            (None, Some(prompt)) => vec![Message::new(Role::User, prompt)],
            _ => return Err(Fault::Question),
        };
        let system = self.system.map(|text| Message::new(Role::System, text));
        Ok(llm::ChatRequest {
            model: self.model,
            messages: system.into_iter().chain(asked).map(llm::Message::from).collect(),
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            stop: self.stop,
            response_schema: self.response_schema.map(|schema| schema.to_string()),
            tools: self.tools.into_iter().map(llm::Tool::from).collect(),
            task: self.task,
            timeout_ms: self.timeout_ms,
        })
    }
}

impl Message {
    fn new(role: Role, content: String) -> Self {
        Self { role, content, tool_calls: vec![], tool_call_id: None }
    }
}

impl From<Message> for llm::Message {
    fn from(message: Message) -> Self {
        Self {
            role: message.role.into(),
            content: message.content,
            tool_calls: message.tool_calls.into_iter().map(llm::ToolCall::from).collect(),
            tool_call_id: message.tool_call_id,
        }
    }
}

impl From<Role> for llm::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::System => Self::System,
            Role::User => Self::User,
            Role::Assistant => Self::Assistant,
            Role::Tool => Self::Tool,
        }
    }
}

impl From<ToolCall> for llm::ToolCall {
    fn from(call: ToolCall) -> Self {
        Self { id: call.id, name: call.name, arguments: call.arguments }
    }
}

impl From<Tool> for llm::Tool {
    fn from(tool: Tool) -> Self {
        Self { name: tool.name, description: tool.description, input_schema: tool.input_schema.to_string() }
    }
}

fn default_max_tokens() -> u32 {
    DEFAULT_MAX_TOKENS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(input: &str) -> llm::ChatRequest {
        Input::read(input).unwrap().into_request().unwrap()
    }

    #[test]
    fn a_prompt_becomes_the_users_only_message() {
        let request = request(r#"{"model": "m", "prompt": "why?", "system": "be brief"}"#);
        let turns: Vec<_> = request.messages.iter().map(|turn| (turn.role, turn.content.as_str())).collect();
        assert_eq!(turns, [(llm::Role::System, "be brief"), (llm::Role::User, "why?")]);
        assert_eq!(request.max_tokens, 1024);
    }

    #[test]
    fn a_conversation_with_tools_is_passed_on() {
        let input = r#"{"model": "m", "max_tokens": 9, "messages": [
            {"role": "user", "content": "time?"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "name": "clock", "arguments": "{}"}]},
            {"role": "tool", "content": "noon", "tool_call_id": "1"}],
            "tools": [{"name": "clock", "input_schema": {"type": "object"}}],
            "response_schema": {"type": "string"}}"#;
        let request = request(input);
        let roles: Vec<_> = request.messages.iter().map(|turn| turn.role).collect();
        assert_eq!(roles, [llm::Role::User, llm::Role::Assistant, llm::Role::Tool]);
        assert_eq!(request.messages[1].tool_calls[0].name, "clock");
        assert_eq!(request.messages[2].tool_call_id.as_deref(), Some("1"));
        assert_eq!(request.tools[0].input_schema, r#"{"type":"object"}"#);
        assert_eq!(request.response_schema.as_deref(), Some(r#"{"type":"string"}"#));
    }

    #[test]
    fn exactly_one_of_prompt_and_messages_is_a_question() {
        for wrong in [r#"{"model": "m"}"#, r#"{"model": "m", "prompt": "a", "messages": []}"#] {
            assert!(matches!(Input::read(wrong).unwrap().into_request(), Err(Fault::Question)), "{wrong}");
        }
    }
}
