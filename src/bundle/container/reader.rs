//! A cursor over bytes nobody has checked.

use crate::error::{Error, ErrorKind, IntoDetail, Place};

/// Bytes with the offset of the next one to read.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) offset: usize,
}

impl Reader<'_> {
    /// The next `N` bytes.
    ///
    /// # Errors
    ///
    /// `Truncated` when fewer are left.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        match self.bytes.get(self.offset..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(array) => {
                self.offset += N;
                Ok(*array)
            }
            None => {
                let end = self.bytes.len() as u64;
                Err(truncated(
                    end,
                    format_args!("ends here, expected {N} bytes at offset {}", self.offset),
                ))
            }
        }
    }
}

pub(super) fn truncated(offset: u64, detail: impl IntoDetail) -> Error {
    Error::new(ErrorKind::Truncated, detail).within(Place::Byte(offset))
}

pub(super) fn table_error(offset: u64, detail: impl IntoDetail) -> Error {
    Error::new(ErrorKind::SectionTable, detail).within(Place::Byte(offset))
}
