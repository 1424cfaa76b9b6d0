//! Texts of errors: made without the right to fail, and safe to print.
//!
//! What comes from a file or a caller may hold characters that change how a terminal or a reader
//! shows the rest. A space takes their place.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt::{self, Write};

/// As `alloc::format!`, for the text of an error. Without memory, the text is a shorter one.
macro_rules! format_text {
    ($($argument:tt)*) => {
        $crate::error::written(::core::format_args!($($argument)*))
    };
}
pub(crate) use format_text as format;

/// The text of `arguments`, or a fixed one if there is no memory for it.
#[cold]
#[inline(never)]
pub(crate) fn written(arguments: fmt::Arguments<'_>) -> Cow<'static, str> {
    if let Some(text) = arguments.as_str() {
        return Cow::Borrowed(text);
    }
    let mut growing = Growing(String::new());
    match growing.write_fmt(arguments) {
        Ok(()) => Cow::Owned(growing.0),
        Err(_) => Cow::Borrowed("there is no memory for the reason"),
    }
}

/// A text that stops when there is no memory.
struct Growing(String);

impl Write for Growing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.try_reserve(text.len()).map_err(|_| fmt::Error)?;
        self.0.push_str(text);
        Ok(())
    }
}

/// Whether a character stays within its place: no control character (ESC moves the cursor and
/// recolours), no line or paragraph separator, no mark that reverses the direction of what follows.
pub(crate) fn is_printable(character: char) -> bool {
    !(character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        ))
}

/// The character itself, or a space for one that is not printable.
#[cfg(feature = "ffi")]
pub(crate) fn printable(character: char) -> char {
    if is_printable(character) { character } else { ' ' }
}

/// Passes texts on to another writer, with a space for each character that is not printable.
pub(super) struct Printable<'w, W>(pub(super) &'w mut W);

impl<W: Write> Write for Printable<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((start, stray)) = rest.char_indices().find(|(_, c)| !is_printable(*c)) {
            let (before, after) = rest.split_at(start);
            self.0.write_str(before)?;
            self.0.write_char(' ')?;
            rest = after.get(stray.len_utf8()..).unwrap_or_default();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_arguments_is_not_copied() {
        assert!(matches!(format!("no memory"), Cow::Borrowed("no memory")));
        assert_eq!(format!("{} of {n}", 1, n = 2), "1 of 2");
    }

    #[test]
    fn marks_and_control_characters_are_not_printed() {
        let mut out = String::new();
        Printable(&mut out).write_str("a\u{1b}[31m\u{202e}b\u{200f}\n\u{2066}é\u{61c}").unwrap();
        assert_eq!(out, "a [31m b   é ");
        // Joiners and spaces of other widths belong to words of many languages.
        assert!(['é', '\u{200d}', '\u{3000}', '界'].into_iter().all(is_printable));
    }
}
