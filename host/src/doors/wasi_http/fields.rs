//! `fields`: names and values in the order in which they were written.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::check_field;
use wasmtime::component::Resource;

use super::types::{HeaderError, HostFields};
use crate::doors::Guest;
use crate::sandbox::Stop;

/// Bytes of one set of fields: twice what is sent, so that a guest which writes too much hears it from the gate first.
const MAX_BYTES: usize = 128 * 1024;

/// What a field takes beside its name and value.
const FIELD_BYTES: usize = 64;

/// The body's length, which guests may say of a request. The host says it to the upstream, and compares.
const CONTENT_LENGTH: &str = "content-length";

/// A resource `fields`. Values are kept as the gate takes them: a character for each byte.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// Shared by all handles to the same fields.
    entries: Arc<Vec<(String, String)>>,
    immutable: bool,
}

impl Fields {
    /// The fields of an answer.
    pub(super) fn of_answer(entries: Vec<(String, String)>) -> Self {
        Self { entries: Arc::new(entries), immutable: true }
    }

    /// The same fields, for good.
    pub(super) fn frozen(mut self) -> Self {
        self.immutable = true;
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The length of the body that these fields promise.
    pub(super) fn promised_length(&self) -> Option<u64> {
        self.named(CONTENT_LENGTH).next()?.parse().ok()
    }

    /// The fields of a request that the guest is asked.
    ///
    /// # Errors
    ///
    /// `PAYLOAD_TOO_LARGE`.
    pub(super) fn of_input(entries: Vec<(String, String)>) -> Result<Self, Failure> {
        let bytes = size(&entries);
        if bytes > MAX_BYTES {
            let message = format!("the header fields have {bytes} bytes, and at most {MAX_BYTES} are taken");
            return Err(Failure::new(ErrorCode::PayloadTooLarge, message).at("/headers"));
        }
        Ok(Self { entries: Arc::new(entries), immutable: true })
    }

    /// All of them.
    pub(super) fn into_entries(self) -> Vec<(String, String)> {
        Arc::unwrap_or_clone(self.entries)
    }

    /// The fields that the gate takes: all but the one that the host writes.
    pub(super) fn for_the_gate(self) -> Vec<(String, String)> {
        let mut entries = self.into_entries();
        entries.retain(|(name, _)| !name.eq_ignore_ascii_case(CONTENT_LENGTH));
        entries
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &str> {
        let own = |entry: &&(String, String)| entry.0.eq_ignore_ascii_case(name);
        self.entries.iter().filter(own).map(|(_, value)| value.as_str())
    }

    fn remove(&mut self, name: &str) {
        Arc::make_mut(&mut self.entries).retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    /// Adds fields, all or none. The outer error ends the invocation.
    fn add(&mut self, entries: Vec<(String, Vec<u8>)>) -> Result<Result<(), HeaderError>, Stop> {
        let entries: Vec<_> = entries.into_iter().map(|(name, value)| (name, text(&value))).collect();
        if let Some(error) = entries.iter().find_map(|(name, value)| fault(name, value)) {
            return Ok(Err(error));
        }
        Arc::make_mut(&mut self.entries).extend(entries);
        let bytes = size(&self.entries);
        if bytes > MAX_BYTES {
            let message = format!("fields of {bytes} bytes are written, and the limit is {MAX_BYTES}");
            return Err(Stop::new(Failure::new(ErrorCode::PayloadLimit, message)));
        }
        Ok(Ok(()))
    }
}

fn size(entries: &[(String, String)]) -> usize {
    entries.iter().map(|(name, value)| name.len() + value.len() + FIELD_BYTES).sum()
}

fn fault(name: &str, value: &str) -> Option<HeaderError> {
    if name.eq_ignore_ascii_case(CONTENT_LENGTH) {
        return value.parse::<u64>().is_err().then_some(HeaderError::InvalidSyntax);
    }
    check_field(name, value).err().map(|failure| match failure.code {
        ErrorCode::HeaderForbidden => HeaderError::Forbidden,
        _ => HeaderError::InvalidSyntax,
    })
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The way back; a character past U+00FF, which no journal of this host holds, is a question mark.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

impl HostFields for Guest {
    fn new(&mut self) -> wasmtime::Result<Resource<Fields>> {
        Ok(self.table.push(Fields::default())?)
    }

    fn from_list(
        &mut self,
        entries: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<Resource<Fields>, HeaderError>> {
        let mut fields = Fields::default();
        Ok(match fields.add(entries)? {
            Ok(()) => Ok(self.table.push(fields)?),
            Err(error) => Err(error),
        })
    }

    fn get(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<Vec<Vec<u8>>> {
        Ok(self.table.get(&fields)?.named(&name).map(bytes).collect())
    }

    fn has(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<bool> {
        Ok(self.table.get(&fields)?.named(&name).next().is_some())
    }

    fn set(
        &mut self,
        fields: Resource<Fields>,
        name: String,
        values: Vec<Vec<u8>>,
    ) -> wasmtime::Result<Result<(), HeaderError>> {
        let fields = self.table.get_mut(&fields)?;
        if fields.immutable {
            return Ok(Err(HeaderError::Immutable));
        }
        if let Some(error) = fault(&name, "0") {
            return Ok(Err(error));
        }
        let mut changed = fields.clone();
        changed.remove(&name);
        let added = changed.add(values.into_iter().map(|value| (name.clone(), value)).collect())?;
        if added.is_ok() {
            *fields = changed;
        }
        Ok(added)
    }

    fn delete(
        &mut self,
        fields: Resource<Fields>,
        name: String,
    ) -> wasmtime::Result<Result<(), HeaderError>> {
        let fields = self.table.get_mut(&fields)?;
        if fields.immutable {
            return Ok(Err(HeaderError::Immutable));
        }
        if let Some(HeaderError::InvalidSyntax) = fault(&name, "0") {
            return Ok(Err(HeaderError::InvalidSyntax));
        }
        fields.remove(&name);
        Ok(Ok(()))
    }

    fn append(
        &mut self,
        fields: Resource<Fields>,
        name: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), HeaderError>> {
        let fields = self.table.get_mut(&fields)?;
        if fields.immutable {
            return Ok(Err(HeaderError::Immutable));
        }
        Ok(fields.add(vec![(name, value)])?)
    }

    fn entries(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Vec<(String, Vec<u8>)>> {
        let entries = self.table.get(&fields)?.entries.iter();
        Ok(entries.map(|(name, value)| (name.clone(), bytes(value))).collect())
    }

    fn clone(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Resource<Fields>> {
        let entries = self.table.get(&fields)?.entries.clone();
        Ok(self.table.push(Fields { entries, immutable: false })?)
    }

    fn drop(&mut self, fields: Resource<Fields>) -> wasmtime::Result<()> {
        self.table.delete(fields)?;
        Ok(())
    }
}
