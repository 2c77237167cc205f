//! `aos keygen`

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::certification::KeyPair;
use aos_host::providers::{Entropy as _, SystemEntropy};

use crate::options::KeygenArgs;
use crate::render::{print, say};

/// Makes a pair of keys. A file that is there stays as it is.
pub(crate) fn keygen(args: &KeygenArgs) -> anyhow::Result<ExitCode> {
    let (private, public) = (with_ending(&args.output, ".key"), with_ending(&args.output, ".pub"));
    let pair = KeyPair::from_seed(&SystemEntropy.draw()?)?;
    write_new(&private, 0o600, &pair.private)?;
    if let Err(error) = write_new(&public, 0o644, &pair.public) {
        // Half of a pair is of no use, and would be in the way of the next try.
        std::fs::remove_file(&private).with_context(|| private.display().to_string())?;
        return Err(error);
    }
    print(&format!("{}\n{}\n", private.display(), public.display()))?;
    say(&format!("keep {} to yourself; give {} to those who verify", private.display(), public.display()));
    Ok(ExitCode::SUCCESS)
}

fn with_ending(prefix: &Path, ending: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn write_new(path: &Path, mode: u32, text: &str) -> anyhow::Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes()).inspect_err(|_| drop(std::fs::remove_file(path)))
    };
    write().with_context(|| path.display().to_string())
}
