//! `aos:skill/http`: one request, one whole answer.

use std::sync::OnceLock;

use bytes::Bytes;

use super::Guest;
use super::wire::to_guest;
use crate::gate::HttpCall;
use crate::sandbox::bindings::aos::skill::http::{Failure, Host, Request, Response};

impl Host for Guest {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Failure>> {
        let call = HttpCall {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body.map(Bytes::from),
            timeout_ms: request.timeout_ms,
            idempotency_key: request.idempotency_key,
            fault: None,
            parsed: OnceLock::new(),
        };
        let (index, answer) = self.gate.call(call).await?;
        Ok(match answer {
            Ok(answer) => Ok(Response {
                call: index,
                status: answer.status,
                headers: answer.headers,
                body: answer.body.into_bytes(),
            }),
            Err(failure) => Err(to_guest(failure, index)),
        })
    }
}
