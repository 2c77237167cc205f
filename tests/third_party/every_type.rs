//! Values of every type through a real component and back: one that gives back what it gets, whatever the type.

#[path = "../../host/core/tests/core/wit/arbitrary.rs"]
mod arbitrary;

use std::fmt::Write as _;

use aos_host::sidecar::Sidecar;
use aos_host::wit::{Case, Field, Function, Shape, WitType, WitValue};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

use super::scene::named;
use crate::support::recorded::{parse, record};
use crate::support::runtime::{elsewhere, in_time_on_threads, live};

/// Types that are tried, each with some values. A component is compiled for each.
const TYPES: usize = 48;
const VALUES: usize = 6;

/// A component of the world `w` of a text, whose functions trap.
pub(super) fn world(text: &str) -> Vec<u8> {
    let (resolve, world) = resolved(text);
    component(&resolve, world, dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync)))
}

/// The same, with the documentation of the text.
pub(super) fn documented(text: &str) -> Vec<u8> {
    let (resolve, world) = resolved(text);
    let package = resolve.worlds[world].package.unwrap();
    let encoded = wit_component::encode(&resolve, package).unwrap();
    let mut component = self::world(text);
    for payload in wit_component_sections(&encoded) {
        component.extend(payload);
    }
    component
}

/// The custom section `package-docs`, as it stands in an encoded package.
fn wit_component_sections(encoded: &[u8]) -> Vec<Vec<u8>> {
    let name = b"package-docs";
    let at = encoded.windows(name.len()).position(|window| window == name).expect("a section");
    // Before the name: its length, the length of the section in LEB128, and the section's id 0.
    let start = (0..at).rev().find(|start| section_at(encoded, *start, at)).expect("its begin");
    let (length, size) = leb128(&encoded[start + 1..]);
    vec![encoded[start..start + 1 + size + length].to_vec()]
}

fn section_at(encoded: &[u8], start: usize, name: usize) -> bool {
    let (length, size) = leb128(&encoded[start + 1..]);
    encoded[start] == 0 && start + 1 + size + 1 == name && start + 1 + size + length <= encoded.len()
}

fn leb128(bytes: &[u8]) -> (usize, usize) {
    let size = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap_or(0) + 1;
    let value = bytes.iter().take(size).rev().fold(0, |value, byte| (value << 7) | usize::from(byte & 0x7f));
    (value, size)
}

fn resolved(text: &str) -> (Resolve, wit_parser::WorldId) {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("w.wit", text).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
    let world = resolve.select_world(&[package], Some("w")).unwrap();
    (resolve, world)
}

fn component(resolve: &Resolve, world: wit_parser::WorldId, mut module: Vec<u8>) -> Vec<u8> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

/// A type as WIT, with the definitions that it needs.
fn wit(ty: &WitType, defined: &mut Vec<String>) -> String {
    let mut inner = |ty: &WitType| wit(ty, defined);
    let define = |word: &str, members: Vec<String>, defined: &mut Vec<String>| {
        let name = format!("t{}", defined.len());
        defined.push(format!("{word} {name} {{ {} }}", members.join(", ")));
        name
    };
    let names = |cases: &[Case]| cases.iter().map(|case| case.name.clone()).collect::<Vec<_>>();
    match &ty.shape {
        Shape::Bool => "bool".to_owned(),
        Shape::Signed(bits) => format!("s{bits}"),
        Shape::Unsigned(bits) => format!("u{bits}"),
        Shape::Float32 => "f32".to_owned(),
        Shape::Float64 => "f64".to_owned(),
        Shape::Char => "char".to_owned(),
        Shape::String => "string".to_owned(),
        Shape::Bytes => "list<u8>".to_owned(),
        Shape::List(element) => format!("list<{}>", inner(element)),
        Shape::Option(element) => format!("option<{}>", inner(element)),
        Shape::Tuple(types) => format!("tuple<{}>", types.iter().map(inner).collect::<Vec<_>>().join(", ")),
        Shape::Result { ok: None, error: None } => "result".to_owned(),
        Shape::Result { ok: Some(ok), error: None } => format!("result<{}>", inner(ok)),
        Shape::Result { ok, error: Some(error) } => {
            let ok = ok.as_deref().map_or_else(|| "_".to_owned(), &mut inner);
            format!("result<{ok}, {}>", inner(error))
        }
        Shape::Record(fields) => {
            let fields = fields.iter().map(|field| format!("{}: {}", field.name, inner(&field.ty))).collect();
            define("record", fields, defined)
        }
        Shape::Variant(cases) => {
            let case = |case: &Case| match &case.ty {
                Some(ty) => format!("{}({})", case.name, inner(ty)),
                None => case.name.clone(),
            };
            let cases = cases.iter().map(case).collect();
            define("variant", cases, defined)
        }
        Shape::Enum(cases) => define("enum", names(cases), defined),
        Shape::Flags(flags) => define("flags", names(flags), defined),
    }
}

