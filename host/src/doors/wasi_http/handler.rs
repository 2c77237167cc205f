//! `wasi:http/outgoing-handler`: a request begins here, and gets its place in the order of calls.

use std::sync::OnceLock;

use aos_core::failure::{ErrorCode, Failure};
use wasmtime::component::Resource;

use super::future::FutureResponse;
use super::request::{OutgoingRequest, RequestOptions, method_name};
use super::{outgoing_handler, types};
use crate::doors::Guest;
use crate::gate::HttpCall;

impl outgoing_handler::Host for Guest {
    fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> wasmtime::Result<Result<Resource<FutureResponse>, types::ErrorCode>> {
        let request = self.table.delete(request)?;
        let options = options.map(|options| self.table.delete(options)).transpose()?;
        let Some(url) = request.url() else {
            return Ok(Err(types::ErrorCode::HttpRequestUriInvalid));
        };
        if !self.gate.leads_somewhere() {
            return Ok(Err(types::ErrorCode::HttpRequestDenied));
        }
        let Some(place) = self.requests.place() else {
            return Ok(Err(types::ErrorCode::ConnectionLimitReached));
        };
        let lacks_body = request.body.is_none() && request.headers.promised_length().unwrap_or_default() > 0;
        let fault = lacks_body.then(|| {
            Failure::new(ErrorCode::RequestInvalid, "the request says that it has a body, and has none")
        });
        let head = HttpCall {
            method: method_name(&request.method).to_owned(),
            url,
            headers: request.headers.for_the_gate(),
            body: None,
            timeout_ms: options.and_then(RequestOptions::timeout_ms),
            idempotency_key: None,
            fault,
            parsed: OnceLock::new(),
        };
        let index = self.gate.next_index()?;
        let told = self.requests.begin(&self.gate, index, head, request.body);
        Ok(Ok(self.table.push(FutureResponse::new(told, place))?))
    }
}
