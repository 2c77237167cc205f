//! From the tree of the parser to ours, and refuses on the way what has no place in ours.
//!
//! It goes through the terms in the order of the text, and takes from the survey where each one stands.

use std::{iter::Peekable, ops::Range, vec::IntoIter};

use jaq_core::{
    load::{
        lex::StrPart,
        parse::{BinaryOp, Term},
    },
    ops,
};
use serde_json::Value;

use super::{
    fault::ExpressionFault,
    function::{self, Function, Unknown},
    lower_path::member,
    number,
    survey::{Mark, MarkKind, Survey, place},
    tree::{Arithmetic, Binary, Branch, Comparison, Entry, Form, Node, Piece},
};

/// What a term becomes.
pub(super) type Lowered<T> = Result<T, ExpressionFault>;

/// The tree of `term`, which was parsed from the surveyed `text`.
pub(super) fn lower(text: &str, survey: Survey, term: &Term<&str>) -> Lowered<Node> {
    let marks = survey.marks.into_iter().peekable();
    Lower { text, marks, groups: survey.groups }.term(term)
}

/// A lowering on its way.
pub(super) struct Lower<'t> {
    text: &'t str,
    marks: Peekable<IntoIter<Mark>>,
    groups: Vec<Range<usize>>,
}

impl Lower<'_> {
    pub(super) fn term(&mut self, term: &Term<&str>) -> Lowered<Node> {
        match term {
            Term::Id => Ok(Node { span: self.take(MarkKind::Dot)?, form: Form::Identity }),
            Term::Num(digits) => self.number(digits),
            Term::Str(None, parts) => self.string(parts),
            Term::Arr(inner) => self.array(inner.as_deref()),
            Term::Obj(entries) => self.object(entries),
            Term::Neg(inner) => self.negate(inner),
            Term::BinOp(left, operator, right) => self.binary(left, operator, right),
            Term::IfThenElse(branches, otherwise) => self.branches(branches, otherwise.as_deref()),
            Term::TryCatch(inner, None) => self.attempt(inner),
            Term::Call(name, arguments) => self.call(name, arguments),
            Term::Path(base, path) => self.path(base, &path.0),
            // The survey has refused the tokens of all that is left.
            _ => Err(self.refused()),
        }
    }

    /// The place of what the parser met, which must be the next mark.
    pub(super) fn take(&mut self, kind: MarkKind) -> Lowered<Range<usize>> {
        match self.marks.next_if(|mark| mark.kind == kind) {
            Some(mark) => Ok(mark.span),
            None => Err(self.misplaced()),
        }
    }

    pub(super) fn next_mark(&mut self) -> Option<&Mark> {
        self.marks.peek()
    }

    pub(super) fn is_next(&mut self, kind: MarkKind) -> bool {
        self.next_mark().is_some_and(|mark| mark.kind == kind)
    }

    pub(super) fn misplaced(&self) -> ExpressionFault {
        ExpressionFault::syntax(0..self.text.len(), "expression cannot be read")
    }

    fn refused(&self) -> ExpressionFault {
        ExpressionFault::not_supported(0..self.text.len(), "this construct")
    }

    fn number(&self, digits: &str) -> Lowered<Node> {
        let span = place(self.text, digits);
        match number::literal(digits) {
            Some(value) => Ok(Node { span, form: Form::Literal(value) }),
            None => Err(ExpressionFault::syntax(span, format!("number {digits} is out of range"))
                .with_help(format!("integers go up to {}", number::LARGEST_INTEGER))),
        }
    }

    fn string(&mut self, parts: &[StrPart<&str, Term<&str>>]) -> Lowered<Node> {
        let span = self.take(MarkKind::Text)?;
        let mut pieces = Vec::new();
        for part in parts {
            match part {
                StrPart::Str(text) => extend(&mut pieces, text),
                StrPart::Char(character) => extend(&mut pieces, character.encode_utf8(&mut [0; 4])),
                StrPart::Term(term) => pieces.push(Piece::Value(self.term(term)?)),
            }
        }
        let form = match pieces.as_mut_slice() {
            [] => Form::Literal(Value::String(String::new())),
            [Piece::Literal(text)] => Form::Literal(Value::String(std::mem::take(text))),
            _ => Form::Text(pieces),
        };
        Ok(Node { span, form })
    }

    fn array(&mut self, inner: Option<&Term<&str>>) -> Lowered<Node> {
        let span = self.take(MarkKind::Array)?;
        let inner = inner.map(|term| self.term(term)).transpose()?;
        Ok(Node { span, form: Form::Array(inner.map(Box::new)) })
    }

    fn object(&mut self, entries: &[(Term<&str>, Option<Term<&str>>)]) -> Lowered<Node> {
        let span = self.take(MarkKind::Object)?;
        let entries = entries.iter().map(|(key, value)| self.entry(key, value.as_ref()));
        Ok(Node { span, form: Form::Object(entries.collect::<Lowered<_>>()?) })
    }

    fn entry(&mut self, key: &Term<&str>, value: Option<&Term<&str>>) -> Lowered<Entry> {
        let key = self.key(key)?;
        let value = match (value, &key.form) {
            (Some(value), _) => self.term(value)?,
            (None, Form::Literal(Value::String(name))) => member(name.clone(), key.span.clone()),
            (None, _) => {
                let fault = ExpressionFault::syntax(key.span, "computed name of a member has no value");
                return Err(fault.with_help("write `(name): value`"));
            }
        };
        Ok(Entry { key, value })
    }

    /// A name is a bare word or a string; only the string has a mark, which lies around its text.
    fn key(&mut self, key: &Term<&str>) -> Lowered<Node> {
        if let Term::Str(None, parts) = key
            && let [StrPart::Str(name)] = parts.as_slice()
        {
            let span = place(self.text, name);
            let inside = |mark: &Mark| mark.span.start < span.start && span.end < mark.span.end;
            let is_text = self.marks.peek().is_some_and(|mark| mark.kind == MarkKind::Text && inside(mark));
            if !is_text {
                return Ok(Node { span, form: Form::Literal(Value::String((*name).to_owned())) });
            }
        }
        self.term(key)
    }

    fn negate(&mut self, inner: &Term<&str>) -> Lowered<Node> {
        let sign = self.take(MarkKind::Negate)?;
        let inner = self.term(inner)?;
        let span = self.around(sign.start..inner.span.end);
        Ok(Node { span, form: Form::Negate(Box::new(inner)) })
    }

    fn binary(&mut self, left: &Term<&str>, operator: &BinaryOp<&str>, right: &Term<&str>) -> Lowered<Node> {
        let Some(operator) = binary(operator) else {
            return Err(self.refused());
        };
        let left = self.term(left)?;
        let right = self.term(right)?;
        let span = self.around(left.span.start..right.span.end);
        let is_text = |node: &Node| matches!(node.form, Form::Text(_) | Form::Literal(Value::String(_)));
        if operator == Binary::Arithmetic(Arithmetic::Multiply) && (is_text(&left) || is_text(&right)) {
            return Err(ExpressionFault::not_supported(span, "the repetition of a string"));
        }
        Ok(Node { span, form: Form::Binary(Box::new(left), operator, Box::new(right)) })
    }

    fn branches(
        &mut self,
        branches: &[(Term<&str>, Term<&str>)],
        otherwise: Option<&Term<&str>>,
    ) -> Lowered<Node> {
        let span = self.take(MarkKind::If)?;
        let branches = branches
            .iter()
            .map(|(condition, then)| Ok(Branch { condition: self.term(condition)?, then: self.term(then)? }));
        let branches = branches.collect::<Lowered<_>>()?;
        let otherwise = otherwise.map(|term| self.term(term)).transpose()?;
        Ok(Node { span, form: Form::If(branches, otherwise.map(Box::new)) })
    }

    fn attempt(&mut self, inner: &Term<&str>) -> Lowered<Node> {
        let inner = self.term(inner)?;
        Ok(Node { span: self.around(inner.span.clone()), form: Form::Try(Box::new(inner)) })
    }

    fn call(&mut self, name: &str, arguments: &[Term<&str>]) -> Lowered<Node> {
        let span = place(self.text, name);
        if matches!(name, "then" | "elif" | "else" | "end" | "and" | "or") {
            return Err(ExpressionFault::syntax(span, format!("expected a value, found `{name}`")));
        }
        let found = function::find(name, arguments.len())
            .map_err(|unknown| unknown_function(span.clone(), name, arguments.len(), unknown))?;
        let end = if arguments.is_empty() { span.end } else { self.take(MarkKind::Arguments)?.end };
        let argument = arguments.first().map(|term| self.term(term)).transpose()?;
        let form = form(found, argument).ok_or_else(|| self.misplaced())?;
        Ok(Node { span: span.start..end, form })
    }

    /// The span, made larger until no bracket in it lacks its other half.
    pub(super) fn around(&self, mut span: Range<usize>) -> Range<usize> {
        loop {
            let cut = self.groups.iter().find(|group| {
                let apart = group.end <= span.start || span.end <= group.start;
                let within = group.start < span.start && span.end < group.end;
                let covered = span.start <= group.start && group.end <= span.end;
                !apart && !within && !covered
            });
            match cut {
                Some(group) => span = span.start.min(group.start)..span.end.max(group.end),
                None => return span,
            }
        }
    }
}

