//! A component for each function that a component can import, which calls it, after those that its handles come from.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use wit_parser::abi::{AbiVariant, FlatTypes, WasmType};
use wit_parser::{Function, Handle, Resolve, Type, TypeDefKind, TypeId};

use super::classes::packages;
use crate::hostile::component::{Contract, hostile_in};

/// How a component comes to a handle of each resource that it can have.
const HANDLES: [(&str, &str); 13] = [
    ("fields", r#"(call $"wasi:http/types [constructor]fields")"#),
    ("request-options", r#"(call $"wasi:http/types [constructor]request-options")"#),
    ("outgoing-response", r#"(call $"wasi:http/types [constructor]outgoing-response" (call $fields))"#),
    (
        "outgoing-request",
        r#"(local $request i32)
        (local.set $request (call $"wasi:http/types [constructor]outgoing-request" (call $fields)))
        (drop (call $"wasi:http/types [method]outgoing-request.set-authority"
            (local.get $request) (i32.const 1) (i32.const 7000) (i32.const 11)))
        (local.get $request)"#,
    ),
    (
        "outgoing-body",
        r#"(call $"wasi:http/types [method]outgoing-request.body" (call $outgoing-request) (i32.const 8192))
        (i32.load (i32.const 8196))"#,
    ),
    (
        "future-incoming-response",
        r#"(call $"wasi:http/outgoing-handler handle"
            (call $outgoing-request) (i32.const 0) (i32.const 0) (i32.const 8192))
        (i32.load (i32.const 8200))"#,
    ),
    (
        "incoming-response",
        r#"(local $future i32)
        (local.set $future (call $future-incoming-response))
        (call $"wasi:io/poll [method]pollable.block"
            (call $"wasi:http/types [method]future-incoming-response.subscribe" (local.get $future)))
        (call $"wasi:http/types [method]future-incoming-response.get" (local.get $future) (i32.const 8192))
        (i32.load (i32.const 8216))"#,
    ),
    (
        "incoming-body",
        r#"(call $"wasi:http/types [method]incoming-response.consume" (call $incoming-response) (i32.const 8192))
        (i32.load (i32.const 8196))"#,
    ),
    ("future-trailers", r#"(call $"wasi:http/types [static]incoming-body.finish" (call $incoming-body))"#),
    ("input-stream", r#"(call $"wasi:cli/stdin get-stdin")"#),
    ("output-stream", r#"(call $"wasi:cli/stdout get-stdout")"#),
    ("pollable", r#"(call $"wasi:clocks/monotonic-clock subscribe-duration" (i64.const 0))"#),
    ("network", r#"(call $"wasi:sockets/instance-network instance-network")"#),
];

/// Resources that no component ever gets a handle of, and so functions that cannot be called with one.
const OUT_OF_REACH: [(&str, &str); 10] = [
    ("descriptor", "no folder is open to a skill, and files are opened from folders"),
    ("directory-entry-stream", "it is had from a descriptor"),
    ("tcp-socket", "the making of sockets is denied"),
    ("udp-socket", "the making of sockets is denied"),
    ("incoming-datagram-stream", "it is had from a socket"),
    ("outgoing-datagram-stream", "it is had from a socket"),
    ("resolve-address-stream", "the resolving of names is denied"),
    ("incoming-request", "nobody sends a skill a request"),
    ("response-outparam", "nobody sends a skill a request"),
    ("error", "no stream of this host fails in another way than by its end"),
];

/// A function that can be imported.
pub(super) struct Import {
    /// The interface without its version, and the function.
    pub(super) id: String,
    interface: String,
    function: Function,
}

/// These functions, by interface and name.
pub(super) fn imports(resolve: &Resolve, wanted: &[(String, String)]) -> Vec<Import> {
    let named = resolve.interfaces.iter().filter_map(|(id, interface)| Some((resolve.id_of(id)?, interface)));
    let all = named.flat_map(|(name, interface)| {
        interface.functions.values().map(move |function| (name.clone(), function.clone()))
    });
    let import = |(interface, function): (String, Function)| {
        let bare = interface.split('@').next().expect("a name");
        let is_wanted = wanted.iter().any(|(of, name)| of == bare && *name == function.name);
        is_wanted.then(|| Import {
            id: format!("{bare} {}", function.name),
            interface: interface.clone(),
            function,
        })
    };
    let imports: Vec<_> = all.filter_map(import).collect();
    assert_eq!(imports.len(), wanted.len(), "the WIT has every function");
    imports
}

impl Import {
    /// The package and interface, without the version.
    pub(super) fn interface(&self) -> &str {
        self.interface.split('@').next().expect("a name")
    }

    /// The name of the function.
    pub(super) fn name(&self) -> &str {
        &self.function.name
    }

    /// The resource in its parameters that cannot be had.
    pub(super) fn out_of_reach(&self, resolve: &Resolve) -> Option<String> {
        let wanted = self.function.params.iter().filter_map(|param| handle(resolve, &param.ty));
        wanted.into_iter().find(|resource| OUT_OF_REACH.iter().any(|(other, _)| other == resource))
    }

    /// The call, with handles where it wants some, and nothing else.
    fn call(&self, resolve: &Resolve) -> String {
        let signature = resolve.wasm_signature(AbiVariant::GuestImport, &self.function);
        let mut call = format!("(call $\"{}\"", self.id);
        if signature.indirect_params {
            call.push_str(" (i32.const 9216)");
        } else {
            self.function.params.iter().for_each(|param| call.push_str(&argument(resolve, &param.ty)));
        }
        call.push_str(if signature.retptr { " (i32.const 8192))" } else { ")" });
        signature.results.iter().for_each(|_| call.push_str(" (drop)"));
        call
    }

    fn import(&self, resolve: &Resolve) -> String {
        let signature = resolve.wasm_signature(AbiVariant::GuestImport, &self.function);
        let words = |types: &[WasmType]| types.iter().map(|of| format!(" {}", word(*of))).collect::<String>();
        format!(
            "(import \"{}\" \"{}\" (func $\"{}\" (param{}) (result{})))\n",
            self.interface,
            self.function.name,
            self.id,
            words(&signature.params),
            words(&signature.results)
        )
    }
}

fn word(of: WasmType) -> &'static str {
    match of {
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
    }
}

/// The resource that a type is a handle of.
fn handle(resolve: &Resolve, of: &Type) -> Option<String> {
    let Type::Id(id) = of else { return None };
    let resource = match &resolve.types[*id].kind {
        TypeDefKind::Handle(Handle::Own(resource) | Handle::Borrow(resource)) => resource,
        TypeDefKind::Type(aliased) => return handle(resolve, aliased),
        _ => return None,
    };
    named(resolve, *resource)
}

/// The name of a resource, not that of an alias of it.
fn named(resolve: &Resolve, resource: TypeId) -> Option<String> {
    match &resolve.types[resource].kind {
        TypeDefKind::Type(Type::Id(aliased)) => named(resolve, *aliased),
        _ => resolve.types[resource].name.clone(),
    }
}

/// A handle, or nothing: zeros.
fn argument(resolve: &Resolve, of: &Type) -> String {
    match handle(resolve, of) {
        Some(resource) if HANDLES.iter().any(|(known, _)| *known == resource) => {
            format!(" (call ${resource})")
        }
        // Whoever has none can only make one up.
        Some(_) => " (i32.const 77)".to_owned(),
        None => {
            let mut room = [WasmType::I32; Resolve::MAX_FLAT_PARAMS];
            let mut flat = FlatTypes::new(&mut room);
            assert!(resolve.push_flat(of, &mut flat));
            flat.to_vec().into_iter().fold(String::new(), |mut zeros, of| {
                write!(zeros, " ({}.const 0)", word(of)).unwrap();
                zeros
            })
        }
    }
}

/// A skill that calls one function, after those that it has its handles from.
pub(super) fn calling(imports: &[Import], import: &Import, resolve: &Resolve) -> Vec<u8> {
    let mut body =
        format!("(func $body {})\n(data (i32.const 7000) \"example.com\")\n", import.call(resolve));
    while let Some((resource, how)) = HANDLES.iter().find(|(resource, _)| {
        body.contains(&format!("(call ${resource})")) && !body.contains(&format!("(func ${resource} "))
    }) {
        writeln!(body, "(func ${resource} (result i32) {how})").unwrap();
    }
    let named = imports.iter().filter(|other| body.contains(&format!("$\"{}\"", other.id)));
    let lines: String = named.map(|other| other.import(resolve)).collect();
    let worlds: BTreeSet<_> = imports.iter().map(|other| &other.interface).collect();
    let world: String = worlds.iter().map(|interface| format!("import {interface};\n")).collect();
    let world = format!("package test:hostile;\nworld hostile {{ include aos:skill/skill@0.1.0;\n{world} }}");
    hostile_in(packages(), &world, ("caller", &format!("{lines}{body}"), Contract::default()))
}
