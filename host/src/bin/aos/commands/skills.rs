//! `aos skills list|describe|check|wit`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::canonical;
use aos_host::ids::SkillId;
use aos_host::providers::World;
use serde::Serialize;

use crate::options::{CheckArgs, DescribeArgs, Format, ListArgs, WitArgs};
use crate::render::{plain, print, say};
use crate::{folders, setup};

/// Prints one skill a line.
pub(crate) async fn list(args: ListArgs) -> anyhow::Result<ExitCode> {
    let (runtime, skipped) = setup::load(World::live(), &args.skills.folders).await?;
    let skills = runtime.skills();
    if args.format.format == Format::Json {
        print_json(&skills.iter().map(|skill| skill.metadata()).collect::<Vec<_>>())?;
    } else {
        for skill in &skills {
            let metadata = skill.metadata();
            print(&format!(
                "{}  {}  {}\n",
                metadata.id,
                plain(&metadata.version),
                plain(&metadata.description)
            ))?;
        }
    }
    if skills.is_empty() {
        say(&no_skills(&args.skills.folders));
    }
    Ok(if skills.is_empty() && skipped > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn no_skills(said: &[PathBuf]) -> String {
    let folders: Vec<_> = folders::skills(said).iter().map(|folder| folder.display().to_string()).collect();
    format!("there are no skills in {}; name a folder of components with --skills", folders.join(" or "))
}

/// Prints what a skill says of itself.
pub(crate) async fn describe(args: DescribeArgs) -> anyhow::Result<ExitCode> {
    let runtime = setup::runtime(World::live(), &args.skills.folders).await?;
    let Some(skill) = runtime.skill(&SkillId::new(args.id.clone())?) else {
        let known: Vec<_> = runtime.skills().iter().map(|skill| skill.metadata().id.to_string()).collect();
        anyhow::ensure!(!known.is_empty(), no_skills(&args.skills.folders));
        anyhow::bail!("there is no skill {}; there are: {}", args.id, known.join(", "));
    };
    let metadata = skill.metadata();
    if args.format.format == Format::Json {
        print_json(metadata)?;
        return Ok(ExitCode::SUCCESS);
    }
    let contract = &metadata.contract;
    print(&format!("{} {}\n  {}\n", metadata.id, plain(&metadata.version), plain(&metadata.description)))?;
    print(&format!("  digest        {}\n", metadata.digest))?;
    print(&format!("  effects       {:?}\n", metadata.effects))?;
    print(&format!("  fuel          {}\n", contract.fuel.units()))?;
    print(&format!("  memory bytes  {}\n", contract.memory_bytes))?;
    print(&format!("  deadline ms   {}\n", contract.deadline_ms))?;
    print(&format!("  host calls    {}\n", contract.host_calls))?;
    print(&format!("  input         {}\n", serde_json::to_string_pretty(&metadata.input_schema)?))?;
    print(&format!("  output        {}\n", serde_json::to_string_pretty(&metadata.output_schema)?))?;
    Ok(ExitCode::SUCCESS)
}

/// Looks at a component file.
pub(crate) async fn check(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let bytes = setup::component(&args.file)?;
    let runtime = setup::runtime(World::live(), &args.skills.folders).await?;
    let admission = runtime.examine_skill(bytes).await;
    if let Some(other) = admission.metadata.as_ref().and_then(|metadata| runtime.skill(&metadata.id))
        && other.metadata().digest != admission.digest
    {
        let (id, digest) = (&other.metadata().id, other.metadata().digest);
        say(&format!(
            "the name {id} belongs to another component already ({digest}); one of the two is not loaded"
        ));
    }
    if args.format.format == Format::Json {
        print_json(&admission)?;
    } else {
        print(&format!(
            "{}\n  digest  {}\n  bytes   {}\n",
            args.file.display(),
            admission.digest,
            admission.bytes
        ))?;
        for import in &admission.imports {
            let class = import
                .class
                .map_or_else(|| "UNKNOWN".to_owned(), |class| format!("{class:?}").to_lowercase());
            print(&format!("  import  {:<44} {class}\n", plain(&import.interface)))?;
        }
        match (&admission.metadata, &admission.refused) {
            (Some(metadata), _) => {
                print(&format!("  admitted as {} {}\n", metadata.id, plain(&metadata.version)))?
            }
            (None, Some(failure)) => print(&format!("  refused: {}\n", plain(&failure.to_string())))?,
            (None, None) => {}
        }
    }
    Ok(if admission.refused.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The contract with skills, one file an interface.
const WIT: [(&str, &str); 5] = [
    ("http.wit", include_str!("../../../../../wit/http.wit")),
    ("llm.wit", include_str!("../../../../../wit/llm.wit")),
    ("log.wit", include_str!("../../../../../wit/log.wit")),
    ("types.wit", include_str!("../../../../../wit/types.wit")),
    ("world.wit", include_str!("../../../../../wit/world.wit")),
];

/// Writes the contract with skills into a folder.
pub(crate) fn wit(args: &WitArgs) -> anyhow::Result<ExitCode> {
    let place = || args.folder.display().to_string();
    for (name, text) in WIT {
        let path = args.folder.join(name);
        let other = std::fs::read_to_string(&path).is_ok_and(|found| found != text);
        anyhow::ensure!(!other, "{} says something else; choose another folder", path.display());
    }
    std::fs::create_dir_all(&args.folder).with_context(place)?;
    for (name, text) in WIT {
        let path = args.folder.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    print(&String::from_utf8(canonical::to_vec(value)?)?)?;
    print("\n")
}
