//! Goes over the tokens of an expression before they are parsed.
//!
//! It refuses what can be seen in tokens, and it marks where things stand, because the parser of jaq drops
//! that: its tree does not say where a `.`, a string or a bracket was. The marks are in the order in which the
//! parser meets the tokens, so that [`lower`](super::lower) can take them one by one.

use std::ops::Range;

use jaq_core::load::lex::{StrPart, Tok, Token};

use super::fault::ExpressionFault;

/// What a survey found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) marks: Vec<Mark>,
    /// Every bracketed part of the text, and every `if` to its `end`.
    pub(super) groups: Vec<Range<usize>>,
}

/// Where something stands that the parser does not place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) kind: MarkKind,
    pub(super) span: Range<usize>,
}

/// What a [`Mark`] marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// A `.` that is the input.
    Dot,
    /// `.name`
    Field,
    /// The `.` of `."name"`.
    FieldDot,
    /// A string.
    Text,
    /// `[...]` that makes an array.
    Array,
    /// `[...]` that reaches into a value.
    Index,
    /// `{...}`
    Object,
    /// `(...)` after the name of a function.
    Arguments,
    /// A `-` that negates.
    Negate,
    /// `if ... end`
    If,
}

/// What came before a token, as far as it tells what the token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, or something that a term follows.
    Open,
    /// The end of a term.
    Term,
    /// The name of a function, which ends a term too.
    Name,
    /// A `.` between a term and its next part.
    Joint,
}

/// The state of one level of brackets.
struct Level {
    before: Before,
    /// Whether a `*` or `/` stands to the left with nothing weaker since.
    product: bool,
    /// The marks of the open `if`, each with the `product` outside it.
    ifs: Vec<(usize, bool)>,
}

/// Surveys the tokens of `text`.
pub(super) fn survey(text: &str, tokens: &[Token<&str>]) -> Result<Survey, ExpressionFault> {
    let mut surveyor = Surveyor { text, found: Survey::default() };
    surveyor.level(tokens, &[])?;
    Ok(surveyor.found)
}

/// Where `part` stands in `text`, of which it is a slice.
pub(super) fn place(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    start..start + part.len()
}

struct Surveyor<'t> {
    text: &'t str,
    found: Survey,
}

