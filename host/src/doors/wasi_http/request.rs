//! `outgoing-request` and `request-options`: the head of a request, and how long it may take.

use std::time::Duration;

use wasmtime::component::Resource;

use super::body::{OutgoingBody, Written};
use super::fields::Fields;
use super::types::{HostOutgoingRequest, HostRequestOptions, Method, Scheme};
use crate::doors::Guest;

/// Bytes of a method, an authority or a path that are kept: as much as a URL may have at the gate, and some more, so
/// that one which is too long is refused there.
const MAX_TEXT: usize = 16 * 1024;

/// A resource `outgoing-request`.
pub struct OutgoingRequest {
    pub(super) method: Method,
    pub(super) headers: Fields,
    /// What will be written; none where the guest never asked for the body.
    pub(super) body: Option<Written>,
    scheme: Option<Scheme>,
    authority: Option<String>,
    path: Option<String>,
}

/// A resource `request-options`, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestOptions {
    connect: Option<u64>,
    first_byte: Option<u64>,
    between_bytes: Option<u64>,
}

impl OutgoingRequest {
    /// Where it goes: `https`, if the guest does not say. None without an authority.
    pub(super) fn url(&self) -> Option<String> {
        let scheme = match &self.scheme {
            Some(Scheme::Http) => "http",
            None | Some(Scheme::Https) => "https",
            Some(Scheme::Other(other)) => other,
        };
        let authority = self.authority.as_ref()?;
        Some(format!("{scheme}://{authority}{}", self.path.as_deref().unwrap_or("/")))
    }
}

impl RequestOptions {
    /// Milliseconds for the whole, rounded up: the shortest of all that the guest set.
    pub(super) fn timeout_ms(self) -> Option<u32> {
        let shortest = [self.connect, self.first_byte, self.between_bytes].into_iter().flatten().min()?;
        let millis = shortest.div_ceil(Duration::from_millis(1).as_nanos() as u64);
        Some(u32::try_from(millis).unwrap_or(u32::MAX))
    }
}

/// The method as it is sent.
pub(super) fn method_name(method: &Method) -> &str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => name,
    }
}

/// The method of a name.
pub(super) fn method_of(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

/// What may stand in a URI unescaped (RFC 3986, section 2), without the delimiters of its parts.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte)
}

fn is_authority(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_TEXT
        && text.bytes().all(|byte| is_plain(byte) || byte == b'[' || byte == b']')
}

/// It begins a path or a query, so that it cannot go on with the authority before it.
fn is_path(text: &str) -> bool {
    text.starts_with(['/', '?'])
        && text.len() <= MAX_TEXT
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\')
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= MAX_TEXT
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_method(text: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= MAX_TEXT && text.bytes().all(token)
}

/// Sets a part of a request, if it is right.
fn set<T>(place: &mut T, value: T, right: bool) -> wasmtime::Result<Result<(), ()>> {
    if right {
        *place = value;
    }
    Ok(right.then_some(()).ok_or(()))
}

impl HostOutgoingRequest for Guest {
    fn new(&mut self, headers: Resource<Fields>) -> wasmtime::Result<Resource<OutgoingRequest>> {
        let headers = self.table.delete(headers)?.frozen();
        let (scheme, authority, path, body) = (None, None, None, None);
        let request = OutgoingRequest { method: Method::Get, headers, body, scheme, authority, path };
        Ok(self.table.push(request)?)
    }

    fn body(
        &mut self,
        request: Resource<OutgoingRequest>,
    ) -> wasmtime::Result<Result<Resource<OutgoingBody>, ()>> {
        let request = self.table.get_mut(&request)?;
        if request.body.is_some() {
            return Ok(Err(()));
        }
        let (body, written) = OutgoingBody::new(request.headers.promised_length(), self.requests.written());
        request.body = Some(written);
        Ok(Ok(self.table.push(body)?))
    }

    fn method(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Method> {
        Ok(self.table.get(&request)?.method.clone())
    }

    fn set_method(
        &mut self,
        request: Resource<OutgoingRequest>,
        method: Method,
    ) -> wasmtime::Result<Result<(), ()>> {
        let right = is_method(method_name(&method));
        set(&mut self.table.get_mut(&request)?.method, method, right)
    }

    fn path_with_query(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&request)?.path.clone())
    }

    fn set_path_with_query(
        &mut self,
        request: Resource<OutgoingRequest>,
        path: Option<String>,
    ) -> wasmtime::Result<Result<(), ()>> {
        let right = path.as_deref().is_none_or(is_path);
        set(&mut self.table.get_mut(&request)?.path, path, right)
    }

    fn scheme(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<Scheme>> {
        Ok(self.table.get(&request)?.scheme.clone())
    }

    fn set_scheme(
        &mut self,
        request: Resource<OutgoingRequest>,
        scheme: Option<Scheme>,
    ) -> wasmtime::Result<Result<(), ()>> {
        let right = !matches!(&scheme, Some(Scheme::Other(other)) if !is_scheme(other));
        set(&mut self.table.get_mut(&request)?.scheme, scheme, right)
    }

    fn authority(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&request)?.authority.clone())
    }

    fn set_authority(
        &mut self,
        request: Resource<OutgoingRequest>,
        authority: Option<String>,
    ) -> wasmtime::Result<Result<(), ()>> {
        let right = authority.as_deref().is_none_or(is_authority);
        set(&mut self.table.get_mut(&request)?.authority, authority, right)
    }

    fn headers(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&request)?.headers.clone();
        Ok(self.table.push(headers)?)
    }

    fn drop(&mut self, request: Resource<OutgoingRequest>) -> wasmtime::Result<()> {
        self.table.delete(request)?;
        Ok(())
    }
}

impl HostRequestOptions for Guest {
    fn new(&mut self) -> wasmtime::Result<Resource<RequestOptions>> {
        Ok(self.table.push(RequestOptions::default())?)
    }

    fn connect_timeout(&mut self, options: Resource<RequestOptions>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.connect)
    }

    fn set_connect_timeout(
        &mut self,
        options: Resource<RequestOptions>,
        nanos: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        set(&mut self.table.get_mut(&options)?.connect, nanos, true)
    }

    fn first_byte_timeout(&mut self, options: Resource<RequestOptions>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.first_byte)
    }

    fn set_first_byte_timeout(
        &mut self,
        options: Resource<RequestOptions>,
        nanos: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        set(&mut self.table.get_mut(&options)?.first_byte, nanos, true)
    }

    fn between_bytes_timeout(&mut self, options: Resource<RequestOptions>) -> wasmtime::Result<Option<u64>> {
        Ok(self.table.get(&options)?.between_bytes)
    }

    fn set_between_bytes_timeout(
        &mut self,
        options: Resource<RequestOptions>,
        nanos: Option<u64>,
    ) -> wasmtime::Result<Result<(), ()>> {
        set(&mut self.table.get_mut(&options)?.between_bytes, nanos, true)
    }

    fn drop(&mut self, options: Resource<RequestOptions>) -> wasmtime::Result<()> {
        self.table.delete(options)?;
        Ok(())
    }
}
