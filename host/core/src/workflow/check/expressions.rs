//! The rules of expressions, and which steps they use.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;

use super::checker::Checker;
use crate::failure::ErrorCode;
use crate::workflow::Fault;
use crate::workflow::expression::{Binding, ExpressionFault, FaultKind, References, Template};

/// Names of steps that a fault tells.
const SHOWN_NAMES: usize = 12;

/// What an expression may see, by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// The input, and steps that it names.
    Step,
    /// The same, and the element that it is for.
    Item,
    /// The input, and all steps at once.
    Output,
}

impl Checker {
    /// The condition, and the steps that it uses.
    pub(super) fn when(&mut self, pointer: &str, when: &Value) -> Option<(Template, BTreeSet<String>)> {
        let parsed = when.as_str().map(|text| (text, Template::parse(text)));
        match parsed {
            Some((text, Ok(template))) if !template.is_literal() => {
                let used = self.references(pointer, text, &template.references(), Sight::Step);
                return Some((template, used));
            }
            Some((text, Err(fault))) => self.expression_fault(pointer, text, fault),
            Some((_, Ok(_))) | None => {
                let form = "when is a text of the form ${ EXPRESSION }";
                self.fault(ErrorCode::WorkflowInvalid, pointer, form);
            }
        }
        None
    }

    pub(super) fn output(&mut self, output: &Value) -> Option<Binding> {
        self.numbers("/output", output);
        self.binding("/output", output, Sight::Output).map(|(binding, _)| binding)
    }

    /// A value with expressions, and the steps that they use.
    pub(super) fn binding(
        &mut self,
        pointer: &str,
        value: &Value,
        sight: Sight,
    ) -> Option<(Binding, BTreeSet<String>)> {
        let text_at = |inner: &str| value.pointer(inner).and_then(Value::as_str).unwrap_or_default();
        match Binding::parse(value) {
            Ok(binding) => {
                let mut used = BTreeSet::new();
                for found in binding.references() {
                    let outer = format!("{pointer}{}", found.pointer);
                    used.append(&mut self.references(
                        &outer,
                        text_at(&found.pointer),
                        &found.references,
                        sight,
                    ));
                }
                Some((binding, used))
            }
            Err(faults) => {
                for fault in faults {
                    let outer = format!("{pointer}{}", fault.pointer);
                    self.expression_fault(&outer, text_at(&fault.pointer), fault.fault);
                }
                self.references_beside_faults(pointer, value, sight);
                None
            }
        }
    }

    /// The faults of reference in those strings of a value that parse, where others do not.
    fn references_beside_faults(&mut self, pointer: &str, value: &Value, sight: Sight) {
        match value {
            Value::String(text) => {
                if let Ok(template) = Template::parse(text) {
                    self.references(pointer, text, &template.references(), sight);
                }
            }
            Value::Array(elements) => {
                for (place, element) in elements.iter().enumerate() {
                    self.references_beside_faults(&format!("{pointer}/{place}"), element, sight);
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    let token = key.replace('~', "~0").replace('/', "~1");
                    self.references_beside_faults(&format!("{pointer}/{token}"), member, sight);
                }
            }
            _ => {}
        }
    }

    /// The steps that an expression uses; those that are not there are faults.
    fn references(
        &mut self,
        pointer: &str,
        text: &str,
        found: &References,
        sight: Sight,
    ) -> BTreeSet<String> {
        let part = |span: &Range<usize>| text.get(span.clone()).unwrap_or_default();
        self.outcomes.add(found);
        let mut used = BTreeSet::new();
        for (name, span) in found.steps.iter().chain(&found.outcomes) {
            if self.names.contains_key(name) {
                used.insert(name.clone());
            } else {
                let span = self.span_within(pointer, part(span));
                self.unknown_step(pointer, span, name);
            }
        }
        for (name, span) in &found.unknown_roots {
            if sight == Sight::Item && matches!(name.as_str(), "item" | "index") {
                continue;
            }
            let message = unknown_root(name);
            let span = self.span_within(pointer, part(span));
            self.fault_at(ErrorCode::InvalidReference, pointer, message, span);
        }
        if let (Some(span), Sight::Step | Sight::Item) = (&found.dynamic, sight) {
            let message =
                "a step names the steps that it uses, as in .steps.ID; only output may use them all at once";
            let span = self.span_within(pointer, part(span));
            self.fault_at(ErrorCode::InvalidReference, pointer, message, span);
        }
        used
    }

    pub(super) fn unknown_step(&mut self, pointer: &str, span: Range<usize>, name: &str) {
        let known: Vec<&str> = self.names.keys().map(String::as_str).take(SHOWN_NAMES).collect();
        let help = Some(format!("the steps are {}", known.join(", ")));
        let fault =
            Fault::new(ErrorCode::InvalidReference, format!("there is no step {name:?}"), &self.text, span);
        self.push(fault.at(pointer).with_help(help));
    }

    fn expression_fault(&mut self, pointer: &str, text: &str, fault: ExpressionFault) {
        let code = match fault.kind {
            FaultKind::Limit => ErrorCode::WorkflowLimit,
            FaultKind::Syntax | FaultKind::NotSupported => ErrorCode::WorkflowInvalid,
        };
        let span = self.span_within(pointer, text.get(fault.span.clone()).unwrap_or_default());
        self.push(Fault::new(code, fault.message, &self.text, span).at(pointer).with_help(fault.help));
    }
}

fn unknown_root(name: &str) -> String {
    match name {
        "item" | "index" => {
            format!("there is no .{name} here; only with and the fallback of a step with foreach see it")
        }
        _ => format!("there is no .{name}; an expression sees .input, .steps and .outcomes"),
    }
}
