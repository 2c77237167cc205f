//! The side of those who answer requests: the one request that the guest is asked, and what it answers. A guest that is no
//! server is never asked anything; it may make an answer, and there is nothing to do with it.

use aos_core::failure::{ErrorCode as Code, Failure};
use aos_core::policy::parse_url;
use bytes::Bytes;
use serde_json::Value;
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, Instance, Resource};

use super::body::{OutgoingBody, Written};
use super::fields::Fields;
use super::request::method_of;
use super::response::IncomingBody;
use super::types::{
    ErrorCode, HostIncomingRequest, HostOutgoingResponse, HostResponseOutparam, Method, Scheme,
};
use crate::doors::Guest;
use crate::doors::program::{bytes_of, encoded};

/// Where a request goes whose input names no host.
const NOWHERE: &str = "http://localhost";

/// What a guest is asked, and then what it answers.
pub(crate) enum Served {
    Asked(IncomingRequest),
    Open,
    Answered(Result<Response, ErrorCode>),
}

/// What a guest answered.
pub(crate) struct Answered(Result<Response, ErrorCode>);

/// A resource `incoming-request`.
pub struct IncomingRequest {
    method: Method,
    scheme: Scheme,
    authority: String,
    path: String,
    headers: Fields,
    body: Option<IncomingBody>,
}

/// A resource `response-outparam`.
pub struct ResponseOutparam;

/// A resource `outgoing-response`.
pub struct OutgoingResponse {
    status: u16,
    headers: Fields,
    body: Option<Written>,
}

/// An answer, whose body may not be whole.
pub(crate) struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<Written>,
}

