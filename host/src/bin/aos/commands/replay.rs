//! `aos replay`

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use aos_host::Runtime;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::SkillId;
use aos_host::journal::{FuelProof, Injections, Recording};
use aos_host::outcome::{OutcomeCode, StructuredOutcome};
use aos_host::providers::{World, read_journal};

use crate::failed::PROOF_FAILED;
use crate::options::ReplayArgs;
use crate::render::{conclude, print_outcome, say, say_help, say_torn};
use crate::setup;

/// Replays a journal.
pub(crate) async fn replay(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let journal = read_journal(&args.journal).with_context(|| args.journal.display().to_string())?;
    if let Some(inject) = &args.inject {
        return rehearse(&args, &journal, inject).await;
    }
    let runtime = setup::runtime(World::live(), &args.skills.folders).await?;
    setup::know_components_beside(&runtime, &args.journal).await;
    let builds = builds(&args.builds)?;
    let replay = runtime.replay_against(&journal, builds.clone()).await;
    print_outcome(&replay.outcome, args.format.format)?;
    say_torn(&args.journal, replay.torn_bytes);
    match replay.proof {
        Ok(()) if !builds.is_empty() => {
            let names: Vec<_> = builds.keys().map(ToString::to_string).collect();
            say(&format!(
                "compatible: with this {} the run does the same at every call",
                names.join(" and ")
            ));
            Ok(ExitCode::SUCCESS)
        }
        Ok(()) => {
            say(match replay.fuel {
                FuelProof::Compared => "replayed: the bytes are equal",
                FuelProof::FromJournal => {
                    "replayed: the bytes are equal; fuel is as recorded, by an engine that counts in another way"
                }
            });
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            say(&format!("not proven: {failure}"));
            say_help(failure.advice());
            Ok(ExitCode::from(PROOF_FAILED))
        }
    }
}

/// `ID=FILE`, each.
fn builds(said: &[String]) -> anyhow::Result<BTreeMap<SkillId, Arc<[u8]>>> {
    let mut builds = BTreeMap::new();
    for text in said {
        let place = || format!("--skill {text}");
        let (name, file) =
            text.split_once('=').with_context(|| format!("{}: the form is ID=FILE", place()))?;
        let bytes = setup::component(Path::new(file)).with_context(place)?;
        builds.insert(SkillId::new(name).with_context(place)?, bytes.into());
    }
    Ok(builds)
}

/// Makes the recorded run again with something else happening.
async fn rehearse(args: &ReplayArgs, journal: &[u8], inject: &Path) -> anyhow::Result<ExitCode> {
    let place = || format!("--inject {}", inject.display());
    let world = match &args.stubs {
        Some(_) => setup::world(args.stubs.as_deref())?,
        None => World::live(),
    };
    let text = std::fs::read_to_string(inject).with_context(place)?;
    let runtime = setup::runtime(world, &args.skills.folders).await?;
    setup::know_components_beside(&runtime, &args.journal).await;
    let rehearsed = rehearsed(&runtime, (&args.journal, journal), &text).await;
    let (outcome, failed) = match rehearsed {
        Ok(outcome) => {
            say("rehearsed: this is what the run would have come to; it proves nothing");
            let unknown = outcome.code == OutcomeCode::Error(ErrorCode::ReplayExhausted);
            (outcome, unknown)
        }
        Err(failure) => (runtime.refuse(&failure), true),
    };
    conclude(&outcome, args.format.format)?;
    Ok(if failed { ExitCode::from(PROOF_FAILED) } else { ExitCode::SUCCESS })
}

async fn rehearsed(
    runtime: &Runtime,
    (path, journal): (&Path, &[u8]),
    injections: &str,
) -> Result<StructuredOutcome, Failure> {
    let recording = Recording::read(journal)?;
    say_torn(path, recording.torn().map_or(0, |torn| torn.bytes));
    let injections = Injections::read(injections, &recording)?;
    runtime.rehearse(recording, injections).await
}
