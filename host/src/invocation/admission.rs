//! Before a component may run: what it imports is known, what it exports is right, and what it says of itself holds.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, Seed, SkillId, StepId};
use aos_core::journal::Cursor;
use aos_core::json;
use aos_core::policy::{HostPattern, HostPatternInvalid};
use aos_core::schema::Schema;
use aos_core::skill::{ResourceContract, SkillEffect, SkillMetadata};
use aos_core::units::{Fuel, Money};
use serde::Serialize;
use serde_json::Value;
use wasmtime::Store;
use wasmtime::component::Linker;
use wasmtime::component::types::{ComponentExtern, ComponentItem};

use super::Prepared;
use super::elsewhere::provider_of;
use crate::doors::{EffectClass, Guest, ImportRow, imports};
use crate::gate::Gate;
use crate::sandbox::bindings::SkillPre;
use crate::sandbox::bindings::aos::skill::types;
use crate::sandbox::{Compiled, Compiler, YIELD_INTERVAL, caught, classify_call, classify_instantiation};

/// What `describe` may use. It says a few constants.
const DESCRIBE_FUEL: u64 = 100_000_000;
const DESCRIBE_MEMORY: u64 = 64 << 20;
const DESCRIBE_TIME: Duration = Duration::from_secs(5);

/// Longest description and version.
const MAX_DESCRIPTION: usize = 1024;
const MAX_VERSION: usize = 64;

/// What looking at a component showed.
#[derive(Debug, Clone, Serialize)]
pub struct Admission {
    /// BLAKE3 of the file.
    pub digest: Digest,
    /// Its size.
    pub bytes: usize,
    /// What it imports.
    pub imports: Vec<ImportNote>,
    /// What it says of itself, where it was admitted.
    pub metadata: Option<SkillMetadata>,
    /// Why it was refused, where it was.
    pub refused: Option<Failure>,
}

/// One import and what using it does.
#[derive(Debug, Clone, Serialize)]
pub struct ImportNote {
    /// The interface, with its version.
    pub interface: String,
    /// The strongest that its functions can do; none for an interface that this host does not have.
    pub class: Option<EffectClass>,
    /// The functions of it that the component imports.
    pub functions: Vec<FunctionNote>,
}

/// One imported function and what it does.
#[derive(Debug, Clone, Serialize)]
pub struct FunctionNote {
    /// The name, such as `now` or `[method]pollable.block`.
    pub name: String,
    /// What it does; none in an interface that this host does not have.
    pub class: Option<EffectClass>,
}

/// Compiles and admits a component.
///
/// # Errors
///
/// A failure of the catalogue's skill-supply group.
pub(crate) async fn admit(
    compiler: &Compiler,
    linker: &Linker<Guest>,
    bytes: Arc<[u8]>,
) -> Result<Prepared, Failure> {
    let compiled = compiler.compile(Arc::clone(&bytes)).await?;
    let pre = link(&compiled, linker)?;
    let described = describe(compiler, &pre).await?;
    let (metadata, input, output) = check(described, compiled.digest)?;
    let hosts = wanted_hosts(&metadata)?;
    Ok(Prepared { engine: compiler.engine().clone(), pre, metadata, input, output, hosts, bytes })
}

/// The same skill for another engine. It was asked what it is when it was admitted, and is not asked again.
///
/// # Errors
///
/// A failure to compile or to link it.
pub(crate) async fn carry_over(
    skill: &Prepared,
    compiler: &Compiler,
    linker: &Linker<Guest>,
) -> Result<Prepared, Failure> {
    let from = (&skill.engine, skill.pre.instance_pre().component());
    let compiled = compiler.carry_over(from, Arc::clone(&skill.bytes)).await?;
    Ok(Prepared { engine: compiler.engine().clone(), pre: link(&compiled, linker)?, ..skill.clone() })
}

/// Looks at a component as far as it lets itself be looked at, and never fails.
pub(crate) async fn examine(compiler: &Compiler, linker: &Linker<Guest>, bytes: Arc<[u8]>) -> Admission {
    let (digest, size) = (Digest::of(&bytes), bytes.len());
    let imports =
        caught(async { compiler.compile(Arc::clone(&bytes)).await.map(|compiled| notes(&compiled)) });
    let imports = imports.await.and_then(|noted| noted).unwrap_or_default();
    let admitted = caught(admit(compiler, linker, bytes)).await.and_then(|admitted| admitted);
    let (metadata, refused) = match admitted {
        Ok(prepared) => (Some(prepared.metadata), None),
        Err(failure) => (None, Some(failure)),
    };
    Admission { digest, bytes: size, imports, metadata, refused }
}

fn notes(compiled: &Compiled) -> Vec<ImportNote> {
    let kind = compiled.component.component_type();
    let engine = compiled.component.engine();
    let note = |(name, import): (&str, ComponentExtern<'_>)| {
        let row = row_of(name);
        let functions = match &import.ty {
            ComponentItem::ComponentInstance(interface) => interface
                .exports(engine)
                .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_)))
                .map(|(name, _)| FunctionNote {
                    name: name.to_owned(),
                    class: row.map(|row| row.class_of(name)),
                })
                .collect(),
            _ => Vec::new(),
        };
        ImportNote { interface: name.to_owned(), class: row.map(ImportRow::strongest), functions }
    };
    kind.imports(engine).map(note).collect()
}

/// The row of an interface such as `wasi:clocks/wall-clock@0.2.6`. Every 0.2 is compatible with every other.
fn row_of(import: &str) -> Option<&'static ImportRow> {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    let compatible = match interface.split_once(':') {
        Some(("aos", _)) => version.starts_with("0.1."),
        _ => version.starts_with("0.2."),
    };
    imports().iter().find(|row| row.interface == interface && compatible)
}

