//! `aos skills wit`

use std::process::ExitCode;

use anyhow::Context as _;

use crate::render::print;
use crate::skills_options::WitArgs;

/// The contract with skills, one file an interface.
const WIT: [(&str, &str); 5] = [
    ("http.wit", include_str!("../../../../../../wit/http.wit")),
    ("llm.wit", include_str!("../../../../../../wit/llm.wit")),
    ("log.wit", include_str!("../../../../../../wit/log.wit")),
    ("types.wit", include_str!("../../../../../../wit/types.wit")),
    ("world.wit", include_str!("../../../../../../wit/world.wit")),
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
