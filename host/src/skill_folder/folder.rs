//! What is put into a folder of skills: a component under its digest, and a sidecar that names it.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::sidecar::{SIDECAR_SUFFIX, Sidecar};

use super::skill_file::{COMPONENTS, SkillFile, files, parsed, read_sidecar};

/// Lines about a component in a new sidecar, and characters of each.
const MAX_LINES: usize = 20;
const MAX_LINE: usize = 200;

/// A folder of skills that are added and removed.
#[derive(Debug, Clone)]
pub struct SkillFolder {
    folder: PathBuf,
}

/// What adding a component came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
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

    /// The file that stands for a name: its component, or the sidecar that names it.
    ///
    /// # Errors
    ///
    /// `SKILL_NOT_FOUND`, with what there is.
    pub fn file(&self, name: &SkillId) -> Result<PathBuf, Failure> {
        let component = self.folder.join(format!("{name}.wasm"));
        [component, self.sidecar(name)]
            .into_iter()
            .find(|path| path.exists())
            .ok_or_else(|| self.missing(name))
    }

    /// Puts a component there under a name: with a sidecar of this text, or with one that says what may be said in it, under
    /// some lines about what it is.
    ///
    /// # Errors
    ///
    /// `NAME_INVALID` where another component has that name; `CONFIG_INVALID` where the same has it on other terms, or where
    /// the sidecar cannot be made to name the component; `DISK_FULL` or `CONFIG_INVALID` where it cannot be written.
    pub fn add(
        &self,
        name: &SkillId,
        component: &[u8],
        (sidecar, about): (Option<&str>, &str),
    ) -> Result<Added, Failure> {
        let _locked = self.lock()?;
        let digest = Digest::of(component);
        if let Ok(file) = self.file(name) {
            let there = SkillFile::read(&file).map_err(|failure| {
                let message = format!(
                    "the name {name} is taken by {}, which cannot be read: {}; mend it, or remove {name}",
                    file.display(),
                    failure.message
                );
                Failure::new(ErrorCode::NameInvalid, message)
            })?;
            let there = Digest::of(&there.component);
            if there == digest {
                return self.same_terms(name, sidecar).map(|()| Added::Already);
            }
            let message = format!(
                "the name {name} belongs to another component already ({there}, in {})",
                file.display()
            );
            return Err(Failure::new(ErrorCode::NameInvalid, message));
        }
        let path = self.sidecar(name);
        let text = sidecar.map_or_else(|| Ok(begun(about, digest)), |text| renamed(&path, text, digest))?;
        self.keep(digest, component)?;
        self.write(&path, text.as_bytes())?;
        Ok(Added::New)
    }

    /// Puts another build in the place of a component. What its sidecar says otherwise stays.
    ///
    /// # Errors
    ///
    /// `SKILL_NOT_FOUND`; and as [`SkillFolder::add`].
    pub fn replace(&self, name: &SkillId, component: &[u8]) -> Result<(), Failure> {
        let _locked = self.lock()?;
        let file = self.file(name)?;
        let (path, digest) = (self.sidecar(name), Digest::of(component));
        let Some(before) = read_sidecar(&path)?.component else { return self.write(&file, component) };
        let text = std::fs::read_to_string(&path).map_err(|error| unwritten(&path, &error))?;
        let text = renamed(&path, &text, digest)?;
        if file == path {
            self.keep(digest, component)?;
        } else {
            self.write(&file, component)?;
        }
        self.write(&path, text.as_bytes())?;
        self.forget(before)
    }

    /// Takes a skill out, and its component where no other name has it.
    ///
    /// # Errors
    ///
    /// `SKILL_NOT_FOUND`; `CONFIG_INVALID` where a file cannot be removed.
    pub fn remove(&self, name: &SkillId) -> Result<(), Failure> {
        let _locked = self.lock()?;
        let file = self.file(name)?;
        let sidecar = self.sidecar(name);
        // Of a sidecar that cannot be read nobody knows which component it means.
        let component = read_sidecar(&sidecar).ok().and_then(|sidecar| sidecar.component);
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

    /// Keeps other processes from changing the folder at the same time.
    fn lock(&self) -> Result<File, Failure> {
        let path = self.folder.join(".lock");
        let lock = || -> std::io::Result<File> {
            std::fs::create_dir_all(&self.folder)?;
            let file = File::options().create(true).append(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(|error| unwritten(&path, &error))
    }

    /// A sidecar that comes along with a component that is there already has to say what that one's says.
    fn same_terms(&self, name: &SkillId, along: Option<&str>) -> Result<(), Failure> {
        let Some(along) = along else { return Ok(()) };
        let path = self.sidecar(name);
        let unnamed = |sidecar: Sidecar| Sidecar { component: None, ..sidecar };
        if unnamed(parsed(&path, Some(along))?) == unnamed(read_sidecar(&path)?) {
            return Ok(());
        }
        let message = format!(
            "the same component is there already as {name}, and its sidecar says something else; write what shall hold into {}",
            path.display()
        );
        Err(Failure::new(ErrorCode::ConfigInvalid, message))
    }

    fn missing(&self, name: &SkillId) -> Failure {
        let known: Vec<String> = files(&self.folder)
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .map(|file| file.trim_end_matches(SIDECAR_SUFFIX).trim_end_matches(".wasm").to_owned())
            .collect();
        let is_of = |known: &&String| name.as_str().starts_with(&format!("{known}."));
        if let Some(component) = known.iter().filter(is_of).max_by_key(|known| known.len()) {
            let message = format!("{name} is a function of {component}, which stands there as a whole");
            return Failure::new(ErrorCode::SkillNotFound, message);
        }
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

    /// Removes a component that no sidecar names any more. One that cannot be read may name it.
    fn forget(&self, digest: Digest) -> Result<(), Failure> {
        let may_name =
            |path: &Path| read_sidecar(path).map_or(true, |sidecar| sidecar.component == Some(digest));
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        let mut sidecars = paths.filter(|path| path.to_string_lossy().ends_with(SIDECAR_SUFFIX));
        if sidecars.any(|path| may_name(&path)) {
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
            // As readable as any file of this user: a service may be someone else's.
            let mode = Permissions::from_mode(0o644);
            let mut temporary =
                tempfile::Builder::new().suffix(".tmp").permissions(mode).tempfile_in(folder)?;
            temporary.write_all(bytes)?;
            temporary.persist(path)?;
            Ok(())
        };
        write().map_err(|error| unwritten(path, &error))
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{}: {error}", path.display());
    Failure::new(ErrorCode::of_file(error, ErrorCode::ConfigInvalid), message)
}

/// The text of a new sidecar: all that may be said, as comments.
fn begun(about: &str, digest: Digest) -> String {
    let lines = about.lines().take(MAX_LINES);
    let line = |line: &str| line.escape_debug().take(MAX_LINE).collect::<String>();
    let mut text: String = lines.map(|about| format!("# {}\n", line(about))).collect();
    text.push_str(&format!("component = \"{digest}\"\n"));
    text.push_str(
        "\n# What it may reach: of the hosts and models that a workflow grants, no more than these, and without a workflow,\n\
         # these; and the variables that it sees.\n\
         # [grants]\n# hosts = [\"api.example.com\"]\n# models = [\"gpt-4o-mini\"]\n\
         # environment = { TZ = \"UTC\" }\n\
         \n# The most that an invocation may use.\n\
         # [limits]\n# fuel = 10000000000\n# memory_bytes = 268435456\n# deadline_ms = 60000\n# host_calls = 1000\n",
    );
    text
}

/// A sidecar's text with another component, in the place where it names one: among the lines before the first table.
fn renamed(path: &Path, before: &str, digest: Digest) -> Result<String, Failure> {
    let line = format!("component = \"{digest}\"");
    let is_it = |old: &str| {
        old.trim_start().strip_prefix("component").is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let (mut found, mut in_table) = (false, false);
    let mut lines: Vec<String> = before
        .lines()
        .map(|old| {
            in_table |= old.trim_start().starts_with('[');
            let is_it = !found && !in_table && is_it(old);
            found |= is_it;
            if is_it { line.clone() } else { old.to_owned() }
        })
        .collect();
    if !found {
        lines.insert(0, line.clone());
    }
    let text = lines.join("\n") + "\n";
    let meant = Sidecar { component: Some(digest), ..parsed(path, Some(before))? };
    if parsed(path, Some(&text)).is_ok_and(|written| written == meant) {
        return Ok(text);
    }
    let message =
        format!("{}: the line of the component is not found; write it by hand: {line}", path.display());
    Err(Failure::new(ErrorCode::ConfigInvalid, message))
}
