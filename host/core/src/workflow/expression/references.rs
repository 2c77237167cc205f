//! What of the root an expression can reach, found without values.
//!
//! The walk follows where the root, `.steps` and `.outcomes` can go. Wherever one of them goes into something
//! that is not a name written in the expression, the answer is "any of it": a reference is never missed.

use std::{collections::BTreeMap, ops::Range};

use super::{
    fault::shifted,
    function::Filtered,
    tree::{Access, Binary, Form, Node, Part, Piece},
};

/// What an expression reads of its root, with the first place of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// The steps whose output it reads, as `.steps.ID`.
    pub steps: BTreeMap<String, Range<usize>>,
    /// The steps whose outcome it reads, as `.outcomes.ID`.
    pub outcomes: BTreeMap<String, Range<usize>>,
    /// The first place where `.`, `.steps` or `.outcomes` is used other than by a written name.
    ///
    /// Where there is one, the expression may read any step and any outcome.
    pub dynamic: Option<Range<usize>>,
    /// The names read from the root other than `input`, `steps` and `outcomes`.
    pub unknown_roots: BTreeMap<String, Range<usize>>,
}

impl References {
    pub(super) fn of(tree: &Node) -> Self {
        let mut found = Self::default();
        let root = Reach { root: true, ..Reach::default() };
        let reach = found.visit(tree, &root);
        found.escape(&reach, &tree.span);
        found
    }

    /// Adds the references of a part of the text that begins `by` bytes into it.
    pub(super) fn add(&mut self, other: Self, by: usize) {
        let pairs = [
            (&mut self.steps, other.steps),
            (&mut self.outcomes, other.outcomes),
            (&mut self.unknown_roots, other.unknown_roots),
        ];
        for (mine, theirs) in pairs {
            for (name, span) in theirs {
                mine.entry(name).or_insert_with(|| shifted(&span, by));
            }
        }
        self.dynamic = self.dynamic.take().or_else(|| other.dynamic.map(|span| shifted(&span, by)));
    }
}

/// Which of the values that matter a value may be, and where it came from.
#[derive(Debug, Clone, Default)]
struct Reach {
    root: bool,
    steps: bool,
    outcomes: bool,
    origin: Option<Range<usize>>,
}

impl Reach {
    fn is_any(&self) -> bool {
        self.root || self.steps || self.outcomes
    }

    fn or(self, other: Self) -> Self {
        Self {
            root: self.root || other.root,
            steps: self.steps || other.steps,
            outcomes: self.outcomes || other.outcomes,
            origin: self.origin.or(other.origin),
        }
    }

    /// The same values, named by `span` if they have not been named yet.
    fn named(&self, span: &Range<usize>) -> Self {
        Self { origin: self.origin.clone().or_else(|| Some(span.clone())), ..*self }
    }
}

impl References {
    /// What the values of `node` may be where its input may be `input`.
    fn visit(&mut self, node: &Node, input: &Reach) -> Reach {
        match &node.form {
            Form::Identity => input.named(&node.span),
            Form::Literal(_) | Form::Empty => Reach::default(),
            Form::Text(pieces) => {
                for piece in pieces {
                    if let Piece::Value(value) = piece {
                        self.consume(value, input);
                    }
                }
                Reach::default()
            }
            Form::Array(inner) => self.consume_all(inner.as_deref(), input),
            Form::Object(entries) => {
                self.consume_all(entries.iter().flat_map(|entry| [&entry.key, &entry.value]), input)
            }
            Form::Negate(inner) => self.consume_all([&**inner], input),
            Form::Binary(left, operator, right) => self.binary((left, *operator, right), input),
            Form::If(branches, otherwise) => {
                let mut reach = Reach::default();
                for branch in branches {
                    self.consume(&branch.condition, input);
                    reach = reach.or(self.visit(&branch.then, input));
                }
                let last = otherwise.as_ref().map_or_else(|| input.clone(), |node| self.visit(node, input));
                reach.or(last)
            }
            Form::Try(inner) => self.visit(inner, input),
            Form::Path(base, parts) => self.path(base, parts, input),
            Form::Plain(_) => self.escape(input, &node.span),
            Form::Valued(_, argument) => {
                self.consume(argument, input);
                self.escape(input, &node.span)
            }
            Form::Filtered(filtered, filter) => self.filtered(*filtered, filter, input, &node.span),
        }
    }

