//! Files beside components.

use aos_core::failure::{ErrorCode, Failure};
use aos_core::sidecar::{Sidecar, SkillTerms};

/// Reads a sidecar. What is read stands in a journal, and reads back from there.
pub(super) fn read(data: &[u8]) {
    let Some(text) = super::text(data) else { return };
    match Sidecar::parse(text) {
        Ok(sidecar) => {
            let terms = serde_json::to_value(sidecar.terms()).unwrap();
            assert_eq!(serde_json::from_value::<SkillTerms>(terms).unwrap(), sidecar.terms());
        }
        Err(invalid) => {
            assert!(invalid.line >= 1 && invalid.line <= text.matches('\n').count() + 1, "{invalid}");
            let failure = Failure::from(invalid);
            super::assert_sound(&failure);
            assert_eq!(failure.code, ErrorCode::ConfigInvalid);
        }
    }
}
