//! From the bytes of a component to machine code, once for each digest.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::Digest;
use wasmtime::component::Component;
use wasmtime::wasmparser::Validator;

use super::{CompileCache, Engine, declared};

/// Bytes of the largest component: language runtimes come with 20 MiB.
pub const MAX_COMPONENT_BYTES: usize = 64 << 20;

/// Longest compilation that is waited for, where nothing else is said.
const COMPILE_DEADLINE: Duration = Duration::from_secs(120);

/// Where the machine code of a component came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeFrom {
    /// It was compiled.
    Compiler,
    /// It was found in the cache.
    Cache,
    /// There is none.
    Nowhere,
}

impl CodeFrom {
    pub(crate) const ALL: [Self; 3] = [Self::Compiler, Self::Cache, Self::Nowhere];

    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Compiler => "compiled",
            Self::Cache => "cached",
            Self::Nowhere => "refused",
        }
    }
}

/// Who is told of each.
pub(crate) type CodeTold = Arc<dyn Fn(CodeFrom, Duration) + Send + Sync>;

/// A component as machine code.
#[derive(Clone)]
pub struct Compiled {
    /// BLAKE3 of the component's bytes.
    pub digest: Digest,
    pub(crate) component: Component,
}

/// Turns components into machine code, and keeps it on disk where it was given a folder for it.
#[derive(Clone)]
pub struct Compiler {
    engine: Engine,
    cache: Option<Arc<CompileCache>>,
    child: Option<PathBuf>,
    deadline: Duration,
    told: Option<CodeTold>,
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler").field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl Compiler {
    /// A compiler that works in this process.
    #[must_use]
    pub const fn new(engine: Engine) -> Self {
        Self { engine, cache: None, child: None, deadline: COMPILE_DEADLINE, told: None }
    }

    /// The same compiler for another engine.
    #[must_use]
    pub(crate) fn for_engine(&self, engine: Engine) -> Self {
        Self { engine, ..self.clone() }
    }

    /// Keeps compiled components in a folder.
    #[must_use]
    pub fn with_cache(mut self, cache: CompileCache) -> Self {
        self.cache = Some(Arc::new(cache));
        self
    }

    /// Compiles in a child process, which is bounded in memory and time and cannot take this one with it. The program
    /// is called as `PROGRAM compile-component INPUT OUTPUT ENGINE`, with the name of an [`EngineKind`](super::EngineKind).
    #[must_use]
    pub fn with_child(mut self, program: PathBuf) -> Self {
        self.child = Some(program);
        self
    }

    /// Waits no longer than this for one compilation.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The engine that the machine code is for.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Tells where the machine code of each component came from, and how long that took.
    pub(crate) fn telling(mut self, told: CodeTold) -> Self {
        self.told = Some(told);
        self
    }

    /// Compiles a component, or loads it from the folder.
    ///
    /// # Errors
    ///
    /// `COMPONENT_TOO_LARGE`, `COMPONENT_INVALID`, `COMPILE_FAILED`, `COMPILE_TIMEOUT`; `MEMORY_LIMIT` or `TABLE_LIMIT` for
    /// one that begins with more than any may have.
    pub async fn compile(&self, bytes: Arc<[u8]>) -> Result<Compiled, Failure> {
        let began = tokio::time::Instant::now();
        let compiled = self.cached_or_compiled(bytes).await;
        if let Some(told) = &self.told {
            let from = compiled.as_ref().map_or(CodeFrom::Nowhere, |(_, from)| *from);
            told(from, began.elapsed());
        }
        compiled.map(|(compiled, _)| compiled)
    }

