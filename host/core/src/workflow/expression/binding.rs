//! A JSON value whose strings are templates: the `with` of a step, the `output` of a workflow.

use serde_json::{Map, Value};

use super::{
    error::EvaluationError, fault::ExpressionFault, json, limit::VALUE_DEPTH, meter::Meter,
    references::References, template::Template,
};

/// A JSON value whose strings are templates; the names of members are literal.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    root: Bound,
}

/// A fault in one of the strings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct BindingFault {
    /// Which string it is, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong with it.
    pub fault: ExpressionFault,
}

/// An error in the evaluation of one of the strings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct BindingError {
    /// Which string it is, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// The string.
    pub text: String,
    /// What went wrong in it.
    pub error: EvaluationError,
}

/// What one of the strings can read of the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingReferences {
    /// Which string it is, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What it can read.
    pub references: References,
}

#[derive(Debug, Clone, PartialEq)]
enum Bound {
    Literal(Value),
    Template { pointer: String, template: Template },
    Array(Vec<Bound>),
    Object(Vec<(String, Bound)>),
}

impl Binding {
    /// Parses every string of `value`.
    ///
    /// # Errors
    ///
    /// All faults that there are, one at most for each string, in the order of the value.
    pub fn parse(value: &Value) -> Result<Self, Vec<BindingFault>> {
        let mut parser = Parser { pointer: String::new(), depth: 0, faults: Vec::new() };
        let root = parser.bound(value);
        if parser.faults.is_empty() { Ok(Self { root }) } else { Err(parser.faults) }
    }

    /// What each string can read of the root, in the order of the value; strings without expressions are left out.
    pub fn references(&self) -> Vec<BindingReferences> {
        let mut found = Vec::new();
        self.root.references(&mut found);
        found
    }

    /// The value, with every template evaluated for `root`.
    ///
    /// # Errors
    ///
    /// As [`Template::evaluate`], for the first string that has an error. The bounds hold for the value as a
    /// whole, and what is literal in it does not count.
    pub fn evaluate(&self, root: &Value) -> Result<Value, BindingError> {
        let value = self.root.evaluate(&Meter::new(), root)?;
        if json::is_shallow(&value) {
            return Ok(value);
        }
        let error = EvaluationError::limit(0..0, too_deep());
        Err(BindingError { pointer: String::new(), text: String::new(), error })
    }
}

fn too_deep() -> String {
    format!("value nests more than {VALUE_DEPTH} deep")
}

impl Bound {
    fn references(&self, found: &mut Vec<BindingReferences>) {
        match self {
            Self::Literal(_) => {}
            Self::Template { pointer, template } => {
                if !template.is_literal() {
                    found.push(BindingReferences {
                        pointer: pointer.clone(),
                        references: template.references(),
                    });
                }
            }
            Self::Array(items) => items.iter().for_each(|item| item.references(found)),
            Self::Object(members) => members.iter().for_each(|(_, value)| value.references(found)),
        }
    }

    fn evaluate(&self, meter: &Meter, root: &Value) -> Result<Value, BindingError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Template { pointer, template } => template.evaluate_within(meter, root).map_err(|error| {
                BindingError { pointer: pointer.clone(), text: template.source().to_owned(), error }
            }),
            Self::Array(items) => {
                let items = items.iter().map(|item| item.evaluate(meter, root));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Object(members) => {
                let members =
                    members.iter().map(|(name, value)| Ok((name.clone(), value.evaluate(meter, root)?)));
                members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        }
    }
}

/// Goes through a value, knows where it is, and collects the faults.
struct Parser {
    pointer: String,
    depth: usize,
    faults: Vec<BindingFault>,
}

impl Parser {
    fn bound(&mut self, value: &Value) -> Bound {
        match value {
            Value::String(text) => self.template(text),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Bound::Array(items.map(|(at, item)| self.inside(&at.to_string(), item)).collect())
            }
            Value::Object(members) => {
                let members = members.iter();
                Bound::Object(members.map(|(name, value)| (name.clone(), self.inside(name, value))).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Bound::Literal(value.clone()),
        }
    }

    fn template(&mut self, text: &str) -> Bound {
        match Template::parse(text) {
            Ok(template) => Bound::Template { pointer: self.pointer.clone(), template },
            Err(fault) => self.refuse(fault),
        }
    }

    fn inside(&mut self, name: &str, value: &Value) -> Bound {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        self.depth += 1;
        let bound = if self.depth >= VALUE_DEPTH && (value.is_array() || value.is_object()) {
            self.refuse(ExpressionFault::limit(0..0, too_deep()))
        } else {
            self.bound(value)
        };
        self.depth -= 1;
        self.pointer.truncate(length);
        bound
    }

    fn refuse(&mut self, fault: ExpressionFault) -> Bound {
        self.faults.push(BindingFault { pointer: self.pointer.clone(), fault });
        Bound::Literal(Value::Null)
    }
}
