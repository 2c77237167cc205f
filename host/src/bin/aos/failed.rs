//! What a person sees when a command cannot be carried out.

use std::process::ExitCode;

use aos_host::failure::Failure;

use crate::logging;

/// Something that is not done, or not there.
pub(crate) const REFUSED: u8 = 1;

/// A command line that cannot be followed.
pub(crate) const MISUSED: u8 = 2;

/// A proof that does not hold, such as a replay that is not the recorded run.
pub(crate) const PROOF_FAILED: u8 = 3;

/// Tells an error on standard error, with its causes.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    logging::error_line(&format!("error: {error:#}"));
    if let Some(failure) = error.downcast_ref::<Failure>() {
        logging::error_line(&format!("  help: {}", failure.advice()));
    }
    ExitCode::from(MISUSED)
}
