//! Texts in messages, in which nothing is unseen.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether messages hide the values of cells.
static ARE_VALUES_HIDDEN: AtomicBool = AtomicBool::new(false);

/// What a message has instead of a hidden value.
pub(crate) const HIDDEN: &str = "(hidden)";

/// Hides the values of cells in all messages of this process from now on: a message then names the type
/// of a cell, its place and what was expected. Names of columns and what a configuration names are shown.
///
/// It is a switch of the process, as a message is made far from where a program reads its options, and
/// one that was forgotten would show a value.
pub fn hide_values() {
    ARE_VALUES_HIDDEN.store(true, Ordering::Relaxed);
}

/// Whether [`hide_values`] was called.
#[must_use]
pub fn are_values_hidden() -> bool {
    ARE_VALUES_HIDDEN.load(Ordering::Relaxed)
}

/// [`shown`] of a value of a cell, or that it is hidden.
#[must_use]
pub fn shown_value(text: &str) -> String {
    if are_values_hidden() { HIDDEN.into() } else { shown(text) }
}

/// A text with invisible characters, unusual spaces, combining marks and control characters escaped,
/// so that texts that differ look different, and none of them disturbs a terminal.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // Writing to a text does not fail.
    let _ = write_shown(&mut shown, text.chars());
    shown
}

/// Writes characters as [`shown`] does.
pub(crate) fn write_shown(
    to: &mut impl fmt::Write,
    characters: impl Iterator<Item = char>,
) -> fmt::Result {
    for character in characters {
        let is_mark = ('\u{300}'..='\u{36F}').contains(&character);
        let is_odd_space = character.is_whitespace() && character != ' ';
        if is_mark || is_odd_space || is_invisible(character) || character.is_control() {
            write!(to, "{}", character.escape_default())?;
        } else {
            to.write_char(character)?;
        }
    }
    Ok(())
}

/// Whether a character is not seen: zero-width ones, marks of direction, soft hyphens, byte order
/// marks, fillers, variation selectors and tags (Unicode's `Default_Ignorable_Code_Point`, and
/// the anchors of annotations).
#[must_use]
pub fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_escaped() {
        let cases = [
            ("früh 1 µg", "früh 1 µg"),
            ("II\u{200B}", "II\\u{200b}"),
            ("\u{FEFF}age", "\\u{feff}age"),
            ("a\u{AD}b\u{2066}c", "a\\u{ad}b\\u{2066}c"),
            ("stage\u{A0}I", "stage\\u{a0}I"),
            ("fru\u{308}h", "fru\\u{308}h"),
            ("a\tb\u{1b}[2J", "a\\tb\\u{1b}[2J"),
            ("\u{3164}", "\\u{3164}"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected);
        }
    }
}
