//! Outcomes that someone hands over.

use aos_core::outcome::StructuredOutcome;

pub(super) fn read(data: &[u8]) {
    let Ok(outcome) = serde_json::from_slice::<StructuredOutcome>(data) else { return };
    let bytes = outcome.canonical_bytes().expect("an outcome has canonical bytes");
    let again: StructuredOutcome = serde_json::from_slice(&bytes).expect("canonical bytes are an outcome");
    assert_eq!(
        again.canonical_bytes().expect("canonical bytes"),
        bytes,
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    let typed = |outcome: &StructuredOutcome| (outcome.status, outcome.code, outcome.cost, outcome.timestamp);
    assert_eq!(typed(&again), typed(&outcome));
}
