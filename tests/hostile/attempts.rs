//! The files under `fixtures/hostile/`: each is one attempt, and its first lines say how it has to end.
//!
//! ```text
//! ;; ends: SKILL_TRAP BadSignature      the code of its run, and the finer word
//! ;; refused: COMPONENT_INVALID         the code of its admission; it never runs
//! ;; deadline: 200                      milliseconds, for one that no fuel may end
//! ```
//!
//! What follows is the body of a core module; or `(component $trouble`, which the module of a skill calls through the
//! engine's adapters; or `(component` without a name, which is taken as it stands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::component::{Contract, hostile_with, with_trouble};

/// Fuel for hours.
const NO_END_OF_FUEL: u64 = 100_000_000_000;

/// One attempt.
pub(crate) struct Attempt {
    /// The code that it must end with.
    pub(crate) code: String,
    /// The finer word, such as the name of a trap.
    pub(crate) subcode: Option<String>,
    /// Whether that is the code of its admission.
    pub(crate) is_refused: bool,
    /// Milliseconds that its step may take.
    pub(crate) deadline_ms: u64,
    body: String,
}

impl Attempt {
    fn read(path: &Path) -> Self {
        let body = std::fs::read_to_string(path).unwrap();
        let line = |name: &str| {
            let said = |line: &str| {
                line.strip_prefix(";; ")?.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned)
            };
            body.lines().take(2).find_map(said)
        };
        let (ends, refused) = (line("ends"), line("refused"));
        let is_refused = refused.is_some();
        let end = ends.or(refused).unwrap_or_else(|| panic!("{path:?} says how it ends"));
        let (code, subcode) =
            end.trim().split_once(' ').map_or((end.trim(), None), |(code, word)| (code, Some(word)));
        let deadline_ms = line("deadline").map_or(60_000, |text| text.trim().parse().unwrap());
        Self { code: code.to_owned(), subcode: subcode.map(str::to_owned), is_refused, deadline_ms, body }
    }

    /// The component.
    pub(crate) fn component(&self, name: &str) -> Vec<u8> {
        let fuel = if self.deadline_ms < 60_000 { NO_END_OF_FUEL } else { Contract::default().fuel };
        let contract = Contract { fuel, ..Contract::default() };
        if self.body.contains("\n(component $trouble") {
            with_trouble(name, &self.body, contract)
        } else if self.body.contains("\n(component") {
            wat::parse_str(&self.body).unwrap_or_else(|error| panic!("{name}: {error}"))
        } else {
            hostile_with(name, &self.body, contract)
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/hostile")
}

/// All attempts by name.
pub(crate) fn attempts() -> BTreeMap<String, Attempt> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let read = |path: PathBuf| (name(&path), Attempt::read(&path));
    let attempts: BTreeMap<_, _> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "wat")).map(read).collect();
    assert!(attempts.len() > 40, "the attempts are found");
    attempts
}

/// The body of one attempt.
pub(crate) fn body_of(name: &str) -> String {
    std::fs::read_to_string(folder().join(name).with_extension("wat")).unwrap()
}
