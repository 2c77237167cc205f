//! A component of the contract `aos:skill/skill`: it says itself what it is, and that is checked.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, Seed, SkillId, StepId};
use aos_core::journal::Cursor;
use aos_core::json;
use aos_core::policy::{HostPattern, HostPatternInvalid};
use aos_core::schema::Schema;
use aos_core::skill::{ResourceContract, SkillEffect, SkillKind, SkillMetadata};
use aos_core::units::{Fuel, Money};
use serde_json::Value;
use wasmtime::Store;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};

use super::admission::ImportNote;
use super::admitted::Export;
use super::callee::Callee;
use crate::doors::Guest;
use crate::gate::Gate;
use crate::sandbox::bindings::SkillPre;
use crate::sandbox::bindings::aos::skill::types;
use crate::sandbox::{Compiled, Compiler, YIELD_INTERVAL, classify_call, classify_instantiation};

/// What `describe` may use. It says a few constants.
const DESCRIBE_FUEL: u64 = 100_000_000;
const DESCRIBE_MEMORY: u64 = 64 << 20;
const DESCRIBE_TIME: Duration = Duration::from_secs(5);

/// Longest description and version.
const MAX_DESCRIPTION: usize = 1024;
const MAX_VERSION: usize = 64;

/// The exports of the contract.
const EXPORTS: [&str; 2] = ["describe", "invoke"];

/// Whether a component means to be one of the contract: it uses its types, and has one of its exports.
pub(super) fn is_meant(component: &Component, imports: &[ImportNote]) -> bool {
    let uses_types = imports.iter().any(|note| note.interface.split('@').next() == Some("aos:skill/types"));
    uses_types && EXPORTS.iter().any(|name| exports(component, name))
}

fn exports(component: &Component, name: &str) -> bool {
    let export = component.get_export(None, name).map(|(item, _)| item);
    matches!(export, Some(ComponentItem::ComponentFunc(_)))
}

/// Asks a component what it is, and checks what it says.
///
/// # Errors
///
/// A failure of the catalogue's skill-supply group.
pub(super) async fn export(
    compiler: &Compiler,
    compiled: &Compiled,
    pre: InstancePre<Guest>,
) -> Result<Export, Failure> {
    let pre = typed(&compiled.component, pre)?;
    let described = describe(compiler, &pre).await?;
    let (metadata, input, output) = check(described, compiled.digest)?;
    // What it wants is read here, so that a run need not doubt it.
    hosts(&metadata)?;
    Ok(Export { callee: Callee::Skill { pre, input, output }, metadata: Arc::new(metadata) })
}

/// The component as one of the contract.
///
/// # Errors
///
/// `EXPORT_MISSING`, `LINK_TYPE_MISMATCH`.
pub(super) fn typed(component: &Component, pre: InstancePre<Guest>) -> Result<SkillPre<Guest>, Failure> {
    if let Some(name) = EXPORTS.into_iter().find(|name| !exports(component, name)) {
        let message = format!("the component exports no function {name}; it does not target aos:skill/skill");
        return Err(Failure::new(ErrorCode::ExportMissing, message).with_subcode(name));
    }
    SkillPre::new(pre).map_err(|error| Failure::new(ErrorCode::LinkTypeMismatch, format!("{error:#}")))
}

/// Hosts that it says it wants.
///
/// # Errors
///
/// `COMPONENT_INVALID` for what is none.
pub(super) fn hosts(metadata: &SkillMetadata) -> Result<Vec<HostPattern>, Failure> {
    let invalid = |error: HostPatternInvalid| {
        Failure::new(ErrorCode::ComponentInvalid, format!("the contract of {}: {error}", metadata.id))
    };
    metadata.contract.hosts.iter().map(|text| text.parse().map_err(invalid)).collect()
}

async fn describe(compiler: &Compiler, pre: &SkillPre<Guest>) -> Result<types::Metadata, Failure> {
    let step =
        StepId::new("describe").map_err(|error| Failure::new(ErrorCode::HostBug, error.to_string()))?;
    let cursor = Cursor { step, item: None, attempt: 1 };
    let guest =
        Guest::new(Gate::nowhere(cursor.clone()), DESCRIBE_MEMORY, &Seed::from_bytes([0; 32]), &cursor);
    let mut store = Store::new(compiler.engine().raw(), guest);
    let fuel = (Fuel::saturating(DESCRIBE_FUEL), YIELD_INTERVAL);
    super::order::limit(&mut store, fuel, super::order::MAX_HANDED_OVER)?;
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
        kind: SkillKind::Skill,
        export: None,
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

const fn effect(effect: types::Effect) -> SkillEffect {
    match effect {
        types::Effect::Http => SkillEffect::Http,
        types::Effect::Llm => SkillEffect::Llm,
    }
}

fn out_of_range(error: aos_core::units::OutOfRange) -> Failure {
    Failure::new(ErrorCode::BudgetInvalidAmount, error.to_string())
}
