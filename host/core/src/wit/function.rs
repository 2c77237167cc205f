//! A function of a component: an object of its parameters in, its result out.

use serde_json::{Value, json};

use super::json_schema::{Way, of_fields, of_payload};
use super::read::Reader;
use super::{Field, Named, Shape, WitType, WitValue, write};
use crate::failure::{ErrorCode, Failure};

/// The signature of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its parameters, in order.
    pub params: Named<Field>,
    /// What it returns.
    pub result: Option<WitType>,
}

impl Function {
    /// The JSON Schema of its input: an object of its parameters. One of type `option` may be left out.
    #[must_use]
    pub fn input_schema(&self) -> Value {
        of_fields(&self.params, Way::In)
    }

    /// The JSON Schema of its output. Of a `result` that is what it carries when all went well; `null` for none.
    #[must_use]
    pub fn output_schema(&self) -> Value {
        of_payload(self.success(), Way::Out)
    }

    /// What its output is made of.
    fn success(&self) -> Option<&WitType> {
        match self.result.as_ref() {
            Some(WitType { shape: Shape::Result { ok, .. }, .. }) => ok.as_deref(),
            result => result,
        }
    }

    /// The arguments of a call.
    ///
    /// # Errors
    ///
    /// `INPUT_SCHEMA_VIOLATION` with the JSON pointer and what is expected there; `JSON_NUMBER_RANGE` for an integer past
    /// 2^53 - 1 that is not quoted; `PAYLOAD_TOO_LARGE` for more than [`MAX_VALUES`](super::MAX_VALUES) values.
    pub fn arguments(&self, input: &Value) -> Result<Vec<WitValue>, Failure> {
        Reader::default().fields(&self.params, input)
    }

    /// The output of a call. The error of a `result` is a failure of the skill, with what it carries as details.
    ///
    /// # Errors
    ///
    /// `SKILL_ERROR`; `OUTPUT_SCHEMA_VIOLATION` with the JSON pointer for a float that JSON has no number for, or for a value
    /// that is none of the type.
    pub fn output(&self, returned: Option<&WitValue>) -> Result<Value, Failure> {
        match (&self.result, returned) {
            (Some(WitType { shape: Shape::Result { ok, .. }, .. }), Some(WitValue::Result(Ok(value)))) => {
                write::payload(ok.as_deref(), value.as_deref())
            }
            (
                Some(WitType { shape: Shape::Result { error, .. }, .. }),
                Some(WitValue::Result(Err(value))),
            ) => {
                let is_text = error.as_ref().is_some_and(|error| error.shape == Shape::String);
                Err(failed(&write::payload(error.as_deref(), value.as_deref())?, is_text))
            }
            (ty, value) => write::payload(ty.as_ref(), value),
        }
    }
}

/// The failure that an error stands for: told by its text, where its type is one, and by its JSON otherwise.
fn failed(error: &Value, is_text: bool) -> Failure {
    let message = match error {
        Value::Null => "the function returned an error that carries nothing".to_owned(),
        Value::String(text) if is_text => text.clone(),
        other => format!("the function returned the error {other}"),
    };
    Failure::new(ErrorCode::SkillError, message).with_details(json!({ "error": error }))
}
