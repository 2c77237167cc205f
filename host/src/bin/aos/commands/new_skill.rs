//! `aos new skill`: a project of a few files, from templates that a test builds and runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::ids::SkillId;

use crate::render::print;
use crate::skills_options::{Language, NewSkillArgs};

/// A file of a project, and its text. In both, `NAME` is the skill's name, `SNAKE` the same as Rust writes it, and
/// `KEBAB` as WIT does.
type Template = (&'static str, &'static str);

const WORLD: Template = ("wit/world.wit", include_str!("../templates/world.wit.txt"));

const RUST: [Template; 5] = [
    ("Cargo.toml", include_str!("../templates/rust/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("../templates/rust/lib.rs.txt")),
    ("tests/host.rs", include_str!("../templates/rust/host.rs.txt")),
    (".gitignore", "/target/\n/.aos/\n"),
    WORLD,
];

const PYTHON: [Template; 6] = [
    ("app.py", include_str!("../templates/python/app.py.txt")),
    ("build.py", include_str!("../templates/python/build.py.txt")),
    ("test_skill.py", include_str!("../templates/python/test_skill.py.txt")),
    ("requirements.txt", include_str!("../templates/python/requirements.txt.txt")),
    (".gitignore", "/.venv/\n/.aos/\n__pycache__/\n*.wasm\n"),
    WORLD,
];

const JAVASCRIPT: [Template; 6] = [
    ("skill.js", include_str!("../templates/javascript/skill.js.txt")),
    ("build.mjs", include_str!("../templates/javascript/build.mjs.txt")),
    ("skill.test.mjs", include_str!("../templates/javascript/skill.test.mjs.txt")),
    ("package.json", include_str!("../templates/javascript/package.json.txt")),
    (".gitignore", "/node_modules/\n/.aos/\n*.wasm\n"),
    WORLD,
];

const README: &str = include_str!("../templates/README.md.txt");

/// How a project of a language is built and tested, and where its component is then.
struct Steps {
    build: &'static str,
    test: &'static str,
    component: &'static str,
}

/// Makes a project.
pub(crate) fn new_skill(args: &NewSkillArgs) -> anyhow::Result<ExitCode> {
    let folder = args.path.clone().unwrap_or_else(|| PathBuf::from(args.name.as_str()));
    let is_free = match std::fs::read_dir(&folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    anyhow::ensure!(is_free, "{} is there, and is no empty folder", folder.display());
    let steps = steps(args.lang);
    let readme = README
        .replace("BUILD", steps.build)
        .replace("TEST", steps.test)
        .replace("COMPONENT", steps.component);
    for (file, text) in templates(args.lang) {
        write(&folder, file, text, &args.name)?;
    }
    write(&folder, "README.md", &readme, &args.name)?;
    let next = format!("cd {}\n{}\n{}\n", folder.display(), steps.build, steps.test);
    print(&format!("made {}; to build it, and to run it in this host:\n\n{next}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

const fn templates(language: Language) -> &'static [Template] {
    match language {
        Language::Rust => &RUST,
        Language::Python => &PYTHON,
        Language::Javascript => &JAVASCRIPT,
    }
}

const fn steps(language: Language) -> Steps {
    match language {
        Language::Rust => Steps {
            build: "cargo build --release --target wasm32-wasip2",
            test: "cargo test",
            component: "target/wasm32-wasip2/release/SNAKE.wasm",
        },
        Language::Python => {
            Steps { build: "python3 build.py", test: "python3 -m unittest", component: "./NAME.wasm" }
        }
        Language::Javascript => {
            Steps { build: "npm install && npm run build", test: "npm test", component: "./NAME.wasm" }
        }
    }
}

fn write(folder: &Path, file: &str, text: &str, name: &SkillId) -> anyhow::Result<()> {
    let path = folder.join(file);
    let place = || path.display().to_string();
    let text = text
        .replace("NAME", name.as_str())
        .replace("SNAKE", &kebab(name).replace('-', "_"))
        .replace("KEBAB", &kebab(name));
    std::fs::create_dir_all(path.parent().unwrap_or(folder)).with_context(place)?;
    std::fs::write(&path, text).with_context(place)
}

/// The name as WIT takes it: words that begin with a letter, with one dash between them.
fn kebab(name: &SkillId) -> String {
    let words = name.as_str().split(['-', '_', '.']).filter(|word| !word.is_empty());
    let word = |word: &str| {
        if word.starts_with(|c: char| c.is_ascii_digit()) { format!("n{word}") } else { word.to_owned() }
    };
    words.map(word).collect::<Vec<_>>().join("-")
}
