//! Skills by name and by digest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use wasmtime::component::Linker;

use crate::doors::{Guest, PanicPoint, linker};
use crate::invocation::{Admission, Prepared, admit, carry_over, examine};
use crate::sandbox::{Compiler, MAX_COMPONENT_BYTES, caught};

/// The skills that a runtime knows.
pub(crate) struct Registry {
    compiler: Compiler,
    linker: Linker<Guest>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_name: BTreeMap<SkillId, Arc<Prepared>>,
    by_digest: BTreeMap<Digest, Arc<Prepared>>,
}

/// What loading a folder came to.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The skills that are known now.
    pub skills: Vec<(PathBuf, Arc<Prepared>)>,
    /// The files that are not, and why.
    pub refused: Vec<(PathBuf, Failure)>,
}

impl Registry {
    /// A registry without skills, whose doors panic at these points.
    ///
    /// # Errors
    ///
    /// As [`linker`].
    pub(crate) fn new(compiler: Compiler, panics: &[PanicPoint]) -> Result<Self, Failure> {
        let linker = linker(compiler.engine(), panics)?;
        Ok(Self { compiler, linker, known: Mutex::default() })
    }

    /// The compiler.
    #[must_use]
    pub(crate) const fn compiler(&self) -> &Compiler {
        &self.compiler
    }

    /// Admits a component and registers it under its name. The first of a name stays.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue's skill-supply group, also for a name that another component has already.
    pub(crate) async fn register(&self, bytes: impl Into<Arc<[u8]>>) -> Result<Arc<Prepared>, Failure> {
        let prepared = self.prepare(bytes.into()).await?;
        let metadata = prepared.metadata();
        let mut known = self.known();
        match known.by_name.get(&metadata.id) {
            Some(first) if first.metadata().digest != metadata.digest => {
                let message = format!(
                    "the name {} belongs to another component already ({})",
                    metadata.id,
                    first.metadata().digest
                );
                Err(Failure::new(ErrorCode::NameInvalid, message))
            }
            Some(first) => Ok(Arc::clone(first)),
            None => {
                known.by_name.insert(metadata.id.clone(), Arc::clone(&prepared));
                Ok(prepared)
            }
        }
    }

    /// Admits a component for its digest alone, without giving it its name.
    ///
    /// # Errors
    ///
    /// As [`Registry::register`].
    pub(crate) async fn prepare(&self, bytes: Arc<[u8]>) -> Result<Arc<Prepared>, Failure> {
        let digest = Digest::of(&bytes);
        if let Some(prepared) = self.known().by_digest.get(&digest) {
            return Ok(Arc::clone(prepared));
        }
        let prepared = Arc::new(caught(admit(&self.compiler, &self.linker, bytes)).await??);
        self.known().by_digest.insert(digest, Arc::clone(&prepared));
        Ok(prepared)
    }

    /// Takes over a skill that another registry admitted, for this one's engine. What it said of itself stays.
    ///
    /// # Errors
    ///
    /// A failure to compile or to link it.
    pub(crate) async fn adopt(&self, skill: &Prepared) -> Result<Arc<Prepared>, Failure> {
        let digest = skill.metadata().digest;
        if let Some(adopted) = self.by_digest(&digest) {
            return Ok(adopted);
        }
        let adopted = Arc::new(caught(carry_over(skill, &self.compiler, &self.linker)).await??);
        self.known().by_digest.insert(digest, Arc::clone(&adopted));
        Ok(adopted)
    }

    /// Looks at a component without registering it.
    pub(crate) async fn examine(&self, bytes: Arc<[u8]>) -> Admission {
        examine(&self.compiler, &self.linker, bytes).await
    }

    /// Registers every `.wasm` file of a folder, in the order of their names. A folder that is not there has none.
    pub(crate) async fn load_folder(&self, folder: &Path) -> Loaded {
        let mut loaded = Loaded::default();
        for path in components(folder) {
            let registered = match read_component(&path) {
                Ok(bytes) => self.register(bytes).await,
                Err(failure) => Err(failure),
            };
            match registered {
                Ok(prepared) => loaded.skills.push((path, prepared)),
                Err(failure) => loaded.refused.push((path, failure)),
            }
        }
        loaded
    }

    /// The skill of a name.
    #[must_use]
    pub(crate) fn get(&self, name: &SkillId) -> Option<Arc<Prepared>> {
        self.known().by_name.get(name).cloned()
    }

    /// The skill of a digest.
    #[must_use]
    pub(crate) fn by_digest(&self, digest: &Digest) -> Option<Arc<Prepared>> {
        self.known().by_digest.get(digest).cloned()
    }

    /// All skills, by name.
    #[must_use]
    pub(crate) fn all(&self) -> Vec<Arc<Prepared>> {
        self.known().by_name.values().cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

fn components(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    paths.sort();
    paths
}
