//! The child that compiles: bounded in memory, and gone when it is done.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::sandbox::{Engine, to_machine_code};
use rustix::process::{Resource, Rlimit, setrlimit};

/// Seconds of processor time that a compilation may take, over all threads.
const MAX_CPU_SECONDS: u64 = 300;

/// Bytes of the machine code that it may write.
const MAX_OUTPUT_BYTES: u64 = 1 << 30;

/// Heap that a compilation may take: a 20 MiB component takes about 2 GiB.
const MAX_DATA_BYTES: u64 = 8 << 30;

/// Compiles one component; tells a failure as `CODE: message` on standard error.
pub(crate) fn run(input: &Path, output: &Path, engine: &str) -> ExitCode {
    match compile(input, output, engine) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn compile(input: &Path, output: &Path, engine: &str) -> Result<(), Failure> {
    let io = |error: std::io::Error| {
        Failure::new(ErrorCode::of_file(&error, ErrorCode::CompileFailed), error.to_string())
    };
    for (resource, most) in [
        (Resource::Cpu, MAX_CPU_SECONDS),
        (Resource::Fsize, MAX_OUTPUT_BYTES),
        (Resource::Data, MAX_DATA_BYTES),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|error| io(error.into()))?;
    }
    let bytes = std::fs::read(input).map_err(io)?;
    let code = to_machine_code(&Engine::for_replay(engine.parse()?)?, &bytes)?;
    std::fs::write(output, code).map_err(io)
}
