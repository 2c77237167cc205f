//! What a hostile component may try, and how it ends.

pub(crate) mod attempts;
mod claims;
pub(crate) mod component;
mod engines;
mod fuzz;
mod last_words;
mod panicking_world;
mod schemas;
mod table;
mod traps;

use std::time::Duration;

use aos_host::failure::ErrorCode;
use aos_host::journal::Event;
use aos_host::outcome::{OutcomeCode, StructuredOutcome};
use aos_host::providers::MemorySink;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::json;
use tokio::time::Instant;

use self::attempts::{Attempt, attempts, body_of};
use self::component::{Contract, hostile, hostile_with};
use crate::support;

const GOOD: &str = "good_run";

fn workflow(skill: &str, deadline_ms: u64) -> Workflow {
    let text = format!(
        "aos: 1\nname: hostile\nsteps:\n  - {{id: a, skill: {skill}, deadline_ms: {deadline_ms}, retry: {{max_attempts: 1}}}}\n"
    );
    Workflow::parse(text.as_bytes()).unwrap()
}

/// Runs a skill that gets no input, and gives the outcome and the journal.
pub(crate) async fn run(runtime: &Runtime, skill: &str, deadline_ms: u64) -> (StructuredOutcome, Vec<u8>) {
    let journal = MemorySink::default();
    let options = RunOptions::default().journal(journal.clone());
    let run = runtime.start(&workflow(skill, deadline_ms), json!({}), options);
    let outcome = tokio::time::timeout(Duration::from_secs(60), run.outcome()).await.expect("it ends");
    (outcome, journal.bytes())
}

