//! The tree of an expression: only what is permitted can be written in it.
//!
//! It owns its text and knows nothing of the parser.

use std::ops::Range;

use serde_json::Value;

use super::function::{Filtered, Plain, Valued};

/// One node, with the bytes it was read from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) form: Form,
}

/// What a node does with its input.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    /// `.`
    Identity,
    /// `1`, `"a"`, `null`
    Literal(Value),
    /// `"a \(f) b"`
    Text(Vec<Piece>),
    /// `[]`, `[f]`
    Array(Option<Box<Node>>),
    /// `{a: f}`
    Object(Vec<Entry>),
    /// `-f`
    Negate(Box<Node>),
    /// `f | g` and its like
    Binary(Box<Node>, Binary, Box<Node>),
    /// `if f then g elif h then i else j end`
    If(Vec<Branch>, Option<Box<Node>>),
    /// `f?`
    Try(Box<Node>),
    /// `f.a[0][]`
    Path(Box<Node>, Vec<Part>),
    /// `empty`
    Empty,
    /// `length`
    Plain(Plain),
    /// `has(f)`
    Valued(Valued, Box<Node>),
    /// `map(f)`
    Filtered(Filtered, Box<Node>),
}

/// A piece of a string.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Literal(String),
    Value(Node),
}

/// A member of an object under construction.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: Node,
    pub(super) value: Node,
}

/// A condition and what it leads to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Branch {
    pub(super) condition: Node,
    pub(super) then: Node,
}

/// What stands between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Pipe,
    Comma,
    Alternative,
    And,
    Or,
    Arithmetic(Arithmetic),
    Comparison(Comparison),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One part of a path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) span: Range<usize>,
    pub(super) access: Access,
    pub(super) failure: Failure,
}

/// How a part reaches into a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Access {
    /// `.a`, `["a"]`
    Key(String),
    /// `[f]`
    Index(Node),
    /// `[f:g]`
    Slice(Option<Node>, Option<Node>),
    /// `[]`
    Iterate,
}

/// What happens where a part does not fit the value: an error, or (with `?`) nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    Raised,
    Silent,
}

impl Node {
    /// Whether the node gives one value at most, whatever its input.
    pub(super) fn is_single(&self) -> bool {
        match &self.form {
            Form::Identity | Form::Literal(_) | Form::Array(_) | Form::Empty | Form::Plain(_) => true,
            Form::Text(pieces) => pieces.iter().all(Piece::is_single),
            Form::Object(entries) => entries.iter().all(Entry::is_single),
            Form::Negate(node) | Form::Try(node) | Form::Valued(_, node) => node.is_single(),
            Form::Binary(_, Binary::Comma, _) => false,
            Form::Binary(left, _, right) => left.is_single() && right.is_single(),
            Form::If(branches, otherwise) => {
                branches.iter().all(|branch| branch.condition.is_single() && branch.then.is_single())
                    && otherwise.as_ref().is_none_or(|node| node.is_single())
            }
            Form::Path(base, parts) => base.is_single() && parts.iter().all(Part::is_single),
            Form::Filtered(Filtered::Select, node) => node.is_single(),
            Form::Filtered(_, _) => true,
        }
    }
}

impl Piece {
    fn is_single(&self) -> bool {
        match self {
            Self::Literal(_) => true,
            Self::Value(node) => node.is_single(),
        }
    }
}

impl Entry {
    pub(super) fn is_single(&self) -> bool {
        self.key.is_single() && self.value.is_single()
    }
}

impl Part {
    fn is_single(&self) -> bool {
        match &self.access {
            Access::Key(_) => true,
            Access::Index(node) => node.is_single(),
            Access::Slice(from, upto) => [from, upto].into_iter().flatten().all(Node::is_single),
            Access::Iterate => false,
        }
    }
}
