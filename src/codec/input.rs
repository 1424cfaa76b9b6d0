//! The bytes of a payload, and what can be read from them within a budget.

use crate::budget::Budget;
use crate::error::{Error, ErrorKind, format};

/// A type that a payload can hold.
pub(crate) trait Decode: Sized {
    /// The fewest bytes that encode a value.
    const MIN_LEN: usize;

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// `Payload` when the bytes encode none, `TooLarge` beyond the budget, `OutOfMemory`.
    fn decode(input: &mut Input<'_>) -> Result<Self, Error>;
}

/// Bytes nobody has checked, with what reading them may cost.
#[derive(Debug)]
pub(crate) struct Input<'i> {
    rest: &'i [u8],
    budget: &'i mut Budget,
}

impl<'i> Input<'i> {
    pub(super) fn new(bytes: &'i [u8], budget: &'i mut Budget) -> Self {
        Self { rest: bytes, budget }
    }

    /// How many bytes are not yet read.
    pub(super) fn n_left(&self) -> usize {
        self.rest.len()
    }

    /// The next value of a type.
    ///
    /// # Errors
    ///
    /// `Payload`, `TooLarge` or `OutOfMemory`.
    pub(crate) fn read<T: Decode>(&mut self) -> Result<T, Error> {
        T::decode(self)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        match self.rest.split_first_chunk::<N>() {
            Some((array, rest)) => {
                self.rest = rest;
                Ok(*array)
            }
            None => Err(malformed(format!("{} bytes left, expected {N} more", self.rest.len()))),
        }
    }

    /// The next `n` bytes.
    pub(super) fn bytes(&mut self, n: usize) -> Result<&'i [u8], Error> {
        match self.rest.split_at_checked(n) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(malformed(format!("{} bytes left, expected {n} more", self.rest.len()))),
        }
    }

    /// The number of items that follow, each at least `min_len` bytes long. Their memory is taken from
    /// the budget, `size` bytes each: allocating it is then safe.
    pub(super) fn count<T>(&mut self, min_len: usize) -> Result<usize, Error> {
        let claimed: u64 = self.read()?;
        let possible = self.rest.len() / min_len.max(1);
        match usize::try_from(claimed) {
            Ok(n_items) if n_items <= possible => {
                self.budget.take_list::<T>(n_items)?;
                Ok(n_items)
            }
            Ok(_) | Err(_) => Err(malformed(format!(
                "{claimed} items claimed, at most {possible} fit in the bytes that are left"
            ))),
        }
    }

    /// Takes memory beyond that of lists.
    pub(super) fn take(&mut self, n_bytes: u64) -> Result<(), Error> {
        self.budget.take(n_bytes)
    }
}

/// Bytes that encode nothing.
pub(super) fn malformed(detail: impl Into<alloc::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Payload, detail)
}
