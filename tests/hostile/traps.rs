//! Every trap that the engine knows: the file under `fixtures/hostile/` that raises it, or what keeps it out.

use std::collections::BTreeMap;

use super::attempts::attempts;

/// What there is to a trap.
enum Known {
    /// The file that ends with it.
    Raised(&'static str),
    /// The file of a proposal that is turned off, without which no component can raise it.
    Off(&'static str),
    /// The setting of the engine, or the part that is not built, without which nothing can raise it.
    Without(&'static str),
}
use Known::{Off, Raised, Without};

/// A line for each trap, in the order of the engine's own numbers.
const TRAPS: [(&str, &str, Known); 50] = [
    ("StackOverflow", "STACK_OVERFLOW", Raised("recurses_without_end")),
    ("MemoryOutOfBounds", "SKILL_TRAP", Raised("reads_past_its_memory")),
    ("HeapMisaligned", "SKILL_TRAP", Off("uses_atomics")),
    ("TableOutOfBounds", "SKILL_TRAP", Raised("calls_past_its_table")),
    ("IndirectCallToNull", "SKILL_TRAP", Raised("calls_a_null_table_entry")),
    ("BadSignature", "SKILL_TRAP", Raised("calls_with_another_signature")),
    ("IntegerOverflow", "SKILL_TRAP", Raised("divides_the_least_integer")),
    ("IntegerDivisionByZero", "SKILL_TRAP", Raised("divides_by_zero")),
    ("BadConversionToInteger", "SKILL_TRAP", Raised("converts_what_is_no_number")),
    ("UnreachableCodeReached", "SKILL_TRAP", Raised("traps")),
    ("Interrupt", "TIMEOUT", Without("Config::epoch_interruption")),
    ("OutOfFuel", "FUEL_EXHAUSTED", Raised("loops_forever")),
    ("AtomicWaitNonSharedMemory", "SKILL_TRAP", Off("uses_atomics")),
    ("NullReference", "SKILL_TRAP", Raised("calls_a_null_reference")),
    ("ArrayOutOfBounds", "SKILL_TRAP", Off("uses_garbage_collection")),
    ("AllocationTooLarge", "MEMORY_LIMIT", Off("uses_garbage_collection")),
    ("CastFailure", "SKILL_TRAP", Off("uses_garbage_collection")),
    ("CannotEnterComponent", "REENTRANCY_DENIED", Raised("calls_itself_through_an_adapter")),
    ("NoAsyncResult", "ABI_VIOLATION", Off("uses_asynchronous_exports")),
    ("UnhandledTag", "SKILL_TRAP", Off("uses_continuations")),
    ("ContinuationAlreadyConsumed", "SKILL_TRAP", Off("uses_continuations")),
    ("DisabledOpcode", "HOST_BUG", Without("every opcode of the interpreter is built in")),
    ("AsyncDeadlock", "DEADLOCK", Off("uses_asynchronous_exports")),
    ("CannotLeaveComponent", "REENTRANCY_DENIED", Raised("calls_the_host_from_its_allocator")),
    ("CannotBlockSyncTask", "DEADLOCK", Off("uses_asynchronous_exports")),
    ("InvalidChar", "ABI_VIOLATION", Raised("passes_half_a_pair_as_a_char")),
    ("DebugAssertStringEncodingFinished", "HOST_BUG", Without("Config::debug_adapter_modules")),
    ("DebugAssertEqualCodeUnits", "HOST_BUG", Without("Config::debug_adapter_modules")),
    ("DebugAssertPointerAligned", "HOST_BUG", Without("Config::debug_adapter_modules")),
    ("DebugAssertUpperBitsUnset", "HOST_BUG", Without("Config::debug_adapter_modules")),
    ("StringOutOfBounds", "ABI_VIOLATION", Raised("passes_a_text_past_its_memory")),
    ("ListOutOfBounds", "ABI_VIOLATION", Raised("passes_a_list_past_its_memory")),
    ("InvalidDiscriminant", "ABI_VIOLATION", Raised("passes_a_case_that_is_not_there")),
    ("UnalignedPointer", "ABI_VIOLATION", Raised("passes_an_unaligned_list")),
    ("TaskCancelNotCancelled", "ABI_VIOLATION", Off("uses_asynchronous_tasks")),
    ("TaskCancelOrReturnTwice", "ABI_VIOLATION", Off("uses_asynchronous_tasks")),
    ("SubtaskCancelAfterTerminal", "ABI_VIOLATION", Off("uses_asynchronous_tasks")),
    ("TaskReturnInvalid", "ABI_VIOLATION", Off("uses_asynchronous_tasks")),
    ("WaitableSetDropHasWaiters", "ABI_VIOLATION", Off("uses_asynchronous_tasks")),
    ("SubtaskDropNotResolved", "ABI_VIOLATION", Off("uses_asynchronous_tasks")),
    ("ThreadNewIndirectInvalidType", "ABI_VIOLATION", Off("uses_threads_of_components")),
    ("ThreadNewIndirectUninitialized", "ABI_VIOLATION", Off("uses_threads_of_components")),
    ("BackpressureOverflow", "ABI_VIOLATION", Off("uses_asynchronous_tasks")),
    ("UnsupportedCallbackCode", "ABI_VIOLATION", Off("uses_asynchronous_exports")),
    ("CannotResumeThread", "ABI_VIOLATION", Off("uses_threads_of_components")),
    ("ConcurrentFutureStreamOp", "ABI_VIOLATION", Off("uses_futures")),
    ("ReferenceCountOverflow", "ABI_VIOLATION", Off("uses_error_contexts")),
    ("StreamOpTooBig", "ABI_VIOLATION", Off("uses_futures")),
    ("WaitableSyncAndAsync", "ABI_VIOLATION", Off("uses_asynchronous_tasks")),
    ("UncaughtException", "SKILL_TRAP", Off("uses_exceptions")),
];

/// An upgrade of the engine that brings a trap fails here: it needs a code, and a file or a reason.
#[test]
fn every_trap_that_the_engine_knows_has_a_code_and_a_file_or_a_setting_that_keeps_it_out() {
    let known: Vec<_> = aos_host::traps().map(|(name, code)| (name, code.as_str())).collect();
    let listed: Vec<_> = TRAPS.iter().map(|(name, code, _)| ((*name).to_owned(), *code)).collect();
    assert_eq!(known, listed);
    let attempts = attempts();
    for (trap, code, known) in &TRAPS {
        let (file, ends) = match known {
            Raised(file) => (file, (*code, Some(*trap), false)),
            Off(file) => (file, ("COMPONENT_INVALID", None, true)),
            Without(reason) => {
                assert!(!reason.is_empty(), "{trap} has a reason");
                continue;
            }
        };
        let attempt = attempts.get(*file).unwrap_or_else(|| panic!("{trap}: there is no {file}.wat"));
        let said = (attempt.code.as_str(), attempt.subcode.as_deref(), attempt.is_refused);
        assert_eq!(said, ends, "{trap}: {file}.wat");
    }
}

/// The other way round: what the files call a trap is one of the engine's.
#[test]
fn every_trap_that_a_file_names_is_one_that_the_engine_knows() {
    let codes: BTreeMap<_, _> = aos_host::traps().map(|(name, code)| (name, code.as_str())).collect();
    for (file, attempt) in attempts() {
        let Some(code) = attempt.subcode.and_then(|word| codes.get(&word).copied()) else { continue };
        assert_eq!(code, attempt.code, "{file}.wat");
    }
}
