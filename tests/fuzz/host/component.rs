//! Components, in their binary or in their text format.

use aos_host::Naming;
use aos_host::failure::ErrorCategory;
use aos_host::ids::SkillId;
use aos_host::sidecar::Sidecar;

/// Admits some bytes as a component. What is refused is refused by the file or by what it does when it is asked what it
/// is; this host is never to blame.
pub(super) fn admit(data: &[u8]) {
    let bytes = match std::str::from_utf8(data).map(wat::parse_str) {
        Ok(Ok(binary)) => binary,
        _ => data.to_vec(),
    };
    let (naming, sidecar) = (Naming::OwnOr(SkillId::new("found").unwrap()), Sidecar::default());
    let admission = super::on_one_thread(super::frozen().examine_component(bytes.clone(), &naming, &sidecar));
    assert_eq!(admission.bytes, bytes.len());
    match &admission.refused {
        None => {
            assert!(!admission.skills.is_empty());
            assert!(admission.skills.iter().all(|skill| skill.digest == admission.digest));
            assert!(admission.imports.iter().all(|import| import.class.is_some()));
        }
        Some(failure) => {
            assert!(admission.skills.is_empty());
            super::assert_sound(failure);
            assert_ne!(failure.category, ErrorCategory::Infrastructure, "{failure}");
        }
    }
}
