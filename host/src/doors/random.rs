//! `wasi:random`: all of it follows from the run's seed and the attempt, so it needs no journal.

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::Seed;
use aos_core::journal::Cursor;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use super::Guest;
use crate::sandbox::Stop;

/// Bytes of one draw.
const MAX_DRAW: u64 = 1 << 20;

/// The randomness of one attempt.
pub(super) struct SeededRandom {
    secure: ChaCha20Rng,
    insecure: ChaCha20Rng,
    hash_seed: ChaCha20Rng,
}

impl SeededRandom {
    pub(super) fn new(seed: &Seed, cursor: &Cursor) -> Self {
        let item = cursor.item.map_or_else(String::new, |item| format!("[{item}]"));
        let stream = |name: &str| {
            let purpose = format!("random/{name}/{}{item}/{}", cursor.step, cursor.attempt);
            ChaCha20Rng::from_seed(seed.derive(&purpose))
        };
        Self { secure: stream("secure"), insecure: stream("insecure"), hash_seed: stream("hash-seed") }
    }
}

impl SeededRandom {
    /// 32 bytes, for keys and generators.
    pub(super) fn draw_32(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.secure.fill_bytes(&mut bytes);
        bytes
    }
}

fn draw(source: &mut ChaCha20Rng, length: u64) -> wasmtime::Result<Vec<u8>> {
    if length > MAX_DRAW {
        let message = format!("{length} random bytes are wanted at once, and the limit is {MAX_DRAW}");
        return Err(Stop::new(Failure::new(ErrorCode::PayloadLimit, message)).into());
    }
    let mut bytes = vec![0; usize::try_from(length)?];
    source.fill_bytes(&mut bytes);
    Ok(bytes)
}

impl random::Host for Guest {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        draw(&mut self.random.secure, length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.random.secure.next_u64())
    }
}

impl insecure::Host for Guest {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        draw(&mut self.random.insecure, length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.random.insecure.next_u64())
    }
}

impl insecure_seed::Host for Guest {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.random.hash_seed.next_u64(), self.random.hash_seed.next_u64()))
    }
}
