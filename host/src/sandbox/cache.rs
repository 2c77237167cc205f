//! Compiled components on disk. Machine code is loaded only when its digest is the one that was stored beside it, in a
//! folder that nobody else may write to.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use aos_core::failure::{COMPONENT_FILE, ErrorCode, Failure};
use aos_core::ids::Digest;
use tokio::process::Command;
use tracing::warn;
use wasmtime::component::Component;

use super::{Engine, EngineKind};

/// Bytes of one compiled component: machine code is several times as large as its component.
const MAX_CODE_BYTES: u64 = 1 << 30;

/// A folder of compiled components.
#[derive(Debug)]
pub struct CompileCache {
    folder: PathBuf,
}

impl CompileCache {
    /// Opens a folder, and makes it where it is not there, for its owner alone.
    ///
    /// # Errors
    ///
    /// `CACHE_INTEGRITY` for a folder that others own or may write to; `DISK_FULL` for one that there is no room for, and
    /// `CONFIG_INVALID` for one that cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Failure> {
        let folder = folder.into();
        let refused = |error: std::io::Error| {
            let message = format!("the folder {} cannot be used: {error}", folder.display());
            Failure::new(ErrorCode::of_file(&error, ErrorCode::ConfigInvalid), message)
                .with_subcode(COMPONENT_FILE)
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(refused)?;
        let meta = std::fs::symlink_metadata(&folder).map_err(refused)?;
        let own = meta.uid() == rustix::process::geteuid().as_raw();
        if !meta.is_dir() || !own || meta.mode() & 0o022 != 0 {
            let message = format!(
                "the folder {} is open to others; run: chmod 700 {}",
                folder.display(),
                folder.display()
            );
            return Err(Failure::new(ErrorCode::CacheIntegrity, message));
        }
        Ok(Self { folder })
    }

    /// The machine code for a component, if it is there and whole. What is not whole is removed.
    pub(super) fn load(&self, component: Digest, engine: &Engine) -> Option<Vec<u8>> {
        let path = self.path(component, engine);
        let meta = std::fs::symlink_metadata(&path).ok()?;
        let acceptable = meta.is_file()
            && meta.uid() == rustix::process::geteuid().as_raw()
            && meta.len() <= MAX_CODE_BYTES
            && meta.mode() & 0o022 == 0;
        let stored = std::fs::read(&path).ok().filter(|_| acceptable);
        let code = stored.and_then(|mut stored| {
            let digest = stored.split_off(stored.len().checked_sub(32)?);
            (Digest::of(&stored).as_bytes().as_slice() == digest.as_slice()).then_some(stored)
        });
        if code.is_none() {
            let code = ErrorCode::CacheIntegrity.as_str();
            warn!(code, component = %component, file = %path.display(), "compiled anew: the compiled code is not what it was");
            let _ = std::fs::remove_file(&path);
        }
        code
    }

    /// Stores machine code with its digest behind it. A folder that is full or gone costs the next start its time and
    /// nothing else, so a failure is not told.
    pub(super) fn store(&self, component: Digest, engine: &Engine, code: &[u8]) {
        let path = self.path(component, engine);
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        let written =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).and_then(
                |mut file| {
                    file.write_all(code)?;
                    file.write_all(Digest::of(code).as_bytes())
                },
            );
        if written.and_then(|()| std::fs::rename(&temporary, &path)).is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
    }

    /// Engines of one kind share an entry, whatever stack they give: code does not depend on it.
    fn path(&self, component: Digest, engine: &Engine) -> PathBuf {
        let (fingerprint, kind) = (engine.fingerprint(), engine.kind().name());
        let name = [component.as_bytes().as_slice(), fingerprint.as_bytes(), kind.as_bytes()].concat();
        let name = Digest::of(&name);
        self.folder.join(format!("{name}.cwasm"))
    }
}

/// Makes a component of machine code that this process compiled, its child did, or whose digest was checked.
pub(super) fn load(engine: &Engine, code: &[u8]) -> Result<Component, Failure> {
    #[expect(unsafe_code, reason = "machine code can only be loaded unsafely")]
    // SAFETY: the bytes come from the compiler of this build: right now, out of a component of another engine of this
    // process, or through a private file whose digest was compared over the very bytes that are loaded here.
    let component = unsafe { Component::deserialize(engine.raw(), code) };
    component.map_err(|error| Failure::new(ErrorCode::CompileFailed, format!("{error:#}")))
}

/// Compiles in a child of its own, so that a compilation bomb ends the child. Dropped, it kills the child.
pub(super) async fn compile_in_child(
    program: &Path,
    engine: EngineKind,
    bytes: &[u8],
) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| {
        let message = format!("the compiling child could not be run: {error}");
        Failure::new(ErrorCode::of_file(&error, ErrorCode::CompileFailed), message)
    };
    let folder = tempfile::tempdir().map_err(failed)?;
    let (input, output) = (folder.path().join("component.wasm"), folder.path().join("component.cwasm"));
    std::fs::write(&input, bytes).map_err(failed)?;
    let mut command = Command::new(program);
    command.arg("compile-component").arg(&input).arg(&output).arg(engine.name()).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().map_err(failed)?;
    let ended = child.wait_with_output().await.map_err(failed)?;
    if ended.status.success() {
        return std::fs::read(&output).map_err(failed);
    }
    let told = String::from_utf8_lossy(&ended.stderr);
    let (code, message) = told.trim().split_once(": ").unwrap_or(("", told.trim()));
    let code = code.parse().unwrap_or(ErrorCode::CompileFailed);
    let message = if message.is_empty() {
        format!("the compiling child ended with {}", ended.status)
    } else {
        message.to_owned()
    };
    Err(Failure::new(code, message))
}
