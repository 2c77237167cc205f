//! Where the program keeps things.

use std::path::{Path, PathBuf};

use aos_host::providers::BudgetFolder;

/// Runs and components of the project in the current folder.
pub(crate) const STATE: &str = ".aos";

/// Named budgets of the project in the current folder.
pub(crate) fn budgets() -> BudgetFolder {
    BudgetFolder::new(Path::new(STATE).join("budgets"))
}

/// Skills that a build in the current folder leaves.
const BUILT: &str = "target/skills";

/// Where skills are looked for: what was said, else what was built here, then what is installed.
pub(crate) fn skills(said: &[PathBuf]) -> Vec<PathBuf> {
    if !said.is_empty() {
        return said.to_vec();
    }
    std::iter::once(PathBuf::from(BUILT)).chain(installed()).collect()
}

/// Skills that were added, for all projects of this user.
pub(crate) fn installed() -> Option<PathBuf> {
    home("XDG_DATA_HOME", ".local/share").map(|data| data.join("aos/skills"))
}

/// Where compiled components are kept, for all projects of this user.
pub(crate) fn compiled() -> Option<PathBuf> {
    home("XDG_CACHE_HOME", ".cache").map(|cache| cache.join("aos/compiled"))
}

/// A folder of the XDG base directory specification.
#[expect(clippy::disallowed_methods, reason = "the program may read its environment")]
fn home(variable: &str, fallback: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).map(PathBuf::from);
    set(variable).filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(fallback)))
}
