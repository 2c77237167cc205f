//! The repository itself, read as text.

mod components;
mod failure_pages;
mod frozen;
mod golden;
mod operations;
mod public_api;
mod threats;
mod worked_example;

use std::path::{Path, PathBuf};

use crate::support::runtime::{read, root};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let nested = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries
        .flat_map(nested)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn the_engines_fingerprint_names_the_release_that_is_locked() {
    let lock = read("Cargo.lock");
    let after = lock.split("name = \"wasmtime\"\nversion = \"").nth(1).unwrap();
    let locked = after.split('"').next().unwrap();
    let engine = read("host/src/sandbox/engine.rs");
    assert!(engine.contains(&format!("const WASMTIME: &str = \"{locked}\";")), "the lock file has {locked}");
}

#[test]
fn every_file_says_first_what_it_owns() {
    for folder in [
        "host/src",
        "host/core/src",
        "skills-wasm/http-call/src",
        "skills-wasm/llm-invoke/src",
        "skills-wasm/probe/src",
    ] {
        for path in sources(&root().join(folder)) {
            if folder.starts_with("skills-wasm") && path.ends_with("bindings.rs") {
                continue; // cargo-component writes it
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//! "), "{}", path.display());
        }
    }
}

#[test]
fn files_and_bindings_stay_in_their_rooms() {
    for path in sources(&root().join("host/src")).into_iter().chain(sources(&root().join("host/core/src"))) {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines, and at most 400 are read with ease", path.display());
    }
    for path in sources(&root().join("host/src")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let place = path.to_string_lossy().into_owned();
        let caged = ["/sandbox/", "/doors/", "/invocation/"].iter().any(|room| place.contains(room));
        assert!(caged || !text.contains("bindings::"), "{place} uses the bindings");
        let program = place.contains("/bin/");
        assert!(program || !text.contains("anyhow"), "{place} uses anyhow");
    }
}
