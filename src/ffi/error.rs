//! The caller-owned error.

use core::ffi::c_char;
use core::fmt::{self, Write};

use super::growing::{Growing, write_struct};
use crate::error::{Error, Place, printable};

/// The error has no row, feature or byte offset.
///
/// cbindgen:ignore
pub const NOMO_PLACE_NONE: u64 = u64::MAX;
/// Size of the message of an error, with its closing NUL.
pub const NOMO_ERROR_MESSAGE_SIZE: usize = 512;

/// Why a call failed. Owned by the caller; set up by NOMO_ERROR_INIT.
///
/// A call that succeeds does not write it. The message is UTF-8 in English, cut to fit. It may repeat
/// a name, unit, reason or path that the caller passed, with control characters as spaces. It never
/// contains a value of a row, and does not repeat `row`, `feature` and `byte_offset`. Positions in it
/// count from 1, unlike the fields.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_error {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// The status that the call returned.
    pub status: i32,
    /// Index of the row, counted from 0, or NOMO_PLACE_NONE.
    pub row: u64,
    /// Index of the feature, counted from 0, or NOMO_PLACE_NONE. It may be beyond n_features: the
    /// index that the caller passed.
    pub feature: u64,
    /// Offset into the bundle in bytes, or NOMO_PLACE_NONE.
    pub byte_offset: u64,
    /// What was found and what was expected; ends with NUL.
    pub message: [c_char; NOMO_ERROR_MESSAGE_SIZE],
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers.
unsafe impl Growing for nomo_error {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Writes `error` to the caller's struct.
///
/// # Safety
///
/// `target` points to a `nomo_error` of checked size that the caller lets us write.
pub(super) unsafe fn report(error: &Error, target: *mut nomo_error) {
    let number =
        |get: fn(Place) -> Option<u64>| error.path().find_map(get).unwrap_or(NOMO_PLACE_NONE);
    let value = nomo_error {
        struct_size: 0,
        status: error.kind().status(),
        row: number(|place| if let Place::Row(row) = place { Some(row as u64) } else { None }),
        feature: number(|place| {
            if let Place::Feature(feature) = place { Some(feature as u64) } else { None }
        }),
        byte_offset: number(
            |place| if let Place::Byte(offset) = place { Some(offset) } else { None },
        ),
        message: message(&Message { error }),
    };
    // SAFETY: as this function's own contract.
    unsafe { write_struct(target, &value) };
}

/// An error as its message: without the places that have a field.
struct Message<'a> {
    error: &'a Error,
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_field = |place| matches!(place, Place::Row(_) | Place::Feature(_) | Place::Byte(_));
        self.error.write_without(f, has_field)
    }
}

/// A text with its closing NUL, cut between two characters if it is too long, control characters as
/// spaces: it may end up in a log. Does not allocate.
pub(super) fn message(text: &impl fmt::Display) -> [c_char; NOMO_ERROR_MESSAGE_SIZE] {
    let mut buffer = Buffer { bytes: [0; NOMO_ERROR_MESSAGE_SIZE], len: 0 };
    // A text that does not fit is cut; that is not a failure.
    let _ = write!(buffer, "{text}");
    buffer.bytes.map(|byte| byte as c_char)
}

/// The bytes of a message; the last one stays 0.
struct Buffer {
    bytes: [u8; NOMO_ERROR_MESSAGE_SIZE],
    len: usize,
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let character = printable(character);
            let end = self.len + character.len_utf8();
            match self.bytes.get_mut(self.len..end).filter(|_| end < NOMO_ERROR_MESSAGE_SIZE) {
                Some(room) => {
                    character.encode_utf8(room);
                }
                None => return Err(fmt::Error),
            }
            self.len = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &[c_char]) -> std::string::String {
        let bytes = message.iter().flat_map(|byte| byte.to_ne_bytes());
        std::string::String::from_utf8(bytes.take_while(|byte| *byte != 0).collect()).unwrap()
    }

    #[test]
    fn a_message_does_not_repeat_the_places_that_have_a_field() {
        let mut error = nomo_error {
            struct_size: u32::try_from(size_of::<nomo_error>()).unwrap(),
            status: 0,
            row: 0,
            feature: 0,
            byte_offset: 0,
            message: [0; NOMO_ERROR_MESSAGE_SIZE],
        };
        let refused = Error::new(crate::error::ErrorKind::Missing, "missing")
            .within(Place::Feature(3))
            .within(Place::Rule(1))
            .within(Place::Row(7));
        // SAFETY: a struct of the size that it states.
        unsafe { report(&refused, &raw mut error) };
        assert_eq!((error.row, error.feature, error.byte_offset), (7, 3, NOMO_PLACE_NONE));
        assert_eq!(text(&error.message), "rule 2: missing");
    }

    #[test]
    fn a_message_is_one_line() {
        let message = message(&"no `a\nb\u{1b}[31m\u{85}`");
        assert_eq!(text(&message), "no `a b [31m `");
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let text = "é".repeat(400);
        let message = message(&text);
        assert_eq!(message[510], 0, "511 bytes would end within a character");
        assert_ne!(message[509], 0);
        assert_eq!(message[511], 0);
    }
}