    fn binary(&mut self, (left, operator, right): (&Node, Binary, &Node), input: &Reach) -> Reach {
        match operator {
            Binary::Pipe => {
                let between = self.visit(left, input);
                self.visit(right, &between)
            }
            Binary::Comma | Binary::Alternative => {
                let left = self.visit(left, input);
                left.or(self.visit(right, input))
            }
            Binary::And | Binary::Or | Binary::Arithmetic(_) | Binary::Comparison(_) => {
                self.consume_all([left, right], input)
            }
        }
    }

    fn filtered(&mut self, filtered: Filtered, filter: &Node, input: &Reach, span: &Range<usize>) -> Reach {
        match filtered {
            Filtered::First | Filtered::Last => self.visit(filter, input),
            Filtered::Select => {
                self.consume(filter, input);
                input.named(span)
            }
            Filtered::All | Filtered::Any | Filtered::GroupBy | Filtered::Map | Filtered::SortBy => {
                // The filter sees what is inside the input, and any of it is covered by the escape.
                let inside = self.escape(input, span);
                self.consume(filter, &inside);
                inside
            }
        }
    }

    fn path(&mut self, base: &Node, parts: &[Part], input: &Reach) -> Reach {
        for part in parts {
            match &part.access {
                Access::Index(key) => self.consume(key, input),
                Access::Slice(from, upto) => {
                    self.consume_all([from, upto].into_iter().flatten(), input);
                }
                Access::Key(_) | Access::Iterate => {}
            }
        }
        let start = base.span.start;
        let from = self.visit(base, input);
        parts.iter().fold(from, |reach, part| self.part(part, &reach, start))
    }

    /// What `part` of a path that begins at `start` may reach.
    fn part(&mut self, part: &Part, from: &Reach, start: usize) -> Reach {
        let span = start..part.span.end;
        let Access::Key(name) = &part.access else {
            let unnamed = Reach { origin: None, ..from.clone() };
            return self.escape(&unnamed, &span);
        };
        if from.steps {
            note(&mut self.steps, name, &span);
        }
        if from.outcomes {
            note(&mut self.outcomes, name, &span);
        }
        match name.as_str() {
            _ if !from.root => Reach::default(),
            "input" => Reach::default(),
            "steps" => Reach { steps: true, origin: Some(span), ..Reach::default() },
            "outcomes" => Reach { outcomes: true, origin: Some(span), ..Reach::default() },
            _ => {
                note(&mut self.unknown_roots, name, &span);
                Reach::default()
            }
        }
    }

    /// Visits a node whose values go where they cannot be followed.
    fn consume(&mut self, node: &Node, input: &Reach) {
        let reach = self.visit(node, input);
        self.escape(&reach, &node.span);
    }

    fn consume_all<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>, input: &Reach) -> Reach {
        nodes.into_iter().for_each(|node| self.consume(node, input));
        Reach::default()
    }

    /// Notes that a value which matters goes where it cannot be followed; what comes back is covered by that.
    fn escape(&mut self, reach: &Reach, span: &Range<usize>) -> Reach {
        let place = reach.origin.as_ref().unwrap_or(span);
        if reach.is_any() && self.dynamic.as_ref().is_none_or(|first| place.start < first.start) {
            self.dynamic = Some(place.clone());
        }
        Reach::default()
    }
}

/// Notes a place of the name, if it is the first one.
fn note(names: &mut BTreeMap<String, Range<usize>>, name: &str, span: &Range<usize>) {
    let first = names.entry(name.to_owned()).or_insert_with(|| span.clone());
    if span.start < first.start {
        *first = span.clone();
    }
}