fn link(compiled: &Compiled, linker: &Linker<Guest>) -> Result<SkillPre<Guest>, Failure> {
    let component = &compiled.component;
    let unknown = notes(compiled).into_iter().find(|note| note.class.is_none());
    if let Some(note) = unknown {
        let provider = provider_of(&note.interface);
        let message =
            format!("the component imports {}, which this host does not provide: {provider}", note.interface);
        return Err(Failure::new(ErrorCode::LinkUnknownImport, message).with_subcode(note.interface));
    }
    for name in ["describe", "invoke"] {
        let export = component.get_export(None, name).map(|(item, _)| item);
        if !matches!(export, Some(ComponentItem::ComponentFunc(_))) {
            let message =
                format!("the component exports no function {name}; it does not target aos:skill/skill");
            return Err(Failure::new(ErrorCode::ExportMissing, message).with_subcode(name));
        }
    }
    let mismatch = |error: wasmtime::Error| Failure::new(ErrorCode::LinkTypeMismatch, format!("{error:#}"));
    let instance = linker.instantiate_pre(component).map_err(mismatch)?;
    SkillPre::new(instance).map_err(mismatch)
}

async fn describe(compiler: &Compiler, pre: &SkillPre<Guest>) -> Result<types::Metadata, Failure> {
    let step =
        StepId::new("describe").map_err(|error| Failure::new(ErrorCode::HostBug, error.to_string()))?;
    let cursor = Cursor { step, item: None, attempt: 1 };
    let guest =
        Guest::new(Gate::nowhere(cursor.clone()), DESCRIBE_MEMORY, &Seed::from_bytes([0; 32]), &cursor);
    let mut store = Store::new(compiler.engine().raw(), guest);
    super::order::limit(&mut store, Fuel::saturating(DESCRIBE_FUEL), YIELD_INTERVAL)?;
    let call = async {
        let skill =
            pre.instantiate_async(&mut store).await.map_err(|error| classify_instantiation(&error))?;
        skill.call_describe(&mut store).await.map_err(|error| classify_call(&error))
    };
    let late = |_| Failure::new(ErrorCode::Timeout, "describe took longer than 5 s");
    tokio::time::timeout(DESCRIBE_TIME, call).await.map_err(late)?
}

fn check(described: types::Metadata, digest: Digest) -> Result<(SkillMetadata, Schema, Schema), Failure> {
    let id = SkillId::new(described.id)
        .map_err(|error| Failure::new(ErrorCode::NameInvalid, error.to_string()))?;
    for (what, length, limit) in [
        ("version", described.version.len(), MAX_VERSION),
        ("description", described.description.len(), MAX_DESCRIPTION),
    ] {
        if length > limit {
            let message = format!("the {what} of {id} has {length} bytes, and at most {limit} are taken");
            return Err(Failure::new(ErrorCode::ComponentInvalid, message));
        }
    }
    let input = schema(&id, "input", &described.input_schema)?;
    let output = schema(&id, "output", &described.output_schema)?;
    let contract = contract(&id, described.contract)?;
    let estimate = described.estimate.map_or(0, |estimate| estimate.nanodollars);
    let metadata = SkillMetadata {
        id,
        version: described.version,
        description: described.description,
        input_schema: input.document().clone(),
        output_schema: output.document().clone(),
        deterministic: described.deterministic,
        effects: described.effects.into_iter().map(effect).collect(),
        idempotent: described.idempotent,
        estimate: Money::from_nanos(estimate).map_err(out_of_range)?,
        contract,
        digest,
    };
    Ok((metadata, input, output))
}

fn schema(id: &SkillId, which: &str, text: &str) -> Result<Schema, Failure> {
    let document: Value = json::read(text).map_err(|error| {
        Failure::new(ErrorCode::SchemaInvalid, format!("the {which} schema of {id} is no JSON: {error}"))
    })?;
    Schema::new(document).map_err(|failure| {
        let message = format!("the {which} schema of {id}: {}", failure.message);
        Failure { message, ..failure }
    })
}

fn contract(id: &SkillId, wanted: types::ResourceContract) -> Result<ResourceContract, Failure> {
    if !wanted.secrets.is_empty() {
        let message = format!("{id} wants secrets, and this host has no store of them");
        return Err(Failure::new(ErrorCode::SecretDenied, message));
    }
    let contract = ResourceContract {
        fuel: Fuel::saturating(wanted.fuel),
        memory_bytes: wanted.memory_bytes,
        deadline_ms: wanted.deadline_ms,
        host_calls: wanted.host_calls,
        hosts: wanted.hosts,
        models: wanted.models,
        secrets: wanted.secrets,
    };
    Ok(contract.within(&ResourceContract::host_maximum()))
}

fn wanted_hosts(metadata: &SkillMetadata) -> Result<Vec<HostPattern>, Failure> {
    let invalid = |error: HostPatternInvalid| {
        Failure::new(ErrorCode::ComponentInvalid, format!("the contract of {}: {error}", metadata.id))
    };
    metadata.contract.hosts.iter().map(|text| text.parse().map_err(invalid)).collect()
}

const fn effect(effect: types::Effect) -> SkillEffect {
    match effect {
        types::Effect::Http => SkillEffect::Http,
        types::Effect::Llm => SkillEffect::Llm,
    }
}

fn out_of_range(error: aos_core::units::OutOfRange) -> Failure {
    Failure::new(ErrorCode::BudgetInvalidAmount, error.to_string())
}
