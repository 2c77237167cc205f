//! JSON Schema (2020-12), within bounds: no other document is fetched, and patterns match in linear time.

use serde_json::{Value, json};

use crate::failure::{ErrorCode, Failure};

/// Bytes of a schema's text: enough for the largest sensible input, too little to stall the compiler.
pub const MAX_SCHEMA_BYTES: usize = 64 * 1024;

/// Violations that are told at once.
const MAX_VIOLATIONS: usize = 10;

/// A compiled schema.
#[derive(Debug, Clone)]
pub struct Schema {
    document: Value,
    validator: std::sync::Arc<jsonschema::Validator>,
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    ///
    /// `SCHEMA_INVALID` for a schema that breaks the standard, refers to another document, or has more than 64 KiB.
    pub fn new(document: Value) -> Result<Self, Failure> {
        let size = document.to_string().len();
        if size > MAX_SCHEMA_BYTES {
            let message = format!("the schema has {size} bytes, and at most {MAX_SCHEMA_BYTES} are taken");
            return Err(Failure::new(ErrorCode::SchemaInvalid, message));
        }
        let validator = jsonschema::draft202012::options()
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .build(&document)
            .map_err(|error| {
                let pointer = error.instance_path().to_string();
                Failure::new(ErrorCode::SchemaInvalid, message_of(&error)).at(pointer)
            })?;
        Ok(Self { document, validator: std::sync::Arc::new(validator) })
    }

    /// The schema itself.
    #[must_use]
    pub const fn document(&self) -> &Value {
        &self.document
    }

    /// Checks a value.
    ///
    /// # Errors
    ///
    /// A failure of the given code that names the first violation, with up to ten in its details: where in the value each
    /// is, which keyword is violated, the place of that in the schema (`rule`), and what is wrong, in 512 bytes at most.
    pub fn check(&self, value: &Value, code: ErrorCode) -> Result<(), Failure> {
        let violations: Vec<Value> = self
            .validator
            .iter_errors(value)
            .take(MAX_VIOLATIONS)
            .map(|error| {
                json!({
                    "pointer": error.instance_path().as_str(), "rule": error.schema_path().as_str(),
                    "keyword": error.kind().keyword(), "message": Failure::new(code, error.to_string()).message,
                })
            })
            .collect();
        let Some(first) = violations.first() else {
            return Ok(());
        };
        let text = |name: &str| first.get(name).and_then(Value::as_str).unwrap_or_default();
        let (pointer, message) = (text("pointer"), text("message"));
        let failure = Failure::new(code, format!("at {pointer:?}: {message}")).at(pointer);
        Err(failure.with_details(json!({ "violations": violations })))
    }
}

/// The library speaks of its own settings where a reference leads out of the document.
fn message_of(error: &jsonschema::ValidationError<'_>) -> String {
    match error.kind() {
        jsonschema::error::ValidationErrorKind::Referencing(_) => {
            let reference = error.instance().as_str().map(|name| format!(" {name:?}")).unwrap_or_default();
            format!("the reference{reference} leads out of the schema, or to nothing in it")
        }
        _ => error.to_string(),
    }
}
