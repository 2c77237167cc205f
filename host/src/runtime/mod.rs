//! `Runtime`: the one type that an embedder must know.

mod builder;
mod certify;
mod component_store;
mod course;
mod pinned;
mod rehearse;
mod replay;
mod replay_engines;
mod resume;
mod run;
mod run_options;
mod traced;
mod under_way;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aos_core::budget::PriceList;
use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, RunId, SkillId};
use aos_core::journal::{Facts, Injections, Recording, Sink};
use aos_core::outcome::StructuredOutcome;
use aos_core::sidecar::Sidecar;
use aos_core::units::{Timestamp, whole_millis};
use aos_core::workflow::Workflow;
use serde_json::Value;
use tokio::sync::Semaphore;

pub use builder::RuntimeBuilder;
pub use certify::{Certification, CertifyOptions, EngineProof, RecordedRun};
pub use replay::Replay;
pub use resume::ResumeOptions;
pub use run::{Parting, Run};
pub use run_options::RunOptions;

use self::component_store::ComponentStore;
use self::replay_engines::ReplayEngines;
use self::under_way::UnderWay;
use crate::invocation::{Admission, Naming, NativeSkill, Prepared};
use crate::metrics::Metrics;
use crate::providers::World;
use crate::registry::{Loaded, Registered, Registry};
use crate::sandbox::{EngineKind, caught, caught_in};

/// Runs workflows of skills. A clone is the same runtime.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry,
    replays: ReplayEngines,
    world: World,
    prices: Arc<PriceList>,
    components: Option<ComponentStore>,
    permits: Arc<Semaphore>,
    /// Of replays, which wait for no live run.
    replay_permits: Arc<Semaphore>,
    under_way: UnderWay,
    metrics: Metrics,
}

impl Inner {
    /// The date; the beginning of time where the clock panics.
    fn now(&self) -> Timestamp {
        caught_in(|| self.world.clock().wall()).unwrap_or(Timestamp::EPOCH)
    }
}

