//! YAML that strangers wrote.

use aos_core::yaml;
use serde_json::Value;

pub(super) fn read(data: &[u8]) {
    let Some(text) = super::text(data) else { return };
    match yaml::read::<Value>(text) {
        Ok(value) => {
            let written = escaped(&value.to_string());
            let again: Value = yaml::read(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
            assert_eq!(again, value, "JSON is YAML");
        }
        Err(invalid) => {
            assert!(!invalid.message.is_empty() && invalid.line >= 1 && invalid.column >= 1, "{invalid:?}");
            assert!(invalid.span.start <= invalid.span.end && invalid.span.end <= text.len(), "{invalid:?}");
        }
    }
}

/// JSON with the characters escaped that the reader of YAML does not take as they are, and JSON does: DEL, C1, and those
/// that are no text.
fn escaped(json: &str) -> String {
    let taken = |c: char| !matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    json.chars().map(|c| if taken(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect()
}