/// An answer that is whole.
pub(crate) struct WholeAnswer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Served {
    /// What the input asks.
    ///
    /// # Errors
    ///
    /// `INPUT_SCHEMA_VIOLATION` for a URL that is none. Everything else fits the schema.
    pub(crate) fn read(input: &Value) -> Result<Self, Failure> {
        let text = |name: &str, usual| input.get(name).and_then(Value::as_str).unwrap_or(usual);
        let url = text("url", "/");
        let whole = if url.starts_with('/') { format!("{NOWHERE}{url}") } else { url.to_owned() };
        let parsed = parse_url(&whole).map_err(|failure| {
            Failure::new(Code::InputSchemaViolation, format!("at \"/url\": {}", failure.message)).at("/url")
        })?;
        let query = parsed.query().map_or_else(String::new, |query| format!("?{query}"));
        let host = parsed.host_str().unwrap_or_default();
        let mut headers = headers(input)?;
        let body = input.get("body").map(|value| {
            let is_json = !value.is_string() && encoded(value).is_none();
            let named = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            if is_json && !named {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            bytes_of(value)
        });
        Ok(Self::Asked(IncomingRequest {
            method: method_of(text("method", "GET")),
            scheme: if parsed.scheme() == "https" { Scheme::Https } else { Scheme::Http },
            authority: parsed.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            path: format!("{}{query}", parsed.path()),
            headers: Fields::of_input(headers)?,
            body: Some(IncomingBody::of_input(body.unwrap_or_default())),
        }))
    }

    /// What was answered, where something was.
    pub(crate) fn answered(self) -> Option<Answered> {
        match self {
            Self::Answered(answer) => Some(Answered(answer)),
            Self::Asked(_) | Self::Open => None,
        }
    }
}

impl Answered {
    /// The answer with its body, once the guest is gone.
    ///
    /// # Errors
    ///
    /// `SKILL_ERROR` where the guest says that there is no answer, or did not finish it.
    pub(crate) async fn whole(self) -> Result<WholeAnswer, Failure> {
        let failed = |message: String| Failure::new(Code::SkillError, message);
        let Response { status, headers, body } = self.0.map_err(|error| {
            failed(format!("the handler answered with the error {error:?}")).with_subcode("wasi:http")
        })?;
        let body = match body {
            Some(written) => written.whole().await.map_err(|failure| failed(failure.message))?,
            None => Bytes::new(),
        };
        Ok(WholeAnswer { status, headers, body })
    }
}

fn headers(input: &Value) -> Result<Vec<(String, String)>, Failure> {
    let members = input.get("headers").and_then(Value::as_object).into_iter().flatten();
    let mut headers = Vec::new();
    for (name, value) in members {
        let values = value.as_array().map_or_else(|| vec![value], |values| values.iter().collect());
        for text in values.into_iter().filter_map(Value::as_str) {
            if text.chars().any(|c| c.is_control() && c != '\t') {
                let pointer = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
                let message = format!("at {pointer:?}: a field has no control characters");
                return Err(Failure::new(Code::InputSchemaViolation, message).at(pointer));
            }
            headers.push((name.clone(), latin(text)));
        }
    }
    Ok(headers)
}

/// A field's value has a character for each byte: text beyond that stands there as its UTF-8.
fn latin(text: &str) -> String {
    if text.chars().all(|c| u32::from(c) < 256) {
        text.to_owned()
    } else {
        text.bytes().map(char::from).collect()
    }
}

/// Asks a guest that is a server.
pub(crate) async fn handle(
    store: &mut Store<Guest>,
    instance: &Instance,
    place: &ComponentExportIndex,
) -> wasmtime::Result<()> {
    let missing = || wasmtime::Error::msg("there is nothing to ask");
    let guest = store.data_mut();
    let Some(Served::Asked(request)) = guest.served.replace(Served::Open) else { return Err(missing()) };
    let request = guest.table.push(request)?;
    let answer = guest.table.push(ResponseOutparam)?;
    let handle = instance
        .get_typed_func::<(Resource<IncomingRequest>, Resource<ResponseOutparam>), ()>(&mut *store, place)?;
    handle.call_async(store, (request, answer)).await
}

impl HostIncomingRequest for Guest {
    fn method(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Method> {
        Ok(self.table.get(&request)?.method.clone())
    }

    fn path_with_query(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<String>> {
        Ok(Some(self.table.get(&request)?.path.clone()))
    }

    fn scheme(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<Scheme>> {
        Ok(Some(self.table.get(&request)?.scheme.clone()))
    }

    fn authority(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<String>> {
        Ok(Some(self.table.get(&request)?.authority.clone()))
    }

    fn headers(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&request)?.headers.clone();
        Ok(self.table.push(headers)?)
    }

    fn consume(
        &mut self,
        request: Resource<IncomingRequest>,
    ) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        let Some(body) = self.table.get_mut(&request)?.body.take() else {
            return Ok(Err(()));
        };
        Ok(Ok(self.table.push(body)?))
    }

    fn drop(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<()> {
        self.table.delete(request)?;
        Ok(())
    }
}

impl HostResponseOutparam for Guest {
    fn set(
        &mut self,
        outparam: Resource<ResponseOutparam>,
        response: Result<Resource<OutgoingResponse>, ErrorCode>,
    ) -> wasmtime::Result<()> {
        self.table.delete(outparam)?;
        let response = response.map(|response| self.table.delete(response)).map_or_else(
            |error| Ok(Err(error)),
            |response| {
                response.map(|OutgoingResponse { status, headers, body }| {
                    Ok(Response { status, headers: headers.into_entries(), body })
                })
            },
        )?;
        self.served = Some(Served::Answered(response));
        Ok(())
    }

    /// Answers on the way to the answer have no place in an output.
    fn send_informational(
        &mut self,
        outparam: Resource<ResponseOutparam>,
        _status: u16,
        headers: Resource<Fields>,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        self.table.get(&outparam)?;
        self.table.delete(headers)?;
        Ok(Ok(()))
    }

    fn drop(&mut self, outparam: Resource<ResponseOutparam>) -> wasmtime::Result<()> {
        self.table.delete(outparam)?;
        Ok(())
    }
}

impl HostOutgoingResponse for Guest {
    fn new(&mut self, headers: Resource<Fields>) -> wasmtime::Result<Resource<OutgoingResponse>> {
        let headers = self.table.delete(headers)?.frozen();
        Ok(self.table.push(OutgoingResponse { status: 200, headers, body: None })?)
    }

    fn status_code(&mut self, response: Resource<OutgoingResponse>) -> wasmtime::Result<u16> {
        Ok(self.table.get(&response)?.status)
    }

    fn set_status_code(
        &mut self,
        response: Resource<OutgoingResponse>,
        status: u16,
    ) -> wasmtime::Result<Result<(), ()>> {
        let response = self.table.get_mut(&response)?;
        if !(100..=999).contains(&status) {
            return Ok(Err(()));
        }
        response.status = status;
        Ok(Ok(()))
    }

    fn headers(&mut self, response: Resource<OutgoingResponse>) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&response)?.headers.clone();
        Ok(self.table.push(headers)?)
    }

    fn body(
        &mut self,
        response: Resource<OutgoingResponse>,
    ) -> wasmtime::Result<Result<Resource<OutgoingBody>, ()>> {
        let response = self.table.get_mut(&response)?;
        if response.body.is_some() {
            return Ok(Err(()));
        }
        let (body, written) = OutgoingBody::new(response.headers.promised_length(), self.requests.written());
        response.body = Some(written);
        Ok(Ok(self.table.push(body)?))
    }

    fn drop(&mut self, response: Resource<OutgoingResponse>) -> wasmtime::Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}
