//! A component of `fixtures/third-party` in a runtime of the real world, and what is run of it.

use aos_host::failure::ErrorCode;
use aos_host::ids::SkillId;
use aos_host::sidecar::Sidecar;
use aos_host::skill::SkillMetadata;
use aos_host::{Admission, Naming, Runtime, read_component};
use serde_json::{Value, json};

use crate::support::recorded::{Recorded, record};
use crate::support::runtime::{elsewhere, live, root};
use crate::support::skip;

/// The bytes of a component; none where its toolchain could not be had, which is said.
pub(super) fn component(name: &str) -> Option<Vec<u8>> {
    let built = root().join(format!("target/third-party/{name}.wasm"));
    if built.exists() {
        return Some(read_component(&built).unwrap());
    }
    skip(&format!("{name} is not tried: .ci/third-party could not build it here"));
    None
}

/// What looking at it shows.
pub(super) async fn admission(component: &[u8], name: &str) -> Admission {
    let runtime = elsewhere().await;
    let admission = runtime.examine_component(component, &named(name), &Sidecar::default()).await;
    assert_eq!(admission.refused, None);
    admission
}

/// The name that a component is given.
pub(super) fn named(name: &str) -> Naming {
    Naming::OwnOr(SkillId::new(name).unwrap())
}

/// What is known of one of its skills.
pub(super) fn described<'a>(admission: &'a Admission, skill: &str) -> &'a SkillMetadata {
    let found = admission.skills.iter().find(|known| known.id.as_str() == skill);
    found.unwrap_or_else(|| panic!("no {skill} among {:?}", admission.skills))
}

/// A component in the real world.
pub(super) struct Scene {
    pub(super) runtime: Runtime,
    grants: Value,
}

impl Scene {
    /// With a sidecar. A runtime without a world knows the component as well, so that every run can be replayed there.
    pub(super) async fn new(component: &[u8], name: &str, sidecar: &str) -> Self {
        let runtime = live().await;
        let sidecar = Sidecar::parse(sidecar).unwrap();
        runtime.register_component(component, &named(name), &sidecar).await.unwrap();
        elsewhere().await.know_component(component).await.unwrap();
        Self { runtime, grants: json!({}) }
    }

    /// Grants in the workflow.
    pub(super) fn granting(mut self, grants: Value) -> Self {
        self.grants = grants;
        self
    }

    /// A run of one skill, which meets all that a run has to.
    pub(super) async fn run(&self, skill: &str, input: Value) -> Recorded {
        let workflow = json!({
            "aos": 1, "name": "one", "grants": self.grants, "output": "${ .steps.it }",
            "steps": [{"id": "it", "skill": skill, "with": "${ .input }", "retry": {"max_attempts": 1}}],
        });
        record(&self.runtime, &workflow.to_string(), input).await
    }

    /// The output of a run that succeeds.
    pub(super) async fn output(&self, skill: &str, input: Value) -> Value {
        let run = self.run(skill, input).await;
        run.assert_success();
        run.outcome.output.clone()
    }

    /// The outcome of a run that fails.
    pub(super) async fn failure(&self, skill: &str, input: Value, code: ErrorCode) -> Failed {
        let run = self.run(skill, input).await;
        run.assert_failure(code);
        let step = run.step("it").clone();
        Failed { message: step.message.clone(), details: step.details.clone(), run }
    }
}

/// A run that failed, and what its step says of that.
pub(super) struct Failed {
    pub(super) run: Recorded,
    pub(super) message: String,
    pub(super) details: Value,
}

/// Limits that strike: each with its code, in a sidecar.
pub(super) async fn is_limited(component: &[u8], name: &str, skill: &str, input: &Value) {
    for (limits, code) in
        [("fuel = 10", ErrorCode::FuelExhausted), ("memory_bytes = 1", ErrorCode::MemoryLimit)]
    {
        let scene = Scene::new(component, name, &format!("[limits]\n{limits}")).await;
        scene.failure(skill, input.clone(), code).await;
    }
}
