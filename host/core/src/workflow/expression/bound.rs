//! Refuses a text that is too much for the parser, before the parser sees it.
//!
//! The parser recurses, and a text that is deep enough makes the process abort. So nothing may be lexed or
//! parsed that has not passed here.

use super::{
    fault::ExpressionFault,
    limit::{NESTING, TEXT_BYTES, TOKENS},
    scan::{Lexeme, Scanner},
};

/// Checks the length, the tokens and the nesting of `text`, in one pass over it.
pub(super) fn check(text: &str) -> Result<(), ExpressionFault> {
    if text.len() > TEXT_BYTES {
        let message = format!("expression has {} bytes, more than {TEXT_BYTES}", text.len());
        return Err(ExpressionFault::limit(0..text.len(), message));
    }
    let mut scanner = Scanner::new(text);
    let mut tokens = 0;
    let mut start = 0;
    while let Some(lexeme) = scanner.next() {
        let span = start..scanner.position();
        start = span.end;
        if lexeme == Lexeme::Other {
            continue;
        }
        tokens += 1;
        if tokens > TOKENS {
            let message = format!("expression has more than {TOKENS} operators and brackets");
            return Err(ExpressionFault::limit(trimmed(text, span), message));
        }
        if scanner.nesting() > NESTING {
            let message = format!("expression nests more than {NESTING} deep");
            return Err(ExpressionFault::limit(trimmed(text, span), message));
        }
    }
    Ok(())
}

/// The span without the white space that the scanner passed on its way.
fn trimmed(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let lexeme = text.get(span.clone()).unwrap_or_default().trim_start();
    span.end - lexeme.len()..span.end
}
