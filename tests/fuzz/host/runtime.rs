//! Every way into a runtime: a workflow and its input, the lines of a journal, and a file of injections, with lines of
//! `---` between them.

use std::time::Duration;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::journal::{Chain, Injections, Recording};
use aos_host::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_host::providers::MemorySink;
use aos_host::workflow_format::Workflow;
use aos_host::{CertifyOptions, ResumeOptions, RunOptions, json};

use super::{assert_sound, frozen, is_nobodys, on_one_thread};

/// Bytes of a line from its chain on, without its LF.
const TAIL: usize = 76;

/// Real time that one run may take; its pauses may be skipped.
const LIMIT: Duration = Duration::from_secs(1_000_000);

pub(super) fn every_entry(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut parts = text.split("\n---\n");
    let mut part = || parts.next().unwrap_or_default();
    let (workflow, input, journal, injections) = (part(), part(), part(), part());
    frozen();
    on_one_thread(async {
        let all = async {
            run(workflow, input).await;
            recorded(journal, injections).await;
        };
        tokio::time::timeout(LIMIT, all).await.expect("it ends");
    });
}

/// A run ends, and repeats from its own journal.
async fn run(workflow: &str, input: &str) {
    let Ok(workflow) = Workflow::parse(workflow.as_bytes()) else { return };
    let input = json::read(input).unwrap_or_default();
    let sink = MemorySink::default();
    let options = RunOptions::default().journal(sink.clone());
    let outcome = frozen().start(&workflow, input, options).outcome().await;
    assert_whole(&outcome);
    if !outcome.is_of_a_run() {
        return;
    }
    let replay = frozen().replay(&sink.bytes()).await;
    assert_eq!(replay.proof, Ok(()), "{:?}: {}", outcome.code, outcome.message);
    assert_eq!(replay.outcome, outcome);
}

/// Whatever a journal says, what is made of it ends.
async fn recorded(journal: &str, injections: &str) {
    let bytes = sealed(journal.as_bytes());
    // A journal may say that its host panicked, and then so does what goes on with it.
    let says_it_itself = ["HOST_PANIC", "HOST_BUG", "UNCLASSIFIED"].iter().any(|word| journal.contains(word));
    if says_it_itself {
        return;
    }
    let replay = frozen().replay(&bytes).await;
    assert_whole(&replay.outcome);
    replay.proof.err().iter().for_each(assert_sound);
    let certification = frozen().certify(&bytes, CertifyOptions::default()).await;
    certification.proof().err().into_iter().for_each(assert_sound);
    let Ok(recording) = Recording::read(&bytes) else { return };
    if let Ok(injections) = Injections::read(injections, &recording) {
        match frozen().rehearse(recording, injections).await {
            Ok(outcome) => assert_whole(&outcome),
            Err(failure) => assert_sound(&failure),
        }
    }
    let recording = Recording::read(&bytes).expect("it was read before");
    let so_far = recording.facts().expect("it begins with its run");
    match frozen().resume(MemorySink::default(), recording, ResumeOptions::default()).await {
        Ok(run) => assert_whole(&run.outcome().await),
        Err(failure) => assert_refused(failure, so_far),
    }
}

fn assert_refused(failure: Failure, so_far: aos_host::journal::Facts) {
    assert_sound(&failure);
    assert_whole(&frozen().refuse_to_resume(so_far, failure));
}

/// An outcome is one, has a code that says something, and comes back from its canonical bytes.
fn assert_whole(outcome: &StructuredOutcome) {
    match outcome.code {
        OutcomeCode::Ok => assert_ne!(outcome.status, Status::Failure),
        OutcomeCode::Error(code) => {
            assert!(!is_nobodys(code) && !outcome.message.is_empty(), "{code}: {}", outcome.message);
            let own = code == ErrorCode::SkillError || outcome.category == Some(code.row().category);
            assert!(own, "{code} as {:?}", outcome.category);
        }
    }
    let bytes = outcome.canonical_bytes().expect("canonical bytes");
    let again: StructuredOutcome = serde_json::from_slice(&bytes).expect("an outcome");
    assert_eq!(again.canonical_bytes().expect("canonical bytes"), bytes);
    outcome.steps.iter().for_each(assert_whole);
}

/// Lines with a chain that fits them.
fn sealed(data: &[u8]) -> Vec<u8> {
    let (mut chain, mut all) = (Chain::default(), Vec::new());
    for line in data.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let cut = line.len().checked_sub(TAIL).and_then(|at| line.split_at_checked(at));
        let body = match cut {
            Some((body, tail)) if tail.starts_with(b",\"chain\":\"") => body,
            _ => line.strip_suffix(b"}").unwrap_or(line),
        };
        let mut line = body.to_vec();
        chain.seal(&mut line);
        all.append(&mut line);
    }
    all
}
