//! Files whose every byte is pinned under `fixtures/golden`. `just bless` writes them anew, from the tests that have
//! `golden` in their names.

use super::runtime::root;

/// Compares with a golden file, or writes it.
pub(crate) fn compare(name: &str, actual: &[u8]) {
    let path = root().join("fixtures/golden").join(name);
    if std::env::var_os("AOS_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let golden = std::fs::read(&path).unwrap_or_default();
    let (actual, golden) = (String::from_utf8_lossy(actual), String::from_utf8_lossy(&golden));
    assert_eq!(actual, golden, "{name} differs from fixtures/golden; when that is meant, run just bless");
}
