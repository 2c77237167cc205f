//! From a text to its tree: bounded, lexed and parsed by jaq, surveyed, lowered.
//!
//! Nothing of jaq leaves this file and the two it calls, [`survey`](super::survey) and [`lower`](super::lower).

use std::ops::Range;

use jaq_core::load::{
    Lexer, Parser,
    lex::{self, Tok, Token},
    parse,
};

use super::{
    bound,
    fault::ExpressionFault,
    lower::lower,
    survey::{place, survey},
    tree::Node,
};

/// Most characters of a token that a message repeats.
const QUOTED: usize = 24;

/// The tree of `text`.
pub(super) fn tree(text: &str) -> Result<Node, ExpressionFault> {
    bound::check(text)?;
    let tokens = Lexer::new(text).lex().map_err(|errors| lexer_fault(text, errors))?;
    if tokens.is_empty() {
        return Err(ExpressionFault::syntax(0..text.len(), "expression is empty"));
    }
    let survey = survey(text, &tokens)?;
    let term =
        Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| parser_fault(text, &errors))?;
    lower(text, survey, &term)
}

fn lexer_fault(text: &str, errors: Vec<lex::Error<&str>>) -> ExpressionFault {
    let Some((expected, rest)) = errors.into_iter().next() else {
        return ExpressionFault::syntax(0..text.len(), "expression cannot be read");
    };
    let start = place(text, rest).start;
    let span = start..start + rest.chars().next().map_or(0, char::len_utf8);
    let found = text.get(span.clone()).unwrap_or_default();
    match expected {
        lex::Expect::Delim(open) if found.is_empty() => {
            ExpressionFault::syntax(place(text, open), format!("`{open}` is never closed"))
        }
        lex::Expect::Delim(open) if matches!(found, ")" | "]" | "}") => {
            ExpressionFault::syntax(span, format!("`{found}` does not close `{open}`"))
        }
        lex::Expect::Digit => ExpressionFault::syntax(span, "number lacks a digit"),
        lex::Expect::Ident => ExpressionFault::syntax(span, "name is missing after `$` or `@`"),
        lex::Expect::Escape => {
            ExpressionFault::syntax(span, format!("`\\{found}` is not an escape of a string"))
                .with_help("the escapes are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX and \\( ... )")
        }
        lex::Expect::Unicode => {
            ExpressionFault::syntax(span, "`\\u` needs four hexadecimal digits of a character")
        }
        _ => foreign(span, found),
    }
}

/// A character that begins no token of jq.
fn foreign(span: Range<usize>, found: &str) -> ExpressionFault {
    let fault = ExpressionFault::syntax(span, format!("`{found}` is not part of jq"));
    match found {
        "'" => fault.with_help("jq writes strings in double quotes"),
        "&" => fault.with_help("jq writes `and`"),
        _ => fault,
    }
}

fn parser_fault(text: &str, errors: &[parse::TError<'_, &str>]) -> ExpressionFault {
    let Some((expected, found)) = errors.iter().min_by_key(|(_, found)| found_span(text, *found).start)
    else {
        return ExpressionFault::syntax(0..text.len(), "expression cannot be read");
    };
    let span = found_span(text, *found);
    let found = found.map_or_else(|| "the end".into(), quoted);
    let message = match expected {
        parse::Expect::Just(word) if !word.is_empty() => format!("expected `{word}`, found {found}"),
        parse::Expect::Term => format!("expected a value, found {found}"),
        parse::Expect::Key => format!("expected a name after `.`, found {found}"),
        parse::Expect::ElseOrEnd => format!("expected `elif`, `else` or `end`, found {found}"),
        parse::Expect::Nothing => format!("expected an operator or the end, found {found}"),
        other => format!("expected {}, found {found}", other.as_str()),
    };
    let fault = ExpressionFault::syntax(span, message);
    match found.as_str() {
        "`||`" => fault.with_help("jq writes `or`"),
        "`===`" => fault.with_help("jq writes `==`"),
        _ => fault,
    }
}

fn found_span(text: &str, found: Option<&Token<&str>>) -> Range<usize> {
    found.map_or(text.len()..text.len(), |token| place(text, token.as_str()))
}

/// The token for a message: brackets and strings by how they begin.
fn quoted(token: &Token<&str>) -> String {
    let shown = if matches!(token.1, Tok::Block(_)) { 1 } else { QUOTED };
    let head: String = token.as_str().chars().take(shown).collect();
    format!("`{head}`")
}
