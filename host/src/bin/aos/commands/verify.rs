//! `aos certify --verify`

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::certification::{Compared, Envelope, EnvelopeInvalid, PublicKey, Statement};
use aos_host::ids::Digest;
use aos_host::providers::read_journal;
use serde_json::Value;

use crate::failed::PROOF_FAILED;
use crate::options::Format;
use crate::render::{plain, print, say, say_help};

/// Bytes of a file of certificates: each has a few thousand.
const MAX_BYTES: u64 = 64 << 20;

/// Verifies every certificate of a file, and that each journal has one. What was not compared is not called verified.
pub(super) fn verify(
    file: &Path,
    key: &Path,
    journals: &[PathBuf],
    format: Format,
) -> anyhow::Result<ExitCode> {
    let key = public_key(key)?;
    let journals = journals.iter().map(digest_of).collect::<anyhow::Result<Vec<_>>>()?;
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
    opened.take(MAX_BYTES).read_to_end(&mut bytes).with_context(|| file.display().to_string())?;
    let (mut holds, mut attested, mut only_signed) = (true, BTreeSet::new(), 0);
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    for (place, line) in lines {
        match verify_one(line, &key) {
            Ok(statement) => {
                let subjects: Vec<_> =
                    statement.subject.iter().map(|subject| subject.digest.blake3).collect();
                let compared = journals.iter().any(|(digest, _)| subjects.contains(digest));
                only_signed += usize::from(!compared);
                attested.extend(subjects);
                show(&statement, if compared { "verified" } else { "signed" }, &key, format)?;
            }
            Err(error) => {
                holds = false;
                say(&format!("not verified: {} line {}: {error}", file.display(), place + 1));
                say_help(advice(&error));
            }
        }
    }
    if holds && attested.is_empty() {
        holds = false;
        say(&format!("not verified: {} holds no certificate", file.display()));
    }
    for (_, journal) in journals.iter().filter(|(digest, _)| !attested.contains(digest)) {
        holds = false;
        say(&format!("not verified: no certificate is of the bytes of {}", journal.display()));
    }
    if only_signed > 0 {
        let many =
            if only_signed == 1 { "1 certificate".to_owned() } else { format!("{only_signed} certificates") };
        say(&format!("only signed: of {many} signature and statement hold, and no journal was compared"));
        say_help("name the journal as well: aos certify --verify FILE --key PUB JOURNAL");
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(PROOF_FAILED) })
}

fn digest_of(journal: &PathBuf) -> anyhow::Result<(Digest, &PathBuf)> {
    let bytes = read_journal(journal).with_context(|| journal.display().to_string())?;
    Ok((Digest::of(&bytes), journal))
}

pub(super) fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    let place = || format!("--key {}", path.display());
    let text = std::fs::read_to_string(path).with_context(place)?;
    PublicKey::from_pem(&text).with_context(place)
}

fn verify_one(line: &[u8], key: &PublicKey) -> Result<Statement, EnvelopeInvalid> {
    let text =
        std::str::from_utf8(line).map_err(|_| EnvelopeInvalid::Malformed("it is not UTF-8".to_owned()))?;
    Envelope::read(text)?.verify(key)
}

const fn advice(error: &EnvelopeInvalid) -> &'static str {
    match error {
        EnvelopeInvalid::Unsigned => "sign it where it is made: aos certify JOURNAL --key aos.key -o FILE",
        EnvelopeInvalid::NotSigned { .. } => {
            "the file was changed, or another key signed it; get both again from whoever made it"
        }
        _ => "see docs/certificates.md for what a certificate looks like",
    }
}

/// Shows what a certificate says, under a word for what was checked of it.
fn show(statement: &Statement, word: &str, key: &PublicKey, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        print(std::str::from_utf8(&statement.canonical_bytes()?)?)?;
        return print("\n");
    }
    let predicate = &statement.predicate;
    for subject in &statement.subject {
        print(&format!("{word:<8}  {}\n", plain(&subject.name)))?;
        print(&format!("  sha256    {}\n", plain(&subject.digest.sha256)))?;
        print(&format!("  blake3    {}\n", subject.digest.blake3))?;
    }
    let (workflow, outcome) = (&predicate.workflow, &predicate.outcome);
    let (status, code) = (word_of(&outcome.status)?, outcome.code.as_str());
    print(&format!("  run       {} of {}: {status}, {code}\n", predicate.run_id, plain(&workflow.name)))?;
    print(&format!("  seal      {}\n", predicate.seal))?;
    print(&format!("  outcome   {}\n", outcome.digest.blake3))?;
    for skill in &predicate.skills {
        let version = plain(&skill.version);
        print(&format!("  skill     {} {version} {}\n", skill.name, skill.digest.blake3))?;
    }
    let engines = predicate.engines.iter();
    let engines: Vec<_> =
        engines.map(|engine| format!("{} x{}", plain(&engine.name), engine.repetitions)).collect();
    print(&format!("  equal in  {}\n", engines.join(", ")))?;
    let compared = predicate.compared.iter().map(word_of).collect::<anyhow::Result<Vec<_>>>()?;
    print(&format!("  compared  {}\n", compared.join(", ")))?;
    if !predicate.compared.contains(&Compared::Fuel) {
        print("  fuel      as recorded: another engine counted it\n")?;
    }
    print(&format!("  key       {}\n", key.id()))
}

/// The word that the certificate has for a value.
fn word_of(value: &impl serde::Serialize) -> anyhow::Result<String> {
    match serde_json::to_value(value)? {
        Value::String(word) => Ok(word),
        other => Ok(other.to_string()),
    }
}
