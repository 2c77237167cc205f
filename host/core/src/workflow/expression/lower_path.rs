//! The part of the lowering that lowers paths.

use std::ops::Range;

use jaq_core::{
    load::{lex::StrPart, parse::Term},
    path,
};
use serde_json::Value;

use super::{
    lower::{Lower, Lowered},
    survey::MarkKind,
    tree::{Access, Failure, Form, Node, Part},
};

impl Lower<'_> {
    /// `f.a[g]`
    pub(super) fn path(
        &mut self,
        base: &Term<&str>,
        parts: &[(path::Part<Term<&str>>, path::Opt)],
    ) -> Lowered<Node> {
        let base = self.base(base)?;
        let parts =
            parts.iter().map(|(part, optional)| self.part(part, *optional)).collect::<Lowered<Vec<_>>>()?;
        let end = parts.last().map_or(base.span.end, |part| part.span.end);
        let span = self.around(base.span.start..end);
        Ok(Node { span, form: Form::Path(Box::new(base), parts) })
    }

    /// What a path starts from; in `.name` that is an input which is written nowhere but in the dot.
    fn base(&mut self, base: &Term<&str>) -> Lowered<Node> {
        match (base, self.next_mark()) {
            (Term::Id, Some(mark)) if matches!(mark.kind, MarkKind::Field | MarkKind::FieldDot) => {
                let start = mark.span.start;
                Ok(Node { span: start..start + 1, form: Form::Identity })
            }
            _ => self.term(base),
        }
    }

    fn part(&mut self, part: &path::Part<Term<&str>>, optional: path::Opt) -> Lowered<Part> {
        let failure = match optional {
            path::Opt::Essential => Failure::Raised,
            path::Opt::Optional => Failure::Silent,
        };
        let (span, access) = match part {
            path::Part::Index(key) if self.is_next(MarkKind::Field) => self.field(key)?,
            path::Part::Index(key) if self.is_next(MarkKind::FieldDot) => {
                let dot = self.take(MarkKind::FieldDot)?;
                let key = self.term(key)?;
                (dot.start..key.span.end, access(key))
            }
            path::Part::Index(key) => {
                let span = self.take(MarkKind::Index)?;
                (span, access(self.term(key)?))
            }
            path::Part::Range(None, None) => (self.take(MarkKind::Index)?, Access::Iterate),
            path::Part::Range(from, upto) => {
                let span = self.take(MarkKind::Index)?;
                let from = from.as_ref().map(|term| self.term(term)).transpose()?;
                let upto = upto.as_ref().map(|term| self.term(term)).transpose()?;
                (span, Access::Slice(from, upto))
            }
        };
        Ok(Part { span, access, failure })
    }

    fn field(&mut self, key: &Term<&str>) -> Lowered<(Range<usize>, Access)> {
        let span = self.take(MarkKind::Field)?;
        match key {
            Term::Str(None, parts) if let [StrPart::Str(name)] = parts.as_slice() => {
                Ok((span, Access::Key((*name).to_owned())))
            }
            _ => Err(self.misplaced()),
        }
    }
}

/// `.name`, where only the name is written.
pub(super) fn member(name: String, span: Range<usize>) -> Node {
    let base = Node { span: span.clone(), form: Form::Identity };
    let part = Part { span: span.clone(), access: Access::Key(name), failure: Failure::Raised };
    Node { span, form: Form::Path(Box::new(base), vec![part]) }
}

fn access(key: Node) -> Access {
    match key.form {
        Form::Literal(Value::String(name)) => Access::Key(name),
        _ => Access::Index(key),
    }
}
