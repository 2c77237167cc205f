//! A skill of the embedder's own: Rust in the process of the host, behind the same door as every component.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::journal::Interrupted;
use aos_core::json;
use aos_core::schema::Schema;
use aos_core::skill::{ResourceContract, SkillEffect, SkillKind, SkillMetadata};
use aos_core::units::{Fuel, Money};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::watch;

use super::answer;
use super::order::{Deadline, Ended, Order, caught_up, late, stopped};
use crate::doors::{Door, EndedBy};
use crate::gate::Gate;
use crate::sandbox::caught;

type Run = dyn for<'a> Fn(Value, &'a mut Door) -> BoxFuture<'a, Result<Value, Failure>> + Send + Sync;

/// A skill in Rust. It is trusted code: it is not sandboxed, uses no fuel, and has no limit of memory. What it does through
/// its [`Door`] is allowed, paid for, recorded and replayed like the calls of any component, and it is dropped at its
/// deadline.
///
/// A replay runs it again, with its calls answered from the journal: so does each repetition of a certification, and a run
/// that is gone on with. What it does beside its door is done again then, and a journal of someone else's may start it with
/// any input that fits its schema. Let it reach the world through the door alone, and keep nothing between invocations.
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
    pub fn new<F>(id: &str, version: &str, run: F) -> Result<Self, Failure>
    where
        F: for<'a> Fn(Value, &'a mut Door) -> BoxFuture<'a, Result<Value, Failure>> + Send + Sync + 'static,
    {
        let id = SkillId::new(id).map_err(|error| Failure::new(ErrorCode::NameInvalid, error.to_string()))?;
        let any = Schema::new(serde_json::json!({}))?;
        let metadata = SkillMetadata {
            digest: Digest::of(format!("skill in Rust\n{id}\n{version}\n").as_bytes()),
            id,
            kind: SkillKind::Native,
            export: None,
            version: version.to_owned(),
            description: String::new(),
            input_schema: serde_json::json!({}),
            output_schema: serde_json::json!({}),
            deterministic: true,
            effects: vec![SkillEffect::Http, SkillEffect::Llm],
            idempotent: false,
            estimate: Money::ZERO,
            contract: ResourceContract { fuel: Fuel::ZERO, ..ResourceContract::usual() },
        };
        Ok(Self { metadata, input: any.clone(), output: any, run: Arc::new(run) })
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
        let mut door = Door::new(gate.clone(), &seed, &cursor);
        let mut ended = door.ended();
        let work = (self.run)(input, &mut door);
        let mut is_own = false;
        let (mut returned, mut cut_off) = tokio::select! {
            biased;
            failure = caught_up(&gate, stopped(&mut stop)) => (Err(failure), true),
            () = told(&mut ended) => (Ok(Value::Null), false),
            returned = caught(work) => {
                is_own = returned.is_ok();
                returned.map_or_else(|panic| (Err(panic), true), |returned| (returned, false))
            }
            failure = cut_again(&gate) => (Err(failure), true),
            failure = caught_up(&gate, late(deadline.map(Deadline::new), Duration::ZERO)) => (Err(failure), true),
            failure = self.hangs(deadline.is_none()) => (Err(failure), false),
        };
        let ended = ended.borrow().clone();
        is_own &= ended.is_none();
        if let Some(EndedBy { failure, cut_off: in_a_call }) = ended.filter(|_| !cut_off) {
            (returned, cut_off) = (Err(failure), in_a_call);
        }
        let place = || gate.in_flight().map_or(Interrupted::Fuel(Fuel::ZERO), Interrupted::Call);
        let interrupted = cut_off.then(place);
        let result = match returned {
            Ok(output) => self.check_output(output),
            Err(failure) if is_own => Err(own(failure, &gate)),
            Err(failure) => Err(failure),
        };
        Ended { result, fuel: Fuel::ZERO, interrupted, memory: None }
    }

    /// As strict as with the text of a component, so that a journal can hold it.
    fn check_output(&self, output: Value) -> Result<Value, Failure> {
        let text = output.to_string();
        if text.len() > MAX_OUTPUT {
            let message = format!(
                "the skill's output has {} bytes as JSON, and at most {MAX_OUTPUT} are taken",
                text.len()
            );
            return Err(Failure::new(ErrorCode::PayloadLimit, message));
        }
        json::read(&text)
            .map_err(|error| Failure::new(error.code, format!("the skill's output: {}", error.message)))?;
        self.output.check(&output, ErrorCode::OutputSchemaViolation)?;
        Ok(output)
    }

    /// A replay has no deadline, and waits for nobody: a skill that waits for something beside its door is not repeated.
    async fn hangs(&self, in_replay: bool) -> Failure {
        if !in_replay {
            return std::future::pending().await;
        }
        let limit = self.metadata.contract.deadline_ms;
        tokio::time::sleep(Duration::from_millis(limit.into())).await;
        let message =
            format!("the skill {} did not come to its recorded end within {limit} ms", self.metadata.id);
        Failure::new(ErrorCode::ReplayDivergence, message)
    }
}

/// Bytes of an output: what a component can hand over in one call.
const MAX_OUTPUT: usize = 16 << 20;

/// The end of a recorded invocation that was cut off outside of its calls, once all of them were made again: what it waits
/// for beside its door nobody repeats.
async fn cut_again(gate: &Gate) -> Failure {
    let Some(failure) = gate.cut_outside_of_calls() else { return std::future::pending().await };
    while !gate.is_at_recorded_end() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    failure
}

/// Waits until its door says that the invocation has to end.
async fn told(ended: &mut watch::Receiver<Option<EndedBy>>) {
    if ended.wait_for(Option::is_some).await.is_err() {
        std::future::pending().await
    }
}

/// A failure that it returns: that of a call as the host recorded it, one that a skill may claim, or its own. What only the
/// host can say of a failure it cannot.
fn own(failure: Failure, gate: &Gate) -> Failure {
    if let Some(recorded) = failure.call.and_then(|call| gate.failure_of(call)) {
        let message = Failure::new(recorded.code, failure.message).message;
        let details = failure.details.or(recorded.details.clone());
        return answer::bounded(Failure { message, details, ..recorded });
    }
    let said = (failure.message, failure.category, failure.retry_after_ms);
    let told = answer::claimed(failure.code, said, failure.subcode);
    let told = Failure { details: failure.details, ..told };
    failure.pointer.into_iter().fold(answer::bounded(told), Failure::at)
}

impl std::fmt::Debug for NativeSkill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NativeSkill").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}
