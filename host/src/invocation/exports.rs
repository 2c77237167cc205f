//! What a component exports that knows nothing of this host, and what of it can be called.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::SkillId;
use aos_core::schema::Schema;
use aos_core::skill::{ExportName, ResourceContract, SkillEffect, SkillKind, SkillMetadata};
use aos_core::units::Money;
use aos_core::wit::Function;
use serde_json::Value;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem, Type};
use wasmtime::component::{Component, ComponentExportIndex, ResourceType};

use super::admission::ImportNote;
use super::admitted::{Export, Uncallable};
use super::callee::Callee;
use super::not_callable::NotCallable;
use super::values::TypeReader;
use super::wit_docs::{TypeDocs, WitDocs};
use crate::sandbox::Compiled;

/// Exported functions of a component that are listed.
pub(super) const MAX_FUNCTIONS: usize = 1000;

/// Of them, those that can be called.
pub(super) const MAX_CALLABLE: usize = 256;

/// Parts that the types of all of them may be made of: their schemas are kept.
pub(super) const MAX_PARTS_OF_ALL: usize = 8 * 1024;

/// Characters of a version that are kept.
const MAX_VERSION: usize = 64;

/// The version of what has none.
const NO_VERSION: &str = "0.0.0";

/// The id of what has no name yet.
pub(super) const UNNAMED: &str = "unnamed";

/// Interfaces that are called in a way of their own, in any version of WASI 0.2.
const COMMAND: (&str, &str) = ("wasi:cli/run@0.2.", "run");
const HANDLER: (&str, &str) = ("wasi:http/incoming-handler@0.2.", "handle");

/// What toolchains leave that is no function of the component's author.
const LEFT_BY_TOOLS: [(&str, &str, &str); 1] =
    [("exports", "init", "it is what componentize-py calls while it builds the component")];

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) callable: Vec<Export>,
    pub(super) uncallable: Vec<Uncallable>,
    parts: usize,
}

impl Found {
    /// Whether one more function is listed. The first one that is not is told, with all after it.
    fn has_room(&mut self, export: impl FnOnce() -> ExportName) -> bool {
        let listed = self.callable.len() + self.uncallable.len();
        if listed == MAX_FUNCTIONS {
            self.refuse(export(), &NotCallable::TooMany);
        }
        listed < MAX_FUNCTIONS
    }

    /// Refuses a function that takes too much together with those before it.
    fn count(&mut self, parts: usize) -> Result<(), NotCallable> {
        if self.callable.len() >= MAX_CALLABLE {
            return Err(NotCallable::TooManyCallable);
        }
        self.parts = self.parts.saturating_add(parts);
        if self.parts > MAX_PARTS_OF_ALL {
            return Err(NotCallable::TypesOfAll);
        }
        Ok(())
    }

    fn refuse(&mut self, export: ExportName, reason: &NotCallable) {
        self.uncallable.push(Uncallable { export, reason: reason.to_string() });
    }
}

/// Finds what can be called.
///
/// # Errors
///
/// `EXPORT_MISSING` where there is nothing.
pub(super) fn find(compiled: &Compiled, imports: &[ImportNote], bytes: &[u8]) -> Result<Found, Failure> {
    let component = &compiled.component;
    let finder = Finder { component, compiled, effects: effects(imports), docs: WitDocs::read(bytes) };
    let mut found = Found::default();
    let kind = component.component_type();
    for (name, export) in kind.exports(component.engine()) {
        match export.ty {
            ComponentItem::ComponentFunc(function) if found.has_room(|| ExportName::new(None, name)) => {
                let signature = TypeReader::new(&TypeDocs::default()).function(&function);
                finder.function(&mut found, None, name, signature);
            }
            ComponentItem::ComponentInstance(interface) => finder.interface(&mut found, name, &interface),
            _ => {}
        }
    }
    if found.callable.is_empty() {
        return Err(nothing(&found.uncallable));
    }
    Ok(found)
}

