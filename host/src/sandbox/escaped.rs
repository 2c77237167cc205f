//! Text that somebody else wrote, for people to read.

/// The text with its control characters escaped, line feeds among them, so that it stays one line wherever it is shown.
#[must_use]
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { shown.extend(letter.escape_debug()) } else { shown.push(letter) }
    }
    shown
}
