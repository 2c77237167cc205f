//! A small JSON Schema checker: the part of the 2020-12 vocabulary that models are usually held to.
//!
//! Checked: `type`, `enum`, `const`, `required`, `properties`, `additionalProperties`, `items`, `anyOf`, `allOf`
//! and `$ref` to a place in the same schema. Every other keyword is passed over, as is a `$ref` that leads
//! nowhere, so a wrong answer may pass. A complete validator would make this component twelve times as large.

use serde_json::{Map, Value};

use crate::fault::Flaw;

/// References followed without a step into the value. A schema that refers to itself more often says nothing new.
const MAX_HOPS: usize = 16;

/// A schema, and the document that its references point into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema<'s> {
    document: &'s Value,
    here: &'s Value,
    hops: usize,
}

/// A value, and where it lies.
#[derive(Debug, Clone)]
struct Place<'v> {
    value: &'v Value,
    pointer: String,
}

impl<'s> Schema<'s> {
    /// The schema that is the whole document.
    pub(crate) fn new(document: &'s Value) -> Self {
        Self { document, here: document, hops: 0 }
    }

    /// Checks a value; the first thing that does not fit is the flaw.
    pub(crate) fn check(self, value: &Value) -> Result<(), Flaw> {
        self.fits(&Place { value, pointer: String::new() })
    }

    fn fits(self, place: &Place<'_>) -> Result<(), Flaw> {
        match self.here {
            Value::Bool(false) => Err(place.flaw("is not allowed")),
            Value::Object(keywords) => self.keywords(keywords, place),
            _ => Ok(()),
        }
    }

    fn keywords(self, keywords: &'s Map<String, Value>, place: &Place<'_>) -> Result<(), Flaw> {
        self.reference(keywords, place)?;
        types(keywords, place)?;
        choices(keywords, place)?;
        self.members(keywords, place)?;
        self.items(keywords, place)?;
        self.branches(keywords, place)
    }

    fn reference(self, keywords: &'s Map<String, Value>, place: &Place<'_>) -> Result<(), Flaw> {
        let reference = keywords.get("$ref").and_then(Value::as_str);
        let Some(here) = reference.and_then(|at| self.document.pointer(at.strip_prefix('#')?)) else {
            return Ok(());
        };
        if self.hops == MAX_HOPS {
            return Ok(());
        }
        Self { here, hops: self.hops + 1, ..self }.fits(place)
    }

    fn members(self, keywords: &'s Map<String, Value>, place: &Place<'_>) -> Result<(), Flaw> {
        let Value::Object(object) = place.value else {
            return Ok(());
        };
        let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        if let Some(name) = required.filter_map(Value::as_str).find(|name| !object.contains_key(*name)) {
            return Err(place.flaw(format!("lacks the member {name:?}")));
        }
        let properties = keywords.get("properties").and_then(Value::as_object);
        // Which members are additional depends on the patterns too, and those are not read here.
        let patterns = keywords.contains_key("patternProperties");
        let others = keywords.get("additionalProperties").filter(|_| !patterns);
        object.iter().try_for_each(|(name, value)| {
            match (properties.and_then(|properties| properties.get(name)), others) {
                (None, Some(Value::Bool(false))) => {
                    Err(place.flaw(format!("has the member {name:?}, which the schema does not allow")))
                }
                (Some(schema), _) | (None, Some(schema)) => {
                    self.inside(schema).fits(&place.member(name, value))
                }
                (None, None) => Ok(()),
            }
        })
    }

    fn items(self, keywords: &'s Map<String, Value>, place: &Place<'_>) -> Result<(), Flaw> {
        let (Value::Array(array), Some(schema)) = (place.value, keywords.get("items")) else {
            return Ok(());
        };
        // `items` speaks only of what follows the items that `prefixItems` names.
        let named = keywords.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
        let mut rest = array.iter().enumerate().skip(named);
        rest.try_for_each(|(index, value)| self.inside(schema).fits(&place.member(&index.to_string(), value)))
    }

    fn branches(self, keywords: &'s Map<String, Value>, place: &Place<'_>) -> Result<(), Flaw> {
        let branches = |keyword| keywords.get(keyword).and_then(Value::as_array);
        let fits = |here: &'s Value| Self { here, ..self }.fits(place);
        if let Some(any) = branches("anyOf")
            && !any.iter().any(|here| fits(here).is_ok())
        {
            return Err(place.flaw("fits none of anyOf"));
        }
        branches("allOf").into_iter().flatten().try_for_each(fits)
    }

    /// The schema for something inside the value, where references count anew.
    fn inside(self, here: &'s Value) -> Self {
        Self { here, hops: 0, ..self }
    }
}

