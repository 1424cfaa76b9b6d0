//! How values lie in the buffers of an Arrow array.

use core::ffi::{CStr, c_char, c_void};
use core::{slice, str};

use super::{ArrowArray, ArrowSchema, option};
use crate::error::{Error, ErrorKind};
use crate::ffi::boundary::{borrow, borrow_slice};

/// No buffer that fits into memory has more elements.
const MAX_ELEMENTS: usize = isize::MAX as usize / 16;

/// The values of an array, of which the first is that of row 0.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    /// There is no column.
    Unset,
    Missing,
    F64(&'a [f64]),
    F32(&'a [f32]),
    Integers(Integers<'a>),
    Boolean(Bits<'a>),
    Text(Text<'a>),
    Dictionary(Integers<'a>, Text<'a>, Option<Bits<'a>>),
}

/// Bits of which the first is that of row 0.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    first: usize,
}

#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// One more than there are texts; never falling, and none beyond the end of the bytes.
    ends: Integers<'a>,
    bytes: &'a [u8],
}

/// Declares the types of whole numbers by their formats.
macro_rules! integers {
    ($($variant:ident: $type:ty = $format:literal),+) => {
        #[derive(Clone, Copy)]
        pub(super) enum Integers<'a> {
            $($variant(&'a [$type])),+
        }

        impl<'a> Integers<'a> {
            /// The second buffer, if it holds whole numbers.
            ///
            /// # Safety
            ///
            /// As [`super::import::Table::new`].
            unsafe fn of(format: &[u8], span: &Span<'a>) -> Result<Option<Self>, Error> {
                Ok(Some(match format {
                    $($format => {
                        // SAFETY: as this function's own contract.
                        Self::$variant(unsafe { span.elements(1, 0) }?)
                    })+
                    _ => return Ok(None),
                }))
            }

            pub(super) fn get(&self, index: usize) -> i128 {
                match self {
                    $(Self::$variant(numbers) => numbers.get(index).map_or(0, |n| i128::from(*n))),+
                }
            }
        }
    };
}

integers! {
    I8: i8 = b"c", U8: u8 = b"C", I16: i16 = b"s", U16: u16 = b"S",
    I32: i32 = b"i", U32: u32 = b"I", I64: i64 = b"l", U64: u64 = b"L"
}

impl Bits<'_> {
    pub(super) fn get(&self, row: usize) -> bool {
        let at = self.first + row;
        self.bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }
}

pub(super) fn is_null(validity: Option<Bits<'_>>, row: usize) -> bool {
    validity.is_some_and(|validity| !validity.get(row))
}

impl<'a> Text<'a> {
    fn new(ends: Integers<'a>, bytes: &'a [u8]) -> Self {
        Self { ends, bytes }
    }

    /// Names of levels are UTF-8 and not empty, so what is not UTF-8 is none of them.
    pub(super) fn get(&self, index: usize) -> &'a str {
        let end = |index| usize::try_from(self.ends.get(index)).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(end(index)..end(index + 1)).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }
}

/// A schema and its format.
pub(super) struct Typed<'a> {
    pub(super) schema: &'a ArrowSchema,
    pub(super) format: &'a [u8],
}

impl Typed<'_> {
    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    pub(super) unsafe fn new(schema: *const ArrowSchema) -> Result<Self, Error> {
        // SAFETY: as this function's own contract.
        let schema: &ArrowSchema = unsafe { borrow(schema, "schema") }?;
        if schema.release.is_none() {
            return Err(option("schema", "was released"));
        }
        // SAFETY: as above.
        unsafe { borrow(schema.format, "schema.format") }?;
        // SAFETY: as above; not NULL.
        let format = unsafe { CStr::from_ptr(schema.format) }.to_bytes();
        Ok(Self { schema, format })
    }

    pub(super) fn n_buffers(&self) -> Result<usize, Error> {
        Ok(match self.format {
            b"n" => 0,
            b"b" | b"f" | b"g" => 2,
            b"c" | b"C" | b"s" | b"S" | b"i" | b"I" | b"l" | b"L" => 2,
            b"u" | b"U" => 3,
            _ => {
                let detail = "a type that is not supported; the header lists those that are";
                return Err(Error::new(ErrorKind::ArrowType, detail));
            }
        })
    }

    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    pub(super) unsafe fn values<'a>(&self, span: &Span<'a>) -> Result<Values<'a>, Error> {
        macro_rules! elements {
            ($buffer:literal, $extra:literal) => {
                // SAFETY: as this function's own contract.
                unsafe { span.elements($buffer, $extra) }?
            };
        }
        Ok(match self.format {
            b"n" => Values::Missing,
            b"g" => Values::F64(elements!(1, 0)),
            b"f" => Values::F32(elements!(1, 0)),
            // SAFETY: as this function's own contract.
            b"b" => Values::Boolean(unsafe { span.bits(1) }?),
            b"u" => {
                let ends = Integers::I32(elements!(1, 1));
                // SAFETY: as above.
                Values::Text(unsafe { span.text(ends) }?)
            }
            b"U" => {
                let ends = Integers::I64(elements!(1, 1));
                // SAFETY: as above.
                Values::Text(unsafe { span.text(ends) }?)
            }
            // SAFETY: as above.
            format => match unsafe { Integers::of(format, span) }? {
                Some(integers) => Values::Integers(integers),
                None => Values::Missing,
            },
        })
    }
}

