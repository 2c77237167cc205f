//! What the skill says of itself, and the most that it may use.

use crate::bindings::Metadata;
use crate::bindings::aos::skill::types::{Effect, ResourceContract};

/// One unit is about one instruction; a body of a few megabytes takes tens of millions.
const FUEL: u64 = 200_000_000;

/// Room for a body of several megabytes, its parsed form and the output's text.
const MEMORY_BYTES: u64 = 64 << 20;

/// Slower upstreams are rare; the input's `timeout_ms` can only shorten this.
const DEADLINE_MS: u32 = 30_000;

/// One call is made. The rest is room for what a language runtime asks of the host.
const HOST_CALLS: u32 = 16;

/// The skill, as the host shows it.
pub(crate) fn describe() -> Metadata {
    Metadata {
        id: "http_call".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Sends one HTTP request and returns status, headers and body.".to_owned(),
        input_schema: include_str!("input.schema.json").to_owned(),
        output_schema: include_str!("output.schema.json").to_owned(),
        deterministic: true,
        effects: vec![Effect::Http],
        idempotent: false,
        estimate: None,
        contract: ResourceContract {
            fuel: FUEL,
            memory_bytes: MEMORY_BYTES,
            deadline_ms: DEADLINE_MS,
            host_calls: HOST_CALLS,
            hosts: vec![],
            models: vec![],
            secrets: vec![],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::aos::skill::http::Response;
    use crate::output::Output;
    use jsonschema::Validator;
    use serde_json::{Value, json};

    fn validator(schema: &str) -> Validator {
        jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap()
    }

    #[test]
    fn the_input_schema_holds_what_the_skill_reads() {
        let schema = validator(&describe().input_schema);
        let right = [
            json!({"url": "https://a.test/"}),
            json!({"url": "u", "method": "POST", "headers": {"x-a": ["1", "2"], "x-b": "3"}, "body": null}),
            json!({"url": "u", "body": {"base64": "AP8="}, "timeout_ms": 1, "idempotency_key": "k"}),
            json!({"url": "u", "accept_status": [404, "200-299", "5xx"]}),
        ];
        let wrong = [
            json!({}),
            json!({"url": "u", "verb": "GET"}),
            json!({"url": "u", "method": "get"}),
            json!({"url": "u", "headers": {"bad name": "x"}}),
            json!({"url": "u", "body": {"base64": "???"}}),
            json!({"url": "u", "timeout_ms": 4_294_967_296_u64}),
            json!({"url": "u", "accept_status": ["6xx"]}),
        ];
        assert!(right.iter().all(|input| schema.is_valid(input)));
        assert_eq!(wrong.iter().find(|input| schema.is_valid(input)), None);
    }

    #[test]
    fn the_output_fits_its_schema() {
        let headers = [("set-cookie", "a=1"), ("content-type", "application/json")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let output = Output::new(Response { call: 0, status: 200, headers, body: b"[1]".to_vec() });
        let output: Value = serde_json::from_str(&output.write().unwrap()).unwrap();
        assert!(validator(&describe().output_schema).is_valid(&output));
        let headers = json!({"set-cookie": ["a=1"], "content-type": "application/json"});
        assert_eq!(output, json!({"status": 200, "headers": headers, "body": [1]}));
    }
}
