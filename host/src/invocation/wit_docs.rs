//! What the author says of functions and types, where the component carries it: the custom section `package-docs`, which
//! wit-component writes: a byte for its version, and JSON. It is a courtesy: what cannot be read is not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use aos_core::json;
use serde_json::Value;
use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem, Type};
use wasmtime::wasmparser::{Parser, Payload};

/// The name of the section.
const SECTION: &str = "package-docs";

/// Versions of it that are read: 1 has stability beside the documentation.
const VERSIONS: [u8; 2] = [0, 1];

/// Bytes of all such sections that are read.
const MAX_BYTES: usize = 1 << 20;

/// Types of one interface whose documentation is looked up.
const MAX_TYPES: usize = 256;

/// Characters of one text that are kept.
const MAX_DOCS: usize = 1024;

/// The documentation of a component.
#[derive(Debug, Default)]
pub(super) struct WitDocs {
    /// Those of interfaces by name without package, then those of worlds.
    rooms: Vec<(String, Value)>,
}

/// What is said of the types of one interface.
#[derive(Debug, Default)]
pub(super) struct TypeDocs(Vec<(Type, ItemDocs)>);

/// What is said of one type.
#[derive(Debug, Default)]
pub(super) struct ItemDocs {
    /// Of itself.
    pub own: Option<Arc<str>>,
    /// Of its fields, cases or flags.
    pub items: BTreeMap<String, Arc<str>>,
}

impl WitDocs {
    /// Reads the section, wherever in the component it is.
    pub(super) fn read(component: &[u8]) -> Self {
        let sections = Parser::new(0).parse_all(component).filter_map(|payload| match payload.ok()? {
            Payload::CustomSection(section) if section.name() == SECTION => Some(section.data()),
            _ => None,
        });
        let (mut rooms, mut left) = (Vec::new(), MAX_BYTES);
        for data in sections {
            let Some(rest) = left.checked_sub(data.len()) else { break };
            left = rest;
            let Some(Value::Object(mut document)) = parse(data) else { continue };
            for part in ["interfaces", "worlds"] {
                if let Some(Value::Object(found)) = document.remove(part) {
                    rooms.extend(found);
                }
            }
        }
        Self { rooms }
    }

    /// What is said of a function.
    pub(super) fn function(&self, interface: Option<&str>, name: &str) -> Option<Arc<str>> {
        let mut rooms = self.rooms_of(interface);
        rooms.find_map(|room| {
            let of = |part: &str| text(room.get(part)?.get(name)?.get("docs")?);
            of("funcs").or_else(|| of("func_exports"))
        })
    }

    /// What is said of the types that an interface exports.
    pub(super) fn types(&self, interface: &str, instance: &ComponentInstance, engine: &Engine) -> TypeDocs {
        let named = instance.exports(engine).filter_map(|(name, export)| match export.ty {
            ComponentItem::Type(ty) => Some((ty, self.item(Some(interface), name)?)),
            _ => None,
        });
        TypeDocs(named.take(MAX_TYPES).collect())
    }

    fn item(&self, interface: Option<&str>, name: &str) -> Option<ItemDocs> {
        let found = self.rooms_of(interface).find_map(|room| room.get("types")?.get(name))?;
        let items = found.get("items").and_then(Value::as_object).into_iter().flatten();
        let items = items.filter_map(|(name, docs)| Some((name.clone(), text(docs)?)));
        Some(ItemDocs { own: found.get("docs").and_then(text), items: items.collect() })
    }

    fn rooms_of(&self, interface: Option<&str>) -> impl Iterator<Item = &Value> {
        let local = interface.map(|interface| {
            let path = interface.split_once('@').map_or(interface, |(path, _)| path);
            path.rsplit('/').next().unwrap_or(path).to_owned()
        });
        // A function that is in no interface is in the world, whatever that was called.
        let is_meant = move |name: &String| local.as_ref().is_none_or(|local| local == name);
        self.rooms.iter().filter(move |(name, _)| is_meant(name)).map(|(_, room)| room)
    }
}

impl TypeDocs {
    /// What is said of a type.
    pub(super) fn of(&self, ty: &Type) -> Option<&ItemDocs> {
        self.0.iter().find(|(named, _)| named == ty).map(|(_, docs)| docs)
    }
}

fn parse(data: &[u8]) -> Option<Value> {
    let (version, text) = data.split_first()?;
    let text = std::str::from_utf8(text).ok().filter(|_| VERSIONS.contains(version))?;
    json::read(text).ok()
}

/// A text on one line, as descriptions are.
fn text(docs: &Value) -> Option<Arc<str>> {
    let words: Vec<&str> = docs.as_str()?.split_whitespace().collect();
    let text: String = words.join(" ").chars().take(MAX_DOCS).collect();
    (!text.is_empty()).then(|| text.into())
}
