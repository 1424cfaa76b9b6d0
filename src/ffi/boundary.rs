//! The one guard around every export, and the ways to borrow what C passes in.

use alloc::format;
use core::ffi::{CStr, c_char};
use core::mem::{MaybeUninit, align_of, size_of};
use core::slice;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::{nomo_error, report};
use super::status::NOMO_OK;
use crate::error::{Error, ErrorKind, Place};

/// Larger structs than any future version will have; a size beyond is an uninitialised one.
const MAX_STRUCT_SIZE: usize = 4096;

/// Runs `call`, keeps panics from crossing into C, and reports a failure in `error`.
///
/// # Safety
///
/// `error` is NULL or points to a `nomo_error` that the caller lets us write.
pub(super) unsafe fn boundary(
    error: *mut nomo_error,
    call: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    let is_wanted = !error.is_null();
    if is_wanted {
        // SAFETY: as this function's own contract.
        if let Err(fault) = unsafe { check_struct(error.cast_const(), "error") } {
            return fault.kind().status();
        }
    }
    // `AssertUnwindSafe`: after a panic the library's own state is scratch memory that the next
    // call overwrites, and nothing of the caller's was written yet.
    let failure = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => return NOMO_OK,
        Ok(Err(failure)) => failure,
        Err(payload) => {
            // Dropping a payload may panic once more.
            core::mem::forget(payload);
            Error::new(ErrorKind::Panic, "the library has a defect; please report it")
        }
    };
    if is_wanted {
        // SAFETY: `error` is not NULL, and is large enough and aligned (checked above).
        unsafe { report(&failure, error) };
    }
    failure.kind().status()
}

/// Refuses a pointer that is NULL or misaligned.
fn check_pointer<T>(pointer: *const T, name: &'static str) -> Result<(), Error> {
    if pointer.is_null() {
        return Err(refused(ErrorKind::NullPointer, name, "is NULL"));
    }
    if !pointer.is_aligned() {
        let detail = format!("is not aligned to {} bytes", align_of::<T>());
        return Err(refused(ErrorKind::Alignment, name, detail));
    }
    Ok(())
}

/// Borrows what a pointer points to.
///
/// # Safety
///
/// `pointer` is NULL or points to a `T` that nobody changes during the borrow.
pub(super) unsafe fn borrow<'a, T>(pointer: *const T, name: &'static str) -> Result<&'a T, Error> {
    check_pointer(pointer, name)?;
    // SAFETY: not NULL and aligned (checked); the caller promises the rest.
    Ok(unsafe { &*pointer })
}

/// Borrows an output that will be written.
///
/// # Safety
///
/// `pointer` is NULL or points to memory for a `T` that nobody else uses during the borrow.
pub(super) unsafe fn borrow_out<'a, T>(
    pointer: *mut T,
    name: &'static str,
) -> Result<&'a mut MaybeUninit<T>, Error> {
    check_pointer(pointer, name)?;
    // SAFETY: not NULL and aligned (checked); the caller promises the rest.
    Ok(unsafe { &mut *pointer.cast::<MaybeUninit<T>>() })
}

/// Borrows `len` values. NULL is allowed when `len` is 0.
///
/// # Safety
///
/// `pointer` holds `len` values that nobody changes during the borrow.
pub(super) unsafe fn borrow_slice<'a, T>(
    pointer: *const T,
    len: usize,
    name: &'static str,
) -> Result<&'a [T], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    check_pointer(pointer, name)?;
    check_len::<T>(len, name)?;
    // SAFETY: not NULL, aligned and of possible size (checked); the caller promises the rest.
    Ok(unsafe { slice::from_raw_parts(pointer, len) })
}

/// Borrows room for `len` values. NULL is allowed when `len` is 0.
///
/// # Safety
///
/// `pointer` holds room for `len` values that nobody else uses during the borrow.
pub(super) unsafe fn borrow_slice_out<'a, T>(
    pointer: *mut T,
    len: usize,
    name: &'static str,
) -> Result<&'a mut [MaybeUninit<T>], Error> {
    if len == 0 {
        return Ok(&mut []);
    }
    check_pointer(pointer, name)?;
    check_len::<T>(len, name)?;
    // SAFETY: not NULL, aligned and of possible size (checked); the caller promises the rest.
    Ok(unsafe { slice::from_raw_parts_mut(pointer.cast(), len) })
}

fn check_len<T>(len: usize, name: &'static str) -> Result<(), Error> {
    if len > isize::MAX as usize / size_of::<T>().max(1) {
        let detail = format!("{len} elements are more than memory can hold");
        return Err(refused(ErrorKind::Shape, name, detail));
    }
    Ok(())
}

/// Borrows a text that ends with NUL.
///
/// # Safety
///
/// `pointer` is NULL or points to bytes that end with NUL and that nobody changes.
pub(super) unsafe fn borrow_text<'a>(
    pointer: *const c_char,
    name: &'static str,
) -> Result<&'a str, Error> {
    check_pointer(pointer, name)?;
    // SAFETY: not NULL (checked); the caller promises a closing NUL.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|cause| {
        let detail = format!("is not UTF-8 from byte {} on", cause.valid_up_to());
        refused(ErrorKind::InvalidText, name, detail)
    })
}

/// Checks that a struct that begins with `struct_size` is as large as this version knows it, and
/// that all that it has beyond is zero: a caller who uses newer fields is refused, not ignored.
///
/// # Safety
///
/// `pointer` is NULL or points to as many readable bytes as its first four say.
pub(super) unsafe fn check_struct<T>(pointer: *const T, name: &'static str) -> Result<(), Error> {
    check_pointer(pointer, name)?;
    // SAFETY: aligned (checked), and every struct of this ABI begins with its size.
    let size = unsafe { pointer.cast::<u32>().read() } as usize;
    if size < size_of::<T>() || size > MAX_STRUCT_SIZE {
        let detail =
            format!("struct_size is {size}, expected {}; use the INIT macro", size_of::<T>());
        return Err(refused(ErrorKind::StructSize, name, detail));
    }
    // SAFETY: the caller promises `size` readable bytes.
    let bytes = unsafe { slice::from_raw_parts(pointer.cast::<MaybeUninit<u8>>(), size) };
    let newer = bytes.get(size_of::<T>()..).unwrap_or_default();
    // SAFETY: fields that this version does not know were set by the INIT macro of a newer header.
    if newer.iter().any(|byte| unsafe { byte.assume_init() } != 0) {
        let detail = "uses fields that this version of the library does not know";
        return Err(refused(ErrorKind::StructSize, name, detail));
    }
    Ok(())
}

/// Copies a struct that begins with `struct_size`, after [`check_struct`].
///
/// # Safety
///
/// As [`check_struct`].
pub(super) unsafe fn read_struct<T: Copy>(
    pointer: *const T,
    name: &'static str,
) -> Result<T, Error> {
    // SAFETY: as this function's own contract.
    unsafe { check_struct(pointer, name) }?;
    // SAFETY: not NULL, aligned and large enough (checked).
    Ok(unsafe { pointer.read() })
}

pub(super) fn refused(
    kind: ErrorKind,
    name: &'static str,
    detail: impl Into<alloc::string::String>,
) -> Error {
    Error::new(kind, detail).within(Place::Argument(name))
}
