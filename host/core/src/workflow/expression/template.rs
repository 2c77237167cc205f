//! A string with any number of `${ ... }` in it.

use serde_json::Value;

use super::{
    error::EvaluationError,
    expression::Expression,
    fault::ExpressionFault,
    meter::Meter,
    references::References,
    scan::{Lexeme, Scanner},
};

/// What opens an expression.
const OPEN: &str = "${";

/// What stands for a literal `${`.
const ESCAPED_OPEN: &str = "$${";

/// A string with any number of `${ ... }` in it.
///
/// A string that is one `${ ... }`, from its first character to its last, keeps the type of the value. Any
/// other string becomes text, with each value in place of its expression: a string as it is, anything else as
/// compact JSON. `$${` stands for a literal `${`.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    /// An expression, and where in the source it begins.
    Expression(usize, Expression),
}

impl Template {
    /// Parses a string; the spans of faults are bytes of the string.
    ///
    /// # Errors
    ///
    /// A `${` is never closed, or the expression in one is refused.
    pub fn parse(text: &str) -> Result<Self, ExpressionFault> {
        let mut pieces = Pieces::default();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(ESCAPED_OPEN) {
                pieces.literal.push_str(OPEN);
                at += ESCAPED_OPEN.len();
            } else if let Some(inside) = rest.strip_prefix(OPEN) {
                let start = at + OPEN.len();
                let length = length(inside).ok_or_else(|| unterminated(at))?;
                pieces.add(start, inside.get(..length).unwrap_or_default())?;
                at = start + length + 1;
            } else {
                let dollar = rest.char_indices().skip(1).find(|(_, c)| *c == '$');
                let length = dollar.map_or(rest.len(), |(position, _)| position);
                pieces.literal.push_str(rest.get(..length).unwrap_or_default());
                at += length;
            }
        }
        Ok(Self { source: text.to_owned(), pieces: pieces.finish() })
    }

    /// The string that was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether there is no expression in the string.
    pub fn is_literal(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// What the expressions in the string can read of their root; the spans are bytes of the string.
    pub fn references(&self) -> References {
        let mut references = References::default();
        for piece in &self.pieces {
            if let Piece::Expression(start, expression) = piece {
                references.add(expression.references(), *start);
            }
        }
        references
    }

    /// The value of the string for `root`; the spans of errors are bytes of the string.
    ///
    /// # Errors
    ///
    /// As [`Expression::evaluate`]; the bounds hold for the string as a whole.
    pub fn evaluate(&self, root: &Value) -> Result<Value, EvaluationError> {
        self.evaluate_within(&Meter::new(), root)
    }

    /// As [`evaluate`](Self::evaluate), but counts on a meter that others count on too.
    pub(super) fn evaluate_within(&self, meter: &Meter, root: &Value) -> Result<Value, EvaluationError> {
        if let [Piece::Expression(start, expression)] = self.pieces.as_slice() {
            return expression.evaluate_within(meter, root).map_err(|error| error.shifted(*start));
        }
        let mut text = String::new();
        for piece in &self.pieces {
            text.push_str(&piece.text(meter, root)?);
        }
        Ok(Value::String(text))
    }
}

impl Piece {
    fn text(&self, meter: &Meter, root: &Value) -> Result<String, EvaluationError> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Expression(start, expression) => {
                expression.evaluate_to_text(meter, root).map_err(|error| error.shifted(*start))
            }
        }
    }
}

/// The pieces so far, and the literal text since the last of them.
#[derive(Default)]
struct Pieces {
    pieces: Vec<Piece>,
    literal: String,
}

impl Pieces {
    fn add(&mut self, start: usize, source: &str) -> Result<(), ExpressionFault> {
        let expression = Expression::parse(source).map_err(|fault| fault.shifted(start))?;
        self.end_literal();
        self.pieces.push(Piece::Expression(start, expression));
        Ok(())
    }

    fn end_literal(&mut self) {
        if !self.literal.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.literal)));
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.end_literal();
        self.pieces
    }
}

/// How long the expression is that `inside` begins with, up to the `}` that closes it.
fn length(inside: &str) -> Option<usize> {
    let mut scanner = Scanner::new(inside);
    while let Some(lexeme) = scanner.next() {
        if lexeme == Lexeme::Terminator {
            return Some(scanner.position() - 1);
        }
    }
    None
}

fn unterminated(at: usize) -> ExpressionFault {
    ExpressionFault::syntax(at..at + OPEN.len(), "`${` is never closed")
        .with_help("a literal `${` is written `$${`; a `}` in a string or a comment closes nothing")
}