/// Adds to the literal piece at the end.
fn extend(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Literal(last)) => last.push_str(text),
        _ => pieces.push(Piece::Literal(text.to_owned())),
    }
}

fn form(function: Function, argument: Option<Node>) -> Option<Form> {
    Some(match (function, argument.map(Box::new)) {
        (Function::Null, None) => Form::Literal(Value::Null),
        (Function::True, None) => Form::Literal(Value::Bool(true)),
        (Function::False, None) => Form::Literal(Value::Bool(false)),
        (Function::Empty, None) => Form::Empty,
        (Function::Plain(plain), None) => Form::Plain(plain),
        (Function::Valued(valued), Some(argument)) => Form::Valued(valued, argument),
        (Function::Filtered(filtered), Some(argument)) => Form::Filtered(filtered, argument),
        _ => return None,
    })
}

fn unknown_function(span: Range<usize>, name: &str, arity: usize, unknown: Unknown) -> ExpressionFault {
    match unknown {
        Unknown::Arity if arity == 0 => {
            ExpressionFault::not_supported(span, format!("`{name}` without an argument"))
        }
        Unknown::Arity if arity == 1 => {
            ExpressionFault::not_supported(span, format!("`{name}` with an argument"))
        }
        Unknown::Arity => ExpressionFault::not_supported(span, format!("`{name}` with {arity} arguments")),
        Unknown::Name(_) if arity == 0 && matches!(name, "input" | "steps" | "outcomes") => {
            ExpressionFault::not_supported(span, format!("the function `{name}`"))
                .with_help(format!("did you mean `.{name}`?"))
        }
        Unknown::Name(similar) => {
            let fault = ExpressionFault::not_supported(span, format!("the function `{name}`"));
            match similar {
                Some(similar) => fault.with_help(format!("did you mean `{similar}`?")),
                None => fault,
            }
        }
    }
}

