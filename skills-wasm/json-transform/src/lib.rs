//! `json_transform`: reshapes JSON, by a jq filter or by a named operation.
//!
//! The way of an invocation, from file to file: `input` reads the data and what to do with it; `jq` runs a
//! filter, or one file of `operation` does its work; `result` sees to it that nothing leaves that would change
//! on the way; `output` adds the digest. Whatever goes wrong is a `fault`. The skill reaches nothing outside
//! itself, so the same input always gives the same bytes.
//!
//! ```json
//! {"data": [{"n": 2}, {"n": 1}], "filter": "map(.n) | sort"}
//! {"canonical": true, "result": [1, 2], "result_hash": "blake3:HEX"}
//! ```
//!
//! Input and output are described in `input.schema.json` and `output.schema.json`, beside this file.

mod fault;
mod given;
mod input;
mod jq;
mod metadata;
mod operation;
mod order;
mod output;
mod path;
mod result;

use bindings::{Guest, Metadata, SkillError};
use fault::Fault;
use input::Input;

/// The generated side of the contract in `wit/`.
mod bindings {
    #![expect(
        unsafe_code,
        reason = "calls over the component boundary are unsafe, and the generator writes them"
    )]
    wit_bindgen::generate!({ path: "../../wit", world: "skill" });

    use super::JsonTransform;
    export!(JsonTransform with_types_in self);
}

struct JsonTransform;

impl Guest for JsonTransform {
    fn describe() -> Metadata {
        metadata::describe()
    }

    fn invoke(input: String) -> Result<String, SkillError> {
        Ok(transform(&input)?)
    }
}

fn transform(input: &str) -> Result<String, Fault> {
    let result = Input::read(input)?.result()?;
    result::check(&result)?;
    output::write(&result)
}
