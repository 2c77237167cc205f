//! What the functions of a component are called as skills.

use std::collections::BTreeMap;

use aos_core::ids::SkillId;
use aos_core::skill::{ExportName, SkillKind};

use super::not_callable::NotCallable;

/// The names of a component's skills, in the order of its exports: that of the component where it has one alone, and
/// `NAME.INTERFACE.FUNCTION`, `NAME.FUNCTION`, `NAME.run` or `NAME.handle` where it has more. Interfaces of one name stand
/// there with their packages. Where there is no name, the reason.
pub(super) fn skill_names<'a>(
    base: &SkillId,
    exports: impl Iterator<Item = (SkillKind, Option<&'a ExportName>)>,
) -> Vec<Result<SkillId, NotCallable>> {
    let exports: Vec<_> = exports.collect();
    if exports.len() == 1 {
        return vec![Ok(base.clone())];
    }
    let count = |form: fn(SkillKind, &ExportName) -> String| {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for (kind, export) in exports.iter().filter_map(|(kind, export)| Some((*kind, (*export)?))) {
            *count.entry(form(kind, export).to_ascii_lowercase()).or_default() += 1;
        }
        count
    };
    let (short, long) = (count(short), count(long));
    let named = |(kind, export): &(SkillKind, Option<&ExportName>)| {
        let export = export.ok_or(NotCallable::Unnamed)?;
        let forms = [self::short(*kind, export), self::long(*kind, export)];
        let only = forms
            .into_iter()
            .zip([&short, &long])
            .find(|(form, count)| count.get(&form.to_ascii_lowercase()) == Some(&1));
        let (form, _) = only.ok_or(NotCallable::SameName)?;
        let name = format!("{base}.{form}");
        SkillId::new(name.to_ascii_lowercase()).map_err(NotCallable::Name)
    };
    exports.iter().map(named).collect()
}

/// The name of the interface and of the function in it, without package and version.
fn short(kind: SkillKind, export: &ExportName) -> String {
    form(kind, export, |interface| {
        let path = interface.split_once('@').map_or(interface, |(path, _)| path);
        path.rsplit('/').next().unwrap_or(path).to_owned()
    })
}

/// The same with the package, and without the version.
fn long(kind: SkillKind, export: &ExportName) -> String {
    match kind {
        SkillKind::Command => return "wasi.cli.run".to_owned(),
        SkillKind::Handler => return "wasi.http.handle".to_owned(),
        _ => {}
    }
    form(kind, export, |interface| {
        let path = interface.split_once('@').map_or(interface, |(path, _)| path);
        path.replace([':', '/'], ".")
    })
}

fn form(kind: SkillKind, export: &ExportName, interface: impl Fn(&str) -> String) -> String {
    match (kind, export.interface()) {
        (SkillKind::Command | SkillKind::Handler, _) | (_, None) => export.function().to_owned(),
        (_, Some(name)) => format!("{}.{}", interface(name), export.function()),
    }
}
