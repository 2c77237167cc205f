//! The walk over the tree that evaluates it.
//!
//! A node hands each of its values to a sink and goes on when the sink returns. So values are borrowed for as
//! long as somebody looks at them, no stream of values is ever held in memory, and whoever has enough values
//! ends the walk that makes them. The stack grows by the nodes of the expression and by nothing else: each
//! node is on it at most once.
//!
//! The order of evaluation is that of jq: of `f + g`, `g` varies slowest.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    call, kind,
    meter::{Meter, Site, Stop},
    operator,
    tree::{Binary, Branch, Form, Node},
};

/// What takes the values of a node, one after another.
pub(super) type Sink<'s> = dyn FnMut(Cow<'_, Value>) -> Result<(), Stop> + 's;

/// Whether the walk goes on.
pub(super) type Flow = Result<(), Stop>;

static NULL: Value = Value::Null;
static TRUE: Value = Value::Bool(true);
static FALSE: Value = Value::Bool(false);

/// A null that can be borrowed for as long as needed.
pub(super) fn null() -> &'static Value {
    &NULL
}

/// A boolean that can be borrowed for as long as needed.
pub(super) fn boolean(truth: bool) -> Cow<'static, Value> {
    Cow::Borrowed(if truth { &TRUE } else { &FALSE })
}

/// One evaluation.
pub(super) struct Walk<'m> {
    meter: &'m Meter,
}

impl<'m> Walk<'m> {
    pub(super) fn new(meter: &'m Meter) -> Self {
        Self { meter }
    }

    pub(super) fn site<'s>(&self, node: &'s Node) -> Site<'s>
    where
        'm: 's,
    {
        self.meter.site(&node.span)
    }

    pub(super) fn site_of<'s>(&self, span: &'s std::ops::Range<usize>) -> Site<'s>
    where
        'm: 's,
    {
        self.meter.site(span)
    }

    /// Hands every value that `node` makes of `input` to `out`.
    pub(super) fn eval(&self, node: &Node, input: &Value, out: &mut Sink<'_>) -> Flow {
        let site = self.site(node);
        site.step()?;
        match &node.form {
            Form::Identity => out(Cow::Borrowed(input)),
            Form::Literal(value) => out(Cow::Borrowed(value)),
            Form::Text(pieces) => self.text(site, pieces, input, out),
            Form::Array(inner) => self.array(site, inner.as_deref(), input, out),
            Form::Object(entries) => self.object(site, entries, input, out),
            Form::Negate(inner) => self.negate(site, inner, input, out),
            Form::Binary(left, operator, right) => self.binary(site, (left, *operator, right), input, out),
            Form::If(branches, otherwise) => self.branch(branches, otherwise.as_deref(), input, out),
            Form::Try(inner) => self.attempt(inner, input, out),
            Form::Path(base, parts) => self.path(base, parts, input, out),
            Form::Empty => Ok(()),
            Form::Plain(plain) => call::plain(site, *plain, input, out),
            Form::Valued(valued, argument) => self.valued(site, (*valued, argument), input, out),
            Form::Filtered(filtered, filter) => self.filtered(site, (*filtered, filter), input, out),
        }
    }

    /// The one value of a node that has one at most, for keeps.
    pub(super) fn once(&self, node: &Node, input: &Value) -> Result<Option<Value>, Stop> {
        let mut only = None;
        self.eval(node, input, &mut |value| {
            only = Some(self.site(node).own(value)?);
            Ok(())
        })?;
        Ok(only)
    }

    fn negate(&self, site: Site<'_>, inner: &Node, input: &Value, out: &mut Sink<'_>) -> Flow {
        self.eval(inner, input, &mut |value| out(Cow::Owned(operator::negate(site, &value)?)))
    }

    fn binary(
        &self,
        site: Site<'_>,
        (left, operator, right): (&Node, Binary, &Node),
        input: &Value,
        out: &mut Sink<'_>,
    ) -> Flow {
        match operator {
            Binary::Pipe => self.eval(left, input, &mut |value| self.eval(right, &value, out)),
            Binary::Comma => {
                self.eval(left, input, out)?;
                self.eval(right, input, out)
            }
            Binary::Alternative => self.alternative(left, right, input, out),
            Binary::And => self.logic((left, false, right), input, out),
            Binary::Or => self.logic((left, true, right), input, out),
            Binary::Arithmetic(operator) => self.eval(right, input, &mut |second| {
                self.eval(left, input, &mut |first| {
                    out(Cow::Owned(operator::compute(site, operator, first, &second)?))
                })
            }),
            Binary::Comparison(operator) => self.eval(right, input, &mut |second| {
                self.eval(left, input, &mut |first| {
                    out(boolean(operator::holds(site, operator, &first, &second)?))
                })
            }),
        }
    }

    /// The true values of the left side, or else the values of the right side.
    fn alternative(&self, left: &Node, right: &Node, input: &Value, out: &mut Sink<'_>) -> Flow {
        let mut found = false;
        self.eval(left, input, &mut |value| {
            if !kind::is_true(&value) {
                return Ok(());
            }
            found = true;
            out(value)
        })?;
        if found { Ok(()) } else { self.eval(right, input, out) }
    }

    /// `and` where `decisive` is false, `or` where it is true: the left side may decide alone.
    fn logic(
        &self,
        (left, decisive, right): (&Node, bool, &Node),
        input: &Value,
        out: &mut Sink<'_>,
    ) -> Flow {
        self.eval(left, input, &mut |first| {
            if kind::is_true(&first) == decisive {
                return out(boolean(decisive));
            }
            self.eval(right, input, &mut |second| out(boolean(kind::is_true(&second))))
        })
    }

    /// The first branch whose condition is true, for every value of the condition.
    fn branch(
        &self,
        branches: &[Branch],
        otherwise: Option<&Node>,
        input: &Value,
        out: &mut Sink<'_>,
    ) -> Flow {
        match (branches.split_first(), otherwise) {
            (Some((branch, rest)), _) => self.eval(&branch.condition, input, &mut |condition| {
                if kind::is_true(&condition) {
                    self.eval(&branch.then, input, out)
                } else {
                    self.branch(rest, otherwise, input, out)
                }
            }),
            (None, Some(otherwise)) => self.eval(otherwise, input, out),
            (None, None) => out(Cow::Borrowed(input)),
        }
    }

    /// Ends quietly where `inner` fails; what fails in the sink is not its concern.
    fn attempt(&self, inner: &Node, input: &Value, out: &mut Sink<'_>) -> Flow {
        let mut stopped_outside = false;
        let flow = self.eval(inner, input, &mut |value| {
            let flow = out(value);
            stopped_outside = flow.is_err();
            flow
        });
        match flow {
            Err(stop) if stop.is_failure() && !stopped_outside => Ok(()),
            flow => flow,
        }
    }
}
