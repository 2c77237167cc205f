//! One expression: its text, its tree, and what can be asked of it.

use serde_json::Value;

use super::{
    error::EvaluationError,
    fault::ExpressionFault,
    json,
    limit::VALUE_DEPTH,
    meter::{Meter, Stop},
    parse,
    references::References,
    tree::Node,
    walk::Walk,
};

/// One expression: what stands between `${` and `}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    source: String,
    tree: Node,
}

impl Expression {
    /// Parses one expression.
    ///
    /// # Errors
    ///
    /// The text is not jq, is jq that expressions leave out, or passes a bound of [`limit`](super::limit).
    pub fn parse(text: &str) -> Result<Self, ExpressionFault> {
        Ok(Self { source: text.to_owned(), tree: parse::tree(text)? })
    }

    /// The text that was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the expression can read of its root.
    pub fn references(&self) -> References {
        References::of(&self.tree)
    }

    /// The one value of the expression for `root`, an object with the members `input`, `steps` and `outcomes`.
    ///
    /// # Errors
    ///
    /// The values do not fit, the expression gives no value or several, or a bound is passed.
    pub fn evaluate(&self, root: &Value) -> Result<Value, EvaluationError> {
        self.evaluate_within(&Meter::new(), root)
    }

    /// As [`evaluate`](Self::evaluate), but counts on a meter that others count on too.
    pub(super) fn evaluate_within(&self, meter: &Meter, root: &Value) -> Result<Value, EvaluationError> {
        let site = meter.site(&self.tree.span);
        let (mut only, mut count) = (None, 0_u64);
        let flow = Walk::new(meter).eval(&self.tree, root, &mut |value| {
            count += 1;
            if count == 1 {
                only = Some(site.own(value)?);
            }
            Ok(())
        });
        match (flow, only, count) {
            (Ok(()), Some(only), 1) if json::is_shallow(&only) => Ok(only),
            (Ok(()), Some(_), 1) => Err(self.stopped(site.limit(format!("value nests more than {VALUE_DEPTH} deep")))),
            (Ok(()), None, _) => Err(self.failed("expression gives no value, not one: `[ ... ]` makes an array of what there is")),
            (Ok(()), Some(_), count) => Err(self.failed(&format!(
                "expression gives {count} values, not one: `[ ... ]` makes an array of them, `first(...)` takes the first"
            ))),
            (Err(stop), _, _) => Err(self.stopped(stop)),
        }
    }

    /// As [`evaluate_within`](Self::evaluate_within), then a string as it is, anything else as compact JSON.
    pub(super) fn evaluate_to_text(&self, meter: &Meter, root: &Value) -> Result<String, EvaluationError> {
        match self.evaluate_within(meter, root)? {
            Value::String(text) => Ok(text),
            value => json::write(meter.site(&self.tree.span), &value).map_err(|stop| self.stopped(stop)),
        }
    }

    fn stopped(&self, stop: Stop) -> EvaluationError {
        match stop {
            Stop::Error(error) => *error,
            Stop::Enough => self.failed("expression ended early"),
        }
    }

    fn failed(&self, message: &str) -> EvaluationError {
        EvaluationError::failed(self.tree.span.clone(), message)
    }
}
