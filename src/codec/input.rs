//! The bytes of a payload, and what can be read from them within a budget.

use alloc::vec::Vec;

use super::MAX_PAYLOAD;
use crate::budget::{Budget, list_bytes};
use crate::error::{Error, ErrorKind, IntoDetail};

/// Reading has ended; the [`Input`] has the error.
///
/// An error is much larger than most values. If every value that is read made room for one, reading
/// would be a tenth of the library.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped(());

/// A type that a payload can hold.
pub(crate) trait Decode: Sized {
    /// The fewest bytes that encode a value.
    const MIN_LEN: usize;

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// In the input: `Payload` when the bytes encode none, `TooLarge` beyond the budget, `OutOfMemory`.
    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped>;

    /// Appends values to a list that has room for them.
    ///
    /// # Errors
    ///
    /// As [`Self::decode`].
    #[inline]
    fn decode_items(
        input: &mut Input<'_>,
        n_items: usize,
        items: &mut Vec<Self>,
    ) -> Result<(), Stopped> {
        for _ in 0..n_items {
            items.push(input.read()?);
        }
        Ok(())
    }
}

/// Bytes nobody has checked, with what reading them may cost.
#[derive(Debug)]
pub(crate) struct Input<'i> {
    rest: &'i [u8],
    budget: &'i mut Budget,
    error: Option<Error>,
}

impl<'i> Input<'i> {
    pub(super) fn new(bytes: &'i [u8], budget: &'i mut Budget) -> Self {
        Self { rest: bytes, budget, error: None }
    }

    /// One value that takes up all of the bytes.
    pub(super) fn whole<T: Decode>(&mut self) -> Result<T, Stopped> {
        let n_bytes = self.rest.len();
        self.check_len(n_bytes)?;
        let value = T::decode(self)?;
        self.check_end(n_bytes)?;
        Ok(value)
    }

    fn check_len(&mut self, n_bytes: usize) -> Result<(), Stopped> {
        if n_bytes < MAX_PAYLOAD {
            return Ok(());
        }
        let detail = format_args!("{n_bytes} bytes, expected fewer than {MAX_PAYLOAD}");
        Err(self.stop(Error::new(ErrorKind::TooLarge, detail)))
    }

    fn check_end(&mut self, n_bytes: usize) -> Result<(), Stopped> {
        match self.rest.len() {
            0 => Ok(()),
            left => {
                let read = n_bytes - left;
                let detail = format_args!("{left} bytes after the end of a value of {read} bytes");
                Err(self.malformed(detail))
            }
        }
    }

    /// The next value of a type.
    ///
    /// # Errors
    ///
    /// In the input: `Payload`, `TooLarge` or `OutOfMemory`.
    pub(crate) fn read<T: Decode>(&mut self) -> Result<T, Stopped> {
        T::decode(self)
    }

    /// The next `N` bytes.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stopped> {
        match self.rest.split_first_chunk::<N>() {
            Some((array, rest)) => {
                self.rest = rest;
                Ok(*array)
            }
            None => Err(self.too_short(N)),
        }
    }

    /// The next `n` bytes.
    pub(super) fn bytes(&mut self, n: usize) -> Result<&'i [u8], Stopped> {
        match self.rest.split_at_checked(n) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.too_short(n)),
        }
    }

    /// The number of items that follow, each at least `min_len` bytes long. Their memory is taken from
    /// the budget, `size` bytes each: allocating it is then safe.
    #[inline]
    pub(super) fn count<T>(&mut self, min_len: usize) -> Result<usize, Stopped> {
        self.count_of_size(min_len, size_of::<T>())
    }

    #[inline(never)]
    fn count_of_size(&mut self, min_len: usize, size: usize) -> Result<usize, Stopped> {
        let claimed: u64 = self.read()?;
        let possible = self.rest.len() / min_len.max(1);
        match usize::try_from(claimed) {
            Ok(n_items) if n_items <= possible => {
                self.take(list_bytes(n_items, size))?;
                Ok(n_items)
            }
            Ok(_) | Err(_) => Err(self.malformed(format_args!(
                "{claimed} items claimed, at most {possible} fit in the bytes that are left"
            ))),
        }
    }

    /// Takes memory beyond that of lists.
    pub(super) fn take(&mut self, n_bytes: u64) -> Result<(), Stopped> {
        let taken = self.budget.take(n_bytes);
        self.checked(taken)
    }

    /// The value of a result whose error ends reading.
    #[inline]
    pub(super) fn checked<T>(&mut self, result: Result<T, Error>) -> Result<T, Stopped> {
        result.map_err(|error| self.stop(error))
    }

    /// Ends reading: the bytes encode nothing.
    #[cold]
    pub(super) fn malformed(&mut self, detail: impl IntoDetail) -> Stopped {
        self.stop(Error::new(ErrorKind::Payload, detail))
    }

    /// Ends reading at the number of a variant that this version does not know.
    #[cold]
    #[inline(never)]
    pub(crate) fn unknown_variant(&mut self, name: &str, number: u32, n_variants: u32) -> Stopped {
        let last = n_variants - 1;
        self.malformed(format_args!("variant {number} of {name}, expected 0 to {last}"))
    }

    #[cold]
    #[inline(never)]
    fn too_short(&mut self, expected: usize) -> Stopped {
        let left = self.rest.len();
        self.malformed(format_args!("{left} bytes left, expected {expected} more"))
    }

    #[cold]
    #[inline(never)]
    fn stop(&mut self, error: Error) -> Stopped {
        self.error = Some(error);
        Stopped(())
    }

    /// Why reading has ended.
    pub(super) fn into_error(self, Stopped(()): Stopped) -> Error {
        // Only `stop` makes a `Stopped`, so there is an error.
        self.error.unwrap_or_else(|| Error::new(ErrorKind::Payload, "reading has ended"))
    }
}
