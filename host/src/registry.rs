//! Skills by name and by digest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::policy::check_environment;
use aos_core::sidecar::Sidecar;
use wasmtime::component::Linker;

use crate::doors::{Guest, PanicPoint, linker};
use crate::invocation::{
    Admission, Admitted, Naming, NativeSkill, Prepared, Uncallable, admit, carry_over, examine,
};
use crate::sandbox::{Compiler, caught};
use crate::skill_folder::{self, SkillFile};

/// The skills that a runtime knows.
pub(crate) struct Registry {
    compiler: Compiler,
    linker: Linker<Guest>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_name: BTreeMap<SkillId, Arc<Prepared>>,
    by_digest: BTreeMap<Digest, Arc<Admitted>>,
    /// Skills in Rust, by what they are and not by what they are called.
    natives: BTreeMap<Digest, Arc<Prepared>>,
}

/// What registering a component came to.
#[derive(Debug)]
pub struct Registered {
    /// Its skills.
    pub skills: Vec<Arc<Prepared>>,
    /// What it exports and cannot be called.
    pub uncallable: Vec<Uncallable>,
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

    /// Admits a component and registers its skills, under its own name or the one that it is given. The first of a name
    /// stays, and of a component all skills are registered or none.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue's skill-supply group, also for a name that another component has already, and for a
    /// component that has no name of its own and is given none.
    pub(crate) async fn register(
        &self,
        bytes: impl Into<Arc<[u8]>>,
        (naming, sidecar): (&Naming, &Sidecar),
    ) -> Result<Registered, Failure> {
        let variables = sidecar.grants.environment.as_ref();
        variables.map_or(Ok(()), check_environment).map_err(|error| {
            Failure::new(ErrorCode::ConfigInvalid, format!("the sidecar's environment: {error}"))
        })?;
        let admitted = self.admit(bytes.into()).await?;
        let (skills, uncallable) = admitted.skills(naming, sidecar)?;
        let mut known = self.known();
        for skill in &skills {
            let metadata = skill.metadata();
            let Some(first) = known.by_name.get(&metadata.id) else { continue };
            let (digest, export) = (first.metadata().digest, &first.metadata().export);
            let message = if digest != metadata.digest || *export != metadata.export {
                format!("the name {} belongs to another component already ({digest})", metadata.id)
            } else if first.terms() != skill.terms() {
                format!("the name {} belongs to the same component on other terms already", metadata.id)
            } else {
                continue;
            };
            return Err(Failure::new(ErrorCode::NameInvalid, message));
        }
        let place = |skill: Prepared| {
            let name = skill.metadata().id.clone();
            Arc::clone(known.by_name.entry(name).or_insert_with(|| Arc::new(skill)))
        };
        Ok(Registered { skills: skills.into_iter().map(place).collect(), uncallable })
    }

    /// Registers a skill in Rust. The first of a name stays.
    ///
    /// # Errors
    ///
    /// `NAME_INVALID` for a name that another skill has already; `COMPONENT_INVALID` for hosts that are none.
    pub(crate) fn register_native(&self, skill: NativeSkill) -> Result<Arc<Prepared>, Failure> {
        let skill = Arc::new(Prepared::native(skill)?);
        let metadata = skill.metadata();
        let mut known = self.known();
        if let Some(first) = known.by_name.get(&metadata.id).map(|first| first.metadata().digest) {
            let message = format!("the name {} belongs to another skill already ({first})", metadata.id);
            return Err(Failure::new(ErrorCode::NameInvalid, message));
        }
        known.natives.insert(metadata.digest, Arc::clone(&skill));
        known.by_name.insert(metadata.id.clone(), Arc::clone(&skill));
        Ok(skill)
    }

    /// The skill in Rust of a digest.
    #[must_use]
    pub(crate) fn native(&self, digest: &Digest) -> Option<Arc<Prepared>> {
        self.known().natives.get(digest).cloned()
    }

    /// Admits a component for its digest alone, without giving it a name.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue's skill-supply group.
    pub(crate) async fn admit(&self, bytes: Arc<[u8]>) -> Result<Arc<Admitted>, Failure> {
        let digest = Digest::of(&bytes);
        if let Some(admitted) = self.by_digest(&digest) {
            return Ok(admitted);
        }
        let admitted = Arc::new(caught(admit(&self.compiler, &self.linker, bytes)).await??);
        self.known().by_digest.insert(digest, Arc::clone(&admitted));
        Ok(admitted)
    }

    /// Takes over a component that another registry admitted, for this one's engine. What was found out of it stays.
    ///
    /// # Errors
    ///
    /// A failure to compile or to link it.
    pub(crate) async fn adopt(&self, admitted: &Admitted) -> Result<Arc<Admitted>, Failure> {
        let digest = admitted.digest();
        if let Some(adopted) = self.by_digest(&digest) {
            return Ok(adopted);
        }
        let adopted = Arc::new(caught(carry_over(admitted, &self.compiler, &self.linker)).await??);
        self.known().by_digest.insert(digest, Arc::clone(&adopted));
        Ok(adopted)
    }

    /// Looks at a component without registering it.
    pub(crate) async fn examine(
        &self,
        bytes: Arc<[u8]>,
        (naming, sidecar): (&Naming, &Sidecar),
    ) -> Admission {
        examine(&self.compiler, &self.linker, bytes, (naming, sidecar)).await
    }

    /// Registers every component of a folder, in the order of their names: `NAME.skill.toml` with the component that it
    /// names, and every `NAME.wasm`. A folder that is not there has none.
    pub(crate) async fn load_folder(&self, folder: &Path) -> Loaded {
        let mut loaded = Loaded::default();
        for path in skill_folder::files(folder) {
            let registered = match SkillFile::read(&path) {
                Ok(file) => self.register(file.component, (&file.naming, &file.sidecar)).await,
                Err(failure) => Err(failure),
            };
            match registered {
                Ok(registered) => {
                    loaded.skills.extend(registered.skills.into_iter().map(|skill| (path.clone(), skill)));
                }
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

    /// The component of a digest.
    #[must_use]
    pub(crate) fn by_digest(&self, digest: &Digest) -> Option<Arc<Admitted>> {
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
