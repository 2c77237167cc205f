//! A machine that gives the host no memory for a component: address space that the shell bounds.

use aos_host::failure::ErrorCode;
use aos_host::outcome::OutcomeCode;

use super::process::at_home;
use crate::hostile::component::hostile;

/// Kibibytes of address space. A memory of a guest takes more than four gibibytes of it, used or not.
const ROOM_FOR_TWO: &str = "ulimit -v 10485760; exec \"$0\" \"$@\"";
const ROOM_FOR_NONE: &str = "ulimit -v 3145728; exec \"$0\" \"$@\"";

/// Sleeps for a second, so that many of it are there at the same time.
const SLEEPER: &str = r#"
    (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))
    (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
    (func $body (call $block (call $subscribe (i64.const 1000000000))))"#;

#[test]
fn components_that_the_machine_has_no_memory_for_end_in_host_out_of_memory() {
    at_home(async |home| {
        std::fs::create_dir(home.path("skills")).unwrap();
        home.write("skills/sleeper.wasm", hostile("sleeper", SLEEPER));
        let steps: String = (0..6)
            .map(|n| format!("  - {{id: s{n}, skill: sleeper, retry: {{max_attempts: 1}}}}\n"))
            .collect();
        home.write("flow.yaml", format!("aos: 1\nname: many\nsteps:\n{steps}"));
        let run = ["run", "flow.yaml", "--skills", "skills", "--journal", "j.jsonl", "--format", "json"];
        let ended = home.aos_within(&["sh", "-c", ROOM_FOR_TWO], run).await;
        let outcome = ended.outcome();
        assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::HostOutOfMemory), "{}", outcome.message);
        assert!(!outcome.retryable);
    });
}

#[test]
fn a_component_that_there_is_no_memory_for_is_refused_for_that_reason() {
    at_home(async |home| {
        home.write("sleeper.wasm", hostile("sleeper", SLEEPER));
        let check = ["skills", "check", "sleeper.wasm", "--format", "json"];
        home.aos(check).await.assert_code(0);
        let ended = home.aos_within(&["sh", "-c", ROOM_FOR_NONE], check).await;
        assert!(ended.stdout.contains("\"HOST_OUT_OF_MEMORY\""), "{}{}", ended.stdout, ended.stderr);
    });
}
