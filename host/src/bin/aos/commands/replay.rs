//! `aos replay`

use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::journal::FuelProof;
use aos_host::providers::{World, read_journal};

use crate::failed::PROOF_FAILED;
use crate::options::ReplayArgs;
use crate::render::{print_outcome, say, say_help};
use crate::setup;

/// Replays a journal.
pub(crate) async fn replay(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let journal = read_journal(&args.journal).with_context(|| args.journal.display().to_string())?;
    let runtime = setup::runtime(World::live(), &args.skills.folders).await?;
    let replay = runtime.replay(&journal).await;
    print_outcome(&replay.outcome, args.format.format)?;
    match replay.proof {
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
            say_help(failure.code.row().advice);
            Ok(ExitCode::from(PROOF_FAILED))
        }
    }
}