/// Why a component has no skill.
pub(super) fn nothing(uncallable: &[Uncallable]) -> Failure {
    let message = match uncallable.first() {
        None => {
            "the component exports no function; a component without any is a part of another one".to_owned()
        }
        Some(Uncallable { export, reason }) => {
            format!("the component exports no function that can be called, such as {export}: {reason}")
        }
    };
    Failure::new(ErrorCode::ExportMissing, message)
}

fn effects(imports: &[ImportNote]) -> Vec<SkillEffect> {
    let imports_one =
        |interface: &str| imports.iter().any(|note| note.interface.split('@').next() == Some(interface));
    let http = imports_one("aos:skill/http") || imports_one("wasi:http/outgoing-handler");
    let llm = imports_one("aos:skill/llm");
    [(http, SkillEffect::Http), (llm, SkillEffect::Llm)]
        .into_iter()
        .filter_map(|(has, effect)| has.then_some(effect))
        .collect()
}

struct Finder<'a> {
    component: &'a Component,
    compiled: &'a Compiled,
    effects: Vec<SkillEffect>,
    docs: WitDocs,
}

impl Finder<'_> {
    /// Whether a function has the type of `wasi:http/incoming-handler`: it takes over a request and where the answer goes,
    /// both of the host's `wasi:http/types`, and gives nothing back.
    fn is_handle(&self, function: &ComponentFunc) -> bool {
        let engine = self.component.engine();
        let mut params = function.params().map(|(_, ty)| match ty {
            Type::Own(resource) => Some(resource),
            _ => None,
        });
        let (request, answer) = (params.next().flatten(), params.next().flatten());
        if params.next().is_some() || function.results().next().is_some() || function.async_() {
            return false;
        }
        let kind = self.component.component_type();
        let imported = |name: &str| {
            kind.imports(engine).find_map(|(interface, import)| {
                let ComponentItem::ComponentInstance(types) = import.ty else { return None };
                let item = types
                    .get_export(engine, name)
                    .filter(|_| interface.starts_with("wasi:http/types@0.2."))?;
                if let ComponentItem::Resource(resource) = item.ty { Some(resource) } else { None }
            })
        };
        let is = |found: Option<ResourceType>, name: &str| found.is_some() && found == imported(name);
        is(request, "incoming-request") && is(answer, "response-outparam")
    }

    fn interface(&self, found: &mut Found, name: &str, interface: &ComponentInstance) {
        let engine = self.component.engine();
        let types = self.docs.types(name, interface, engine);
        for (function_name, export) in interface.exports(engine) {
            let ComponentItem::ComponentFunc(function) = export.ty else { continue };
            if !found.has_room(|| ExportName::new(Some(name), function_name)) {
                return;
            }
            let is = |(interface, own): (&str, &str)| name.starts_with(interface) && function_name == own;
            if is(COMMAND) && is_run(&function) {
                self.command(found, name, function_name);
            } else if is(HANDLER) && self.is_handle(&function) {
                self.handler(found, name, function_name);
            } else {
                let left = LEFT_BY_TOOLS.iter().find(|(room, own, _)| (*room, *own) == (name, function_name));
                let signature = match (left, function_name.strip_prefix('[')) {
                    (Some((_, _, reason)), _) => Err(NotCallable::LeftByTools(reason)),
                    (_, Some(_)) => Err(NotCallable::OfResource),
                    (None, None) => TypeReader::new(&types).function(&function),
                };
                self.function(found, Some(name), function_name, signature);
            }
        }
    }

    fn function(
        &self,
        found: &mut Found,
        interface: Option<&str>,
        name: &str,
        signature: Result<(Function, usize), NotCallable>,
    ) {
        let export = ExportName::new(interface, name);
        let fits = signature.and_then(|(signature, parts)| found.count(parts).map(|()| signature));
        let signature = match fits {
            Ok(_) if export.is_cut() => return found.refuse(export, &NotCallable::LongName),
            Ok(signature) => Arc::new(signature),
            Err(reason) => return found.refuse(export, &reason),
        };
        let described = self.docs.function(interface, name).map_or_else(String::new, |docs| docs.to_string());
        let (input, output) = (signature.input_schema(), signature.output_schema());
        let metadata = self.metadata(SkillKind::Function, &export, described, (input, output));
        self.add(found, export, metadata, |place| Some(Callee::Function { place, signature }));
    }

    fn command(&self, found: &mut Found, interface: &str, name: &str) {
        let export = ExportName::new(Some(interface), name);
        let schemas = (document(COMMAND_INPUT), document(COMMAND_OUTPUT));
        let input = Schema::new(schemas.0.clone()).ok();
        let described = "A program: arguments and standard input in, standard output out.".to_owned();
        let metadata = self.metadata(SkillKind::Command, &export, described, schemas);
        self.add(found, export, metadata, |place| Some(Callee::Command { place, input: input? }));
    }

    fn handler(&self, found: &mut Found, interface: &str, name: &str) {
        let export = ExportName::new(Some(interface), name);
        let schemas = (document(HANDLER_INPUT), document(HANDLER_OUTPUT));
        let input = Schema::new(schemas.0.clone()).ok();
        let described = "A server of HTTP: a request in, a response out.".to_owned();
        let metadata = self.metadata(SkillKind::Handler, &export, described, schemas);
        self.add(found, export, metadata, |place| Some(Callee::Handler { place, input: input? }));
    }

    fn add(
        &self,
        found: &mut Found,
        export: ExportName,
        metadata: Option<SkillMetadata>,
        callee: impl FnOnce(ComponentExportIndex) -> Option<Callee>,
    ) {
        match (metadata, self.place(&export).and_then(callee)) {
            (Some(metadata), Some(callee)) => {
                found.callable.push(Export { callee, metadata: Arc::new(metadata) });
            }
            _ => found.refuse(export, &NotCallable::NotFound),
        }
    }

    fn place(&self, export: &ExportName) -> Option<ComponentExportIndex> {
        place(self.component, export)
    }

    fn metadata(
        &self,
        kind: SkillKind,
        export: &ExportName,
        description: String,
        (input_schema, output_schema): (Value, Value),
    ) -> Option<SkillMetadata> {
        Some(SkillMetadata {
            id: SkillId::new(UNNAMED).ok()?,
            kind,
            export: Some(export.clone()),
            version: match kind {
                // That of an interface of its own. The version of WASI says nothing of the component.
                SkillKind::Function => {
                    export.version().unwrap_or(NO_VERSION).chars().take(MAX_VERSION).collect()
                }
                _ => NO_VERSION.to_owned(),
            },
            description,
            input_schema,
            output_schema,
            // The host answers everything that it could differ by.
            deterministic: true,
            effects: self.effects.clone(),
            idempotent: false,
            estimate: Money::ZERO,
            contract: ResourceContract::usual(),
            digest: self.compiled.digest,
        })
    }
}

/// Where the engine finds an export.
pub(super) fn place(component: &Component, export: &ExportName) -> Option<ComponentExportIndex> {
    let interface = match export.interface() {
        Some(interface) => Some(component.get_export_index(None, interface)?),
        None => None,
    };
    component.get_export_index(interface.as_ref(), export.function())
}

/// Whether a function has the type of `wasi:cli/run`.
fn is_run(function: &ComponentFunc) -> bool {
    let mut results = function.results();
    let carries_nothing =
        matches!(results.next(), Some(Type::Result(ended)) if ended.ok().is_none() && ended.err().is_none());
    carries_nothing && results.next().is_none() && function.params().next().is_none() && !function.async_()
}

const COMMAND_INPUT: &str = include_str!("command.input.json");
const COMMAND_OUTPUT: &str = include_str!("command.output.json");
const HANDLER_INPUT: &str = include_str!("handler.input.json");
const HANDLER_OUTPUT: &str = include_str!("handler.output.json");

/// A schema of this folder; a test reads each.
fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