/// A component whose one function gives back what it gets. It takes so much beside the value that the canonical ABI hands
/// all of it over in memory, and what it returns has the same form there: so it returns the address that it was given.
fn echo(ty: &WitType) -> Vec<u8> {
    let mut defined = Vec::new();
    let (ty, pad) = (wit(ty, &mut defined), format!("tuple<{}>", ["u64"; 17].join(", ")));
    let mut text = "package test:echo;\ninterface it {\n".to_owned();
    defined.iter().for_each(|definition| writeln!(text, "{definition}").unwrap());
    writeln!(text, "echo: func(pad: {pad}, v: {ty}) -> tuple<{pad}, {ty}>;\n}}\nworld w {{ export it; }}")
        .unwrap();
    let (resolve, world) = resolved(&text);
    let module = r#"(module
        (memory (export "memory") 1)
        (global $free (mut i32) (i32.const 1024))
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
            (local.set $at (i32.and
                (i32.add (global.get $free) (i32.sub (local.get 2) (i32.const 1)))
                (i32.sub (i32.const 0) (local.get 2))))
            (global.set $free (i32.add (local.get $at) (local.get 3)))
            (block $fits (loop $grow
                (br_if $fits (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
                (br_if $grow (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
                unreachable))
            (local.get $at))
        (func (export "test:echo/it#echo") (param i32) (result i32) (local.get 0)))"#;
    component(&resolve, world, wat::parse_str(module).unwrap())
}

/// A component whose one function `f` is a body of core WebAssembly with a memory of 64 pages.
fn giving(ty: &str, body: &str) -> Vec<u8> {
    let (resolve, world) = resolved(&format!("package test:gives; world w {{ export f: func() -> {ty}; }}"));
    let module = format!(r#"(module (memory (export "memory") 64) (func (export "f") {body}))"#);
    component(&resolve, world, wat::parse_str(module).unwrap())
}

#[test]
fn what_a_function_gives_is_bounded_and_is_refused_by_name_where_json_has_no_word() {
    in_time_on_threads(async {
        let workflow = parse(r#"{aos: 1, name: one, output: "${ .steps.it }", steps: [{id: it, skill: f}]}"#);
        let list = |length: u32| {
            format!(
                "(result i32) (i32.store (i32.const 0) (i32.const 65536)) \
                 (i32.store (i32.const 4) (i32.const {length})) (i32.const 0)"
            )
        };
        for (ty, body, code, pointer) in [
            ("list<u8>", list(1_000_000), "OK", None),
            ("list<u8>", list(3_000_000), "PAYLOAD_LIMIT", None),
            ("list<u8>", list(u32::MAX), "ABI_VIOLATION", None),
            ("f64", "(result f64) (f64.const nan)".to_owned(), "OUTPUT_SCHEMA_VIOLATION", Some("")),
            ("f32", "(result f32) (f32.const -inf)".to_owned(), "OUTPUT_SCHEMA_VIOLATION", Some("")),
            ("char", "(result i32) (i32.const 0xd800)".to_owned(), "ABI_VIOLATION", None),
            ("string", list(4), "OK", None),
        ] {
            let runtime = live().await;
            runtime.register_component(giving(ty, &body), &named("f"), &Sidecar::default()).await.unwrap();
            let outcome = runtime.run(&workflow, json!({})).await;
            assert_eq!(outcome.code.as_str(), code, "{ty} {body}: {}", outcome.message);
            if let Some(pointer) = pointer {
                assert_eq!(outcome.details["pointer"], pointer);
                assert!(outcome.message.contains("JSON has no number"), "{}", outcome.message);
            }
        }
    });
}

/// The JSON of a value.
fn written(ty: &WitType, value: &WitValue) -> Value {
    let listed = Function { params: Vec::new().into(), result: Some(Shape::Tuple(vec![ty.clone()]).into()) };
    let mut output = listed.output(Some(&WitValue::Tuple(vec![value.clone()]))).unwrap();
    output[0].take()
}

#[test]
fn what_goes_into_a_component_comes_out_of_it_whatever_its_type() {
    let mut runner = TestRunner::new(Config::default());
    in_time_on_threads(async {
        let workflow = parse(
            r#"{aos: 1, name: one, output: "${ .steps.it }", steps: [{id: it, skill: echo, with: "${ .input }"}]}"#,
        );
        for _ in 0..TYPES {
            let ty = arbitrary::types().new_tree(&mut runner).unwrap().current();
            let runtime = live().await;
            runtime.register_component(echo(&ty), &named("echo"), &Sidecar::default()).await.unwrap();
            for _ in 0..VALUES {
                let value = written(&ty, &arbitrary::of(&ty).new_tree(&mut runner).unwrap().current());
                let pad: Vec<u64> = (0..17).collect();
                let outcome = runtime.run(&workflow, json!({"pad": pad, "v": value})).await;
                assert_eq!(outcome.code.as_str(), "OK", "{}: {value} of {ty:?}", outcome.message);
                assert_eq!(outcome.output, json!([pad, value]), "{ty:?}");
            }
        }
    });
}

#[test]
fn a_run_of_a_typed_function_is_recorded_and_replayed_like_any_other() {
    in_time_on_threads(async {
        let field = |name: &str, shape: Shape| Field { name: name.to_owned(), docs: None, ty: shape.into() };
        let ty = Shape::Record(
            vec![
                field("name", Shape::String),
                field("bytes", Shape::Bytes),
                field("big", Shape::Unsigned(64)),
                field("maybe", Shape::Option(Box::new(Shape::Char.into()))),
            ]
            .into(),
        );
        let component = echo(&ty.into());
        let runtime = live().await;
        runtime.register_component(component.clone(), &named("echo"), &Sidecar::default()).await.unwrap();
        elsewhere().await.know_component(component).await.unwrap();
        let value = json!({"name": "ä", "bytes": "AAEC/w==", "big": "18446744073709551615", "maybe": null});
        let pad = vec![0; 17];
        let workflow = r#"{aos: 1, name: one, steps: [{id: it, skill: echo, with: "${ .input }"}]}"#;
        let run = record(&runtime, workflow, json!({"pad": pad, "v": value})).await;
        assert_eq!(run.assert_success().step("it").output, json!([pad, value]));
    });
}
