//! What is put into a folder of skills: a component under its digest, and a sidecar that names it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::sidecar::{SIDECAR_SUFFIX, Sidecar};
use tempfile::NamedTempFile;

use super::skill_file::{COMPONENTS, SkillFile, files};

/// A folder of skills that are added and removed.
#[derive(Debug, Clone)]
pub struct SkillFolder {
    folder: PathBuf,
}

/// What adding a component came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there now.
    New,
    /// It was there already, the very same.
    Already,
}

impl SkillFolder {
    /// A folder; it is made when something is added.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The sidecar of a name.
    #[must_use]
    pub fn sidecar(&self, name: &SkillId) -> PathBuf {
        self.folder.join(format!("{name}{SIDECAR_SUFFIX}"))
    }

    /// Puts a component there under a name, with a sidecar that says what may be said in it.
    ///
    /// # Errors
    ///
    /// `NAME_INVALID` where another component has that name; `DISK_FULL` or `CONFIG_INVALID` where it cannot be written.
    pub fn add(&self, name: &SkillId, component: &[u8], about: &str) -> Result<Added, Failure> {
        let digest = Digest::of(component);
        if let Some(file) = self.file_of(name) {
            let there = Digest::of(&SkillFile::read(&file)?.component);
            if there == digest {
                return Ok(Added::Already);
            }
            let message = format!(
                "{name} is another component already ({there}, in {}); put this one in its place with aos skills \
                 update {name}, or give it another name",
                file.display()
            );
            return Err(Failure::new(ErrorCode::NameInvalid, message));
        }
        self.keep(digest, component)?;
        self.write(&self.sidecar(name), begun(about, digest).as_bytes())?;
        Ok(Added::New)
    }

    /// Puts another build in the place of a component. What its sidecar says otherwise stays.
    ///
    /// # Errors
    ///
    /// `SKILL_NOT_FOUND`; and as [`SkillFolder::add`].
    pub fn replace(&self, name: &SkillId, component: &[u8]) -> Result<(), Failure> {
        let file = self.file_of(name).ok_or_else(|| self.missing(name))?;
        let path = self.sidecar(name);
        if file != path {
            return self.write(&file, component);
        }
        let text = std::fs::read_to_string(&path).map_err(|error| unwritten(&path, &error))?;
        let before = SkillFile::read(&path)?.sidecar.component;
        let digest = Digest::of(component);
        self.keep(digest, component)?;
        self.write(&path, renamed(&text, digest).as_bytes())?;
        before.map_or(Ok(()), |before| self.forget(before))
    }

    /// Takes a skill out, and its component where no other name has it.
    ///
    /// # Errors
    ///
    /// `SKILL_NOT_FOUND`; `CONFIG_INVALID` where a file cannot be removed.
    pub fn remove(&self, name: &SkillId) -> Result<(), Failure> {
        let file = self.file_of(name).ok_or_else(|| self.missing(name))?;
        let sidecar = self.sidecar(name);
        let component = if sidecar.exists() { read_sidecar(&sidecar)?.component } else { None };
        for path in [&file, &sidecar] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(unwritten(path, &error));
                }
                _ => {}
            }
        }
        component.map_or(Ok(()), |component| self.forget(component))
    }

    /// The file that stands for a name: its component, or the sidecar that names it.
    fn file_of(&self, name: &SkillId) -> Option<PathBuf> {
        let component = self.folder.join(format!("{name}.wasm"));
        [component, self.sidecar(name)].into_iter().find(|path| path.exists())
    }

    fn missing(&self, name: &SkillId) -> Failure {
        let known: Vec<String> = files(&self.folder)
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .map(|file| file.trim_end_matches(SIDECAR_SUFFIX).trim_end_matches(".wasm").to_owned())
            .collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        let message = format!("{} has no {name}; it has {known}", self.folder.display());
        Failure::new(ErrorCode::SkillNotFound, message)
    }

    fn keep(&self, digest: Digest, component: &[u8]) -> Result<(), Failure> {
        let path = self.component(digest);
        if std::fs::read(&path).is_ok_and(|there| Digest::of(&there) == digest) {
            return Ok(());
        }
        self.write(&path, component)
    }

    /// Removes a component that no sidecar names any more.
    fn forget(&self, digest: Digest) -> Result<(), Failure> {
        let names =
            |path: &PathBuf| read_sidecar(path).is_ok_and(|sidecar| sidecar.component == Some(digest));
        let sidecars =
            files(&self.folder).into_iter().filter(|path| path.to_string_lossy().ends_with(SIDECAR_SUFFIX));
        if sidecars.into_iter().any(|path| names(&path)) {
            return Ok(());
        }
        let path = self.component(digest);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritten(&path, &error)),
            _ => Ok(()),
        }
    }

    fn component(&self, digest: Digest) -> PathBuf {
        self.folder.join(COMPONENTS).join(format!("{digest}.wasm"))
    }

    /// Writes a file whole, or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let folder = path.parent().unwrap_or(&self.folder);
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(folder)?;
            let mut temporary = NamedTempFile::with_suffix_in(".tmp", folder)?;
            temporary.write_all(bytes)?;
            temporary.persist(path)?;
            Ok(())
        };
        write().map_err(|error| unwritten(path, &error))
    }
}

fn read_sidecar(path: &Path) -> Result<Sidecar, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| unwritten(path, &error))?;
    Ok(Sidecar::parse(&text)?)
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{}: {error}", path.display());
    Failure::new(ErrorCode::of_file(error, ErrorCode::ConfigInvalid), message)
}

/// The text of a new sidecar: all that may be said, as comments.
fn begun(about: &str, digest: Digest) -> String {
    let mut text: String = about.lines().map(|line| format!("# {}\n", line.escape_debug())).collect();
    text.push_str(&format!("component = \"{digest}\"\n"));
    text.push_str(
        "\n# What it may reach: of what a workflow grants, no more than this; and without a workflow, this.\n\
         # [grants]\n# hosts = [\"api.example.com\"]\n# models = [\"gpt-4o-mini\"]\n\
         # environment = { TZ = \"UTC\" }\n\
         \n# The most that an invocation may use.\n\
         # [limits]\n# fuel = 10000000000\n# memory_bytes = 268435456\n# deadline_ms = 60000\n# host_calls = 1000\n",
    );
    text
}

/// A sidecar's text with another component.
fn renamed(text: &str, digest: Digest) -> String {
    let line = format!("component = \"{digest}\"");
    let is_it = |old: &str| {
        old.trim_start().strip_prefix("component").is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let mut found = false;
    let mut lines: Vec<String> = text
        .lines()
        .map(|old| {
            let is_it = !found && is_it(old);
            found |= is_it;
            if is_it { line.clone() } else { old.to_owned() }
        })
        .collect();
    if !found {
        lines.insert(0, line);
    }
    lines.join("\n") + "\n"
}
