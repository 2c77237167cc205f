//! The law of the house: a file imports only from rooms that stand before its own in the list of floors, or from its own
//! room. The list is the documentation of `lib.rs`, so the document is the rule.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rooms in the order in which they may build upon each other.
fn floors(lib: &str) -> BTreeMap<String, usize> {
    let lines = lib.lines().filter_map(|line| line.strip_prefix("//! - floor "));
    let rooms = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
    rooms.enumerate().map(|(place, room)| (room.to_owned(), place)).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Rooms of the same crate that a file names with `crate::ROOM`.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.collect::<Vec<_>>().join("\n");
    code.match_indices("crate::")
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        .map(|(at, found)| {
            let rest = &code[at + found.len()..];
            rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        })
        .collect()
}

fn check(source: &Path) {
    let lib = std::fs::read_to_string(source.join("lib.rs")).unwrap();
    let floors = floors(&lib);
    assert!(!floors.is_empty(), "lib.rs lists the floors");
    let mut seen = 0;
    for file in sources(source) {
        let relative = file.strip_prefix(source).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let room = first.trim_end_matches(".rs").to_owned();
        if room == "lib" || room == "bin" {
            continue;
        }
        let own = *floors.get(&room).unwrap_or_else(|| panic!("{room} stands on no floor of lib.rs"));
        for import in imports(&std::fs::read_to_string(&file).unwrap()) {
            let Some(other) = floors.get(&import) else { continue };
            assert!(
                import == room || *other < own,
                "{} imports {import}, which stands after it",
                relative.display()
            );
            assert!(!(room == "sandbox" && import == "providers"), "{} knows the world", relative.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "the test reads imports");
}

#[test]
fn the_pure_rules_look_only_down() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
}

#[test]
fn the_host_looks_only_down() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src"));
}