/// Nothing that is called here panics: a panic in the host, or in what an embedder gave it, ends in `HOST_PANIC`.
impl Runtime {
    /// Begins to set up a runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::new()
    }

    /// Admits a component of the contract `aos:skill/skill`, and registers it under the name that it says it has.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue's skill-supply group, also for a name that another component has already, and for a
    /// component that does not say what it is called.
    pub async fn register_skill(&self, component: impl Into<Arc<[u8]>>) -> Result<Arc<Prepared>, Failure> {
        let registered = self.register_component(component, &Naming::Own, &Sidecar::default()).await?;
        let missing = || Failure::new(ErrorCode::ExportMissing, "the component has no skill");
        registered.skills.into_iter().next().ok_or_else(missing)
    }

    /// Admits any component, and registers what of it can be called: functions with WIT types, a command, a server of
    /// HTTP, or a skill of the contract. `sidecar` is what someone says of it beside the component.
    ///
    /// # Errors
    ///
    /// As [`Runtime::register_skill`]. Of a component all skills are registered, or none.
    pub async fn register_component(
        &self,
        component: impl Into<Arc<[u8]>>,
        naming: &Naming,
        sidecar: &Sidecar,
    ) -> Result<Registered, Failure> {
        let registered = self.inner.registry.register(component, (naming, sidecar)).await?;
        for skill in &registered.skills {
            self.inner.metrics.skill_known(skill.metadata().id.as_str());
        }
        Ok(registered)
    }

    /// Registers a skill of your own, in Rust. The one of a replay has to be registered under the same name and version.
    ///
    /// # Errors
    ///
    /// `NAME_INVALID` for a name that another skill has already; `COMPONENT_INVALID` for hosts of its contract that are none.
    pub fn register_native(&self, skill: NativeSkill) -> Result<Arc<Prepared>, Failure> {
        let skill = self.inner.registry.register_native(skill)?;
        self.inner.metrics.skill_known(skill.metadata().id.as_str());
        Ok(skill)
    }

    /// Registers every component of a folder, and says which ones it refused.
    pub async fn load_skills(&self, folder: &Path) -> Loaded {
        let loaded = self.inner.registry.load_folder(folder).await;
        for (_, skill) in &loaded.skills {
            self.inner.metrics.skill_known(skill.metadata().id.as_str());
        }
        loaded
    }

    /// Looks at a component without registering it.
    pub async fn examine_component(
        &self,
        component: impl Into<Arc<[u8]>>,
        naming: &Naming,
        sidecar: &Sidecar,
    ) -> Admission {
        self.inner.registry.examine(component.into(), (naming, sidecar)).await
    }

    /// Makes a component known by its digest, without giving it a name: a replay finds it, and no run does.
    ///
    /// # Errors
    ///
    /// As [`Runtime::register_skill`], but for the name.
    pub async fn know_component(&self, component: impl Into<Arc<[u8]>>) -> Result<Digest, Failure> {
        self.inner.registry.admit(component.into()).await.map(|admitted| admitted.digest())
    }

    /// The registered skill of a name.
    #[must_use]
    pub fn skill(&self, name: &SkillId) -> Option<Arc<Prepared>> {
        self.inner.registry.get(name)
    }

    /// All registered skills, by name.
    #[must_use]
    pub fn skills(&self) -> Vec<Arc<Prepared>> {
        self.inner.registry.all()
    }

    /// Begins a run. It goes on by itself; [`Run::outcome`] waits for its end.
    #[must_use]
    pub fn start(&self, workflow: &Workflow, input: Value, options: RunOptions) -> Run {
        run::start(&self.inner, workflow, input, options)
    }

    /// Runs a workflow to its end. Whatever happens, it ends in an outcome.
    pub async fn run(&self, workflow: &Workflow, input: Value) -> StructuredOutcome {
        self.start(workflow, input, RunOptions::default()).outcome().await
    }

    /// Repeats a recorded run from its journal alone, and compares everything that it does.
    pub async fn replay(&self, journal: &[u8]) -> Replay {
        self.replay_against(journal, BTreeMap::new()).await
    }

    /// As [`Runtime::replay`], with other components in the place of some skills: whether another build does the same
    /// at every call. Their digests and all fuel are not compared; the outcome is the recorded one when it does.
    pub async fn replay_against(&self, journal: &[u8], builds: BTreeMap<SkillId, Arc<[u8]>>) -> Replay {
        replay::replay(&self.inner, EngineKind::CraneliftSpeed, journal, &builds).await
    }

    /// Repeats a recorded run in every engine, and compares each repetition as [`Runtime::replay`] does. Components are
    /// compiled once for each engine.
    pub async fn certify(&self, journal: &[u8], options: CertifyOptions) -> Certification {
        let certified = caught(certify::certify(&self.inner, journal, options)).await;
        certified.unwrap_or_else(|panic| Certification::refused(journal, panic))
    }

    /// Goes on with a run that was killed, from the end of its journal: the answers that are recorded are not asked for
    /// again. `journal` has to append after `recording`, as [`FileSink::take_up`](crate::providers::FileSink::take_up)
    /// makes sure.
    ///
    /// # Errors
    ///
    /// A failure before anything is written or asked: `SKILL_DIGEST_MISMATCH`, `RECORDING_FOREIGN`, `CONFIG_INVALID` for
    /// another world or price list, `REQUEST_INVALID` for a run that has ended, `CONCURRENCY_LIMIT`, `HOST_SHUTTING_DOWN`;
    /// `DISK_FULL` or `JOURNAL_IO` where its components cannot be kept or its journal cannot be written.
    pub async fn resume(
        &self,
        journal: impl Sink + 'static,
        recording: Recording,
        options: ResumeOptions,
    ) -> Result<Run, Failure> {
        caught(resume::resume(&self.inner, Box::new(journal), recording, options)).await?
    }

    /// The outcome of a run that [`Runtime::resume`] refused: why, and what its journal holds so far, as
    /// [`Recording::facts`] adds it up. Calls without a result are `UNKNOWN_OUTCOME`, and `details.held` is the money that
    /// is held.
    #[must_use]
    pub fn refuse_to_resume(&self, so_far: Facts, failure: Failure) -> StructuredOutcome {
        let run = so_far.run().run;
        self.inner.metrics.run_refused(&failure);
        let refused = caught_in(|| resume::refused(&self.inner, so_far, failure));
        refused.unwrap_or_else(|panic| StructuredOutcome::refused(run, &panic, self.inner.now()))
    }

    /// Makes a recorded run again with something else happening at named calls. Requests that the journal knows get
    /// their recorded answers; others go to this runtime's world when that is a stub, and end in `REPLAY_EXHAUSTED`
    /// otherwise.
    ///
    /// # Errors
    ///
    /// A failure before anything is run: `SKILL_DIGEST_MISMATCH`, `RECORDING_FOREIGN`.
    pub async fn rehearse(
        &self,
        recording: Recording,
        injections: Injections,
    ) -> Result<StructuredOutcome, Failure> {
        caught(rehearse::rehearse(&self.inner, recording, injections)).await?
    }

    /// The outcome of a run that could not begin, such as one whose workflow is wrong.
    #[must_use]
    pub fn refuse(&self, failure: &Failure) -> StructuredOutcome {
        self.inner.metrics.run_refused(failure);
        StructuredOutcome::refused(self.new_id(), failure, self.inner.now())
    }

    /// An id as runs have it: ids sort by the time at which they were made.
    #[must_use]
    pub fn new_id(&self) -> RunId {
        let random = caught_in(|| self.inner.world.entropy().draw()).and_then(|drawn| drawn);
        new_run_id(whole_millis(self.inner.now().since_epoch()), random.unwrap_or_default())
    }

    /// Begins no more runs (`HOST_SHUTTING_DOWN`), and waits until those under way have ended. Runs are not stopped: whoever
    /// holds one may [cancel](Run::cancel) it, or [leave](Run::leave) it to be resumed. Replays go on.
    pub async fn shut_down(&self) {
        self.inner.under_way.close().await;
    }

    /// What was counted so far, in the Prometheus text format; empty when it cannot be written.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.inner.metrics.exposition().unwrap_or_default()
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("world", &self.inner.world).finish_non_exhaustive()
    }
}

fn new_run_id(unix_millis: u64, random: [u8; 32]) -> RunId {
    let mut ten = [0; 10];
    ten.iter_mut().zip(random).for_each(|(to, from)| *to = from);
    RunId::new(unix_millis, ten)
}
