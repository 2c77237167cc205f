//! Hostile components, made of the body of a core module.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What a hostile component says its limits are.
#[derive(Clone, Copy)]
pub(crate) struct Contract {
    pub(crate) fuel: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) deadline_ms: u32,
    pub(crate) host_calls: u32,
    /// What its output should fit; anything, where it does not say.
    pub(crate) output_schema: Option<&'static str>,
    /// Names of secrets that it wants; one at most.
    pub(crate) secrets: u32,
}

impl Default for Contract {
    fn default() -> Self {
        Self {
            fuel: 50_000_000,
            memory_bytes: 32 << 20,
            deadline_ms: 60_000,
            host_calls: 64,
            output_schema: None,
            secrets: 0,
        }
    }
}

/// Interfaces of WASI that hostile components import, as far as they do.
const WORLD: &str = r#"
package test:hostile;

package wasi:cli@0.2.0 {
    interface exit { exit: func(status: result); }
    interface environment { get-environment: func() -> list<tuple<string, string>>; }
}
package wasi:clocks@0.2.0 {
    interface wall-clock {
        record datetime { seconds: u64, nanoseconds: u32 }
        now: func() -> datetime;
    }
    interface monotonic-clock {
        use wasi:io/poll@0.2.0.{pollable};
        now: func() -> u64;
        resolution: func() -> u64;
        subscribe-duration: func(when: u64) -> pollable;
    }
}
package wasi:io@0.2.0 {
    interface poll {
        resource pollable { ready: func() -> bool; block: func(); }
        poll: func(in: list<borrow<pollable>>) -> list<u32>;
    }
}
package wasi:random@0.2.0 {
    interface random {
        get-random-bytes: func(len: u64) -> list<u8>;
        get-random-u64: func() -> u64;
    }
}

interface trouble { act: func(); }

world hostile {
    import trouble;
    include aos:skill/skill@0.1.0;
    import wasi:cli/exit@0.2.0;
    import wasi:cli/environment@0.2.0;
    import wasi:clocks/wall-clock@0.2.0;
    import wasi:clocks/monotonic-clock@0.2.0;
    import wasi:random/random@0.2.0;
}
"#;

/// The parts of a core module that every skill needs: memory, allocation, `describe` and `invoke`. A body may define
/// `$body`, which `invoke` calls, or `$invoke` and `$allocate` themselves.
pub(crate) fn hostile(id: &str, body: &str) -> Vec<u8> {
    hostile_with(id, body, Contract::default())
}

/// As [`hostile`], with other limits.
pub(crate) fn hostile_with(id: &str, body: &str, contract: Contract) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let wit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    resolve.push_dir(&wit).unwrap();
    hostile_in(resolve, WORLD, (id, body, contract))
}

/// As [`hostile`], with the imports of another world, which is called `hostile` as well.
pub(crate) fn hostile_in(
    mut resolve: Resolve,
    world: &str,
    (id, body, contract): (&str, &str, Contract),
) -> Vec<u8> {
    let package = resolve.push_str("hostile.wit", world).unwrap();
    let world = resolve.select_world(&[package], Some("hostile")).unwrap();
    let mut module =
        wat::parse_str(core_module(id, body, contract)).unwrap_or_else(|error| panic!("{id}: {error}"));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap_or_else(|error| panic!("{id}: {error:#}"))
}

/// A skill that does nothing but call `act` of the component `$trouble` beside it: what lies between the two are the
/// engine's own adapters.
pub(crate) fn with_trouble(id: &str, trouble: &str, contract: Contract) -> Vec<u8> {
    let call = r#"(import "test:hostile/trouble" "act" (func $act)) (func $body (call $act))"#;
    let skill = wasmprinter::print_bytes(hostile_with(id, call, contract)).unwrap();
    let imports: Vec<_> = skill.lines().filter_map(imported).collect();
    // What the skill imports, the component around the two imports, but for the trouble.
    let head = skill.split_once("(core module").expect("a module").0.trim_start().strip_prefix("(component");
    let head: String =
        head.expect("a component").lines().fold(String::new(), |head, line| match imported(line) {
            Some(("test:hostile/trouble", _, named)) => {
                format!("{head}{trouble}\n(instance {named} (instantiate $trouble))\n")
            }
            _ => format!("{head}{line}\n"),
        });
    let with = |(import, kind, named): &(&str, &str, &str)| format!("(with \"{import}\" ({kind} {named}))");
    let with: String = imports.iter().map(with).collect();
    let skill = skill.replacen("(component", "(component $skill", 1);
    let both = format!(
        r#"(component {head} {skill}
        (instance $both (instantiate $skill {with}))
        (export "describe" (func $both "describe"))
        (export "invoke" (func $both "invoke")))"#
    );
    wat::parse_str(&both).unwrap_or_else(|error| panic!("{id}: {error}\n{both}"))
}

