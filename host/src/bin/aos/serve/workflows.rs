//! Workflows that requests may name.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use aos_host::ids::StepId;
use aos_host::workflow_format::MAX_WORKFLOW_BYTES;
use axum::http::StatusCode;

use super::problem::Problem;

/// Endings of their files, in the order in which they are looked for.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// The names of all workflows, in order. A folder that is not there has none.
///
/// # Errors
///
/// 500 where it cannot be read.
pub(super) fn names(folder: &Path) -> Result<BTreeSet<String>, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::of(StatusCode::INTERNAL_SERVER_ERROR, format!("the folder of workflows: {error}"))
    };
    let listed = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        listed => listed.map_err(unreadable)?,
    };
    let mut names = BTreeSet::new();
    for entry in listed {
        let file = entry.map_err(unreadable)?.file_name();
        let name = file.to_str().and_then(|file| file.rsplit_once('.'));
        let name = name.filter(|(name, ending)| ENDINGS.contains(ending) && StepId::new(*name).is_ok());
        names.extend(name.map(|(name, _)| name.to_owned()));
    }
    Ok(names)
}

/// Reads a workflow by its name, of no more bytes than show that it is too large.
///
/// # Errors
///
/// 404 where there is none of that name, or none can have it; 500 where its file cannot be read.
pub(super) fn read(folder: &Path, name: &str) -> Result<Vec<u8>, Problem> {
    let none = || {
        Problem::of(StatusCode::NOT_FOUND, format!("there is no workflow {name:?} in the service's folder"))
    };
    // The rule of all names, which has no slash in it.
    StepId::new(name).map_err(|_| none())?;
    for ending in ENDINGS {
        let file = match std::fs::File::open(folder.join(format!("{name}.{ending}"))) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(Problem::of(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    format!("workflow {name}: {error}"),
                ));
            }
        };
        let mut text = Vec::new();
        let read = file.take(MAX_WORKFLOW_BYTES as u64 + 1).read_to_end(&mut text);
        return read.map(|_| text).map_err(|error| {
            Problem::of(StatusCode::INTERNAL_SERVER_ERROR, format!("workflow {name}: {error}"))
        });
    }
    Err(none())
}
