//! Resources of those who answer requests. A skill is called in another way, so nobody ever hands it a request; it may
//! make an answer, and there is nothing to do with it.

use wasmtime::component::Resource;

use super::body::OutgoingBody;
use super::fields::Fields;
use super::response::IncomingBody;
use super::types::{
    ErrorCode, HostIncomingRequest, HostOutgoingResponse, HostResponseOutparam, Method, Scheme,
};
use crate::doors::Guest;

/// A resource `incoming-request`. None exists, so a handle to one is a forged one.
pub enum IncomingRequest {}

/// A resource `response-outparam`. None exists.
pub enum ResponseOutparam {}

/// A resource `outgoing-response`.
pub struct OutgoingResponse {
    status: u16,
    headers: Fields,
    has_body: bool,
}

impl HostIncomingRequest for Guest {
    fn method(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Method> {
        match *self.table.get(&request)? {}
    }

    fn path_with_query(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<String>> {
        match *self.table.get(&request)? {}
    }

    fn scheme(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<Scheme>> {
        match *self.table.get(&request)? {}
    }

    fn authority(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<String>> {
        match *self.table.get(&request)? {}
    }

    fn headers(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Resource<Fields>> {
        match *self.table.get(&request)? {}
    }

    fn consume(
        &mut self,
        request: Resource<IncomingRequest>,
    ) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        match *self.table.get(&request)? {}
    }

    fn drop(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<()> {
        match self.table.delete(request)? {}
    }
}

impl HostResponseOutparam for Guest {
    fn set(
        &mut self,
        outparam: Resource<ResponseOutparam>,
        _response: Result<Resource<OutgoingResponse>, ErrorCode>,
    ) -> wasmtime::Result<()> {
        match self.table.delete(outparam)? {}
    }

    fn send_informational(
        &mut self,
        outparam: Resource<ResponseOutparam>,
        _status: u16,
        _headers: Resource<Fields>,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        match *self.table.get(&outparam)? {}
    }

    fn drop(&mut self, outparam: Resource<ResponseOutparam>) -> wasmtime::Result<()> {
        match self.table.delete(outparam)? {}
    }
}

impl HostOutgoingResponse for Guest {
    fn new(&mut self, headers: Resource<Fields>) -> wasmtime::Result<Resource<OutgoingResponse>> {
        let headers = self.table.delete(headers)?.frozen();
        Ok(self.table.push(OutgoingResponse { status: 200, headers, has_body: false })?)
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
        if std::mem::replace(&mut response.has_body, true) {
            return Ok(Err(()));
        }
        let (body, _nobody) = OutgoingBody::new(response.headers.promised_length(), self.requests.written());
        Ok(Ok(self.table.push(body)?))
    }

    fn drop(&mut self, response: Resource<OutgoingResponse>) -> wasmtime::Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}
