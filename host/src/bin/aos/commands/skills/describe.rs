//! `aos skills describe`

use std::process::ExitCode;

use aos_host::Prepared;
use aos_host::ids::SkillId;
use aos_host::policy::Narrowing;
use aos_host::providers::World;
use aos_host::sidecar::SkillTerms;
use aos_host::skill::SkillMetadata;
use serde::Serialize;

use super::list::no_skills;
use super::print_json;
use super::report::kind;
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
        let start = format!("{}.", args.id);
        let of_it: Vec<_> =
            known.iter().filter(|name| name.starts_with(&start)).map(String::as_str).collect();
        anyhow::ensure!(
            of_it.is_empty(),
            "{} has several functions; say which: {}",
            args.id,
            of_it.join(", ")
        );
        anyhow::bail!("there is no skill {}; there are: {}", args.id, known.join(", "));
    };
    let (metadata, terms) = (skill.metadata(), skill.terms());
    if args.format.format == Format::Json {
        print_json(&Described::of(&skill))?;
        return Ok(ExitCode::SUCCESS);
    }
    let contract = &metadata.contract;
    let mut text = format!("{} {}\n", metadata.id, plain(&metadata.version));
    if !metadata.description.is_empty() {
        text.push_str(&format!("  {}\n", plain(&metadata.description)));
    }
    let mut line = |name: &str, what: &str| text.push_str(&format!("  {name:<14}{}\n", plain(what)));
    line("kind", kind(metadata.kind));
    if let Some(export) = &metadata.export {
        line("export", &export.to_string());
    }
    line("digest", &metadata.digest.to_string());
    let effects: Vec<_> = metadata.effects.iter().map(word).collect::<Result<_, _>>()?;
    line("effects", &if effects.is_empty() { "none".to_owned() } else { effects.join(", ") });
    line("fuel", &contract.fuel.units().to_string());
    line("memory bytes", &contract.memory_bytes.to_string());
    line("deadline ms", &contract.deadline_ms.to_string());
    line("host calls", &contract.host_calls.to_string());
    if terms.grants != Narrowing::default() {
        line("grants", &serde_json::to_string(&terms.grants)?);
    }
    for (name, schema) in [("input", &metadata.input_schema), ("output", &metadata.output_schema)] {
        let lines: Vec<_> = serde_json::to_string_pretty(schema)?.lines().map(plain).collect();
        text.push_str(&format!("  {name:<14}{}\n", lines.join("\n")));
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A skill and the terms that it runs on, as JSON.
#[derive(Serialize)]
pub(crate) struct Described<'a> {
    #[serde(flatten)]
    metadata: &'a SkillMetadata,
    #[serde(skip_serializing_if = "SkillTerms::says_nothing")]
    terms: &'a SkillTerms,
}

impl<'a> Described<'a> {
    /// What is known of a skill.
    pub(crate) fn of(skill: &'a Prepared) -> Self {
        Self { metadata: skill.metadata(), terms: skill.terms() }
    }
}

/// The word that stands for it in JSON.
fn word<T: Serialize>(value: &T) -> anyhow::Result<String> {
    Ok(serde_json::to_value(value)?.as_str().unwrap_or_default().to_owned())
}
