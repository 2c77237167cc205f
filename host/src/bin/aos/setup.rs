//! From arguments to a runtime.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use aos_host::budget::PriceList;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::{Digest, SkillId};
use aos_host::providers::{StubWorld, World};
use aos_host::{Naming, Runtime, RuntimeBuilder, SkillFile, SkillFolder, read_component};
use std::sync::Arc;

use crate::folders;
use crate::models::models;
use crate::money_options::PriceListArg;
use crate::render::say;
use crate::skills_options::SkillFolder as SkillFolderArg;

/// What a runtime takes from outside: the world, and what things cost in it.
#[derive(Clone)]
pub(crate) struct Outside {
    world: World,
    prices: Option<PriceList>,
    state: PathBuf,
    max_runs: Option<u32>,
}

impl Outside {
    /// A world with the prices of a file, where one is given.
    pub(crate) fn new(world: World, prices: &PriceListArg) -> anyhow::Result<Self> {
        Ok(Self { prices: price_list(prices)?, ..Self::from(world) })
    }

    /// With what is kept in another folder.
    pub(crate) fn in_state(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.state);
        self
    }

    /// With so many runs at one time at most.
    pub(crate) const fn max_runs(mut self, runs: u32) -> Self {
        self.max_runs = Some(runs);
        self
    }
}

impl From<World> for Outside {
    fn from(world: World) -> Self {
        Self { world, prices: None, state: PathBuf::from(folders::STATE), max_runs: None }
    }
}

/// The price list of a file, where one is given.
pub(crate) fn price_list(prices: &PriceListArg) -> anyhow::Result<Option<PriceList>> {
    let Some(path) = &prices.file else { return Ok(None) };
    let place = || format!("--prices {}", path.display());
    let text = std::fs::read_to_string(path).with_context(place)?;
    PriceList::from_toml(&text).map(Some).with_context(place)
}

/// A runtime with the skills of some folders.
pub(crate) async fn runtime(world: impl Into<Outside>, skills: &[PathBuf]) -> anyhow::Result<Runtime> {
    load(world, skills).await.map(|(runtime, _)| runtime)
}

/// A runtime with the skills of some folders, and how many files were not taken.
pub(crate) async fn load(world: impl Into<Outside>, skills: &[PathBuf]) -> anyhow::Result<(Runtime, usize)> {
    let (runtime, mut skipped) = (empty(world)?, 0);
    for folder in folders::skills(skills) {
        anyhow::ensure!(
            skills.is_empty() || folder.is_dir(),
            "--skills {}: there is no such folder",
            folder.display()
        );
        for (path, failure) in runtime.load_skills(&folder).await.refused {
            say(&format!("skipped {}: {failure}", path.display()));
            skipped += 1;
        }
    }
    Ok((runtime, skipped))
}

/// Makes the components known that lie beside a journal, in the folder `components`.
pub(crate) async fn know_components_beside(runtime: &Runtime, journal: &Path) {
    know_components(runtime, &journal.parent().unwrap_or(Path::new("")).join("components")).await;
}

/// Makes all components of a folder known by their digests; none where there is no such folder.
pub(crate) async fn know_components(runtime: &Runtime, folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| is_component(path)) {
        let known = match component(&path) {
            Ok(bytes) => runtime.know_component(bytes).await.map(|_| ()),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = known {
            say(&format!("skipped {}: {failure}", path.display()));
        }
    }
}

fn is_component(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wasm" || extension == "wat")
}

/// Reads a component, in its binary or its text format.
pub(crate) fn component(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = read_component(path)?;
    if path.extension().is_none_or(|extension| extension != "wat") {
        return Ok(bytes);
    }
    let parsed = wat::Parser::new().parse_bytes(Some(path), &bytes).map(std::borrow::Cow::into_owned);
    parsed.map_err(|error| Failure::new(ErrorCode::ComponentInvalid, error.to_string()))
}

/// Reads a component, in its binary or its text format, with the sidecar beside it.
/// What it is called, where nothing says so, is as near to its file's name as a name can be.
pub(crate) fn skill_file(path: &Path) -> anyhow::Result<SkillFile> {
    anyhow::ensure!(path.exists(), "there is no {}", path.display());
    anyhow::ensure!(!path.is_dir(), "{} is a folder; name a component", path.display());
    let mut file = SkillFile::read(path)?;
    if file.naming == Naming::Own {
        file.naming = named_after(path);
    }
    if path.extension().is_none_or(|extension| extension != "wat") {
        return Ok(file);
    }
    let component = component(path)?;
    file.sidecar.names(Digest::of(&component)).with_context(|| path.display().to_string())?;
    Ok(SkillFile { component, ..file })
}

fn named_after(path: &Path) -> Naming {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let letter = |c: char| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' };
    let name: String = stem.chars().map(letter).skip_while(|c| !c.is_ascii_alphanumeric()).take(64).collect();
    SkillId::new(name).map_or(Naming::Own, Naming::OwnOr)
}

/// The folder of skills that is changed: the one that is said, or that of this user.
pub(crate) fn skill_folder(said: &SkillFolderArg) -> anyhow::Result<SkillFolder> {
    let folder = said.folder.clone().or_else(folders::installed);
    Ok(SkillFolder::new(folder.context("there is no home folder; name a folder of skills with --skills")?))
}

/// A runtime without skills.
pub(crate) fn empty(world: impl Into<Outside>) -> anyhow::Result<Runtime> {
    let outside = world.into();
    match builder(outside.clone(), folders::compiled()).build() {
        // A folder that cannot be made costs time. One that others may write to is no such case.
        Err(failure) if matches!(failure.code, ErrorCode::ConfigInvalid | ErrorCode::DiskFull) => {
            say(&format!("compiled components are not kept: {}", failure.message));
            Ok(builder(outside, None).build()?)
        }
        built => Ok(built?),
    }
}

fn builder(outside: Outside, compiled: Option<PathBuf>) -> RuntimeBuilder {
    let components = outside.state.join("components");
    let mut builder = Runtime::builder().world(outside.world).keep_components(components);
    if let Some(runs) = outside.max_runs {
        builder = builder.max_runs(runs);
    }
    if let Some(prices) = outside.prices {
        builder = builder.prices(prices);
    }
    if let Some(folder) = compiled {
        builder = builder.compile_cache(folder);
    }
    match std::env::current_exe() {
        Ok(program) => builder.compile_in_child(program),
        Err(_) => builder,
    }
}

/// The world of a run: scripted, or live with the model providers that the environment names.
pub(crate) fn world(stubs: Option<&Path>) -> anyhow::Result<World> {
    let Some(path) = stubs else { return Ok(World::live().with_llm(Arc::new(models()?))) };
    let text = std::fs::read_to_string(path).with_context(|| format!("--stubs {}", path.display()))?;
    let stubs = StubWorld::parse(&text).with_context(|| format!("--stubs {}", path.display()))?;
    Ok(World::stub(stubs))
}
