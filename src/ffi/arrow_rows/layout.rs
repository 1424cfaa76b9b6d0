//! The values of an Arrow array, read from its buffers.
//!
//! Numbers are read byte by byte, so that buffers may have any alignment: Arrow recommends one and
//! does not require it.

mod span;

mod metadata;

use core::ffi::CStr;
use core::marker::PhantomData;
use core::str;

pub(super) use self::metadata::Metadata;
pub(super) use self::span::{Span, check, count};
use crate::error::{Error, ErrorKind};
use crate::ffi::arrow_structs::ArrowSchema;
use crate::ffi::borrow::{borrow, refused};

/// The values of a column; index 0 is row 0.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    /// There is no column.
    Unset,
    Missing,
    Doubles(Numbers<'a, f64>),
    Floats(Numbers<'a, f32>),
    Integers(Integers<'a>),
    Boolean(Bits<'a>),
    Text(Text<'a>),
    Dictionary(Integers<'a>, Text<'a>, Option<Bits<'a>>),
}

/// Numbers of one type at an address of any alignment.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a, T> {
    bytes: &'a [u8],
    element: PhantomData<T>,
}

impl<'a, T> Numbers<'a, T> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, element: PhantomData }
    }
}

/// Declares how numbers of a type are read.
macro_rules! read {
    ($($type:ty),+) => {
        $(
            impl Numbers<'_, $type> {
                #[inline]
                pub(super) fn get(&self, index: usize) -> Option<$type> {
                    let (numbers, _) = self.bytes.as_chunks();
                    numbers.get(index).map(|bytes| <$type>::from_ne_bytes(*bytes))
                }
            }
        )+
    };
}
read!(f64, f32, i8, u8, i16, u16, i32, u32, i64, u64);

/// Bits; index 0 is row 0.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    first: usize,
}

#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// One more than there are texts; none decreases or is beyond the end of the bytes.
    ends: Integers<'a>,
    bytes: &'a [u8],
}

/// Declares the types of whole numbers by their formats.
macro_rules! integers {
    ($($variant:ident: $type:ty = $format:literal),+) => {
        #[derive(Clone, Copy)]
        pub(super) enum Integers<'a> {
            $($variant(Numbers<'a, $type>)),+
        }

        impl<'a> Integers<'a> {
            /// The second buffer, if it holds whole numbers.
            ///
            /// # Safety
            ///
            /// As [`super::Table::new`].
            unsafe fn of(format: &[u8], span: &Span<'a>) -> Result<Option<Self>, Error> {
                Ok(Some(match format {
                    $($format => {
                        // SAFETY: as this function's own contract.
                        Self::$variant(unsafe { span.numbers(1, 0) }?)
                    })+
                    _ => return Ok(None),
                }))
            }

            pub(super) fn get(&self, index: usize) -> i128 {
                match self {
                    $(Self::$variant(numbers) => numbers.get(index).map_or(0, i128::from)),+
                }
            }
        }
    };
}

integers! {
    I8: i8 = b"c", U8: u8 = b"C", I16: i16 = b"s", U16: u16 = b"S",
    I32: i32 = b"i", U32: u32 = b"I", I64: i64 = b"l", U64: u64 = b"L"
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8], first: usize) -> Self {
        Self { bytes, first }
    }

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

    /// The names of levels are UTF-8 and not empty, so bytes that are not UTF-8 match no level.
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
    /// As [`super::Table::new`].
    pub(super) unsafe fn new(schema: *const ArrowSchema) -> Result<Self, Error> {
        // SAFETY: as this function's own contract.
        let schema: &ArrowSchema = unsafe { borrow(schema, "schema") }?;
        if schema.release.is_none() {
            return Err(refused(ErrorKind::Option, "schema", "was released"));
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
                let detail = "the type is not supported; nomogram.h lists the supported ones";
                return Err(Error::new(ErrorKind::ArrowType, detail));
            }
        })
    }

    /// # Safety
    ///
    /// As [`super::Table::new`].
    pub(super) unsafe fn values<'a>(&self, span: &Span<'a>) -> Result<Values<'a>, Error> {
        macro_rules! numbers {
            ($n_extra:literal) => {
                // SAFETY: as this function's own contract.
                unsafe { span.numbers(1, $n_extra) }?
            };
        }
        Ok(match self.format {
            b"n" => Values::Missing,
            b"g" => Values::Doubles(numbers!(0)),
            b"f" => Values::Floats(numbers!(0)),
            // SAFETY: as this function's own contract.
            b"b" => Values::Boolean(unsafe { span.bits(1) }?),
            b"u" => {
                let ends = Integers::I32(numbers!(1));
                // SAFETY: as above.
                Values::Text(unsafe { span.text(ends) }?)
            }
            b"U" => {
                let ends = Integers::I64(numbers!(1));
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
