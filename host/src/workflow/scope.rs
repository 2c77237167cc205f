//! What expressions see: the input, and what each step gave.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, RwLock};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::StepId;
use aos_core::outcome::StructuredOutcome;
use aos_core::workflow::expression::{Binding, EvaluationError, EvaluationErrorKind, Template};
use serde_json::{Map, Value, json};

/// Characters of an expression that a message repeats.
const MAX_SHOWN: usize = 120;

/// The one root value of a run. Steps that have ended are in it; expressions borrow from it.
#[derive(Debug)]
pub(crate) struct Scope {
    root: RwLock<Value>,
}

impl Scope {
    /// The root of a run that has not begun.
    #[must_use]
    pub(crate) fn new(input: Value) -> Self {
        Self { root: RwLock::new(json!({"input": input, "steps": {}, "outcomes": {}})) }
    }

    /// Adds a step that has ended: its output, and its outcome where some expression reads that.
    pub(crate) fn add(&self, step: &StepId, outcome: &StructuredOutcome, is_read: bool) {
        let mut root = self.root.write().unwrap_or_else(PoisonError::into_inner);
        let mut put = |part: &str, value: Value| {
            if let Some(members) = root.get_mut(part).and_then(Value::as_object_mut) {
                members.insert(step.as_str().to_owned(), value);
            }
        };
        put("steps", outcome.output.clone());
        if is_read {
            put("outcomes", serde_json::to_value(outcome).unwrap_or_default());
        }
    }

    /// The value of a binding.
    ///
    /// # Errors
    ///
    /// `EXPRESSION_ERROR`, or `WORKFLOW_LIMIT` for one that works too long or makes too much.
    pub(crate) fn bind(&self, binding: &Binding) -> Result<Value, Failure> {
        self.look(|root| evaluate(binding, root))
    }

    /// What the elements of a step see: the input and the steps that it needs, and room for one element.
    #[must_use]
    pub(crate) fn for_items(&self, needs: &BTreeSet<StepId>) -> ItemScope {
        let needed = |root: &Value, part: &str| -> Map<String, Value> {
            let of = |need: &StepId| Some((need.to_string(), root.get(part)?.get(need.as_str())?.clone()));
            needs.iter().filter_map(of).collect()
        };
        let root = self.look(|root| {
            json!({"input": root.get("input"), "steps": needed(root, "steps"), "outcomes": needed(root, "outcomes")})
        });
        ItemScope { root: Mutex::new(root) }
    }

    /// The value of a condition.
    ///
    /// # Errors
    ///
    /// As [`Scope::bind`], and `EXPRESSION_ERROR` for anything but true or false.
    pub(crate) fn holds(&self, condition: &Template) -> Result<bool, Failure> {
        match self.look(|root| {
            condition.evaluate(root).map_err(|error| failure(&error, condition.source(), "/when"))
        })? {
            Value::Bool(holds) => Ok(holds),
            other => {
                let shown: String = other.to_string().chars().take(80).collect();
                let message = format!(
                    "when is {shown}, and should be true or false, in {}",
                    shown_of(condition.source())
                );
                Err(Failure::new(ErrorCode::ExpressionError, message).at("/when"))
            }
        }
    }

    /// The outputs of all steps.
    #[must_use]
    pub(crate) fn outputs(&self) -> Value {
        self.look(|root| root.get("steps").cloned().unwrap_or_else(|| Value::Object(Map::new())))
    }

    fn look<T>(&self, look: impl FnOnce(&Value) -> T) -> T {
        look(&self.root.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The root of the elements of one step.
#[derive(Debug)]
pub(crate) struct ItemScope {
    root: Mutex<Value>,
}

impl ItemScope {
    fn bind(&self, (item, value): (u32, &Value), binding: &Binding) -> Result<Value, Failure> {
        let mut root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(members) = root.as_object_mut() {
            members.insert("item".to_owned(), value.clone());
            members.insert("index".to_owned(), item.into());
        }
        evaluate(binding, &root)
    }
}

/// What the expressions of a step, or of one element of it, see.
#[derive(Clone, Copy)]
pub(crate) enum View<'a> {
    Step(&'a Scope),
    Item { scope: &'a ItemScope, item: u32, value: &'a Value },
}

impl View<'_> {
    /// The value of a binding.
    ///
    /// # Errors
    ///
    /// As [`Scope::bind`].
    pub(crate) fn bind(&self, binding: &Binding) -> Result<Value, Failure> {
        match *self {
            Self::Step(scope) => scope.bind(binding),
            Self::Item { scope, item, value } => scope.bind((item, value), binding),
        }
    }
}

fn evaluate(binding: &Binding, root: &Value) -> Result<Value, Failure> {
    binding.evaluate(root).map_err(|error| failure(&error.error, &error.text, &error.pointer))
}

fn failure(error: &EvaluationError, text: &str, pointer: &str) -> Failure {
    let code = match error.kind {
        EvaluationErrorKind::Failed => ErrorCode::ExpressionError,
        EvaluationErrorKind::Limit => ErrorCode::WorkflowLimit,
    };
    let failure = Failure::new(code, format!("{error}, in {}", shown_of(text)));
    if pointer.is_empty() { failure } else { failure.at(pointer) }
}

/// As much of an expression's text as a message bears.
fn shown_of(text: &str) -> String {
    let shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}
