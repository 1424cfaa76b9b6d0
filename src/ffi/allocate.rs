//! Allocations that fail with an error, for what Rust's own types allocate without one.

use alloc::alloc::alloc;
use alloc::boxed::Box;
use alloc::ffi::CString;
use core::alloc::Layout;

use crate::error::{Error, ErrorKind};
use crate::memory;

/// A box, as `Box::new` makes it.
pub(super) fn boxed<T>(value: T) -> Result<Box<T>, Error> {
    const { assert!(size_of::<T>() > 0) };
    // SAFETY: a layout of more than 0 bytes (asserted).
    let start = unsafe { alloc(Layout::new::<T>()) }.cast::<T>();
    if start.is_null() {
        return Err(Error::out_of_memory());
    }
    // SAFETY: freshly allocated for a `T`.
    unsafe { start.write(value) };
    // SAFETY: allocated by the global allocator with the layout of a `T`, and holds one.
    Ok(unsafe { Box::from_raw(start) })
}

/// The texts, one after the other, for C.
pub(super) fn c_string<const N: usize>(texts: [&str; N]) -> Result<CString, Error> {
    // With room for the NUL, `CString::new` does not allocate.
    let mut bytes = memory::list(texts.iter().map(|text| text.len()).sum::<usize>() + 1)?;
    texts.iter().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
    CString::new(bytes).map_err(|_| Error::new(ErrorKind::InvalidModel, "a text contains a NUL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_joined_and_end_with_nul() {
        assert_eq!(c_string(["cutoff_", "refer"]).unwrap().as_c_str(), c"cutoff_refer");
        assert!(c_string(["a\0", ""]).is_err());
    }

    #[test]
    fn a_box_is_dropped_as_any_other() {
        let counted = alloc::sync::Arc::new(1);
        drop(boxed(alloc::sync::Arc::clone(&counted)).unwrap());
        assert_eq!(alloc::sync::Arc::strong_count(&counted), 1);
    }
}
