//! What a guest that is a program begins with, and what it writes: arguments, environment, standard streams.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::{Environment, check_environment};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use crate::providers::MAX_BODY_BYTES;
use crate::sandbox::Stop;

/// A program. A guest that is none has no arguments, and keeps nothing of what it writes.
#[derive(Default)]
pub(crate) struct Program {
    /// Its name, and what follows it.
    pub(super) args: Vec<String>,
    /// Variables beside those that are granted.
    pub(super) own: Environment,
    pub(super) stdin: Bytes,
    pub(super) stdout: Option<Kept>,
    pub(super) stderr: Option<Kept>,
}

/// What a program writes to one of its streams. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<BytesMut>>);

impl Program {
    /// A program as its input says.
    ///
    /// # Errors
    ///
    /// `INPUT_SCHEMA_VIOLATION` for variables that no environment can have. Everything else fits the schema.
    pub(crate) fn read(name: &str, input: &Value) -> Result<Self, Failure> {
        let given = input.get("args").and_then(Value::as_array).into_iter().flatten();
        let given = given.filter_map(Value::as_str).map(ToOwned::to_owned);
        let args = std::iter::once(name.to_owned()).chain(given).collect();
        let variables = input.get("env").and_then(Value::as_object).into_iter().flatten();
        let own: Environment =
            variables.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
        check_environment(&own).map_err(|error| {
            let message = format!("at \"/env\": {error}");
            Failure::new(ErrorCode::InputSchemaViolation, message).at("/env")
        })?;
        let stdin = input.get("stdin").map(bytes_of).unwrap_or_default();
        Ok(Self { args, own, stdin, stdout: Some(Kept::default()), stderr: Some(Kept::default()) })
    }

    /// What it wrote to standard output and standard error.
    pub(crate) fn written(&self) -> (Bytes, Bytes) {
        let taken = |kept: &Option<Kept>| kept.as_ref().map(Kept::take).unwrap_or_default();
        (taken(&self.stdout), taken(&self.stderr))
    }
}

impl Kept {
    /// Keeps what is written.
    ///
    /// # Errors
    ///
    /// `PAYLOAD_LIMIT` for more than an answer may have.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Stop> {
        let mut kept = self.lock();
        if kept.len() + bytes.len() > MAX_BODY_BYTES {
            let message = format!("a program writes at most {MAX_BODY_BYTES} bytes to a stream");
            return Err(Stop::new(Failure::new(ErrorCode::PayloadLimit, message)));
        }
        kept.extend_from_slice(bytes);
        Ok(())
    }

    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.lock()).freeze()
    }

    fn lock(&self) -> MutexGuard<'_, BytesMut> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes that a value stands for: a string itself, an object of the one key `base64` what that encodes, any other value
/// its compact JSON.
pub(super) fn bytes_of(value: &Value) -> Bytes {
    match value {
        Value::String(text) => Bytes::copy_from_slice(text.as_bytes()),
        other => encoded(other).unwrap_or_else(|| other.to_string().into()),
    }
}

/// What an object of the one key `base64` encodes.
pub(super) fn encoded(value: &Value) -> Option<Bytes> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    STANDARD.decode(members.get("base64")?.as_str()?).ok().map(Bytes::from)
}

/// The value that stands for bytes: a string where they are UTF-8, else an object of the one key `base64`.
pub(crate) fn value_of(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}
