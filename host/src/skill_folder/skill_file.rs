//! A folder of skills as files: components by name, and the sidecars beside them.

use std::path::{Path, PathBuf};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::sidecar::{MAX_SIDECAR_BYTES, SIDECAR_SUFFIX, Sidecar};

use crate::invocation::Naming;
use crate::sandbox::MAX_COMPONENT_BYTES;

/// Where a folder has the components that its sidecars name by their digests.
pub const COMPONENTS: &str = "components";

/// What a file of a skill says, and the component that it means.
pub struct SkillFile {
    /// What its skills are called: as its sidecar's file, as the component says, or as the component's file.
    pub naming: Naming,
    /// What stands beside it.
    pub sidecar: Sidecar,
    /// The text of that, where it is there.
    pub text: Option<String>,
    /// The component.
    pub component: Vec<u8>,
}

impl SkillFile {
    /// Reads a skill by its sidecar, or by its component, whose sidecar is looked for beside it.
    ///
    /// # Errors
    ///
    /// `COMPONENT_INVALID` for a file that cannot be read, `COMPONENT_TOO_LARGE` before it is; `CONFIG_INVALID` with the
    /// place for a sidecar that is none; `SKILL_DIGEST_MISMATCH` where a sidecar's component is another one.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let (stem, is_sidecar) = stem(path);
        let sidecar_path = if is_sidecar { path.to_owned() } else { beside(path, &stem) };
        let text = sidecar_text(&sidecar_path)?;
        let sidecar = parsed(&sidecar_path, text.as_deref())?;
        let beside = path.with_file_name(format!("{stem}.wasm"));
        let file = match sidecar.component {
            _ if !is_sidecar => path.to_owned(),
            Some(digest) if !beside.exists() => {
                path.with_file_name(COMPONENTS).join(format!("{digest}.wasm"))
            }
            _ => beside,
        };
        let component = read_component(&file)?;
        let found = Digest::of(&component);
        // A text has another digest than the component that it stands for. Whoever reads it as one asks again.
        if file.extension().is_none_or(|extension| extension != "wat") {
            sidecar.names(found).map_err(|failure| Failure {
                message: format!("{}, by {}: {}", file.display(), sidecar_path.display(), failure.message),
                ..failure
            })?;
        }
        let naming = match SkillId::new(stem.as_str()) {
            Ok(name) if sidecar_path.exists() => Naming::Given(name),
            Ok(name) => Naming::OwnOr(name),
            // A component with a name of its own can be used under any file's.
            Err(_) if !sidecar_path.exists() => Naming::Own,
            Err(error) => return Err(Failure::new(ErrorCode::NameInvalid, error.to_string())),
        };
        Ok(Self { naming, sidecar, text, component })
    }
}

/// The sidecar of a component file.
fn beside(path: &Path, stem: &str) -> PathBuf {
    path.with_file_name(format!("{stem}{SIDECAR_SUFFIX}"))
}

/// The name of a file without what ends it, and whether it is a sidecar.
fn stem(path: &Path) -> (String, bool) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.strip_suffix(SIDECAR_SUFFIX) {
        Some(stem) => (stem.to_owned(), true),
        None => {
            let stem = name.strip_suffix(".wasm").or_else(|| name.strip_suffix(".wat")).unwrap_or(&name);
            (stem.to_owned(), false)
        }
    }
}

/// The sidecar of a path; one that is not there says nothing.
pub(super) fn read_sidecar(path: &Path) -> Result<Sidecar, Failure> {
    parsed(path, sidecar_text(path)?.as_deref())
}

pub(super) fn parsed(path: &Path, text: Option<&str>) -> Result<Sidecar, Failure> {
    Sidecar::parse(text.unwrap_or_default()).map_err(|invalid| {
        let message = format!("{}: {invalid}", path.display());
        Failure { message, ..Failure::from(invalid) }
    })
}

fn sidecar_text(path: &Path) -> Result<Option<String>, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::new(ErrorCode::ConfigInvalid, format!("{}: {error}", path.display()))
    };
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
        Ok(file) if file.len() > MAX_SIDECAR_BYTES as u64 => {
            return Err(unreadable(&format_args!("a sidecar has at most {MAX_SIDECAR_BYTES} bytes")));
        }
        Ok(_) => {}
    }
    std::fs::read_to_string(path).map(Some).map_err(|error| unreadable(&error))
}

/// Reads a component file, once.
///
/// # Errors
///
/// `COMPONENT_INVALID` for a file that cannot be read, `COMPONENT_TOO_LARGE` before it is.
pub fn read_component(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(ErrorCode::ComponentInvalid, format!("{}: {error}", path.display()))
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_COMPONENT_BYTES as u64 {
        let message =
            format!("{} has {size} bytes, and at most {MAX_COMPONENT_BYTES} are taken", path.display());
        return Err(Failure::new(ErrorCode::ComponentTooLarge, message));
    }
    std::fs::read(path).map_err(unreadable)
}

/// The files of a folder that stand for a skill, in the order of their names: sidecars that name their component, and
/// components.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| stands_for_a_skill(path)).collect();
    paths.sort();
    paths
}

/// A sidecar that lies beside its component is told with that.
fn stands_for_a_skill(path: &Path) -> bool {
    match stem(path) {
        (stem, true) => !path.with_file_name(format!("{stem}.wasm")).exists(),
        (_, false) => path.extension().is_some_and(|extension| extension == "wasm"),
    }
}