/// The part of an array that is read.
pub(super) struct Span<'a> {
    buffers: &'a [*const c_void],
    null_count: i64,
    /// Where it begins in the buffers.
    pub(super) first: usize,
    n: usize,
}

impl<'a> Span<'a> {
    /// `n` values after the first `start` ones of the array.
    ///
    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    pub(super) unsafe fn new(
        array: &'a ArrowArray,
        (start, n): (usize, usize),
        n_buffers: usize,
    ) -> Result<Self, Error> {
        if array.release.is_none() {
            return Err(option("array", "was released"));
        }
        let length = count(array.length, "rows")?;
        let offset = count(array.offset, "rows of offset")?;
        if length < start + n {
            return Err(Error::count(ErrorKind::Columns, length, start + n, "rows"));
        }
        let counted = array.null_count >= -1 && array.null_count <= array.length;
        check(counted, "a null count beyond the length")?;
        let found = count(array.n_buffers, "buffers")?;
        if found != n_buffers {
            return Err(Error::count(ErrorKind::Columns, found, n_buffers, "buffers"));
        }
        // SAFETY: as this function's own contract.
        let buffers = unsafe { borrow_slice(array.buffers, n_buffers, "array.buffers") }?;
        let null_count = array.null_count;
        Ok(Self { buffers, null_count, first: offset + start, n })
    }

    fn buffer(&self, index: usize) -> *const c_void {
        self.buffers.get(index).copied().unwrap_or_default()
    }

    /// The elements of a buffer, and `extra` ones after them.
    ///
    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    unsafe fn elements<T>(&self, buffer: usize, extra: usize) -> Result<&'a [T], Error> {
        if self.n == 0 {
            return Ok(&[]);
        }
        let (all, start) = (self.first + self.n + extra, self.buffer(buffer).cast());
        // SAFETY: as this function's own contract.
        let elements = unsafe { borrow_slice(start, all, "array.buffers") }?;
        Ok(elements.get(self.first..).unwrap_or_default())
    }

    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    unsafe fn bits(&self, buffer: usize) -> Result<Bits<'a>, Error> {
        let n_bytes = if self.n == 0 { 0 } else { (self.first + self.n).div_ceil(8) };
        // SAFETY: as this function's own contract.
        let bytes = unsafe { borrow_slice(self.buffer(buffer).cast(), n_bytes, "array.buffers") }?;
        Ok(Bits { bytes, first: self.first })
    }

    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    pub(super) unsafe fn validity(&self) -> Result<Option<Bits<'a>>, Error> {
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

    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    unsafe fn text(&self, ends: Integers<'a>) -> Result<Text<'a>, Error> {
        if self.n == 0 {
            return Ok(Text::new(ends, &[]));
        }
        let mut before = 0;
        for index in 0..=self.n {
            let end = ends.get(index);
            check(end >= before, "offsets of texts that are negative or fall")?;
            before = end;
        }
        let n_bytes = usize::try_from(before).unwrap_or(usize::MAX);
        // SAFETY: as this function's own contract.
        let bytes = unsafe { borrow_slice(self.buffer(2).cast(), n_bytes, "array.buffers") }?;
        Ok(Text::new(ends, bytes))
    }
}

/// Keys and values, each after its length.
pub(super) struct Metadata(*const u8);

impl Metadata {
    /// The value of a key.
    ///
    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    pub(super) unsafe fn find<'a>(
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
            let found = unsafe { rest.bytes() }?;
            // SAFETY: as above.
            let value = unsafe { rest.bytes() }?;
            if found == key {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    unsafe fn number(&mut self) -> Result<usize, Error> {
        // SAFETY: as this function's own contract.
        let number = unsafe { self.0.cast::<i32>().read_unaligned() };
        self.0 = self.0.wrapping_add(size_of::<i32>());
        count(i64::from(number), "in the metadata")
    }

    /// # Safety
    ///
    /// As [`super::import::Table::new`].
    unsafe fn bytes<'a>(&mut self) -> Result<&'a [u8], Error> {
        // SAFETY: as this function's own contract.
        let n_bytes = unsafe { self.number() }?;
        // SAFETY: as above.
        let bytes = unsafe { slice::from_raw_parts(self.0, n_bytes) };
        self.0 = self.0.wrapping_add(n_bytes);
        Ok(bytes)
    }
}

/// A count of things that fit into memory.
pub(super) fn count(found: i64, of: &'static str) -> Result<usize, Error> {
    match usize::try_from(found) {
        Ok(found) if found <= MAX_ELEMENTS => Ok(found),
        Ok(found) => Err(Error::count(ErrorKind::Columns, found, MAX_ELEMENTS, of)),
        Err(_) => Err(Error::new(ErrorKind::Columns, "a count that is negative or too large")),
    }
}

pub(super) fn check(holds: bool, otherwise: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::new(ErrorKind::Columns, otherwise)) }
}
