//! The report as a browser shows it: of every run to look at, in light and dark, wide and narrow, by keyboard, on paper.

mod assets;
mod keyboard;
mod looks;
mod shown;

use std::path::{Path, PathBuf};

use aos_host::report::{Bodies, Report};
use tempfile::TempDir;

/// A report in a folder of its own.
pub(super) struct Written {
    _folder: TempDir,
    path: PathBuf,
}

impl Written {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes the report of some journals.
pub(super) fn written(journals: &[(&str, &[u8])]) -> Written {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.html");
    std::fs::write(&path, html(journals)).expect("a file");
    Written { _folder: folder, path }
}

/// The report of some journals.
pub(super) fn html(journals: &[(&str, &[u8])]) -> String {
    let mut report = Report::new(Bodies::Shown);
    for (name, journal) in journals {
        report.add(*name, journal, None).expect("a journal");
    }
    report.html().expect("a page")
}
