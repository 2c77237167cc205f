//! What looking at a component showed, for people: what it is, what it wants, and the lines to paste.

use std::fmt::Write as _;

use aos_host::sidecar::Sidecar;
use aos_host::skill::{SkillKind, SkillMetadata};
use aos_host::{Admission, ImportNote, Need};
use serde_json::Value;

use crate::render::plain;

/// The version of what says none.
const UNVERSIONED: &str = "0.0.0";

/// Characters of a schema on one line.
const SHOWN: usize = 240;

/// All of it, beginning with a file.
pub(super) fn report(file: &str, sidecar: &Sidecar, admission: &Admission) -> String {
    let mut text =
        format!("{}\n  digest  {}\n  bytes   {}\n", plain(file), admission.digest, admission.bytes);
    for skill in &admission.skills {
        text.push_str(&lines(skill));
    }
    for uncallable in &admission.uncallable {
        let export = plain(&uncallable.export.to_string());
        let _ = writeln!(text, "  not callable  {export}: {}", plain(&uncallable.reason));
    }
    for import in &admission.imports {
        let class =
            import.class.map_or_else(|| "UNKNOWN".to_owned(), |class| format!("{class:?}").to_lowercase());
        let line = format!("  import  {:<44} {class:<8}{}", plain(&import.interface), need(import));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    match &admission.refused {
        Some(failure) => {
            let _ =
                writeln!(text, "  refused: {}\n  help: {}", plain(&failure.to_string()), failure.advice());
        }
        None => {
            let names: Vec<_> = admission.skills.iter().map(named).collect();
            let _ = writeln!(text, "  admitted as {}", names.join(", "));
            let function = match admission.skills.as_slice() {
                [first, _, ..] => format!(" --function {}", first.id),
                _ => String::new(),
            };
            let path = if file.contains('/') { file.to_owned() } else { format!("./{file}") };
            text.push_str(&to_paste(admission, sidecar, &format!("aos invoke {}{function}", plain(&path))));
        }
    }
    text
}

/// A skill: how it is called, what it says of itself, what it takes and gives.
fn lines(skill: &SkillMetadata) -> String {
    let mut text = format!("  {}  {}", kind(skill.kind), skill.id);
    if let Some(export) = &skill.export {
        text.push_str(&format!("  {}", plain(&export.to_string())));
    }
    text.push('\n');
    if !skill.description.is_empty() {
        text.push_str(&format!("          {}\n", plain(&skill.description)));
    }
    text.push_str(&format!("    input   {}\n", plain(&shape(&skill.input_schema))));
    text.push_str(&format!("    output  {}\n", plain(&shape(&skill.output_schema))));
    text
}

/// A skill's name, and its version where it says one.
fn named(skill: &SkillMetadata) -> String {
    match skill.version.as_str() {
        "" | UNVERSIONED => skill.id.to_string(),
        version => format!("{} {}", skill.id, plain(version)),
    }
}

/// How a skill is called, in one word.
pub(super) const fn kind(kind: SkillKind) -> &'static str {
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

/// What to write where, so that it gets what it wants and its sidecar does not grant yet; and the command that tries it.
pub(super) fn to_paste(admission: &Admission, sidecar: &Sidecar, command: &str) -> String {
    let (mut granted, mut missing) = (Vec::new(), Vec::new());
    for (need, key, what) in [
        (Need::Hosts, "hosts", "HOST"),
        (Need::Models, "models", "MODEL"),
        (Need::Environment, "environment", "NAME"),
    ] {
        let own = match need {
            Need::Hosts => words(sidecar.grants.hosts.as_deref()),
            Need::Models => words(sidecar.grants.models.as_deref()),
            _ => sidecar.grants.environment.as_ref().map(|all| all.keys().cloned().collect()),
        };
        let wants = admission.imports.iter().any(|import| import.needs == Some(need));
        match own {
            Some(own) if !own.is_empty() => granted.push(format!("{key} {}", plain(&own.join(", ")))),
            // Variables are seen by those who want one; the others do without.
            own if wants && need != Need::Environment => missing.push((key, what, own.is_some())),
            _ => {}
        }
    }
    let mut text = String::new();
    if !granted.is_empty() {
        let _ = writeln!(text, "  its sidecar grants {}", granted.join("; "));
    }
    if missing.is_empty() {
        return text;
    }
    // What the sidecar says to be none, a workflow cannot grant.
    let workflow: Vec<_> = missing
        .iter()
        .filter(|(_, _, is_said)| !is_said)
        .map(|(key, what, _)| format!("{key}: [{what}]"))
        .collect();
    let sidecar: Vec<_> = missing.iter().map(|(key, what, _)| format!("{key} = [\"{what}\"]")).collect();
    let tried: Vec<_> = missing
        .iter()
        .map(|(key, what, _)| format!("--grant {}={what}", key.trim_end_matches('s')))
        .collect();
    let _ = writeln!(text, "  it reaches nothing of these before someone grants it; paste");
    if !workflow.is_empty() {
        let _ = writeln!(text, "    into a workflow   grants: {{{}}}", workflow.join(", "));
    }
    let _ = writeln!(text, "    for a try         {command} --input JSON {}", tried.join(" "));
    let _ = writeln!(text, "    into its sidecar, under [grants]");
    for line in sidecar {
        let _ = writeln!(text, "                      {line}");
    }
    text
}

fn words<T: ToString>(all: Option<&[T]>) -> Option<Vec<String>> {
    all.map(|all| all.iter().map(ToString::to_string).collect())
}

/// A schema on one line, in the way of a type.
pub(super) fn shape(schema: &Value) -> String {
    let text = written(schema, 0);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Words of an enumeration that are told.
const WORDS: usize = 4;

/// Levels that are told.
const DEPTH: usize = 6;

fn written(schema: &Value, depth: usize) -> String {
    let deeper = |schema: &Value| written(schema, depth + 1);
    if depth > DEPTH {
        return "…".to_owned();
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let more = if words.len() > WORDS { " | …" } else { "" };
        let words: Vec<_> = words.iter().take(WORDS).map(ToString::to_string).collect();
        return words.join(" | ") + more;
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
        Some("string") if is_digits(schema) => "digits".to_owned(),
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
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    let others = others.map(|others| format!("NAME: {}", deeper(others)));
    format!("{{{}}}", members.into_iter().chain(others).collect::<Vec<_>>().join(", "))
}

/// An integer that a number of JSON does not hold.
fn is_digits(schema: &Value) -> bool {
    let pattern = schema.get("pattern").and_then(Value::as_str);
    pattern.is_some_and(|pattern| pattern.starts_with("^(0|") || pattern.starts_with("^(-?"))
}
