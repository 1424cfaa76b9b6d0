//! Structs that grow at their end: read and written by the size that the caller knows.

use core::mem::{MaybeUninit, size_of};
use core::{ptr, slice};

use super::borrow::{check_pointer, refused};
use crate::error::{Error, ErrorKind, Place};

/// Above the size of any struct of any version; a larger size is uninitialised memory.
const MAX_STRUCT_SIZE: usize = 4096;

/// A struct of the C ABI that begins with its size and may grow at its end.
///
/// # Safety
///
/// It is `repr(C)`, begins with the `u32` `struct_size`, and all bytes 0 are a value of it.
pub(super) unsafe trait Growing: Copy {
    /// The size of its first version: a caller of any age has at least that much.
    const FIRST_SIZE: usize;

    /// The reserved fields, which must be 0 in a struct that the caller filled in.
    fn reserved(&self) -> u32 {
        0
    }
}

/// The caller's size of a struct, if it is a possible one.
///
/// # Safety
///
/// `pointer` is NULL or points to at least four readable bytes.
pub(super) unsafe fn struct_size<T: Growing>(
    pointer: *const T,
    name: &'static str,
) -> Result<usize, Error> {
    check_pointer(pointer, name)?;
    // SAFETY: aligned (checked), and every such struct begins with its size.
    let size = unsafe { pointer.cast::<u32>().read() } as usize;
    if (T::FIRST_SIZE..=MAX_STRUCT_SIZE).contains(&size) {
        return Ok(size);
    }
    let what = "bytes in struct_size (use the INIT macro)";
    Err(Error::count(ErrorKind::StructSize, size, size_of::<T>(), what)
        .within(Place::Argument(name)))
}

/// Copies a struct that the caller filled in. Fields that an older caller does not have are 0; a newer
/// caller that uses fields unknown to this version is refused.
///
/// # Safety
///
/// `pointer` is NULL or points to as many readable bytes as its first four state.
pub(super) unsafe fn read_struct<T: Growing>(
    pointer: *const T,
    name: &'static str,
) -> Result<T, Error> {
    // SAFETY: as this function's own contract.
    let size = unsafe { struct_size(pointer, name) }?;
    // SAFETY: the caller promises `size` readable bytes.
    let bytes = unsafe { slice::from_raw_parts(pointer.cast::<MaybeUninit<u8>>(), size) };
    let newer = bytes.get(size_of::<T>()..).unwrap_or_default();
    // SAFETY: fields that this version does not know were set by the INIT macro of a newer header.
    if newer.iter().any(|byte| unsafe { byte.assume_init() } != 0) {
        let detail = "has fields set that this version of the library does not know";
        return Err(refused(ErrorKind::StructSize, name, detail));
    }
    let mut value = MaybeUninit::<T>::zeroed();
    let n_bytes = size.min(size_of::<T>());
    // SAFETY: both hold `n_bytes`, and a local value does not overlap the caller's.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), value.as_mut_ptr().cast(), n_bytes) };
    // SAFETY: `Growing` promises that zeros are a value, and the caller's bytes are one.
    let value = unsafe { value.assume_init() };
    if value.reserved() != 0 {
        return Err(refused(ErrorKind::StructSize, name, "reserved is not 0 (use the INIT macro)"));
    }
    Ok(value)
}

/// Writes the fields of a struct that the caller has room for; its size stays the caller's.
///
/// # Safety
///
/// `pointer` has room for as many bytes as its first four state, which [`struct_size`] has checked.
pub(super) unsafe fn write_struct<T: Growing>(pointer: *mut T, value: &T) {
    // SAFETY: as this function's own contract.
    let size = unsafe { pointer.cast::<u32>().read() } as usize;
    let after_size = size_of::<u32>();
    let n_bytes = size.min(size_of::<T>()) - after_size;
    // SAFETY: within `value`, which is larger than its size field.
    let from = unsafe { ptr::from_ref(value).cast::<u8>().add(after_size) };
    // SAFETY: within the caller's struct, which is larger than its size field.
    let to = unsafe { pointer.cast::<u8>().add(after_size) };
    // SAFETY: both hold `n_bytes`, and a local value does not overlap the caller's.
    unsafe { ptr::copy_nonoverlapping(from, to, n_bytes) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A struct that has grown by one field since its first version.
    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Grown {
        struct_size: u32,
        old: u32,
        new: u64,
    }

    // SAFETY: `repr(C)`, begins with its size, and consists of integers.
    unsafe impl Growing for Grown {
        const FIRST_SIZE: usize = 8;
    }

    #[test]
    fn fields_that_an_older_caller_does_not_have_are_zero() {
        let older = Grown { struct_size: 8, old: 5, new: 77 };
        // SAFETY: a struct of at least eight bytes.
        let read = unsafe { read_struct(&raw const older, "older") }.unwrap();
        assert_eq!(read, Grown { struct_size: 8, old: 5, new: 0 });
    }

    #[test]
    fn an_older_caller_is_not_written_beyond_its_end() {
        let mut older = Grown { struct_size: 8, old: 0, new: 77 };
        let value = Grown { struct_size: 16, old: 6, new: 1 };
        // SAFETY: a struct of at least eight bytes.
        unsafe { write_struct(&raw mut older, &value) };
        assert_eq!(older, Grown { struct_size: 8, old: 6, new: 77 });
    }

    #[test]
    fn a_newer_caller_is_refused_only_if_it_sets_unknown_fields() {
        let mut newer = [24_u32, 5, 1, 0, 0, 0];
        let pointer = newer.as_ptr().cast::<Grown>();
        if pointer.is_aligned() {
            // SAFETY: 24 readable bytes.
            assert!(unsafe { read_struct(pointer, "newer") }.is_ok());
            newer[5] = 1;
            // SAFETY: as above.
            let error =
                unsafe { read_struct(newer.as_ptr().cast::<Grown>(), "newer") }.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StructSize);
        }
    }
}
