//! Before a component may run: what it imports is known, what it exports is right, and what it says of itself holds.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::sidecar::Sidecar;
use aos_core::skill::SkillMetadata;
use serde::Serialize;
use wasmtime::component::types::{ComponentExtern, ComponentItem};
use wasmtime::component::{InstancePre, Linker};

use super::admitted::{Admitted, Export, Naming, Uncallable};
use super::callee::Callee;
use super::elsewhere::provider_of;
use super::{contract, exports};
use crate::doors::{EffectClass, Guest, ImportRow, imports};
use crate::sandbox::{Compiled, Compiler, caught};

/// What looking at a component showed.
#[derive(Debug, Clone, Serialize)]
pub struct Admission {
    /// BLAKE3 of the file.
    pub digest: Digest,
    /// Its size.
    pub bytes: usize,
    /// What it imports.
    pub imports: Vec<ImportNote>,
    /// The skills that it has, where it was admitted.
    pub skills: Vec<SkillMetadata>,
    /// What it exports and cannot be called.
    pub uncallable: Vec<Uncallable>,
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
    /// What has to be granted so that it does what it is there for; none where nothing has to.
    pub needs: Option<Need>,
    /// The functions of it that the component imports.
    pub functions: Vec<FunctionNote>,
}

/// What an import needs that someone has to grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Need {
    /// Hosts: `grants.hosts`.
    Hosts,
    /// Models: `grants.models`.
    Models,
    /// Variables: `grants.environment`.
    Environment,
    /// Files or sockets, which are granted to nobody.
    Never,
}

impl Need {
    fn of(row: &ImportRow) -> Option<Self> {
        match row.interface {
            "aos:skill/http" | "wasi:http/outgoing-handler" => Some(Self::Hosts),
            "aos:skill/llm" => Some(Self::Models),
            "wasi:cli/environment" => Some(Self::Environment),
            _ if row.strongest() == EffectClass::Denied => Some(Self::Never),
            _ => None,
        }
    }
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
) -> Result<Admitted, Failure> {
    let compiled = compiler.compile(Arc::clone(&bytes)).await?;
    let imports = notes(&compiled);
    let pre = link(&compiled, &imports, linker)?;
    let (exports, uncallable) = if contract::is_meant(&compiled.component, &imports) {
        (vec![contract::export(compiler, &compiled, pre.clone()).await?], Vec::new())
    } else {
        let found = exports::find(&compiled, &imports, &bytes)?;
        (found.callable, found.uncallable)
    };
    Ok(Admitted {
        engine: compiler.engine().clone(),
        pre,
        digest: compiled.digest,
        bytes,
        exports,
        uncallable,
    })
}

/// The same component for another engine. It was looked at when it was admitted, and is not asked again.
///
/// # Errors
///
/// A failure to compile or to link it.
pub(crate) async fn carry_over(
    admitted: &Admitted,
    compiler: &Compiler,
    linker: &Linker<Guest>,
) -> Result<Admitted, Failure> {
    let from = (&admitted.engine, admitted.component());
    let compiled = compiler.carry_over(from, Arc::clone(&admitted.bytes)).await?;
    let pre = link(&compiled, &notes(&compiled), linker)?;
    let exports = admitted.exports.iter().map(|export| relinked(export, &compiled, &pre));
    let exports = exports.collect::<Result<_, _>>()?;
    Ok(Admitted { engine: compiler.engine().clone(), pre, exports, ..admitted.clone() })
}

/// An export in the code of another engine.
fn relinked(export: &Export, compiled: &Compiled, pre: &InstancePre<Guest>) -> Result<Export, Failure> {
    let place = || {
        let found =
            export.metadata.export.as_ref().and_then(|name| exports::place(&compiled.component, name));
        found.ok_or_else(|| Failure::new(ErrorCode::HostBug, "an export is not there in another engine"))
    };
    let callee = match &export.callee {
        Callee::Skill { input, output, .. } => {
            let pre = contract::typed(&compiled.component, pre.clone())?;
            Callee::Skill { pre, input: input.clone(), output: output.clone() }
        }
        Callee::Function { signature, .. } => {
            Callee::Function { place: place()?, signature: Arc::clone(signature) }
        }
        Callee::Command { input, .. } => Callee::Command { place: place()?, input: input.clone() },
        Callee::Handler { input, .. } => Callee::Handler { place: place()?, input: input.clone() },
    };
    Ok(Export { callee, metadata: Arc::clone(&export.metadata) })
}

/// Looks at a component as far as it lets itself be looked at, and never fails. Its skills have the names that they would
/// have.
pub(crate) async fn examine(
    compiler: &Compiler,
    linker: &Linker<Guest>,
    bytes: Arc<[u8]>,
    (naming, sidecar): (&Naming, &Sidecar),
) -> Admission {
    let (digest, size) = (Digest::of(&bytes), bytes.len());
    let imports =
        caught(async { compiler.compile(Arc::clone(&bytes)).await.map(|compiled| notes(&compiled)) });
    let imports = imports.await.and_then(|noted| noted).unwrap_or_default();
    let admitted = caught(admit(compiler, linker, bytes)).await.and_then(|admitted| admitted);
    let unnamed = SkillId::new(exports::UNNAMED).map_or(Naming::Own, Naming::OwnOr);
    let naming = if *naming == Naming::Own { &unnamed } else { naming };
    let looked_at = admitted.and_then(|admitted| admitted.skills(naming, sidecar));
    let (skills, uncallable, refused) = match looked_at {
        Ok((skills, uncallable)) => (skills, uncallable, None),
        Err(failure) => (Vec::new(), Vec::new(), Some(failure)),
    };
    let skills = skills.iter().map(|skill| skill.metadata().clone()).collect();
    Admission { digest, bytes: size, imports, skills, uncallable, refused }
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
        let (class, needs) = (row.map(ImportRow::strongest), row.and_then(Need::of));
        ImportNote { interface: name.to_owned(), class, needs, functions }
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

fn link(
    compiled: &Compiled,
    imports: &[ImportNote],
    linker: &Linker<Guest>,
) -> Result<InstancePre<Guest>, Failure> {
    if let Some(note) = imports.iter().find(|note| note.class.is_none()) {
        let provider = provider_of(&note.interface);
        let message =
            format!("the component imports {}, which this host does not provide: {provider}", note.interface);
        return Err(Failure::new(ErrorCode::LinkUnknownImport, message).with_subcode(note.interface.clone()));
    }
    let mismatch = |error: wasmtime::Error| Failure::new(ErrorCode::LinkTypeMismatch, format!("{error:#}"));
    linker.instantiate_pre(&compiled.component).map_err(mismatch)
}
