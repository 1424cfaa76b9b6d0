//! Many rows: the types of elements that arrays of the caller hold.
//!
//! How the arrays make rows: [`matrix`] and [`columns`].

mod columns;
mod matrix;

use core::ffi::{c_char, c_void};

pub use self::columns::*;
pub use self::matrix::*;
use super::borrow::{borrow_slice, refused};
use crate::error::{Error, ErrorKind};

/// Type of elements: double.
pub const NOMO_TYPE_DOUBLE: u32 = 0;
/// Type of elements: float; each is converted to double exactly.
pub const NOMO_TYPE_FLOAT: u32 = 1;
/// Type of elements: int64_t.
pub const NOMO_TYPE_INT64: u32 = 2;
/// Type of elements: int32_t.
pub const NOMO_TYPE_INT32: u32 = 3;
/// Type of elements: uint8_t, 0 for false and anything else for true.
pub const NOMO_TYPE_BOOLEAN: u32 = 4;
/// Type of elements: const char *, UTF-8 that ends with NUL; NULL is missing.
pub const NOMO_TYPE_TEXT: u32 = 5;

/// An array of the caller by its type of elements.
#[derive(Clone, Copy)]
enum Elements<'a> {
    Double(&'a [f64]),
    Float(&'a [f32]),
    Int64(&'a [i64]),
    Int32(&'a [i32]),
    Boolean(&'a [u8]),
    Text(&'a [*const c_char]),
}

impl<'a> Elements<'a> {
    /// Borrows `len` elements.
    ///
    /// # Safety
    ///
    /// `values` holds `len` elements of the type, unchanged during the borrow.
    unsafe fn borrow(
        element_type: u32,
        values: *const c_void,
        len: usize,
        name: &'static str,
    ) -> Result<Self, Error> {
        macro_rules! elements {
            ($variant:ident) => {
                // SAFETY: as this function's own contract.
                Self::$variant(unsafe { borrow_slice(values.cast(), len, name) }?)
            };
        }
        Ok(match element_type {
            NOMO_TYPE_DOUBLE => elements!(Double),
            NOMO_TYPE_FLOAT => elements!(Float),
            NOMO_TYPE_INT64 => elements!(Int64),
            NOMO_TYPE_INT32 => elements!(Int32),
            NOMO_TYPE_BOOLEAN => elements!(Boolean),
            NOMO_TYPE_TEXT => elements!(Text),
            _ => {
                let detail = "unknown type of elements, expected one of NOMO_TYPE_...";
                return Err(refused(ErrorKind::Option, "element_type", detail));
            }
        })
    }
}
