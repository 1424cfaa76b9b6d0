//! The metadata of an Arrow schema: keys and values, each after its length.

use core::ffi::c_char;
use core::slice;

use super::span::count;
use crate::error::Error;

/// The bytes that are not read yet.
pub(in crate::ffi::arrow_rows) struct Metadata(*const u8);

impl Metadata {
    /// The value of a key.
    ///
    /// # Safety
    ///
    /// As [`super::super::Table::new`].
    pub(in crate::ffi::arrow_rows) unsafe fn find<'a>(
        metadata: *const c_char,
        key: &[u8],
    ) -> Result<Option<&'a [u8]>, Error> {
        if metadata.is_null() {
            return Ok(None);
        }
        let mut rest = Self(metadata.cast());
        // SAFETY: as this function's own contract.
        for _ in 0..unsafe { rest.number() }? {
            // SAFETY: as above.
            let name = unsafe { rest.bytes() }?;
            // SAFETY: as above.
            let value = unsafe { rest.bytes() }?;
            if name == key {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// # Safety
    ///
    /// As [`super::super::Table::new`].
    unsafe fn number(&mut self) -> Result<usize, Error> {
        // SAFETY: as this function's own contract.
        let number = unsafe { self.0.cast::<i32>().read_unaligned() };
        self.0 = self.0.wrapping_add(size_of::<i32>());
        count(i64::from(number), "in the metadata")
    }

    /// # Safety
    ///
    /// As [`super::super::Table::new`].
    unsafe fn bytes<'a>(&mut self) -> Result<&'a [u8], Error> {
        // SAFETY: as this function's own contract.
        let n_bytes = unsafe { self.number() }?;
        // SAFETY: as above.
        let bytes = unsafe { slice::from_raw_parts(self.0, n_bytes) };
        self.0 = self.0.wrapping_add(n_bytes);
        Ok(bytes)
    }
}
