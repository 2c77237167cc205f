//! Components that mean harm, and what three engines make of them: traps, ends of stacks, deadlines, NaNs and chance.

use std::collections::BTreeSet;

use aos_host::failure::ErrorCode;
use aos_host::journal::{Event, Injections, Interrupted, Recording, StepEnded};
use aos_host::outcome::OutcomeCode;
use serde_json::Value;

use super::attempts::{attempts, body_of};
use super::component::{Contract, hostile, hostile_with};
use super::run;
use crate::support::certified::{assert_certified, certified, refused};
use crate::support::runtime::{in_time, stubbed};

fn ended(journal: &[u8]) -> StepEnded {
    let entries = Recording::read(journal).unwrap().entries().to_vec();
    let ended = entries.into_iter().find_map(|entry| match entry.event {
        Event::StepEnded(ended) => Some(*ended),
        _ => None,
    });
    ended.expect("a step ended")
}

#[test]
fn every_hostile_component_ends_alike_in_three_engines() {
    in_time(async {
        let runtime = stubbed("{}").await;
        for (name, attempt) in attempts().into_iter().filter(|(_, attempt)| !attempt.is_refused) {
            runtime.register_skill(attempt.component(&name)).await.unwrap();
            let (_, journal) = run(&runtime, &name, attempt.deadline_ms).await;
            certified(&runtime, &journal, 1).await;
        }
    });
}

#[test]
fn every_trap_is_the_same_trap_in_three_engines() {
    let traps = [
        ("unreachable", "(unreachable)"),
        ("divided", "(drop (i32.div_u (i32.const 1) (call $zero)))"),
        ("rest", "(drop (i64.rem_s (i64.const 1) (i64.extend_i32_u (call $zero))))"),
        ("overflow", "(drop (i32.div_s (i32.const 0x80000000) (i32.sub (call $zero) (i32.const 1))))"),
        ("nan", "(drop (i32.trunc_f64_s (f64.div (call $float) (call $float))))"),
        ("range", "(drop (i64.trunc_f64_u (f64.sub (call $float) (f64.const 1))))"),
        ("infinite", "(drop (i32.trunc_f32_u (f32.demote_f64 (f64.div (f64.const 1) (call $float)))))"),
        ("load", "(drop (i64.load offset=0xfffffff0 (call $zero)))"),
        ("store", "(i32.store8 (i32.sub (call $zero) (i32.const 1)) (i32.const 1))"),
        ("simd", "(v128.store (i32.const 0x1fffff) (v128.load (i32.const 0x1ffff8)))"),
        ("copy", "(memory.copy (i32.const 131070) (call $zero) (i32.const 3))"),
        ("fill", "(memory.fill (i32.const 131070) (call $zero) (i32.const 3))"),
        ("table", "(drop (table.get $table (i32.add (call $zero) (i32.const 9))))"),
        ("copied_table", "(table.copy $table $table (i32.const 2) (call $zero) (i32.const 3))"),
        ("called_null", "(call_indirect $table (type $nothing) (i32.const 1))"),
        ("outside", "(call_indirect $table (type $nothing) (i32.const 7))"),
        ("signature", "(call_indirect $table (type $nothing) (call $zero))"),
    ];
    in_time(async {
        let runtime = stubbed("{}").await;
        for (name, trap) in traps {
            let body = format!(
                "(type $nothing (func)) (table $table 3 3 funcref) (elem (i32.const 0) $zero)
                (func $zero (result i32) (i32.const 0)) (func $float (result f64) (f64.const 0))
                (func $work (param i32) (loop $again
                    (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $again (local.get 0))))
                (func $body (call $work (i32.const 1000)) (if (i32.eqz (call $zero)) (then {trap})) (call $work (i32.const 7)))"
            );
            runtime.register_skill(hostile(name, &body)).await.unwrap();
            let (outcome, journal) = run(&runtime, name, 60_000).await;
            assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::SkillTrap), "{name}: {}", outcome.message);
            certified(&runtime, &journal, 1).await;
        }
    });
}

