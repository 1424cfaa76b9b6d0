//! The caller-owned error.

use core::ffi::c_char;
use core::fmt::{self, Write};

use super::boundary::{Growing, write_struct};
use crate::error::{Error, Place};

/// Says that an error has no row, feature or byte offset.
///
/// cbindgen:ignore
pub const NOMO_NONE: u64 = u64::MAX;
/// Room for a message, with its closing NUL.
pub const NOMO_MESSAGE_SIZE: usize = 512;

/// What went wrong, in detail. Owned by the caller; set up by NOMO_ERROR_INIT.
///
/// Written only when a call fails; a call that succeeds leaves it as it was. The message is English
/// UTF-8, cut to its room. It may repeat a name, unit, reason or path that the caller passed, control
/// characters as spaces; it never contains a value of a row.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_error {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// The status that the call returned.
    pub status: i32,
    /// Row of the matrix, counted from 0, or NOMO_NONE.
    pub row: u64,
    /// Feature that it is about, counted from 0, or NOMO_NONE. Where the caller passed the number of a
    /// feature that the model does not have, that number: compare it with n_features.
    pub feature: u64,
    /// Offset into the bundle, or NOMO_NONE.
    pub byte_offset: u64,
    /// Where it was, what was found, what was expected; ends with NUL.
    pub message: [c_char; NOMO_MESSAGE_SIZE],
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
    let number = |find: fn(Place) -> Option<u64>| error.path().find_map(find);
    let row = number(|place| match place {
        Place::Row(index) => Some(index as u64),
        _ => None,
    });
    let feature = number(|place| match place {
        Place::Feature(index) => Some(index as u64),
        _ => None,
    });
    let byte_offset = number(|place| match place {
        Place::Byte(offset) => Some(offset),
        _ => None,
    });
    let value = nomo_error {
        struct_size: 0,
        status: error.kind().status(),
        row: row.unwrap_or(NOMO_NONE),
        feature: feature.unwrap_or(NOMO_NONE),
        byte_offset: byte_offset.unwrap_or(NOMO_NONE),
        message: message(error),
    };
    // SAFETY: as this function's own contract.
    unsafe { write_struct(target, &value) };
}

/// A text with its closing NUL, cut between two characters where it is too long, control characters
/// as spaces: it may end up in a log. Does not allocate.
fn message(text: &impl fmt::Display) -> [c_char; NOMO_MESSAGE_SIZE] {
    let mut message = Message { bytes: [0; NOMO_MESSAGE_SIZE], len: 0 };
    // What does not fit is left out, which is no failure.
    let _ = write!(message, "{text}");
    message.bytes.map(|byte| byte as c_char)
}

/// Room for a message, of which the last byte stays 0.
struct Message {
    bytes: [u8; NOMO_MESSAGE_SIZE],
    len: usize,
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let character = if character.is_control() { ' ' } else { character };
            let end = self.len + character.len_utf8();
            match self.bytes.get_mut(self.len..end).filter(|_| end < NOMO_MESSAGE_SIZE) {
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

    #[test]
    fn a_message_is_one_line() {
        let message = message(&"no `a\nb\u{1b}[31m\u{85}`");
        let bytes: std::vec::Vec<u8> =
            message.iter().flat_map(|own| own.to_ne_bytes()).take_while(|own| *own != 0).collect();
        assert_eq!(bytes, b"no `a b [31m `");
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
