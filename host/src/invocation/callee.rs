//! What of a component is called, and how: JSON in, and what it gave back.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::schema::Schema;
use aos_core::wit::{Function, MAX_VALUES, WitValue};
use serde_json::Value;
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, InstancePre, Val};
use wasmtime_wasi::I32Exit;

use super::handler;
use super::order::MAX_HANDED_OVER;
use super::values::{lift, lower};
use crate::doors::{Guest, Program, Served};
use crate::sandbox::bindings::SkillPre;
use crate::sandbox::bindings::aos::skill::types::SkillError;

/// What is called.
#[derive(Clone)]
pub(super) enum Callee {
    /// `invoke` of the contract `aos:skill/skill`.
    Skill { pre: SkillPre<Guest>, input: Schema, output: Schema },
    /// A function with WIT types.
    Function { place: ComponentExportIndex, signature: Arc<Function> },
    /// `wasi:cli/run`.
    Command { place: ComponentExportIndex, input: Schema },
    /// `wasi:http/incoming-handler`.
    Handler { place: ComponentExportIndex, input: Schema },
}

/// What a guest gave back.
pub(super) enum Returned {
    /// An output, or what it says went wrong.
    Skill(Result<String, SkillError>),
    /// A value of the function's type.
    Function(Option<WitValue>),
    /// A status. What the program wrote is kept by its doors.
    Exited(i32),
    /// Nothing: the answer is kept by the doors.
    Handled,
}

/// Why a guest gave nothing back.
pub(super) enum Fault {
    /// Its component could not be set up.
    SettingUp(wasmtime::Error),
    /// The call ended otherwise.
    Calling(wasmtime::Error),
    /// The input is none that it takes.
    Input(Failure),
}

impl Callee {
    /// Checks an input before it is handed over.
    ///
    /// # Errors
    ///
    /// `INPUT_SCHEMA_VIOLATION` with the JSON pointer, `JSON_NUMBER_RANGE`, `PAYLOAD_TOO_LARGE`.
    pub(super) fn check(&self, input: &Value) -> Result<(), Failure> {
        match self {
            Self::Skill { input: schema, .. } => schema.check(input, ErrorCode::InputSchemaViolation),
            Self::Command { input: schema, .. } => {
                schema.check(input, ErrorCode::InputSchemaViolation)?;
                Program::read("", input).map(drop)
            }
            Self::Handler { input: schema, .. } => {
                schema.check(input, ErrorCode::InputSchemaViolation)?;
                handler::check(input)?;
                Served::read(input).map(drop)
            }
            Self::Function { signature, .. } => signature.arguments(input).map(drop),
        }
    }

    /// Bytes that a guest may hand over in one call. The engine keeps a value of its own for each part of what a function
    /// returns, and each byte of a list is one.
    pub(super) const fn handed_over(&self) -> usize {
        match self {
            Self::Function { .. } => MAX_HANDED_OVER + MAX_VALUES * size_of::<Val>(),
            Self::Skill { .. } | Self::Command { .. } | Self::Handler { .. } => MAX_HANDED_OVER,
        }
    }

    /// What the doors of a guest have for it before it begins.
    ///
    /// # Errors
    ///
    /// As [`Callee::check`].
    pub(super) fn equip(&self, guest: &mut Guest, name: &str, input: &Value) -> Result<(), Failure> {
        match self {
            Self::Skill { .. } | Self::Function { .. } => {}
            Self::Command { .. } => guest.program(Program::read(name, input)?),
            Self::Handler { .. } => guest.serve(Served::read(input)?),
        }
        Ok(())
    }

    /// Sets the component up in a store, and calls it.
    pub(super) async fn call(
        &self,
        pre: &InstancePre<Guest>,
        store: &mut Store<Guest>,
        input: &Value,
    ) -> Result<Returned, Fault> {
        match self {
            Self::Skill { pre, .. } => {
                let text = input.to_string();
                let instance = pre.instantiate_async(&mut *store).await.map_err(Fault::SettingUp)?;
                instance.call_invoke(store, &text).await.map(Returned::Skill).map_err(Fault::Calling)
            }
            Self::Function { place, signature } => {
                let arguments = signature.arguments(input).map_err(Fault::Input)?;
                let instance = pre.instantiate_async(&mut *store).await.map_err(Fault::SettingUp)?;
                let called = call_function(store, &instance, (place, signature), arguments).await;
                called.map(Returned::Function).map_err(Fault::Calling)
            }
            Self::Command { place, .. } => {
                let instance = pre.instantiate_async(&mut *store).await;
                match instance {
                    Ok(instance) => exited(run(store, &instance, place).await),
                    // A program may end while it is set up.
                    Err(error) => exited(Err(error)).map_err(|fault| match fault {
                        Fault::Calling(error) => Fault::SettingUp(error),
                        other => other,
                    }),
                }
            }
            Self::Handler { place, .. } => {
                let instance = pre.instantiate_async(&mut *store).await.map_err(Fault::SettingUp)?;
                let called = crate::doors::handle(store, &instance, place).await;
                called.map(|()| Returned::Handled).map_err(Fault::Calling)
            }
        }
    }
}

async fn call_function(
    store: &mut Store<Guest>,
    instance: &wasmtime::component::Instance,
    (place, signature): (&ComponentExportIndex, &Function),
    arguments: Vec<WitValue>,
) -> wasmtime::Result<Option<WitValue>> {
    let missing = || wasmtime::Error::msg("the function that was admitted is not there");
    let function = instance.get_func(&mut *store, place).ok_or_else(missing)?;
    let lowered = signature.params.iter().zip(arguments).map(|(param, argument)| lower(&param.ty, argument));
    let lowered: Vec<_> = lowered.collect::<Option<_>>().ok_or_else(missing)?;
    let mut results: Vec<_> = signature.result.iter().map(|_| Val::Bool(false)).collect();
    function.call_async(store, &lowered, &mut results).await?;
    match (&signature.result, results.pop()) {
        (Some(ty), Some(value)) => lift(ty, value).map(Some).ok_or_else(missing),
        _ => Ok(None),
    }
}

async fn run(
    store: &mut Store<Guest>,
    instance: &wasmtime::component::Instance,
    place: &ComponentExportIndex,
) -> wasmtime::Result<i32> {
    let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, place)?;
    let (ended,) = run.call_async(store, ()).await?;
    Ok(i32::from(ended.is_err()))
}

/// The status of a program, which it may return, or end with wherever it is.
fn exited(ended: wasmtime::Result<i32>) -> Result<Returned, Fault> {
    match ended {
        Ok(status) => Ok(Returned::Exited(status)),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(status)) => Ok(Returned::Exited(*status)),
            None => Err(Fault::Calling(error)),
        },
    }
}
