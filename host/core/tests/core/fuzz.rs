//! The bodies of the fuzz targets, on the bytes that are kept for them.

#[path = "../../../../tests/fuzz/core/mod.rs"]
mod bodies;

use std::path::Path;

#[test]
fn what_is_fuzzed_holds_on_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus");
    for (target, body) in bodies::BODIES {
        let folder =
            std::fs::read_dir(corpus.join(target)).unwrap_or_else(|error| panic!("{target}: {error}"));
        let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!((1..=20).contains(&files.len()), "{target} has {} files", files.len());
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            assert!(bytes.len() <= 8 << 10, "{} is large", file.display());
            let held = std::panic::catch_unwind(|| body(&bytes));
            assert!(held.is_ok(), "{} does not hold on {}", target, file.display());
        }
    }
}
