//! What the skill says of itself, and the most that it may use.

use crate::bindings::Metadata;
use crate::bindings::aos::skill::types::ResourceContract;

/// One unit is about one instruction. jq is an interpreter inside an interpreter, so this is more than it looks.
const FUEL: u64 = 1_000_000_000;

/// Room for a few megabytes of data, its form in jq and the result.
const MEMORY_BYTES: u64 = 64 << 20;

/// The fuel is used up long before.
const DEADLINE_MS: u32 = 30_000;

/// The filter reaches nothing. The one call is for the seed that std wants for the hash map of a regular
/// expression's names, which are never iterated: the result does not depend on it.
const HOST_CALLS: u32 = 1;

/// The skill, as the host shows it.
pub(crate) fn describe() -> Metadata {
    Metadata {
        id: "json_transform".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: "Reshapes JSON by a jq filter or a named operation, and hashes the result.".to_owned(),
        input_schema: include_str!("input.schema.json").to_owned(),
        output_schema: include_str!("output.schema.json").to_owned(),
        deterministic: true,
        effects: vec![],
        idempotent: true,
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
    use jsonschema::Validator;
    use serde_json::{Value, json};

    fn validator(schema: &str) -> Validator {
        jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap()
    }

    #[test]
    fn the_input_schema_holds_what_the_skill_reads() {
        let schema = validator(&describe().input_schema);
        let operation = |name: &str, args: Value| json!({"data": [], "operation": name, "args": args});
        let right = [
            json!({"data": null, "filter": "."}),
            json!({"data": 1, "filter": ".", "multiple": true}),
            json!({"data": [], "operation": "sort"}),
            operation("extract", json!({"path": "", "default": null})),
            operation("map", json!({"path": "a", "default": 0})),
            operation("map", json!({"pick": ["a"]})),
            operation("filter", json!({"op": "exists"})),
            operation("filter", json!({"path": "a", "op": "in", "value": [1]})),
            operation("pick", json!({"keys": []})),
            operation("omit", json!({"keys": ["a"]})),
            operation("merge", json!({"with": {}, "deep": false})),
            operation("flatten", json!({"depth": 0, "separator": "_"})),
            operation("sort", json!({"by": "/a", "order": "desc"})),
        ];
        let wrong = [
            json!({"filter": "."}),
            json!({"data": 1}),
            json!({"data": 1, "filter": ".", "operation": "sort"}),
            json!({"data": 1, "filter": ".", "args": {}}),
            json!({"data": 1, "operation": "sort", "multiple": true}),
            json!({"data": 1, "operation": "extract"}),
            operation("reverse", json!({})),
            operation("extract", json!({"path": 0})),
            operation("map", json!({"path": "a", "pick": ["a"]})),
            operation("filter", json!({"op": "eq"})),
            operation("filter", json!({"op": "in", "value": 1})),
            operation("filter", json!({"op": "exists", "value": 1})),
            operation("pick", json!({"key": "a"})),
            operation("merge", json!({"with": []})),
            operation("flatten", json!({"depth": -1})),
            operation("sort", json!({"order": "up"})),
        ];
        let read = |input: &Value| crate::transform(&input.to_string());
        assert_eq!(right.iter().find(|input| !schema.is_valid(input)), None);
        assert_eq!(wrong.iter().find(|input| schema.is_valid(input)), None);
        assert_eq!(wrong.iter().find(|input| read(input).is_ok()), None);
    }

    #[test]
    fn the_output_fits_its_schema() {
        let output = crate::transform(r#"{"data": {"a": [1, 2]}, "filter": ".a | add"}"#).unwrap();
        let output: Value = serde_json::from_str(&output).unwrap();
        assert!(validator(&describe().output_schema).is_valid(&output));
        assert_eq!((&output["result"], &output["canonical"]), (&json!(3), &json!(true)));
    }
}
