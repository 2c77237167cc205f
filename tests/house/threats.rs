//! `docs/threats.md`: every attempt has a test that is there, and codes that the catalogue has.

use aos_host::failure::ErrorCode;

use crate::support::runtime::{read, root};

/// What stands in backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_attempt_has_a_test_and_an_end() {
    let page = read("docs/threats.md");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| #"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 37);
    for (place, row) in rows.iter().enumerate() {
        let [number, _, _, end, shown] = row.as_slice() else { panic!("{row:?}") };
        assert_eq!(*number, (place + 1).to_string());
        for code in quoted(end) {
            code.parse::<ErrorCode>().unwrap_or_else(|error| panic!("row {number}: {error}"));
        }
        let tests = quoted(shown);
        assert!(!tests.is_empty(), "row {number}");
        for test in tests {
            assert_is_there(test, &quoted(end));
        }
    }
}

fn assert_is_there(test: &str, ends: &[&str]) {
    let (file, name) = test.split_once("::").unwrap_or((test, ""));
    let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("{file} is not there"));
    if name.is_empty() {
        let first = text.lines().next().unwrap_or_default();
        let fits = ends.is_empty() || ends.iter().any(|code| first.contains(code)) || first.contains("OK");
        assert!(fits, "{file} says {first:?}, and the page says {ends:?}");
    } else {
        assert!(text.contains(&format!("fn {name}(")), "{file} has no test {name}");
    }
}
