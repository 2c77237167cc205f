//! `llm_invoke`: one question to a model, one answer.
//!
//! The way of an invocation, from file to file: `input` reads the question and makes the request, the host asks
//! the model, `reply` reads the JSON that was asked for, `schema` checks it, and `output` says what came back.
//! Whatever goes wrong on the way is a `fault`. The skill keeps no conversation, runs no tool and asks only once:
//! all three are the workflow's to decide.
//!
//! ```json
//! {"model": "small-1", "prompt": "Which sea is salty?", "response_schema": {"required": ["name"]}}
//! {"text": "{\"name\": \"Dead Sea\"}", "json": {"name": "Dead Sea"}, "finish_reason": "stop", "model": "small-1",
//!  "usage": {"input_tokens": 31, "output_tokens": 9, "cached_input_tokens": 0, "reasoning_tokens": 0},
//!  "cost": {"nanodollars": 10050}}
//! ```
//!
//! Input and output are described in `input.schema.json` and `output.schema.json`, beside this file.

mod fault;
mod input;
mod metadata;
mod output;
mod reply;
mod schema;

use bindings::aos::skill::llm;
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

    use super::LlmInvoke;
    export!(LlmInvoke with_types_in self);
}

struct LlmInvoke;

impl Guest for LlmInvoke {
    fn describe() -> Metadata {
        metadata::describe()
    }

    fn invoke(input: String) -> Result<String, SkillError> {
        Ok(ask(&input)?)
    }
}

fn ask(input: &str) -> Result<String, Fault> {
    let input = Input::read(input)?;
    let schema = input.response_schema.clone();
    let response = llm::complete(&input.into_request()?).map_err(Fault::Host)?;
    if response.finish_reason == llm::FinishReason::ContentFilter {
        return Err(Fault::withheld(&response));
    }
    let json = schema.map(|schema| reply::json(&response, &schema)).transpose()?;
    Output::new(response, json.flatten()).write()
}