    async fn cached_or_compiled(&self, bytes: Arc<[u8]>) -> Result<(Compiled, CodeFrom), Failure> {
        check_shape(&bytes)?;
        let digest = Digest::of(&bytes);
        if let Some(component) = self.cached(digest) {
            return Ok((Compiled { digest, component }, CodeFrom::Cache));
        }
        let code = match &self.child {
            Some(program) => {
                let child = super::cache::compile_in_child(program, self.engine.kind(), &bytes);
                self.in_time(child).await?
            }
            None => self.compile_here(Arc::clone(&bytes)).await?,
        };
        if let Some(cache) = &self.cache {
            cache.store(digest, &self.engine, &code);
        }
        let refused = |failure: Failure| match declared::beyond(&bytes) {
            Some(limit) => Failure::new(limit, failure.message),
            None => failure,
        };
        let component = super::cache::load(&self.engine, &code).map_err(refused)?;
        Ok((Compiled { digest, component }, CodeFrom::Compiler))
    }

    /// The same component for this compiler's engine. Where it runs the same code as the engine that the component was
    /// compiled for, the code is taken as it is.
    ///
    /// # Errors
    ///
    /// As [`Compiler::compile`].
    pub(crate) async fn carry_over(
        &self,
        (from, component): (&Engine, &Component),
        bytes: Arc<[u8]>,
    ) -> Result<Compiled, Failure> {
        if from.kind() != self.engine.kind() {
            return self.compile(bytes).await;
        }
        let code = component
            .serialize()
            .map_err(|error| Failure::new(ErrorCode::CompileFailed, format!("{error:#}")))?;
        Ok(Compiled { digest: Digest::of(&bytes), component: super::cache::load(&self.engine, &code)? })
    }

    fn cached(&self, digest: Digest) -> Option<Component> {
        let code = self.cache.as_ref()?.load(digest, &self.engine)?;
        super::cache::load(&self.engine, &code).ok()
    }

    /// The thread cannot be stopped at the deadline, only no longer waited for; it ends by itself.
    async fn compile_here(&self, bytes: Arc<[u8]>) -> Result<Vec<u8>, Failure> {
        let engine = self.engine.clone();
        let work = tokio::task::spawn_blocking(move || to_machine_code(&engine, &bytes));
        let panicked = |_| Err(Failure::new(ErrorCode::CompileFailed, "the compiler panicked"));
        self.in_time(async { work.await.unwrap_or_else(panicked) }).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let late = |_| {
            let message = format!("compiling took longer than {} ms", self.deadline.as_millis());
            Err(Failure::new(ErrorCode::CompileTimeout, message))
        };
        tokio::time::timeout(self.deadline, work).await.unwrap_or_else(late)
    }
}

/// Compiles in this thread, for as long as it takes.
///
/// # Errors
///
/// `COMPONENT_TOO_LARGE`, `COMPONENT_INVALID`, `COMPILE_FAILED`.
pub fn to_machine_code(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    check_shape(bytes)?;
    engine.raw().precompile_component(bytes).map_err(|error| {
        let features = engine.raw().get_wasm_features();
        let invalid = Validator::new_with_features(features).validate_all(bytes).is_err();
        let code = if invalid { ErrorCode::ComponentInvalid } else { ErrorCode::CompileFailed };
        Failure::new(code, format!("{error:#}"))
    })
}

/// The preamble of a component: magic, version 13, layer 1 (component model, binary format).
const COMPONENT: [u8; 8] = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
/// The preamble of a core module.
const MODULE: [u8; 8] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

fn check_shape(bytes: &[u8]) -> Result<(), Failure> {
    if bytes.len() > MAX_COMPONENT_BYTES {
        let message = format!(
            "the component has {} bytes, and at most {MAX_COMPONENT_BYTES} are compiled",
            bytes.len()
        );
        return Err(Failure::new(ErrorCode::ComponentTooLarge, message));
    }
    let message = match bytes.get(..8) {
        Some(head) if head == COMPONENT => return Ok(()),
        Some(head) if head == MODULE => {
            "the file is a core module, no component; build it with --target wasm32-wasip2"
        }
        _ => "the file is no WebAssembly component",
    };
    Err(Failure::new(ErrorCode::ComponentInvalid, message))
}
