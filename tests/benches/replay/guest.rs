//! The guests: each makes one host call many times, and nothing else.

use aos_host::workflow_format::Workflow;

use crate::component::{Contract, hostile_with};

/// Host calls of one invocation: as many as the host gives any skill.
pub(crate) const CALLS: u32 = 10_000;

/// Invocations of one run, one after the other.
pub(crate) const STEPS: u32 = 2;

/// A host call to measure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `monotonic-clock.resolution`: the way from a guest to the host and back, with nothing behind it. It does not
    /// pass the gate and is not recorded, so it is what everything else is measured against.
    Nothing,
    /// `monotonic-clock.now`: one entry.
    Clock,
    /// `log` of 32 bytes: one entry, and a side effect of the outcome.
    Log,
    /// `http.send` with an answer of so many bytes: an intent, a result, and a side effect of the outcome.
    Http(u32),
}

/// What is measured, the baseline first.
pub(crate) const KINDS: [Kind; 5] = [Kind::Nothing, Kind::Clock, Kind::Log, Kind::Http(64), Kind::Http(4096)];

impl Kind {
    /// For people.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Nothing => "nothing (baseline)".to_owned(),
            Self::Clock => "clock".to_owned(),
            Self::Log => "log, 32 bytes".to_owned(),
            Self::Http(bytes) => format!("http.send, {bytes} bytes"),
        }
    }

    /// The name of the skill that makes so many of these calls.
    pub(crate) fn skill(self, calls: u32) -> String {
        match self {
            Self::Nothing => format!("nothing_{calls}"),
            Self::Clock => format!("clock_{calls}"),
            Self::Log => format!("log_{calls}"),
            Self::Http(bytes) => format!("http_{bytes}_{calls}"),
        }
    }

    /// A component that makes this call so many times.
    pub(crate) fn component(self, calls: u32) -> Vec<u8> {
        let (imports, call) = match self {
            Self::Nothing => (RESOLUTION.to_owned(), "(drop (call $resolution))"),
            Self::Clock => (NOW.to_owned(), "(drop (call $now))"),
            Self::Log => (LOG.to_owned(), "(call $log (i32.const 2) (i32.const 4096) (i32.const 32))"),
            Self::Http(bytes) => (http(bytes), SEND),
        };
        let body = format!(
            "{imports}
            (func $body (local $made i32)
                (loop $again
                    {call}
                    (local.set $made (i32.add (local.get $made) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $made) (i32.const {calls})))))"
        );
        hostile_with(&self.skill(calls), &body, Contract { host_calls: CALLS, ..Contract::default() })
    }

    /// A workflow that runs the component in so many steps.
    pub(crate) fn workflow(self, steps: u32, calls: u32) -> Workflow {
        let mut text =
            "aos: 1\nname: bench\ngrants: {hosts: [\"https://bench.example\"]}\nsteps:\n".to_owned();
        for step in 0..steps {
            let needs = step.checked_sub(1).map_or_else(String::new, |last| format!(", needs: [s{last}]"));
            text.push_str(&format!("  - {{id: s{step}, skill: {}{needs}}}\n", self.skill(calls)));
        }
        Workflow::parse(text.as_bytes()).unwrap_or_else(|invalid| panic!("{:#?}", invalid.faults()))
    }
}

const RESOLUTION: &str =
    r#"(import "wasi:clocks/monotonic-clock@0.2.0" "resolution" (func $resolution (result i64)))"#;

const NOW: &str = r#"(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $now (result i64)))"#;

const LOG: &str = r#"(import "aos:skill/log@0.1.0" "log" (func $log (param i32 i32 i32)))
    (data (i32.const 4096) "one small step of a longer thing")"#;

/// Imports and data of a request with one field, and an allocator whose place can be set back.
fn http(bytes: u32) -> String {
    let url = format!("https://bench.example/{bytes:04}");
    assert_eq!(url.len(), 26, "the length that the call names");
    format!(
        r#"
    (import "aos:skill/http@0.1.0" "send" (func $send
        (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 4096) "GET")
    (data (i32.const 4112) "{url}")
    (data (i32.const 4160) "acceptapplication/json")
    (data (i32.const 4224) "\40\10\00\00\06\00\00\00\46\10\00\00\10\00\00\00")
    (global $next (mut i32) (i32.const 65536))
    (func $allocate (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
        (global.set $next (i32.add (local.get $at) (local.get 3)))
        (local.get $at))"#
    )
}

/// A `GET` without a body, with a timeout, whose answer has to be there. Each answer takes the room of the one before.
const SEND: &str = "
    (global.set $next (i32.const 65536))
    (call $send
        (i32.const 4096) (i32.const 3) (i32.const 4112) (i32.const 26) (i32.const 4224) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 5000) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 8192))
    (if (i32.load8_u (i32.const 8192)) (then (unreachable)))";
