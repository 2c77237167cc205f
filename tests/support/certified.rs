//! Certifying a journal, and holding what comes of it to what a certificate says.

use aos_host::certification::{Compared, Statement};
use aos_host::failure::Failure;
use aos_host::journal::{Entry, FuelProof, Recording, Writer};
use aos_host::outcome::StructuredOutcome;
use aos_host::{Certification, CertifyOptions, Runtime};

/// The engines, in the order of a certificate.
pub(crate) const ENGINES: [&str; 3] = ["cranelift-speed", "cranelift-none", "pulley"];

/// The certificate of a journal that repeats in every engine.
pub(crate) async fn certified(runtime: &Runtime, journal: &[u8], repeat: u32) -> Statement {
    let certification = runtime.certify(journal, CertifyOptions::default().repeat(repeat)).await;
    certification.proof().unwrap_or_else(|failure| panic!("{failure}\n{certification:#?}"));
    let statement = certification.statement("run.jsonl").expect("a certificate");
    let engines = statement.predicate.engines.iter();
    let told: Vec<_> = engines.map(|engine| (engine.name.as_str(), engine.repetitions)).collect();
    assert_eq!(told, ENGINES.map(|name| (name, repeat)));
    let fuel = certification.engines.iter().all(|engine| engine.fuel == FuelProof::Compared);
    assert_eq!(statement.predicate.compared.contains(&Compared::Fuel), fuel);
    statement
}

/// As [`certified`], and the certificate is of this outcome.
pub(crate) async fn assert_certified(runtime: &Runtime, outcome: &StructuredOutcome, journal: &[u8]) {
    let statement = certified(runtime, journal, 3).await;
    let digest = aos_host::ids::Digest::of(&outcome.canonical_bytes().unwrap());
    assert_eq!(statement.predicate.outcome.digest.blake3, digest);
    assert_eq!(
        (statement.predicate.run_id, statement.predicate.outcome.code),
        (outcome.run_id, outcome.code)
    );
    assert_eq!(statement.subject[0].digest.blake3, aos_host::ids::Digest::of(journal));
}

/// Why a journal is not certified.
pub(crate) async fn refused(runtime: &Runtime, journal: &[u8]) -> (Failure, Certification) {
    let certification = runtime.certify(journal, CertifyOptions::default()).await;
    let failure = certification.proof().expect_err("it is certified").clone();
    let statement = certification.statement("run.jsonl").expect_err("there is a certificate");
    assert_eq!(statement, failure);
    (failure, certification)
}

/// A journal with entries that were changed, and a chain that fits them.
pub(crate) fn sealed_again(journal: &[u8], change: impl FnOnce(&mut Vec<Entry>)) -> Vec<u8> {
    let mut entries = Recording::read(journal).expect("a whole journal").entries().to_vec();
    change(&mut entries);
    let mut writer = Writer::default();
    entries.iter_mut().flat_map(|entry| writer.write(entry).expect("an entry")).collect()
}