impl Surveyor<'_> {
    /// Surveys one level; `keys` are the positions of the tokens that are names of members.
    fn level(&mut self, tokens: &[Token<&str>], keys: &[usize]) -> Result<(), ExpressionFault> {
        let mut level = Level { before: Before::Open, product: false, ifs: Vec::new() };
        for (position, Token(part, kind)) in tokens.iter().enumerate() {
            let span = place(self.text, part);
            let next = tokens.get(position + 1);
            level.before = match kind {
                Tok::Var => {
                    return Err(ExpressionFault::not_supported(span, format!("the variable `{part}`")));
                }
                Tok::Fmt => {
                    return Err(ExpressionFault::not_supported(span, format!("the format `{part}`")));
                }
                Tok::Num => Before::Term,
                Tok::Str(parts) => self.text(span, parts)?,
                Tok::Block(inner) => self.block(span, part, inner, level.before)?,
                Tok::Word if keys.contains(&position) => Before::Open,
                Tok::Word => self.word(span, part, &mut level)?,
                Tok::Sym => self.symbol(span, part, next, &mut level)?,
            };
        }
        Ok(())
    }

    fn mark(&mut self, kind: MarkKind, span: Range<usize>) {
        self.found.marks.push(Mark { kind, span });
    }

    fn text(
        &mut self,
        span: Range<usize>,
        parts: &[StrPart<&str, Token<&str>>],
    ) -> Result<Before, ExpressionFault> {
        self.mark(MarkKind::Text, span);
        for part in parts {
            if let StrPart::Term(Token(block, Tok::Block(inner))) = part {
                self.found.groups.push(place(self.text, block));
                self.level(inner, &[])?;
            }
        }
        Ok(Before::Term)
    }

    fn block(
        &mut self,
        span: Range<usize>,
        part: &str,
        inner: &[Token<&str>],
        before: Before,
    ) -> Result<Before, ExpressionFault> {
        self.found.groups.push(span.clone());
        match (part.as_bytes().first(), before) {
            (Some(b'('), Before::Name) => self.mark(MarkKind::Arguments, span),
            (Some(b'['), Before::Open) => self.mark(MarkKind::Array, span),
            (Some(b'['), _) => self.mark(MarkKind::Index, span),
            (Some(b'{'), _) => {
                self.mark(MarkKind::Object, span);
                self.level(inner, &keys(inner))?;
                return Ok(Before::Term);
            }
            _ => {}
        }
        self.level(inner, &[])?;
        Ok(Before::Term)
    }

    fn word(&mut self, span: Range<usize>, part: &str, level: &mut Level) -> Result<Before, ExpressionFault> {
        match part {
            "if" => {
                level.ifs.push((self.found.marks.len(), level.product));
                level.product = false;
                self.mark(MarkKind::If, span);
                Ok(Before::Open)
            }
            "then" | "elif" | "else" | "and" | "or" => {
                level.product = false;
                Ok(Before::Open)
            }
            "end" => {
                self.close_if(span.end, level);
                Ok(Before::Term)
            }
            _ if part.contains("::") => {
                Err(ExpressionFault::not_supported(span, format!("the module name `{part}`")))
            }
            _ if REFUSED_WORDS.contains(&part) => {
                Err(ExpressionFault::not_supported(span, format!("`{part}`")))
            }
            _ => Ok(Before::Name),
        }
    }

    /// Completes the mark of the innermost `if`; without one, the parser will refuse the `end`.
    fn close_if(&mut self, end: usize, level: &mut Level) {
        let Some((position, product)) = level.ifs.pop() else {
            return;
        };
        level.product = product;
        if let Some(mark) = self.found.marks.get_mut(position) {
            mark.span.end = end;
            self.found.groups.push(mark.span.clone());
        }
    }

    fn symbol(
        &mut self,
        span: Range<usize>,
        part: &str,
        next: Option<&Token<&str>>,
        level: &mut Level,
    ) -> Result<Before, ExpressionFault> {
        let ends_term = level.before != Before::Open;
        match part {
            "?" | ")" | "]" | "}" => return Ok(Before::Term),
            "." => return Ok(self.dot(span, next, ends_term)),
            ".." => return Err(ExpressionFault::not_supported(span, "`..`")),
            "-" if !ends_term => {
                self.mark(MarkKind::Negate, span);
                return Ok(Before::Open);
            }
            _ if part.starts_with('.') => {
                self.mark(MarkKind::Field, span);
                return Ok(Before::Term);
            }
            "=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=" => {
                return Err(ExpressionFault::not_supported(span, format!("the assignment `{part}`")));
            }
            "%" if level.product => return Err(unclear_remainder(span)),
            _ => level.product = matches!(part, "*" | "/"),
        }
        Ok(Before::Open)
    }

    fn dot(&mut self, span: Range<usize>, next: Option<&Token<&str>>, ends_term: bool) -> Before {
        if let Some(Token(_, Tok::Str(_))) = next {
            self.mark(MarkKind::FieldDot, span);
            return Before::Joint;
        }
        if ends_term {
            return Before::Joint;
        }
        self.mark(MarkKind::Dot, span);
        Before::Term
    }
}

/// The words of jq that begin something which expressions leave out.
const REFUSED_WORDS: &[&str] = &[
    "__loc__", "as", "break", "catch", "def", "foreach", "import", "include", "label", "module", "reduce",
    "try",
];

/// The positions of the words in the tokens of an object that are names of its members.
fn keys(tokens: &[Token<&str>]) -> Vec<usize> {
    let begins = |token: Option<&Token<&str>>| token.is_none_or(|token| token.0 == ",");
    let ends = |token: Option<&Token<&str>>| token.is_some_and(|token| matches!(token.0, ":" | "," | "}"));
    let before = |position: usize| position.checked_sub(1).and_then(|previous| tokens.get(previous));
    tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| matches!(token.1, Tok::Word))
        .map(|(position, _)| position)
        .filter(|position| begins(before(*position)) && ends(tokens.get(position + 1)))
        .collect()
}

/// jq reads `a * b % c` from the left, jaq reads `b % c` first.
fn unclear_remainder(span: Range<usize>) -> ExpressionFault {
    ExpressionFault::syntax(span, "`%` after `*` or `/` needs parentheses")
        .with_help("jq computes `(a * b) % c`; write the parentheses that you mean")
}
