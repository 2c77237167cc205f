//! What came back, as `output.schema.json` describes it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::bindings::aos::skill::http::Response;
use crate::fault::Fault;
use crate::{body, headers};

/// The output.
#[derive(Debug, Serialize)]
pub(crate) struct Output {
    status: u16,
    headers: Map<String, Value>,
    body: Value,
}

impl Output {
    /// Makes the output of the host's answer.
    pub(crate) fn new(response: Response) -> Self {
        let body = body::received(response.body, headers::find(&response.headers, "content-type"));
        Self { status: response.status, headers: headers::received(response.headers), body }
    }

    /// The JSON text of the output.
    pub(crate) fn write(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(Fault::Output)
    }
}
