//! `http_call`: one HTTP request, one answer.
//!
//! The way of an invocation, from file to file: `input` reads what the caller wants, `body` and `headers` make
//! the request, the host sends it, `accept` judges the status, and `output` says what came back. Whatever goes
//! wrong on the way is a `fault`. The skill never retries and never follows a redirect: the host does the one,
//! the workflow the other.
//!
//! ```json
//! {"method": "POST", "url": "https://api.test/v1/items", "body": {"name": "x"}, "accept_status": [201, "4xx"]}
//! {"status": 201, "headers": {"content-type": "application/json"}, "body": {"id": 7}}
//! ```
//!
//! Input and output are described in `input.schema.json` and `output.schema.json`, beside this file.

mod accept;
mod body;
mod faithful;
mod fault;
mod headers;
mod input;
mod metadata;
mod output;

use bindings::aos::skill::http;
use bindings::{Guest, Metadata, SkillError};
use fault::Fault;
use input::Input;
use output::Output;

/// The generated side of the contract in `wit/`.
mod bindings {
    #![expect(
        unsafe_code,
        reason = "calls over the component boundary are unsafe, and the generator writes them"
    )]
    wit_bindgen::generate!({ path: "../../wit", world: "skill" });

    use super::HttpCall;
    export!(HttpCall with_types_in self);
}

struct HttpCall;

impl Guest for HttpCall {
    fn describe() -> Metadata {
        metadata::describe()
    }

    fn invoke(input: String) -> Result<String, SkillError> {
        Ok(call(&input)?)
    }
}

fn call(input: &str) -> Result<String, Fault> {
    let input = Input::read(input)?;
    let accepted = input.accepted()?;
    let response = http::send(&input.request()?).map_err(Fault::Host)?;
    if !accepted.contains(response.status) {
        return Err(Fault::refused(&input, &response));
    }
    Output::new(response).write()
}
