//! The JSON Schema (2020-12) of what stands for a value of a WIT type.

use serde_json::{Map, Value, json};

use super::types::{signed_range, unsigned_most};
use super::{Case, Field, Shape, WitType};
use crate::units::MAX_EXACT_INTEGER;

/// Base64 with padding (RFC 4648, section 4).
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

/// Which way a value goes: what comes out of a guest has all of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// The schema of a type.
pub(super) fn of(ty: &WitType, way: Way) -> Value {
    described(of_shape(&ty.shape, way), ty.docs.as_deref())
}

/// The schema of an object with these fields and no others.
pub(super) fn of_fields(fields: &[Field], way: Way) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.clone(), described(of(&field.ty, way), field.docs.as_deref())))
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| way == Way::Out || !field.ty.takes_null())
        .map(|field| field.name.as_str())
        .collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        put(&mut schema, "required", json!(required));
    }
    schema
}

fn of_shape(shape: &Shape, way: Way) -> Value {
    match shape {
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Signed(bits) => {
            let ((least, most), exact) = (signed_range(*bits), MAX_EXACT_INTEGER.cast_signed());
            let integer =
                json!({"type": "integer", "minimum": least.max(-exact), "maximum": most.min(exact)});
            or_digits(integer, *bits, "^(0|-?[1-9][0-9]{0,18})$")
        }
        Shape::Unsigned(bits) => {
            let most = unsigned_most(*bits).min(MAX_EXACT_INTEGER);
            let integer = json!({"type": "integer", "minimum": 0, "maximum": most});
            or_digits(integer, *bits, "^(0|[1-9][0-9]{0,19})$")
        }
        Shape::Float32 | Shape::Float64 => json!({"type": "number"}),
        Shape::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Shape::String => json!({"type": "string"}),
        Shape::Bytes => json!({"type": "string", "contentEncoding": "base64", "pattern": BASE64}),
        Shape::List(element) => json!({"type": "array", "items": of(element, way)}),
        Shape::Tuple(types) => {
            let items: Vec<Value> = types.iter().map(|ty| of(ty, way)).collect();
            let count = items.len();
            json!({"type": "array", "prefixItems": items, "minItems": count, "maxItems": count})
        }
        Shape::Record(fields) => of_fields(fields, way),
        Shape::Variant(cases) => {
            json!({"oneOf": cases.iter().map(|case| of_case(case, way)).collect::<Vec<_>>()})
        }
        Shape::Enum(cases) => one_of(cases),
        Shape::Option(inner) if inner.takes_null() => {
            json!({"anyOf": [{"type": "null"}, tagged("some", of(inner, way))]})
        }
        Shape::Option(inner) => json!({"anyOf": [{"type": "null"}, of(inner, way)]}),
        Shape::Result { ok, error } => {
            let payload = |ty: &Option<Box<WitType>>| of_payload(ty.as_deref(), way);
            json!({"oneOf": [tagged("ok", payload(ok)), tagged("error", payload(error))]})
        }
        Shape::Flags(flags) => json!({"type": "array", "items": one_of(flags), "uniqueItems": true}),
    }
}

/// The schema of what may carry nothing.
pub(super) fn of_payload(ty: Option<&WitType>, way: Way) -> Value {
    ty.map_or_else(|| json!({"type": "null"}), |ty| of(ty, way))
}

fn of_case(case: &Case, way: Way) -> Value {
    let schema = match &case.ty {
        None => json!({"const": case.name}),
        Some(ty) => tagged(&case.name, of(ty, way)),
    };
    described(schema, case.docs.as_deref())
}

fn tagged(name: &str, inner: Value) -> Value {
    json!({"type": "object", "properties": {name: inner}, "required": [name], "additionalProperties": false})
}

/// Names alone; with documentation of some, each stands by itself.
fn one_of(cases: &[Case]) -> Value {
    if cases.iter().all(|case| case.docs.is_none()) {
        return json!({"enum": cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>()});
    }
    json!({"oneOf": cases.iter().map(|case| of_case(case, Way::In)).collect::<Vec<_>>()})
}

/// An integer of 64 bits may be past what JSON readers agree on, and is then written as a string of digits.
fn or_digits(integer: Value, bits: u32, pattern: &str) -> Value {
    if bits < 64 {
        return integer;
    }
    json!({"anyOf": [integer, {"type": "string", "pattern": pattern}]})
}

/// What the author says of a field counts for more than what is said of its type.
fn described(mut schema: Value, docs: Option<&str>) -> Value {
    if let Some(docs) = docs {
        put(&mut schema, "description", docs.into());
    }
    schema
}

fn put(schema: &mut Value, name: &str, value: Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
