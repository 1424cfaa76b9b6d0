//! The guard around every export.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::{nomo_error, report};
use super::growing::struct_size;
use super::status::NOMO_OK;
use crate::error::{Error, ErrorKind};

/// Runs `call`, keeps panics from crossing into C, and reports a failure in `error`.
///
/// # Safety
///
/// `error` is NULL or points to a `nomo_error` that the caller lets us write.
pub(super) unsafe fn boundary(
    error: *mut nomo_error,
    call: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    let mut call = Some(call);
    // SAFETY: as this function's own contract.
    unsafe { compiled_once(error, &mut || call.take().map_or(Ok(()), |call| call())) }
}

/// The part of [`boundary`] that does not depend on the type of `call`.
///
/// # Safety
///
/// As [`boundary`].
unsafe fn compiled_once(
    error: *mut nomo_error,
    call: &mut dyn FnMut() -> Result<(), Error>,
) -> i32 {
    // SAFETY: as this function's own contract.
    unsafe { row_boundary(error, call) }
}

/// As [`boundary`], compiled for each `call`: larger, and faster where a call takes a tenth of a microsecond.
///
/// # Safety
///
/// As [`boundary`].
#[inline]
pub(super) unsafe fn row_boundary(
    error: *mut nomo_error,
    call: impl FnOnce() -> Result<(), Error>,
) -> i32 {
    if !error.is_null() {
        // SAFETY: as this function's own contract.
        if let Err(fault) = unsafe { struct_size(error.cast_const(), "error") } {
            return fault.kind().status();
        }
    }
    // `AssertUnwindSafe`: after a panic the library's own state is scratch memory that the next
    // call overwrites.
    let failure = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => return NOMO_OK,
        Ok(Err(failure)) => failure,
        Err(payload) => {
            // Dropping a payload may panic once more.
            core::mem::forget(payload);
            Error::new(ErrorKind::Panic, "the library has a defect; please report it")
        }
    };
    // SAFETY: `error` is NULL, or large enough and aligned (checked above).
    unsafe { failed(&failure, error) }
}

/// Reports the failure of a call, and returns its status; apart, so that it is compiled once.
///
/// # Safety
///
/// `error` is NULL or points to a `nomo_error`, large enough and aligned, that the caller lets us write.
#[cold]
#[inline(never)]
unsafe fn failed(failure: &Error, error: *mut nomo_error) -> i32 {
    if !error.is_null() {
        // SAFETY: as this function's own contract.
        unsafe { report(failure, error) };
    }
    failure.kind().status()
}