impl<'v> Place<'v> {
    fn member(&self, name: &str, value: &'v Value) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        Self { value, pointer: format!("{}/{name}", self.pointer) }
    }

    fn flaw(&self, message: impl Into<String>) -> Flaw {
        Flaw::Unfit { pointer: self.pointer.clone(), message: message.into() }
    }
}

fn types(keywords: &Map<String, Value>, place: &Place<'_>) -> Result<(), Flaw> {
    let Some(wanted) = keywords.get("type") else {
        return Ok(());
    };
    let fits = match wanted {
        Value::String(name) => is_of(place.value, name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(|name| is_of(place.value, name)),
        _ => true,
    };
    if fits { Ok(()) } else { Err(place.flaw(format!("is not of type {wanted}"))) }
}

fn choices(keywords: &Map<String, Value>, place: &Place<'_>) -> Result<(), Flaw> {
    let listed = keywords.get("enum").and_then(Value::as_array);
    if listed.is_some_and(|choices| !choices.iter().any(|choice| same(choice, place.value))) {
        return Err(place.flaw("is none of enum"));
    }
    if keywords.get("const").is_some_and(|only| !same(only, place.value)) {
        return Err(place.flaw("is not the value of const"));
    }
    Ok(())
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// Equality as JSON Schema has it: 1 and 1.0 are the same number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let of = |name| right.get(name);
            left.len() == right.len()
                && left.iter().all(|(name, left)| of(name).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flaw(schema: &Value, value: &Value) -> Option<String> {
        Schema::new(schema).check(value).err().map(|flaw| flaw.to_string())
    }

    #[test]
    fn a_flaw_says_where_and_what() {
        let schema = json!({
            "type": "object",
            "required": ["people"],
            "additionalProperties": false,
            "properties": {"people": {"type": "array", "items": {"$ref": "#/$defs/person"}}},
            "$defs": {"person": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "age": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "kind": {"enum": ["a", 1]},
                    "boss": {"$ref": "#/$defs/person"}
                }
            }}
        });
        let person = |person: Value| json!({"people": [{"name": "x"}, person]});
        let cases = [
            (person(json!({"name": "y", "age": 3.0, "kind": 1.0, "boss": {"name": "z"}})), None),
            (person(json!({"name": "y", "boss": {}})), Some("/people/1/boss lacks the member \"name\"")),
            (person(json!({"name": 1})), Some("/people/1/name is not of type \"string\"")),
            (person(json!({"name": "y", "age": 3.5})), Some("/people/1/age fits none of anyOf")),
            (person(json!({"name": "y", "kind": "b"})), Some("/people/1/kind is none of enum")),
            (
                json!({"people": [], "a/b": 1}),
                Some("the answer has the member \"a/b\", which the schema does not allow"),
            ),
            (json!([]), Some("the answer is not of type \"object\"")),
        ];
        for (value, expected) in cases {
            assert_eq!(flaw(&schema, &value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn it_agrees_with_a_complete_validator() {
        let schemas = [
            json!({"type": ["integer", "null"]}),
            json!({"const": {"a": [1]}}),
            json!({"additionalProperties": {"type": "number"}, "properties": {"a": true, "b": false}}),
            json!({"additionalProperties": false, "patternProperties": {"^a": true, "^c": true}, "required": ["a"]}),
            json!({"prefixItems": [true], "items": {"type": "string"}}),
            json!({"allOf": [{"required": ["a"]}, {"properties": {"a": {"enum": [1, "x", null]}}}]}),
            json!(true),
            json!(false),
        ];
        let values = [
            json!(null),
            json!(1),
            json!(1.0),
            json!(1.5),
            json!("x"),
            json!([]),
            json!([1, "x"]),
            json!(["x", 1]),
            json!({}),
            json!({"a": 1}),
            json!({"a": [1.0]}),
            json!({"a": null, "c": 2}),
            json!({"b": 1}),
            json!({"c": "x"}),
            json!({"a": "x", "c": 1.5}),
        ];
        for schema in &schemas {
            let complete = jsonschema::draft202012::new(schema).unwrap();
            for value in &values {
                assert_eq!(flaw(schema, value).is_none(), complete.is_valid(value), "{schema} {value}");
            }
        }
    }

    #[test]
    fn a_schema_that_turns_in_circles_ends() {
        assert_eq!(flaw(&json!({"$ref": "#"}), &json!(1)), None);
        assert_eq!(flaw(&json!({"anyOf": [{"$ref": "#"}, {"type": "string"}]}), &json!("x")), None);
        assert_eq!(flaw(&json!({"$ref": "https://a.test/schema"}), &json!(1)), None);
    }
}
