//! A skill of the embedder's own: Rust in the process of the host, behind the same door as every component.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::journal::Interrupted;
use aos_core::schema::Schema;
use aos_core::skill::{ResourceContract, SkillEffect, SkillKind, SkillMetadata};
use aos_core::units::{Fuel, Money};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answer;
use super::order::{Deadline, Ended, Order, caught_up, late, stopped};
use crate::doors::Door;
use crate::gate::Gate;
use crate::sandbox::caught;

type Run = dyn Fn(Value, Door) -> BoxFuture<'static, Result<Value, Failure>> + Send + Sync;

/// A skill in Rust. It is trusted code: it is not sandboxed, uses no fuel, and has no limit of memory. What it does through
/// its [`Door`] is allowed, paid for, recorded and replayed like the calls of any component, and it is dropped at its
/// deadline. What it does to the world otherwise is its own business, and no replay repeats it.
///
/// Its identity in journals is its name and its version: give it another version when it does something else.
#[derive(Clone)]
pub struct NativeSkill {
    pub(super) metadata: SkillMetadata,
    input: Schema,
    output: Schema,
    run: Arc<Run>,
}

impl NativeSkill {
    /// A skill of a name and a version that does this. It takes and gives any JSON, and gets no network but what the
    /// workflow grants.
    ///
    /// # Errors
    ///
    /// `NAME_INVALID`.
    pub fn new<F, W>(id: &str, version: &str, run: F) -> Result<Self, Failure>
    where
        F: Fn(Value, Door) -> W + Send + Sync + 'static,
        W: Future<Output = Result<Value, Failure>> + Send + 'static,
    {
        let id = SkillId::new(id).map_err(|error| Failure::new(ErrorCode::NameInvalid, error.to_string()))?;
        let any = Schema::new(json!({}))?;
        let metadata = SkillMetadata {
            digest: Digest::of(format!("skill in Rust\n{id}\n{version}\n").as_bytes()),
            id,
            kind: SkillKind::Native,
            export: None,
            version: version.to_owned(),
            description: String::new(),
            input_schema: json!({}),
            output_schema: json!({}),
            deterministic: true,
            effects: vec![SkillEffect::Http, SkillEffect::Llm],
            idempotent: false,
            estimate: Money::ZERO,
            contract: ResourceContract { fuel: Fuel::ZERO, ..ResourceContract::usual() },
        };
        let run: Arc<Run> = Arc::new(move |input, door| Box::pin(run(input, door)));
        Ok(Self { metadata, input: any.clone(), output: any, run })
    }

    /// With one sentence for people.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.metadata.description = description.into();
        self
    }

    /// With JSON Schemas (2020-12) that its input and its output have to fit.
    ///
    /// # Errors
    ///
    /// `SCHEMA_INVALID`.
    pub fn schemas(mut self, input: Value, output: Value) -> Result<Self, Failure> {
        (self.input, self.output) = (Schema::new(input.clone())?, Schema::new(output.clone())?);
        (self.metadata.input_schema, self.metadata.output_schema) = (input, output);
        Ok(self)
    }

    /// With limits, hosts and models of its own. Fuel and memory are not looked at.
    #[must_use]
    pub fn contract(mut self, contract: ResourceContract) -> Self {
        let contract = contract.within(&ResourceContract::host_maximum());
        self.metadata.contract = ResourceContract { fuel: Fuel::ZERO, ..contract };
        self
    }

    /// Checks an input before it is handed over.
    ///
    /// # Errors
    ///
    /// `INPUT_SCHEMA_VIOLATION` with the JSON pointer.
    pub(super) fn check(&self, input: &Value) -> Result<(), Failure> {
        self.input.check(input, ErrorCode::InputSchemaViolation)
    }

    /// Makes an invocation of it. Where it is cut off outside of a call, that is recorded as no fuel.
    pub(super) async fn invoke(&self, order: Order) -> Ended {
        let Order { gate, seed, cursor, input, deadline, mut stop, .. } = order;
        let door = Door::new(gate.clone(), &seed, &cursor);
        let mut ended = door.stopped();
        let work = (self.run)(input, door);
        let (returned, cut_off) = tokio::select! {
            biased;
            failure = caught_up(&gate, stopped(&mut stop)) => (Err(failure), true),
            failure = told(&mut ended) => (Err(failure), false),
            returned = caught(work) => returned.map_or_else(|panic| (Err(panic), true), |returned| (returned, false)),
            failure = cut_again(&gate) => (Err(failure), true),
            failure = caught_up(&gate, late(deadline.map(Deadline::new), Duration::ZERO)) => (Err(failure), true),
        };
        let place = || gate.in_flight().map_or(Interrupted::Fuel(Fuel::ZERO), Interrupted::Call);
        let interrupted = cut_off.then(place);
        let result = match returned {
            Ok(output) => self.output.check(&output, ErrorCode::OutputSchemaViolation).map(|()| output),
            Err(failure) if cut_off || ended.borrow().is_some() => Err(failure),
            Err(failure) => Err(own(failure, &gate)),
        };
        Ended { result, fuel: Fuel::ZERO, interrupted, memory: 0 }
    }
}

/// The end of a recorded invocation that was cut off outside of its calls, once all of them were made again: what it waits
/// for beside its door nobody repeats.
async fn cut_again(gate: &Gate) -> Failure {
    let Some(failure) = gate.cut_outside_of_calls() else { return std::future::pending().await };
    while !gate.is_at_recorded_end() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    failure
}

/// The end of the invocation, as its door tells it.
async fn told(ended: &mut watch::Receiver<Option<Failure>>) -> Failure {
    match ended.wait_for(Option::is_some).await.map(|failure| failure.clone()) {
        Ok(Some(failure)) => failure,
        Ok(None) | Err(_) => std::future::pending().await,
    }
}

/// A failure that it returns: that of a call as the host recorded it, one that a skill may claim, or its own.
fn own(failure: Failure, gate: &Gate) -> Failure {
    if let Some(recorded) = failure.call.and_then(|call| gate.failure_of(call)) {
        return Failure { message: failure.message, details: failure.details, ..recorded };
    }
    if answer::may_claim(failure.code) {
        return failure;
    }
    let word = failure.code.as_str();
    Failure { code: ErrorCode::SkillError, ..failure }.with_subcode(word)
}

impl std::fmt::Debug for NativeSkill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeSkill").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}
