//! Reads jq without recursion: far enough to know what is a bracket, an operator and a string.
//!
//! It must agree with the lexer of jaq on where strings, comments and interpolations begin and end, and it
//! must get through any text at all: it is what stands between a hostile text and a parser that recurses.

/// What the scanner tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// An opening bracket, the `\(` of an interpolation, or `if`.
    Open,
    /// A closing bracket that closes something.
    Close,
    /// A `}` that closes nothing: the end of a `${ ... }`.
    Terminator,
    /// An operator, or a word that acts as one.
    Operator,
    /// Anything else.
    Other,
}

/// What is open where the scanner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enclosure {
    Round,
    Square,
    Curly,
    Text,
    Interpolation,
    If,
}

/// Goes through a text once, from its start.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Enclosure>,
    nesting: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, open: Vec::new(), nesting: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// How many brackets, interpolations and `if` are open; a string by itself does not count.
    pub(super) fn nesting(&self) -> usize {
        self.nesting
    }

    /// Reads on to the end of the next lexeme; nothing at the end of the text.
    pub(super) fn next(&mut self) -> Option<Lexeme> {
        if self.open.last() == Some(&Enclosure::Text) {
            return self.inside_text();
        }
        self.skip_space();
        let first = self.rest().chars().next()?;
        self.at += first.len_utf8();
        Some(match first {
            '"' => self.opened(Enclosure::Text),
            '(' => self.opened(Enclosure::Round),
            '[' => self.opened(Enclosure::Square),
            '{' => self.opened(Enclosure::Curly),
            ')' | ']' | '}' => self.closed(first),
            '|' | '=' | '!' | '<' | '>' | '+' | '-' | '*' | '/' | '%' => {
                self.skip(|c| "|=!<>+*/%".contains(c));
                Lexeme::Operator
            }
            ',' | ';' | '?' => Lexeme::Operator,
            '.' => self.dot(),
            '$' | '@' => self.skip(is_word),
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.word(self.at - 1),
            _ => Lexeme::Other,
        })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, accept: impl FnMut(char) -> bool) -> Lexeme {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(accept).len();
        Lexeme::Other
    }

    fn skip_space(&mut self) {
        loop {
            self.skip(char::is_whitespace);
            if !self.rest().starts_with('#') {
                return;
            }
            self.skip_comment();
        }
    }

    /// A comment ends with its line, unless an odd number of backslashes ends the line.
    fn skip_comment(&mut self) {
        loop {
            let rest = self.rest();
            let (line, length) =
                rest.split_once('\n').map_or((rest, rest.len()), |(line, _)| (line, line.len() + 1));
            self.at += length;
            let line = line.strip_suffix('\r').unwrap_or(line);
            let backslashes = line.len() - line.trim_end_matches('\\').len();
            if backslashes % 2 == 0 || length == 0 {
                return;
            }
        }
    }

    fn inside_text(&mut self) -> Option<Lexeme> {
        self.skip(|c| c != '"' && c != '\\');
        let mut chars = self.rest().chars();
        if chars.next()? == '"' {
            self.at += 1;
            self.open.pop();
            return Some(Lexeme::Other);
        }
        let escaped = chars.next();
        self.at += 1 + escaped.map_or(0, char::len_utf8);
        Some(if escaped == Some('(') { self.opened(Enclosure::Interpolation) } else { Lexeme::Other })
    }

    fn opened(&mut self, enclosure: Enclosure) -> Lexeme {
        self.open.push(enclosure);
        if enclosure == Enclosure::Text {
            return Lexeme::Other;
        }
        self.nesting += 1;
        Lexeme::Open
    }

    /// Closes the innermost bracket of its kind, and with it whatever was left open inside.
    fn closed(&mut self, bracket: char) -> Lexeme {
        let matches = |enclosure: &Enclosure| match enclosure {
            Enclosure::Round | Enclosure::Interpolation => bracket == ')',
            Enclosure::Square => bracket == ']',
            Enclosure::Curly => bracket == '}',
            Enclosure::Text | Enclosure::If => false,
        };
        let reachable = self.open.iter().rev().take_while(|enclosure| **enclosure != Enclosure::Text);
        match reachable.clone().position(matches) {
            Some(inside) => {
                self.open.truncate(self.open.len().saturating_sub(inside + 1));
                self.nesting = self.nesting.saturating_sub(inside + 1);
                Lexeme::Close
            }
            None if bracket == '}' => Lexeme::Terminator,
            None => Lexeme::Other,
        }
    }

    fn dot(&mut self) -> Lexeme {
        if self.rest().starts_with('.') {
            self.at += 1;
            return Lexeme::Operator;
        }
        if self.rest().starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            self.skip(is_word)
        } else {
            Lexeme::Other
        }
    }

    fn number(&mut self) -> Lexeme {
        self.skip(|c| c.is_ascii_digit());
        if self.rest().starts_with('.') {
            self.at += 1;
            self.skip(|c| c.is_ascii_digit());
        }
        if self.rest().starts_with(['e', 'E']) {
            self.at += 1;
            if self.rest().starts_with(['+', '-']) {
                self.at += 1;
            }
            self.skip(|c| c.is_ascii_digit());
        }
        Lexeme::Other
    }

    fn word(&mut self, start: usize) -> Lexeme {
        self.skip(is_word);
        match self.text.get(start..self.at) {
            Some("if") => self.opened(Enclosure::If),
            Some("and" | "or" | "elif") => Lexeme::Operator,
            Some("end") if self.open.last() == Some(&Enclosure::If) => {
                self.open.pop();
                self.nesting = self.nesting.saturating_sub(1);
                Lexeme::Other
            }
            _ => Lexeme::Other,
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