/// What a line imports, what kind of thing it is, and what it is called.
fn imported(line: &str) -> Option<(&str, &str, &str)> {
    let (import, rest) = line.trim_start().strip_prefix("(import \"")?.split_once('"')?;
    let (kind, rest) = rest.trim_start().strip_prefix('(')?.split_once(' ')?;
    Some((import, kind, rest.split_once(" (")?.0))
}

fn core_module(id: &str, body: &str, contract: Contract) -> String {
    let otherwise =
        |name: &str, text: &str| if body.contains(name) { String::new() } else { text.to_owned() };
    let run = otherwise("(func $body", "(func $body)");
    let invoke = otherwise(
        "(func $invoke",
        "(func $invoke (param i32 i32) (result i32) (call $body) (i32.const 2048))",
    );
    let allocate = otherwise("(func $allocate", ALLOCATE);
    let memory = otherwise("(memory $memory", "(memory $memory 2)");
    format!(
        r#"(module {body}
        {memory}
        (export "memory" (memory $memory))
        {run} {invoke} {allocate}
        (export "cabi_realloc" (func $allocate))
        (export "invoke" (func $invoke))
        (func (export "describe") (result i32) (i32.const 1024))
        (data (i32.const 1024) "{metadata}")
        (data (i32.const 1536) "{name}1.0hostile{{}}{output}")
        (data (i32.const 2048) "{success}"))"#,
        name = id.bytes().map(|byte| format!("\\{byte:02x}")).collect::<String>(),
        metadata = metadata(id, contract),
        output = contract.output_schema.unwrap_or_default().replace('"', "\\22"),
        success = escaped(&[0_u32, 0, at(1536, id, "1.0hostile"), 2]),
    )
}

const ALLOCATE: &str = r#"(global $next (mut i32) (i32.const 65536))
    (func $allocate (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
        (global.set $next (i32.add (local.get $at) (local.get 3)))
        (local.get $at))"#;

fn at(base: usize, id: &str, before: &str) -> u32 {
    u32::try_from(base + id.len() + before.len()).unwrap()
}

fn escaped(words: &[u32]) -> String {
    words.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("\\{byte:02x}")).collect()
}

/// The record `metadata` of `wit/types.wit`, as the canonical ABI lays it out.
fn metadata(id: &str, contract: Contract) -> String {
    let length = |text: &str| u32::try_from(text.len()).unwrap();
    let wide = |value: u64| [value as u32, (value >> 32) as u32];
    let schema = at(1536, id, "1.0hostile");
    let output = contract.output_schema.map_or([schema, 2], |output| [schema + 2, length(output)]);
    let strings =
        [1536, length(id), at(1536, id, ""), 3, at(1536, id, "1.0"), 7, schema, 2, output[0], output[1]];
    let flags_to_estimate = [0, 0, 0, 0, 0, 0, 0, 0];
    let [fuel, fuel_high] = wide(contract.fuel);
    let [memory, memory_high] = wide(contract.memory_bytes);
    let limits = [fuel, fuel_high, memory, memory_high, contract.deadline_ms, contract.host_calls];
    // The list begins where the answer has its text.
    let secrets = if contract.secrets > 0 { 2056 } else { 0 };
    let wishes = [0, 0, 0, 0, secrets, contract.secrets];
    escaped(&[strings.as_slice(), &flags_to_estimate, &limits, &wishes].concat())
}
