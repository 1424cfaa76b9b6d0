//! The rows of an Arrow array that a call reads, and its buffers.

use core::ffi::c_void;

use super::{Bits, Integers, Numbers, Text};
use crate::error::{Error, ErrorKind};
use crate::ffi::arrow_structs::ArrowArray;
use crate::ffi::borrow::{borrow_slice, refused};

/// No buffer that fits into memory has more elements.
const MAX_ELEMENTS: usize = isize::MAX as usize / 16;

/// Some rows of an array.
pub(in crate::ffi::arrow_rows) struct Span<'a> {
    buffers: &'a [*const c_void],
    null_count: i64,
    /// The position of the first row in the buffers.
    pub(in crate::ffi::arrow_rows) first: usize,
    n_rows: usize,
}

impl<'a> Span<'a> {
    /// `n_rows` rows, of which `start` is the first.
    ///
    /// # Safety
    ///
    /// As [`super::super::Table::new`].
    pub(in crate::ffi::arrow_rows) unsafe fn new(
        array: &'a ArrowArray,
        (start, n_rows): (usize, usize),
        n_buffers: usize,
    ) -> Result<Self, Error> {
        if array.release.is_none() {
            return Err(refused(ErrorKind::Option, "array", "was released"));
        }
        let length = count(array.length, "rows")?;
        let offset = count(array.offset, "rows of offset")?;
        if length < start + n_rows {
            return Err(Error::count(ErrorKind::Columns, length, start + n_rows, "rows"));
        }
        let is_possible = array.null_count >= -1 && array.null_count <= array.length;
        check(is_possible, "null_count above the length")?;
        let n_given = count(array.n_buffers, "buffers")?;
        if n_given != n_buffers {
            return Err(Error::count(ErrorKind::Columns, n_given, n_buffers, "buffers"));
        }
        // SAFETY: as this function's own contract.
        let buffers = unsafe { borrow_slice(array.buffers, n_buffers, "array.buffers") }?;
        Ok(Self { buffers, null_count: array.null_count, first: offset + start, n_rows })
    }

    fn buffer(&self, index: usize) -> *const c_void {
        self.buffers.get(index).copied().unwrap_or_default()
    }

    /// The numbers of a buffer, and `n_extra` ones after them.
    ///
    /// # Safety
    ///
    /// As [`super::super::Table::new`].
    pub(super) unsafe fn numbers<T>(
        &self,
        buffer: usize,
        n_extra: usize,
    ) -> Result<Numbers<'a, T>, Error> {
        if self.n_rows == 0 {
            return Ok(Numbers::new(&[]));
        }
        let (size, start) = (size_of::<T>(), self.buffer(buffer).cast::<u8>());
        // Does not overflow: the sum has at most four terms, each at most `MAX_ELEMENTS`.
        let n_bytes = (self.first + self.n_rows + n_extra) * size;
        // SAFETY: as this function's own contract.
        let bytes = unsafe { borrow_slice(start, n_bytes, "array.buffers") }?;
        Ok(Numbers::new(bytes.get(self.first * size..).unwrap_or_default()))
    }

    /// The bits of a buffer.
    ///
    /// # Safety
    ///
    /// As [`super::super::Table::new`].
    pub(super) unsafe fn bits(&self, buffer: usize) -> Result<Bits<'a>, Error> {
        let n_bytes = if self.n_rows == 0 { 0 } else { (self.first + self.n_rows).div_ceil(8) };
        // SAFETY: as this function's own contract.
        let bytes = unsafe { borrow_slice(self.buffer(buffer).cast(), n_bytes, "array.buffers") }?;
        Ok(Bits::new(bytes, self.first))
    }

    /// The validity bitmap, if there is one.
    ///
    /// # Safety
    ///
    /// As [`super::super::Table::new`].
    pub(in crate::ffi::arrow_rows) unsafe fn validity(&self) -> Result<Option<Bits<'a>>, Error> {
        // Arrays of the type `n` have no buffers, and no values either.
        if self.buffers.is_empty() {
            return Ok(None);
        }
        if self.buffer(0).is_null() {
            check(self.null_count <= 0, "nulls without a validity bitmap")?;
            return Ok(None);
        }
        // SAFETY: as this function's own contract.
        unsafe { self.bits(0) }.map(Some)
    }

    /// The texts that end at `ends`.
    ///
    /// # Safety
    ///
    /// As [`super::super::Table::new`].
    pub(super) unsafe fn text(&self, ends: Integers<'a>) -> Result<Text<'a>, Error> {
        if self.n_rows == 0 {
            return Ok(Text::new(ends, &[]));
        }
        let mut before = 0;
        for index in 0..=self.n_rows {
            let end = ends.get(index);
            check(end >= before, "offsets of texts are negative or decrease")?;
            before = end;
        }
        let n_bytes = usize::try_from(before).unwrap_or(usize::MAX);
        // SAFETY: as this function's own contract.
        let bytes = unsafe { borrow_slice(self.buffer(2).cast(), n_bytes, "array.buffers") }?;
        Ok(Text::new(ends, bytes))
    }
}

/// A count of things that fit into memory.
pub(in crate::ffi::arrow_rows) fn count(number: i64, what: &'static str) -> Result<usize, Error> {
    match usize::try_from(number) {
        Ok(number) if number <= MAX_ELEMENTS => Ok(number),
        Ok(number) => Err(Error::count(ErrorKind::Columns, number, MAX_ELEMENTS, what)),
        Err(_) => Err(Error::new(ErrorKind::Columns, "a count is negative or too large")),
    }
}

pub(in crate::ffi::arrow_rows) fn check(holds: bool, otherwise: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::new(ErrorKind::Columns, otherwise)) }
}