fn binary(operator: &BinaryOp<&str>) -> Option<Binary> {
    Some(match operator {
        BinaryOp::Pipe(None) => Binary::Pipe,
        BinaryOp::Comma => Binary::Comma,
        BinaryOp::Alt => Binary::Alternative,
        BinaryOp::And => Binary::And,
        BinaryOp::Or => Binary::Or,
        BinaryOp::Math(operator) => Binary::Arithmetic(arithmetic(*operator)),
        BinaryOp::Cmp(operator) => Binary::Comparison(comparison(*operator)),
        _ => return None,
    })
}

fn arithmetic(operator: ops::Math) -> Arithmetic {
    match operator {
        ops::Math::Add => Arithmetic::Add,
        ops::Math::Sub => Arithmetic::Subtract,
        ops::Math::Mul => Arithmetic::Multiply,
        ops::Math::Div => Arithmetic::Divide,
        ops::Math::Rem => Arithmetic::Remainder,
    }
}

fn comparison(operator: ops::Cmp) -> Comparison {
    match operator {
        ops::Cmp::Eq => Comparison::Equal,
        ops::Cmp::Ne => Comparison::NotEqual,
        ops::Cmp::Lt => Comparison::Less,
        ops::Cmp::Le => Comparison::LessOrEqual,
        ops::Cmp::Gt => Comparison::Greater,
        ops::Cmp::Ge => Comparison::GreaterOrEqual,
    }
}
