//! `aos certify`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::certification::{Envelope, SigningKey};
use aos_host::failure::Failure;
use aos_host::journal::FuelProof;
use aos_host::providers::{World, read_journal};
use aos_host::{Certification, CertifyOptions, EngineProof};
use unicode_width::UnicodeWidthStr as _;

use super::verify::verify;
use crate::failed::PROOF_FAILED;
use crate::options::{CertifyArgs, Format};
use crate::progress_bar::ProgressBar;
use crate::render::{plain, print, say, say_help};
use crate::setup;

/// Certifies journals, or verifies certificates.
pub(crate) async fn certify(args: CertifyArgs) -> anyhow::Result<ExitCode> {
    match (&args.verify, &args.key) {
        (Some(file), Some(key)) => verify(file, key, &args.journals, args.format),
        (_, key) => certify_all(&args, key.as_deref()).await,
    }
}

async fn certify_all(args: &CertifyArgs, key: Option<&Path>) -> anyhow::Result<ExitCode> {
    // What cannot work is told before the work begins.
    let key = key.map(signing_key).transpose()?;
    for path in &args.journals {
        let found = std::fs::metadata(path).with_context(|| path.display().to_string())?;
        anyhow::ensure!(!found.is_dir(), "{} is a folder; name the journals in it", path.display());
    }
    if let Some(path) = args.output.as_ref().filter(|path| path.exists()) {
        anyhow::bail!("-o {}: the file is there already, and nothing is written over it", path.display());
    }
    let runtime = setup::runtime(World::live(), &args.skills.folders).await?;
    let options = CertifyOptions::default().repeat(args.repeat);
    let table = Table::new(&args.journals, args.format)?;
    let mut bar = ProgressBar::new(args.journals.len());
    let (mut documents, mut foreign) = (Vec::new(), false);
    for path in &args.journals {
        bar.show(&name_of(path));
        let journal = read_journal(path).with_context(|| path.display().to_string())?;
        setup::know_components_beside(&runtime, path).await;
        let certification = runtime.certify(&journal, options).await;
        bar.hide();
        table.row(path, &certification)?;
        foreign |= certification.engines.iter().any(|engine| engine.fuel == FuelProof::FromJournal);
        match certification.statement(name_of(path)) {
            Ok(statement) => documents.push(match &key {
                Some(key) => Envelope::sign(&statement, key)?.canonical_bytes()?,
                None => statement.canonical_bytes()?,
            }),
            Err(failure) => tell(path, &failure),
        }
    }
    if foreign {
        say("* fuel is as recorded, by an engine that counts in another way; it was not compared");
    }
    let certified = documents.len();
    let lines: Vec<u8> = documents.into_iter().flat_map(|line| [line, b"\n".to_vec()].concat()).collect();
    if args.format == Format::Json {
        print(std::str::from_utf8(&lines)?)?;
    }
    if let (Some(path), true) = (&args.output, certified > 0) {
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
        let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, &lines));
        written.with_context(|| path.display().to_string())?;
        say(&format!("wrote {}", path.display()));
    }
    let all = args.journals.len();
    say(&format!("certified {certified} of {all} in three engines, {} in each", times(args.repeat)));
    Ok(if certified == all { ExitCode::SUCCESS } else { ExitCode::from(PROOF_FAILED) })
}

fn signing_key(path: &Path) -> anyhow::Result<SigningKey> {
    let place = || format!("--key {}", path.display());
    let text = std::fs::read_to_string(path).with_context(place)?;
    SigningKey::from_pem(&text).with_context(place)
}

fn tell(path: &Path, failure: &Failure) {
    say(&format!("not proven: {}: {failure}", path.display()));
    say_help(failure.advice());
}

fn times(repeat: u32) -> String {
    if repeat == 1 { "once".to_owned() } else { format!("{repeat} times") }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// One line for each journal, written when it is known.
struct Table {
    format: Format,
    /// Columns of a terminal that the longest name takes.
    width: usize,
}

impl Table {
    fn new(journals: &[PathBuf], format: Format) -> anyhow::Result<Self> {
        let width = journals.iter().map(|path| plain(&name_of(path)).width()).max();
        let table = Self { format, width: width.unwrap_or_default().max("JOURNAL".len()) };
        table.line(["JOURNAL", "STEPS", "CALLS", "FUEL", "CRANELIFT-SPEED", "CRANELIFT-NONE", "PULLEY"])?;
        Ok(table)
    }

    fn row(&self, path: &Path, certification: &Certification) -> anyhow::Result<()> {
        let [mut steps, mut calls, mut fuel] = ["-", "-", "-"].map(str::to_owned);
        if let Ok(recorded) = &certification.recorded {
            let outcome = &recorded.outcome;
            steps = outcome.steps.len().to_string();
            calls = outcome.side_effects.len().to_string();
            fuel = outcome.fuel.units().to_string();
        }
        if certification.engines.iter().any(|engine| engine.fuel == FuelProof::FromJournal) {
            fuel.push('*');
        }
        let mut engines = certification.engines.iter().map(verdict);
        let mut engine = || engines.next().unwrap_or_else(|| "-".to_owned());
        let (speed, none, pulley) = (engine(), engine(), engine());
        self.line([&plain(&name_of(path)), &steps, &calls, &fuel, &speed, &none, &pulley])
    }

    fn line(&self, cells: [&str; 7]) -> anyhow::Result<()> {
        if self.format == Format::Json {
            return Ok(());
        }
        let [journal, steps, calls, fuel, speed, none, pulley] = cells;
        // The formatter pads by characters, and those of some scripts take two columns or none.
        let rest = " ".repeat(self.width.saturating_sub(journal.width()));
        let line =
            format!("{journal}{rest}  {steps:>5}  {calls:>5}  {fuel:>12}  {speed:<15}  {none:<14}  {pulley}");
        print(&format!("{}\n", line.trim_end()))
    }
}

fn verdict(engine: &EngineProof) -> String {
    let equal = engine.equal;
    if engine.proof.is_ok() { format!("equal x{equal}") } else { format!("differs at {}", equal + 1) }
}
