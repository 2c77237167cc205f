//! The certificate of a journal, as a report shows it.

use aos_core::ids::Digest;
use serde::Serialize;
use serde_json::Value;

use crate::certification::{Envelope, EnvelopeInvalid, PublicKey, Statement};

/// What a certificate says of a journal, and how far that was verified.
#[derive(Debug, Clone, Serialize)]
pub struct CertificateView {
    /// How far it was verified.
    pub state: CertificateState,
    /// The same in words.
    pub words: String,
    /// The engines that the run was repeated in.
    pub engines: Vec<EngineView>,
    /// What was the same in every repetition.
    pub compared: Vec<String>,
}

/// Repetitions in one engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EngineView {
    /// Its name.
    pub name: String,
    /// How often it was repeated.
    pub repetitions: u32,
}

/// How far a certificate was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CertificateState {
    /// The key that was named signed it.
    Verified,
    /// Somebody signed it, and no key was named.
    Unverified,
    /// Nobody signed it.
    Unsigned,
    /// The key that was named did not sign it.
    Broken,
}

impl CertificateView {
    /// Looks for the certificate of a journal among those of a file, one a line; none where there is none. Of several the one
    /// that proves most.
    #[must_use]
    pub fn find(file: &[u8], journal: &Digest, key: Option<&PublicKey>) -> Option<Self> {
        let lines = file.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        let found = lines.filter_map(|line| read(line, key));
        let of_it = found.filter(|(_, statement)| {
            statement.subject.iter().any(|subject| subject.digest.blake3 == *journal)
        });
        let (state, statement) = of_it.min_by_key(|(state, _)| *state as u8)?;
        let engines = statement.predicate.engines.iter();
        let engines =
            engines.map(|engine| EngineView { name: engine.name.clone(), repetitions: engine.repetitions });
        let compared = statement.predicate.compared.iter().filter_map(|compared| {
            let word = serde_json::to_value(compared).ok()?;
            word.as_str().map(|word| word.replace('-', " "))
        });
        let words = state.words(key);
        Some(Self { state, words, engines: engines.collect(), compared: compared.collect() })
    }
}

impl CertificateState {
    fn words(self, key: Option<&PublicKey>) -> String {
        let key = key.map(PublicKey::id).unwrap_or_default();
        match self {
            Self::Verified => format!("verified: the key {key} signed it"),
            Self::Unverified => "signed, and not verified: no key was named".to_owned(),
            Self::Unsigned => "not signed: anyone can have written it".to_owned(),
            Self::Broken => format!("not to be trusted: the key {key} did not sign it"),
        }
    }
}

/// A line of a file of certificates.
fn read(line: &str, key: Option<&PublicKey>) -> Option<(CertificateState, Statement)> {
    match Envelope::read(line) {
        Ok(envelope) => {
            let statement = envelope.claimed().ok()?;
            let state = match key {
                None => CertificateState::Unverified,
                Some(key) if envelope.verify(key).is_ok() => CertificateState::Verified,
                Some(_) => CertificateState::Broken,
            };
            Some((state, statement))
        }
        Err(EnvelopeInvalid::Unsigned) => {
            Statement::read(line.as_bytes()).ok().map(|statement| (CertificateState::Unsigned, statement))
        }
        Err(_) => None,
    }
}

/// The view as the page reads it.
pub(super) fn value(certificate: Option<&CertificateView>) -> Value {
    certificate.and_then(|view| serde_json::to_value(view).ok()).unwrap_or_default()
}
