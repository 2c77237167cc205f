//! The engines that runs are repeated in. Each is made when it is first asked for, and keeps what it has compiled.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aos_core::failure::Failure;

use crate::registry::Registry;
use crate::sandbox::{Compiler, Engine, EngineKind};

/// One registry of components for each engine.
pub(super) struct ReplayEngines {
    live: Compiler,
    made: Mutex<BTreeMap<EngineKind, Arc<Registry>>>,
}

impl ReplayEngines {
    /// None yet. They compile as the live engine's compiler does.
    pub(super) const fn new(live: Compiler) -> Self {
        Self { live, made: Mutex::new(BTreeMap::new()) }
    }

    /// The components of one engine.
    ///
    /// # Errors
    ///
    /// As [`Engine::for_replay`].
    pub(super) fn of(&self, kind: EngineKind) -> Result<Arc<Registry>, Failure> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = made.get(&kind) {
            return Ok(Arc::clone(registry));
        }
        let registry = Arc::new(Registry::new(self.live.for_engine(Engine::for_replay(kind)?), &[])?);
        made.insert(kind, Arc::clone(&registry));
        Ok(registry)
    }
}
