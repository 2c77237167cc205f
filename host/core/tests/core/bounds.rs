//! Journals whose chain holds, and that have values which the format does not have.

use std::path::Path;

use aos_core::failure::ErrorCode;
use aos_core::journal::{JournalError, Recording};
use serde_json::{Value, json};

use super::journal::{lines, sealed};

/// The lines of a frozen journal.
fn frozen(name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/journals/v1");
    lines(&std::fs::read(folder.join(name)).unwrap())
}

/// The journal with another value on the first line that has the member.
fn changed(journal: &[Value], (kind, pointer): (&str, &str), value: &Value) -> (usize, Vec<u8>) {
    let mut journal = journal.to_vec();
    let fits = |line: &Value| line["type"] == kind && line.pointer(pointer).is_some();
    let found = journal.iter_mut().enumerate().find(|(_, line)| fits(line));
    let (place, line) = found.unwrap_or_else(|| panic!("no {kind} with {pointer}"));
    *line.pointer_mut(pointer).unwrap() = value.clone();
    (place, sealed(&journal))
}

#[test]
fn a_value_that_the_format_does_not_have_is_refused_with_its_line() {
    let (asks, resumed) = (frozen("asks.jsonl"), frozen("killed-and-resumed.jsonl"));
    let retries = frozen("retries-and-ends-of-every-kind.jsonl");
    for journal in [&asks, &resumed, &retries] {
        Recording::read(&sealed(journal)).expect("sealed again, it is a journal");
    }
    let (past, instant) = (json!(9_007_199_254_740_992_u64), json!("2026-01-01T00:00:00Z"));
    for (journal, member, value) in [
        (&asks, ("run-started", "/at"), &instant),
        (&asks, ("run-started", "/at"), &json!("-000001-01-01T00:00:00.000000000Z")),
        (&asks, ("run-started", "/fuel_price"), &past),
        (&asks, ("step-started", "/at"), &json!("9999-12-01T00:00:00.000000000Z")),
        (&asks, ("step-started", "/attempt"), &json!(0)),
        (&asks, ("step-started", "/attempt"), &json!(21)),
        (&asks, ("step-started", "/attempt"), &json!(-1)),
        (&asks, ("step-started", "/item"), &json!(-1)),
        (&asks, ("step-started", "/deadline_ms"), &past),
        (&asks, ("step-started", "/held"), &past),
        (&asks, ("step-started", "/fuel_granted"), &past),
        (&asks, ("blob", "/at"), &instant),
        (&asks, ("intent", "/index"), &json!(100_000)),
        (&asks, ("result", "/index"), &json!(100_000)),
        (&asks, ("observed", "/index"), &json!(100_000)),
        (&asks, ("observed", "/value"), &instant),
        (&asks, ("emitted", "/index"), &json!(100_000)),
        (&asks, ("step-ended", "/attempt"), &json!(0)),
        (&retries, ("retry", "/delay_ms"), &past),
        (&resumed, ("run-resumed", "/torn_bytes"), &past),
        (&resumed, ("run-resumed", "/wall"), &instant),
    ] {
        let (place, bytes) = changed(journal, member, value);
        let error = Recording::read(&bytes).map(|_| ()).expect_err(&format!("{member:?} {value}"));
        assert_eq!(error.code(), ErrorCode::JournalCorrupt, "{member:?} {value}: {error}");
        let JournalError::Corrupt { line, .. } = error else { panic!("{error}") };
        assert_eq!(line, place + 1, "{member:?} {value}");
    }
}

#[test]
fn what_a_guest_saw_has_the_form_of_its_door() {
    let asks = frozen("asks.jsonl");
    let seen = |call: &str, value: Value| {
        let mut journal = asks.clone();
        let line = journal.iter_mut().find(|line| line["type"] == "observed").unwrap();
        (line["call"], line["value"]) = (json!(call), value);
        Recording::read(&sealed(&journal)).is_ok()
    };
    for (call, good, bad) in [
        ("wall-clock.now", json!("2026-01-01T00:00:00.000000000Z"), json!(0)),
        ("monotonic-clock.now", json!(5), json!(-5)),
        ("poll.poll", json!([0, 2]), json!([0, "2"])),
        ("poll.ready", json!(false), json!(0)),
        ("poll.block", json!(null), json!(true)),
        ("future-incoming-response.get", json!(true), json!(null)),
    ] {
        assert!(seen(call, good) && !seen(call, bad), "{call}");
    }
    assert!(seen("a.door-of-another-time", json!({"any": "value"})));
}
