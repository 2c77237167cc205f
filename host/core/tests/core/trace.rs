//! What W3C Trace Context hands on: read as the standard says, and written as version 00.

use std::collections::BTreeSet;

use aos_core::ids::{Seed, SpanId, StepId};
use aos_core::trace::{RunTrace, TraceParent};

const KNOWN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn read(text: &str) -> Option<TraceParent> {
    text.parse().ok()
}

#[test]
fn what_is_read_is_written_again() {
    for text in [KNOWN, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"] {
        let parent = read(text).unwrap();
        assert_eq!(parent.to_string(), text);
        assert_eq!(parent.trace().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(parent.parent().to_string(), "b7ad6b7169203331");
        let json = serde_json::to_value(parent).unwrap();
        assert_eq!(json, text);
        assert_eq!(serde_json::from_value::<TraceParent>(json).unwrap(), parent);
    }
}

#[test]
fn versions_and_flags_that_are_not_known_yet_are_read_as_far_as_version_00_goes() {
    for text in [
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-will-be",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff",
    ] {
        assert_eq!(read(text).map(|parent| parent.to_string()).as_deref(), Some(KNOWN), "{text}");
    }
}

#[test]
fn what_is_no_traceparent_is_none() {
    for text in [
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-+1",
        "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
        "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
        " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333\u{e9}01",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn a_run_stands_in_the_trace_that_it_was_handed_or_in_one_of_its_own() {
    let (parent, seed) = (read(KNOWN).unwrap(), Seed::from_bytes([7; 32]));
    let (alone, handed) = (RunTrace::new(seed, None), RunTrace::new(seed, Some(parent)));
    assert_eq!(handed.trace(), parent.trace());
    assert_ne!(alone.trace(), parent.trace());
    assert_ne!(alone.trace(), RunTrace::new(Seed::from_bytes([8; 32]), None).trace());
    let (a, b) = (StepId::new("a").unwrap(), StepId::new("b").unwrap());
    let calls = [(&a, None, 1, 0), (&b, None, 1, 0), (&a, Some(1), 1, 0), (&a, None, 2, 0), (&a, None, 1, 1)];
    let spans: BTreeSet<SpanId> = calls
        .map(|(step, item, attempt, index)| handed.call((step, item, attempt), index))
        .into_iter()
        .chain([handed.run(), handed.step(&a), handed.step(&b)])
        .collect();
    assert_eq!(spans.len(), 8, "each has an id of its own");
    let call = handed.call((&a, None, 1), 0);
    let on = handed.handed_on(call).unwrap();
    assert_eq!(on.to_string(), format!("00-{}-{call}-01", parent.trace()), "sampled where its parent is");
    assert_eq!(alone.handed_on(call), None);
}
