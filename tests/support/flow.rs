//! Workflows of one step, as JSON, which the format takes as well as YAML.

use serde_json::{Value, json};

use super::server::Server;

/// A workflow of the one step `call` that sends a request to a server, which is granted.
pub(crate) fn http(server: &Server, with: Value) -> String {
    http_step(server, json!({"with": with}))
}

/// As [`http`], with more to say of the step.
pub(crate) fn http_step(server: &Server, step: Value) -> String {
    one_step(json!({"hosts": [server.origin()]}), "http_call", step)
}

/// A workflow of the one step `call` that asks `gpt-4o-mini`, which is granted.
pub(crate) fn llm(with: Value) -> String {
    llm_step(json!({"with": with}))
}

/// As [`llm`], with more to say of the step.
pub(crate) fn llm_step(mut step: Value) -> String {
    merge(&mut step["with"], json!({"model": "gpt-4o-mini"}));
    one_step(json!({"models": ["gpt-4o-mini"]}), "llm_invoke", step)
}

/// A workflow of the one step `call` in which the probe does something, with a server that is granted.
pub(crate) fn probe_step(server: &Server, step: Value) -> String {
    one_step(json!({"hosts": [server.origin()], "models": ["gpt-4o-mini"]}), "probe", step)
}

/// A workflow of one step.
pub(crate) fn one_step(grants: Value, skill: &str, mut step: Value) -> String {
    merge(&mut step, json!({"id": "call", "skill": skill}));
    json!({"aos": 1, "name": "one-step", "grants": grants, "steps": [step]}).to_string()
}

/// Adds members; those that are there stay.
fn merge(value: &mut Value, more: Value) {
    let members = value.as_object_mut().expect("an object");
    for (name, member) in more.as_object().expect("an object") {
        members.entry(name.clone()).or_insert_with(|| member.clone());
    }
}