async fn replays(runtime: &Runtime, outcome: &StructuredOutcome, journal: &[u8]) {
    let replay = runtime.replay(journal).await;
    assert_eq!(replay.proof, Ok(()), "{}", outcome.message);
    assert_eq!(replay.outcome.canonical_bytes().unwrap(), outcome.canonical_bytes().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_ends_as_its_file_says_and_replays_and_a_good_run_follows() {
    let runtime = support::runtime::stubbed("{}").await;
    runtime.register_skill(hostile(GOOD, "")).await.unwrap();
    for (name, attempt) in attempts() {
        if attempt.is_refused {
            is_refused(&runtime, &name, &attempt).await;
        } else {
            ends_as_it_says(&runtime, &name, &attempt).await;
        }
        let (good, _) = run(&runtime, GOOD, 60_000).await;
        assert_eq!(good.code, OutcomeCode::Ok, "after {name}: {}", good.message);
    }
}

async fn is_refused(runtime: &Runtime, name: &str, attempt: &Attempt) {
    let refused = runtime.register_skill(attempt.component(name)).await.expect_err(name);
    assert_eq!(refused.code.as_str(), attempt.code, "{name}: {refused}");
    assert_eq!(refused.subcode, attempt.subcode, "{name}: {refused}");
}

async fn ends_as_it_says(runtime: &Runtime, name: &str, attempt: &Attempt) {
    let registered = runtime.register_skill(attempt.component(name)).await;
    registered.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    let began = Instant::now();
    let (outcome, journal) = run(runtime, name, attempt.deadline_ms).await;
    let took = began.elapsed();
    assert_eq!(outcome.code.as_str(), attempt.code, "{name}: {}", outcome.message);
    assert_eq!(
        outcome.details["subcode"].as_str(),
        attempt.subcode.as_deref(),
        "{name}: {}",
        outcome.message
    );
    assert_eq!(outcome.steps.len(), 1, "{name}");
    assert!(took <= Duration::from_millis(attempt.deadline_ms + 2000), "{name} took {took:?}");
    replays(runtime, &outcome, &journal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_a_loop_that_has_fuel_for_hours_and_replays_at_the_same_unit() {
    let runtime = support::runtime::stubbed("{}").await;
    let contract = Contract { fuel: 100_000_000_000, ..Contract::default() };
    runtime.register_skill(hostile_with("patient_loop", &body_of("loops_forever"), contract)).await.unwrap();
    let (outcome, journal) = run(&runtime, "patient_loop", 200).await;
    assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::Timeout), "{}", outcome.message);
    assert!(outcome.fuel.units() > 0 && outcome.fuel < outcome.fuel_granted);
    replays(&runtime, &outcome, &journal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleep_for_ever_ends_at_the_deadline_and_costs_no_time_in_a_replay() {
    let runtime = support::runtime::stubbed("{}").await;
    let body = r#"
        (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))
        (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
        (func $body (call $block (call $subscribe (i64.const 9000000000000000000))))"#;
    runtime.register_skill(hostile("sleeper", body)).await.unwrap();
    let (outcome, journal) = run(&runtime, "sleeper", 200).await;
    assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::Timeout), "{}", outcome.message);
    replays(&runtime, &outcome, &journal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_skill_sees_of_time_and_chance_is_repeated() {
    let runtime = support::runtime::stubbed("{}").await;
    let body = r#"
        (import "wasi:clocks/wall-clock@0.2.0" "now" (func $wall (param i32)))
        (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $monotonic (result i64)))
        (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
        (import "aos:skill/log@0.1.0" "log" (func $log (param i32 i32 i32)))
        (func $digit (param $at i32) (param $n i64)
            (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10))))))
        (func $body
            (call $wall (i32.const 4096))
            (call $digit (i32.const 5000) (i64.extend_i32_u (i32.load (i32.const 4104))))
            (call $digit (i32.const 5001) (call $monotonic))
            (call $digit (i32.const 5002) (call $random))
            (call $digit (i32.const 5003) (i64.shr_u (call $random) (i64.const 7)))
            (call $log (i32.const 2) (i32.const 5000) (i32.const 4)))"#;
    runtime.register_skill(hostile("watcher", body)).await.unwrap();
    let mut logs = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let (outcome, journal) = run(&runtime, "watcher", 60_000).await;
        assert_eq!(outcome.code, OutcomeCode::Ok, "{}", outcome.message);
        replays(&runtime, &outcome, &journal).await;
        let text = String::from_utf8(journal).unwrap();
        let line = text.lines().find(|line| line.contains("\"emitted\"")).unwrap();
        logs.insert(line.split("\"text\":").nth(1).unwrap()[..6].to_owned());
    }
    assert!(logs.len() > 1, "live runs differ: {logs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_to_skills_is_in_the_journal() {
    let runtime = support::runtime::stubbed("{}").await;
    let body = r#"
        (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
        (func $body (call $environment (i32.const 4096)))"#;
    runtime.register_skill(hostile("nosy", body)).await.unwrap();
    let (outcome, journal) = run(&runtime, "nosy", 60_000).await;
    assert_eq!(outcome.code, OutcomeCode::Ok, "{}", outcome.message);
    let [effect] = outcome.side_effects.as_slice() else {
        panic!("one side effect: {:?}", outcome.side_effects)
    };
    assert_eq!(effect.call, "environment.get-environment");
    assert_eq!(effect.code, OutcomeCode::Error(ErrorCode::CapabilityDenied));
    replays(&runtime, &outcome, &journal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admission_names_what_is_wrong_with_a_file() {
    let runtime = support::runtime::stubbed("{}").await;
    let good = hostile(GOOD, "");
    let unknown = wat::parse_str(r#"(component (import "evil:door/open@1.0.0" (instance)))"#).unwrap();
    let newer = wat::parse_str(r#"(component (import "wasi:clocks/wall-clock@0.3.0" (instance)))"#).unwrap();
    let rows: Vec<(&str, Vec<u8>, ErrorCode)> = vec![
        ("nothing", Vec::new(), ErrorCode::ComponentInvalid),
        ("text", b"(component)".to_vec(), ErrorCode::ComponentInvalid),
        ("a module", wat::parse_str("(module)").unwrap(), ErrorCode::ComponentInvalid),
        ("half of a component", good[..good.len() / 2].to_vec(), ErrorCode::ComponentInvalid),
        ("an unknown import", unknown, ErrorCode::LinkUnknownImport),
        ("an import of another major version", newer, ErrorCode::LinkUnknownImport),
        ("nothing exported", wat::parse_str("(component)").unwrap(), ErrorCode::ExportMissing),
        ("too large", vec![0; (64 << 20) + 1], ErrorCode::ComponentTooLarge),
    ];
    for (what, bytes, expected) in rows {
        assert_eq!(runtime.register_skill(bytes).await.unwrap_err().code, expected, "{what}");
    }
    let in_start = "(start $begin) (func $begin (loop $again (br $again)))";
    assert_eq!(
        runtime.register_skill(hostile("starts", in_start)).await.unwrap_err().code,
        ErrorCode::FuelExhausted
    );
    let greedy = hostile_with("greedy", "", Contract { secrets: 1, ..Contract::default() });
    assert_eq!(runtime.register_skill(greedy).await.unwrap_err().code, ErrorCode::SecretDenied);
    let long = "a".repeat(300);
    for bad in ["../x", "A", "", "CON", "nul\0", "a b", ".hidden", "-rf", "\u{202e}gpj", "zwölf", &long] {
        assert_eq!(
            runtime.register_skill(hostile(bad, "")).await.unwrap_err().code,
            ErrorCode::NameInvalid,
            "{bad:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bytes_of_a_component_are_refused_or_run_and_never_panic() {
    let runtime = support::runtime::stubbed("{}").await;
    let good = hostile(GOOD, "");
    for place in (8..good.len()).step_by(good.len() / 60) {
        let mut bad = good.clone();
        bad[place] ^= 0x40;
        let _ = runtime.register_skill(bad).await;
    }
    let (outcome, _) = {
        runtime.register_skill(hostile("good_after_all", "")).await.unwrap();
        run(&runtime, "good_after_all", 60_000).await
    };
    assert_eq!(outcome.code, OutcomeCode::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_belongs_to_the_first_component_that_says_it() {
    let runtime = support::runtime::stubbed("{}").await;
    runtime.register_skill(hostile("mine", "")).await.unwrap();
    runtime.register_skill(hostile("mine", "")).await.unwrap();
    let other = hostile("mine", "(func $body (nop) (nop))");
    assert_eq!(runtime.register_skill(other).await.unwrap_err().code, ErrorCode::NameInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn compiled_code_that_was_changed_on_disk_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("compiled");
    let load = || Runtime::builder().compile_cache(&cache).build();
    load().unwrap().register_skill(hostile(GOOD, "")).await.unwrap();
    let entry = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let good = std::fs::read(&entry).unwrap();
    for place in [0, good.len() / 3, good.len() / 2, good.len() - 1] {
        let mut poisoned = good.clone();
        poisoned[place] ^= 1;
        std::fs::write(&entry, poisoned).unwrap();
        let runtime = load().unwrap();
        runtime.register_skill(hostile(GOOD, "")).await.unwrap();
        let (outcome, _) = run(&runtime, GOOD, 60_000).await;
        assert_eq!(outcome.code, OutcomeCode::Ok, "{}", outcome.message);
        assert_eq!(std::fs::read(&entry).unwrap(), good, "byte {place}");
    }
}

#[test]
fn a_folder_of_compiled_code_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let refused = Runtime::builder().compile_cache(folder.path()).build().unwrap_err();
    assert_eq!(refused.code, ErrorCode::CacheIntegrity);
    assert!(refused.message.contains("chmod 700"), "{}", refused.message);
}

#[tokio::test]
async fn a_trap_names_functions_as_their_authors_do() {
    let runtime = support::runtime::stubbed("{}").await;
    let body = "(func $_ZN7example5inner17h0123456789abcdefE unreachable) \
                (func $body (call $_ZN7example5inner17h0123456789abcdefE))";
    runtime.register_skill(hostile("mangled", body)).await.unwrap();
    let (outcome, _) = run(&runtime, "mangled", 60_000).await;
    assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::SkillTrap));
    assert!(outcome.message.ends_with("in example::inner"), "{}", outcome.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_that_loses_its_fuel_is_billed_to_the_end_of_the_slice_and_no_other_is() {
    let runtime = support::runtime::stubbed("{}").await;
    let body = |turns: u32, end: &str| {
        format!(
            "(func $body (local $n i32)
                (loop $again
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $n) (i32.const {turns}))))
                {end})"
        )
    };
    // A turn is nine units of fuel or so, and a slice is a million.
    let divided = "(drop (i32.div_u (i32.const 1) (i32.sub (local.get $n) (local.get $n))))";
    for (skill, turns, end, slices) in [
        ("divides_soon", 10, divided, Some(1)),
        ("divides_late", 500_000, divided, Some(5)),
        ("gives_up", 10, "(unreachable)", None),
    ] {
        runtime.register_skill(hostile(skill, &body(turns, end))).await.unwrap();
        let (outcome, journal) = run(&runtime, skill, 60_000).await;
        assert_eq!(outcome.code.as_str(), "SKILL_TRAP", "{}", outcome.message);
        match slices {
            Some(slices) => assert_eq!(outcome.fuel.units() / 1_000_000, slices, "{}", outcome.fuel.units()),
            None => assert!(outcome.fuel.units() < 1_000_000, "{}", outcome.fuel.units()),
        }
        assert_eq!(slices.is_some(), outcome.fuel.units() % 1_000_000 == 0);
        replays(&runtime, &outcome, &journal).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_the_pool_has_no_room_for_now_is_refused_until_another_has_ended() {
    let runtime = support::runtime::stubbed("{}").await;
    let sleeper = r#"
        (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $subscribe (param i64) (result i32)))
        (import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))
        (func $body (call $block (call $subscribe (i64.const 9000000000000000000))))"#;
    runtime.register_skill(hostile("sleeper", sleeper)).await.unwrap();
    let steps: String = (0..64).map(|n| format!("  - {{id: s{n}, skill: sleeper}}\n")).collect();
    let text = format!("aos: 1\nname: many\nsteps:\n{steps}");
    let mut all = runtime.start(&Workflow::parse(text.as_bytes()).unwrap(), json!({}), RunOptions::default());
    let mut waiting = 0;
    while waiting < 64 {
        let entry = all.next_entry().await.expect("they sleep for ever");
        waiting += usize::from(matches!(entry.event, Event::StepStarted(_)));
    }
    // Each has begun to be set up by then, and the last has a moment to come to its sleep.
    let mut refused = None;
    for turn in 0..200 {
        refused = runtime.register_skill(hostile(&format!("late{turn}"), "")).await.err();
        if refused.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = refused.expect("the pool is full");
    assert_eq!(refused.code, ErrorCode::ConcurrencyLimit, "{refused}");
    assert!(refused.retryable);
    all.cancel();
    assert_eq!(all.outcome().await.code, OutcomeCode::Error(ErrorCode::Cancelled));
    runtime.register_skill(hostile("late", "")).await.unwrap();
    assert_eq!(run(&runtime, "late", 60_000).await.0.code, OutcomeCode::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_takes_too_long_to_compile_is_refused_in_time() {
    let many: String = (0..20_000).map(|n| format!("(func $f{n} (result i32) (i32.const {n}))")).collect();
    let bomb = hostile("bomb", &many);
    let runtime = Runtime::builder().compile_deadline(Duration::from_millis(1)).build().unwrap();
    let began = Instant::now();
    let refused = runtime.register_skill(bomb.clone()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::CompileTimeout, "{refused}");
    assert!(!refused.retryable && began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let patient = support::runtime::stubbed("{}").await;
    patient.register_skill(bomb).await.unwrap();
    assert_eq!(run(&patient, "bomb", 60_000).await.0.code, OutcomeCode::Ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_outside_of_tokio_says_so_and_does_not_panic() {
    let runtime = support::runtime::stubbed("{}").await;
    runtime.register_skill(hostile(GOOD, "")).await.unwrap();
    let outcome = std::thread::spawn(move || {
        let run = runtime.start(&workflow(GOOD, 1000), json!({}), RunOptions::default());
        futures_util::FutureExt::now_or_never(run.outcome()).expect("it is refused at once")
    });
    let outcome = outcome.join().expect("no panic");
    assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::ConfigInvalid), "{}", outcome.message);
}
