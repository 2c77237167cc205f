//! What looking at a component showed, for people: what it is, what it wants, and the lines to paste.

use std::fmt::Write as _;

use aos_host::skill::{SkillKind, SkillMetadata};
use aos_host::{Admission, ImportNote, Need};
use serde_json::Value;

use crate::render::plain;

/// Characters of a schema on one line.
const SHOWN: usize = 160;

/// All of it, beginning with a name.
pub(super) fn report(name: &str, admission: &Admission) -> String {
    let mut text =
        format!("{}\n  digest  {}\n  bytes   {}\n", plain(name), admission.digest, admission.bytes);
    for skill in &admission.skills {
        let export = skill
            .export
            .as_ref()
            .map_or_else(String::new, |export| format!("  {}", plain(&export.to_string())));
        let _ = writeln!(text, "  {}  {}{export}", kind(skill.kind), skill.id);
        let _ = writeln!(text, "          {}", plain(&skill.description));
        let _ = writeln!(text, "    input   {}", plain(&shape(&skill.input_schema)));
        let _ = writeln!(text, "    output  {}", plain(&shape(&skill.output_schema)));
    }
    for uncallable in &admission.uncallable {
        let export = plain(&uncallable.export.to_string());
        let _ = writeln!(text, "  not callable  {export}: {}", plain(&uncallable.reason));
    }
    for import in &admission.imports {
        let class =
            import.class.map_or_else(|| "UNKNOWN".to_owned(), |class| format!("{class:?}").to_lowercase());
        let _ = writeln!(text, "  import  {:<44} {class:<8}{}", plain(&import.interface), need(import));
    }
    match &admission.refused {
        Some(failure) => {
            let _ =
                writeln!(text, "  refused: {}\n  help: {}", plain(&failure.to_string()), failure.advice());
        }
        None => {
            let names: Vec<_> = admission
                .skills
                .iter()
                .map(|skill| format!("{} {}", skill.id, plain(&skill.version)))
                .collect();
            let _ = writeln!(text, "  admitted as {}", names.join(", "));
            text.push_str(&to_paste(admission));
        }
    }
    text
}

const fn kind(kind: SkillKind) -> &'static str {
    match kind {
        SkillKind::Skill => "skill",
        SkillKind::Function => "function",
        SkillKind::Command => "command",
        SkillKind::Handler => "handler",
        SkillKind::Native => "native",
        _ => "other",
    }
}

fn need(import: &ImportNote) -> &'static str {
    match import.needs {
        None => "",
        Some(Need::Hosts) => "needs hosts, which a workflow grants",
        Some(Need::Models) => "needs models, which a workflow grants",
        Some(Need::Environment) => "sees the variables that a workflow grants",
        Some(Need::Never) => "is refused whenever it is used: nobody can grant it",
        Some(_) => "needs something that a workflow grants",
    }
}

/// What to write where, so that it gets what it wants.
pub(super) fn to_paste(admission: &Admission) -> String {
    let wants = |need| admission.imports.iter().any(|import| import.needs == Some(need));
    let (workflow, sidecar, grant) = match (wants(Need::Hosts), wants(Need::Models)) {
        (true, true) => (
            "hosts: [HOST], models: [MODEL]",
            "hosts = [\"HOST\"]\n                      models = [\"MODEL\"]",
            "host=HOST",
        ),
        (true, false) => ("hosts: [HOST]", "hosts = [\"HOST\"]", "host=HOST"),
        (false, true) => ("models: [MODEL]", "models = [\"MODEL\"]", "model=MODEL"),
        (false, false) => return String::new(),
    };
    let name = admission.skills.first().map_or_else(String::new, |skill| skill.id.to_string());
    format!(
        "  it reaches nothing before someone grants it; paste\n    \
         into a workflow   grants: {{{workflow}}}\n    \
         for a try         aos invoke {name} --grant {grant}\n    \
         into its sidecar  [grants]\n                      {sidecar}\n"
    )
}

/// A schema on one line, in the way of a type.
pub(super) fn shape(schema: &Value) -> String {
    let text = written(schema, 0);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Levels that are told.
const DEPTH: usize = 6;

fn written(schema: &Value, depth: usize) -> String {
    let deeper = |schema: &Value| written(schema, depth + 1);
    if depth > DEPTH {
        return "…".to_owned();
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    }
    if let Some(word) = schema.get("const") {
        return word.to_string();
    }
    for many in ["oneOf", "anyOf"] {
        if let Some(all) = schema.get(many).and_then(Value::as_array) {
            return all.iter().map(deeper).collect::<Vec<_>>().join(" | ");
        }
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => object(schema, deeper),
        Some("array") => match schema.get("prefixItems").and_then(Value::as_array) {
            Some(items) => format!("[{}]", items.iter().map(deeper).collect::<Vec<_>>().join(", ")),
            None => format!("[{}, …]", schema.get("items").map_or_else(|| "any".to_owned(), deeper)),
        },
        Some("string") if schema.get("contentEncoding").is_some() => "base64".to_owned(),
        Some("string") if schema.get("pattern").is_some() => "digits".to_owned(),
        Some(word) => word.to_owned(),
        None => "any".to_owned(),
    }
}

fn object(schema: &Value, deeper: impl Fn(&Value) -> String) -> String {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let members: Vec<String> = properties
        .map(|(name, schema)| {
            let optional = if required.contains(&name.as_str()) { "" } else { "?" };
            format!("{name}{optional}: {}", deeper(schema))
        })
        .collect();
    format!("{{{}}}", members.join(", "))
}

/// Whether anything of it wants something that has to be granted.
pub(super) fn title(skill: &SkillMetadata) -> &'static str {
    kind(skill.kind)
}
