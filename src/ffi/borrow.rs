//! The ways to borrow the caller's arguments.

use core::ffi::{CStr, c_char};
use core::mem::{MaybeUninit, size_of};
use core::slice;

use crate::error::{Error, ErrorKind, IntoDetail, Place};

/// Refuses a pointer that is NULL or misaligned.
#[inline]
pub(super) fn check_pointer<T>(pointer: *const T, name: &'static str) -> Result<(), Error> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(bad_pointer(pointer.is_null(), name));
    }
    Ok(())
}

#[cold]
fn bad_pointer(is_null: bool, name: &'static str) -> Error {
    if is_null {
        return refused(ErrorKind::NullPointer, name, "is NULL");
    }
    refused(ErrorKind::Alignment, name, "is not aligned for its type")
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

#[inline]
fn check_len<T>(len: usize, name: &'static str) -> Result<(), Error> {
    if len > isize::MAX as usize / size_of::<T>().max(1) { Err(too_long(name)) } else { Ok(()) }
}

#[cold]
fn too_long(name: &'static str) -> Error {
    refused(ErrorKind::Shape, name, "has more elements than memory can hold")
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
        let (valid, all) = (cause.valid_up_to(), text.count_bytes());
        Error::count(ErrorKind::InvalidText, valid, all, "bytes of UTF-8")
            .within(Place::Argument(name))
    })
}

/// An error about the argument called `name`.
#[cold]
#[inline(never)]
pub(super) fn refused(kind: ErrorKind, name: &'static str, detail: impl IntoDetail) -> Error {
    Error::new(kind, detail).within(Place::Argument(name))
}
