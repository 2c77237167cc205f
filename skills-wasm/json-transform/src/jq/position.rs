//! Places in a filter's text.

/// A line and a column, both counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// The line.
    pub(crate) line: usize,
    /// The column.
    pub(crate) column: usize,
}

impl Position {
    /// Where `part`, a slice of `text`, begins. The end of `text` where it is no slice of it.
    pub(crate) fn of(part: &str, text: &str) -> Self {
        let offset = part.as_ptr().addr().checked_sub(text.as_ptr().addr());
        let before = offset.and_then(|offset| text.get(..offset)).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Self { line, column: before.get(line_start..).map_or(0, |line| line.chars().count()) + 1 }
    }
}
