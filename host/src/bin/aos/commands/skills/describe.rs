//! `aos skills describe`

use std::process::ExitCode;

use aos_host::ids::SkillId;
use aos_host::providers::World;

use super::list::no_skills;
use super::print_json;
use crate::options::Format;
use crate::render::{plain, print};
use crate::setup;
use crate::skills_options::DescribeArgs;

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
