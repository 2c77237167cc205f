//! Randomness, as the world has it. A run draws once, for its seed and its id; the rest follows from the seed.

use std::sync::atomic::{AtomicU64, Ordering};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::Seed;

/// Gives random bytes.
pub trait Entropy: Send + Sync {
    /// 32 bytes.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` when the machine has none.
    fn draw(&self) -> Result<[u8; 32], Failure>;
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn draw(&self) -> Result<[u8; 32], Failure> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            Failure::new(
                ErrorCode::ConfigInvalid,
                format!("the operating system gives no randomness: {error}"),
            )
        })?;
        Ok(bytes)
    }
}

/// Bytes that follow from a number: the same number, the same sequence.
#[derive(Debug)]
pub struct FixedEntropy {
    seed: Seed,
    drawn: AtomicU64,
}

impl FixedEntropy {
    /// The sequence of a number.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self { seed: Seed::from_bytes([number; 32]), drawn: AtomicU64::new(0) }
    }
}

impl Entropy for FixedEntropy {
    fn draw(&self) -> Result<[u8; 32], Failure> {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        Ok(self.seed.derive(&format!("draw/{drawn}")))
    }
}
