//! Components, in their binary or in their text format.

use aos_host::failure::ErrorCategory;

/// Admits some bytes as a component. What is refused is refused by the file or by what it does when it is asked what it
/// is; this host is never to blame.
pub(super) fn admit(data: &[u8]) {
    let bytes = match std::str::from_utf8(data).map(wat::parse_str) {
        Ok(Ok(binary)) => binary,
        _ => data.to_vec(),
    };
    let admission = super::on_one_thread(super::frozen().examine_skill(bytes.clone()));
    assert_eq!(admission.bytes, bytes.len());
    match (&admission.metadata, &admission.refused) {
        (Some(metadata), None) => {
            assert_eq!(metadata.digest, admission.digest);
            assert!(admission.imports.iter().all(|import| import.class.is_some()));
        }
        (None, Some(failure)) => {
            super::assert_sound(failure);
            assert_ne!(failure.category, ErrorCategory::Infrastructure, "{failure}");
        }
        (metadata, refused) => panic!("{metadata:?} and {refused:?}"),
    }
}
