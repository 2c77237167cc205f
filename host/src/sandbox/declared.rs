//! What the modules of a component say that they begin with. The engine's pool does not load what does not fit
//! into it, and gives no type of error to know it by.

use aos_core::failure::ErrorCode;
use aos_core::skill::ResourceContract;
use wasmtime::wasmparser::{Parser, Payload};

use super::limits::MAX_TABLE_ELEMENTS;

/// Bytes of a page of a memory.
const PAGE: u64 = 64 * 1024;

/// The limit that one memory or one table passes from the beginning, if one does.
pub(super) fn beyond(component: &[u8]) -> Option<ErrorCode> {
    Parser::new(0).parse_all(component).find_map(|payload| match payload.ok()? {
        Payload::MemorySection(memories) => {
            let most = ResourceContract::host_maximum().memory_bytes;
            let is_large = |pages: u64| pages.saturating_mul(PAGE) > most;
            memories
                .into_iter()
                .flatten()
                .any(|memory| is_large(memory.initial))
                .then_some(ErrorCode::MemoryLimit)
        }
        Payload::TableSection(tables) => {
            let is_large = |elements: u64| elements > MAX_TABLE_ELEMENTS as u64;
            tables
                .into_iter()
                .flatten()
                .any(|table| is_large(table.ty.initial))
                .then_some(ErrorCode::TableLimit)
        }
        _ => None,
    })
}