#[test]
fn the_end_of_the_stack_is_met_at_the_recorded_unit_in_three_engines() {
    in_time(async {
        let runtime = stubbed("{}").await;
        let wide = "(func $body (call $deeper (i64.const 1) (f64.const 2)))
            (func $deeper (param i64 f64) (result) (local i64 i64 f64)
                (local.set 2 (i64.add (local.get 0) (i64.const 1)))
                (local.set 4 (f64.add (local.get 1) (f64.const 1)))
                (call $deeper (local.get 2) (local.get 4))
                (call $deeper (i64.add (local.get 2) (local.get 0)) (f64.add (local.get 4) (local.get 1))))";
        let in_an_answer = r#"(import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))
            (global $asked (mut i32) (i32.const 0))
            (func $allocate (param i32 i32 i32 i32) (result i32)
                (if (global.get $asked) (then (drop (call $allocate (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))
                (i32.const 65536))
            (func $body (global.set $asked (i32.const 1)) (call $random (i64.const 16) (i32.const 4096)))"#;
        let in_realloc = "(global $depth (mut i32) (i32.const 0))
            (func $allocate (param i32 i32 i32 i32) (result i32) (call $body) (i32.const 65536))
            (func $body (call $body) (global.set $depth (i32.const 1)))";
        let known = body_of("recurses_without_end");
        let idle = with_idle_values(200);
        for (name, body) in [
            ("narrow", known.as_str()),
            ("wide", wide),
            ("idle", &idle),
            ("in_realloc", in_realloc),
            ("in_an_answer", in_an_answer),
        ] {
            runtime.register_skill(hostile(name, body)).await.unwrap();
            let (outcome, journal) = run(&runtime, name, 60_000).await;
            assert_eq!(
                outcome.code,
                OutcomeCode::Error(ErrorCode::StackOverflow),
                "{name}: {}",
                outcome.message
            );
            let ended = ended(&journal);
            assert_eq!(ended.interrupted, Some(Interrupted::Fuel(ended.fuel)), "{name}");
            assert_certified(&runtime, &outcome, &journal).await;
            let recording = Recording::read(&journal).unwrap();
            let nothing = Injections::default();
            let rehearsed = runtime.rehearse(recording, nothing).await.unwrap();
            assert_eq!((rehearsed.code, rehearsed.fuel), (outcome.code, outcome.fuel), "{name}");
        }
    });
}

/// Recurses with so many values that nobody needs: an engine that optimises has small frames, another one large ones.
fn with_idle_values(count: usize) -> String {
    let each = |of: &dyn Fn(usize) -> String| (1..=count).map(of).collect::<String>();
    let set = each(&|i| format!("(local.set {i} (i64.mul (local.get 0) (i64.const {})))", i + 2));
    let add =
        each(&|i| format!("(local.set 0 (i64.add (local.get 0) (i64.and (local.get {i}) (i64.const 0))))"));
    format!(
        "(func $body (call $deeper (i64.const 1)))
        (func $deeper (param i64) (local {locals}) {set} (call $deeper (local.get 0)) {add} (call $deeper (local.get 0)))",
        locals = "i64 ".repeat(count),
    )
}

#[test]
fn where_frames_are_too_large_for_any_stack_the_proof_fails_and_says_why() {
    in_time(async {
        let runtime = stubbed("{}").await;
        let contract = Contract { fuel: 100_000_000_000, ..Contract::default() };
        runtime.register_skill(hostile_with("idle", &with_idle_values(3000), contract)).await.unwrap();
        let (outcome, journal) = run(&runtime, "idle", 60_000).await;
        assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::StackOverflow), "{}", outcome.message);
        assert_eq!(runtime.replay(&journal).await.proof, Ok(()));
        let (failure, certification) = refused(&runtime, &journal).await;
        assert_eq!(failure.code, ErrorCode::ReplayDivergence);
        assert!(failure.message.contains("this engine's frames are too large"), "{failure}");
        let proven: Vec<_> = certification.engines.iter().map(|engine| engine.proof.is_ok()).collect();
        assert_eq!(proven, [true, false, true]);
    });
}

#[test]
fn a_loop_that_a_deadline_cut_off_ends_at_the_recorded_unit_in_three_engines() {
    in_time(async {
        let runtime = stubbed("{}").await;
        let contract = Contract { fuel: 100_000_000_000, ..Contract::default() };
        runtime.register_skill(hostile_with("loop", &body_of("loops_forever"), contract)).await.unwrap();
        let (outcome, journal) = run(&runtime, "loop", 20).await;
        assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::Timeout), "{}", outcome.message);
        let ended = ended(&journal);
        assert_eq!(ended.interrupted, Some(Interrupted::Fuel(ended.fuel)));
        assert_certified(&runtime, &outcome, &journal).await;
    });
}

#[test]
fn what_a_component_folds_into_its_output_is_the_same_in_three_engines() {
    in_time(async {
        let runtime = stubbed("{}").await;
        runtime.register_skill(hostile("fold", &body_of("folds_what_it_can_see"))).await.unwrap();
        let (mut chance, mut fixed) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..20 {
            let (outcome, journal) = run(&runtime, "fold", 60_000).await;
            assert_eq!(outcome.code, OutcomeCode::Ok, "{}", outcome.message);
            let Value::String(digits) = &outcome.output["a"] else { panic!("{}", outcome.output) };
            // 18 NaNs and two addresses, then chance and time: 16 digits each.
            let (same, differs) = digits.split_at(20 * 16);
            fixed.insert(same.to_owned());
            chance.insert(differs.to_owned());
            certified(&runtime, &journal, 1).await;
        }
        assert_eq!(chance.len(), 20, "chance and time differ from run to run");
        assert_eq!(fixed.len(), 1, "NaNs and addresses do not: {fixed:?}");
    });
}
