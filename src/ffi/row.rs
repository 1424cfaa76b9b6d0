//! One row: value by value, or all at once.

use core::ffi::c_char;
use core::ptr;

use super::boundary::{
    borrow_out, borrow_slice, borrow_slice_out, borrow_text, boundary, read_struct, refused,
};
use super::error::nomo_error;
use super::outputs::{check_length, class_index, nomo_outputs};
use super::session::{Claim, nomo_session};
use crate::error::{Error, ErrorKind, Place};
use crate::intake::Value;
use crate::schema::MissingReason;

/// Forgets every value that was set: all features are then unset. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_clear(
    session: *mut nomo_session,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        unsafe { Claim::new(session) }?.scratch().clear();
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// States a number in the feature's own unit, for nomo_session_predict.
///
/// `feature` counts from 0. What is stated stays until it is stated anew or nomo_session_clear is
/// called. Only an index, unit or reason that the model does not have and a text that is no UTF-8 are
/// refused here, and then what was stated before stays: do not predict, or clear first. NaN,
/// infinities, values out of range and values of the wrong type are for the model's policy to decide
/// when the row is predicted. A category takes the number of a level, a boolean 0 or 1. Nothing that
/// is passed is kept after the call. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_number(
    session: *mut nomo_session,
    feature: usize,
    value: f64,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { set(session, feature, error, || Ok(Value::Number(value))) }
}

/// States a number in a unit of the feature, its own or another, named by its UCUM code; it is
/// converted exactly as the bundle says, and judged after that. A unit that the feature does not have
/// gives NOMO_EARGUMENT_UNIT. All else is as in nomo_session_set_number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_number_in(
    session: *mut nomo_session,
    feature: usize,
    value: f64,
    unit: *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let stated = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let unit = unsafe { borrow_text(unit, "unit") }?;
        Ok(Value::NumberIn(value, unit))
    };
    // SAFETY: as above.
    unsafe { set(session, feature, error, stated) }
}

/// States a whole number. Beyond 2^53 in magnitude it counts as of the wrong type, since a double
/// could not hold it. All else is as in nomo_session_set_number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_integer(
    session: *mut nomo_session,
    feature: usize,
    value: i64,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { set(session, feature, error, || Ok(Value::Integer(value))) }
}

/// States false (0) or true (1); another `value` gives NOMO_EARGUMENT_OPTION. All else is as in
/// nomo_session_set_number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_boolean(
    session: *mut nomo_session,
    feature: usize,
    value: u32,
    error: *mut nomo_error,
) -> i32 {
    let stated = || match value {
        0 => Ok(Value::Boolean(false)),
        1 => Ok(Value::Boolean(true)),
        _ => Err(refused(ErrorKind::Option, "value", "expected 0 or 1")),
    };
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { set(session, feature, error, stated) }
}

/// States the level of a category by its name (UTF-8, compared byte by byte). Nothing is parsed: for
/// any other feature, also "54" and "true" are of the wrong type, and the model's policy decides,
/// which may be to impute. All else is as in nomo_session_set_number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_text(
    session: *mut nomo_session,
    feature: usize,
    value: *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let stated = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let value = unsafe { borrow_text(value, "value") }?;
        Ok(Value::Text(value))
    };
    // SAFETY: as above.
    unsafe { set(session, feature, error, stated) }
}

/// States that there is no value, which is not the same as stating nothing.
///
/// `reason` is a code of FHIR's data-absent-reason, for example "not-performed", or NULL. A text that
/// is no such code gives NOMO_EARGUMENT_REASON. All else is as in nomo_session_set_number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_missing(
    session: *mut nomo_session,
    feature: usize,
    reason: *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let stated = || {
        if reason.is_null() {
            return Ok(Value::Missing(None));
        }
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let code = unsafe { borrow_text(reason, "reason") }?;
        Ok(Value::Missing(Some(MissingReason::of_code(code)?)))
    };
    // SAFETY: as above.
    unsafe { set(session, feature, error, stated) }
}

/// Writes to `*reason` why a feature was stated to be missing: the code of FHIR's data-absent-reason,
/// or NULL when it is not missing or no reason was given. Static; do not free. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_missing_reason(
    session: *mut nomo_session,
    feature: usize,
    reason: *mut *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { Claim::new(session) }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(reason, "reason") }?;
        let Some(cell) = claim.scratch().cell(feature) else {
            let detail = "the model has no such feature";
            return Err(refused(ErrorKind::UnknownFeature, "feature", detail));
        };
        let code = cell.missing_reason().map_or(ptr::null(), |reason| reason.c_code().as_ptr());
        out.write(code);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Predicts the row that was stated value by value.
///
/// `outputs` is that of one row. The lowest feature with a value that is refused is reported, then
/// the first rule that is broken; `row` of `error` is NOMO_NONE. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict(
    session: *mut nomo_session,
    outputs: *const nomo_outputs,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { Claim::new(session) }?;
        // SAFETY: as above.
        let outputs = unsafe { read_struct(outputs, "outputs") }?;
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(1, claim.model()) }?;
        let (model, scratch) = claim.model_and_scratch();
        outputs.write_one(model.predict_cells(scratch))
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Predicts one row from an array: the short way for models of numbers.
///
/// `values` holds `n_values` numbers, one per feature of the model, in its order and units. NaN means
/// missing; a category is the number of its level, a boolean 0 or 1. `probabilities` has room for
/// exactly n_outputs numbers. `class_index` receives the most probable class (of equally probable
/// ones, the lowest; NOMO_NO_CLASS of a model that predicts a number); it may be NULL. The lowest
/// feature with a value that is refused is reported, then the first rule that is broken; `row` of
/// `error` is NOMO_NONE. `error` may be NULL. Outputs must not overlap `values`; this is not checked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict_row(
    session: *mut nomo_session,
    values: *const f64,
    n_values: usize,
    probabilities: *mut f64,
    n_probabilities: usize,
    class_index: *mut u32,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { Claim::new(session) }?;
        // SAFETY: as above.
        let values = unsafe { borrow_slice(values, n_values, "values") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_slice_out(probabilities, n_probabilities, "probabilities") }?;
        // SAFETY: as above.
        let class_out = (!class_index.is_null())
            .then(|| unsafe { borrow_out(class_index, "class_index") })
            .transpose()?;
        check_length(out.len(), claim.model().schema().n_outputs(), "probabilities")?;
        let (model, scratch) = claim.model_and_scratch();
        let prediction = model.predict_row(scratch, values)?;
        for (own, output) in out.iter_mut().zip(prediction.outputs()) {
            own.write(*output);
        }
        if let Some(class_out) = class_out {
            class_out.write(self::class_index(&prediction));
        }
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// States a value.
///
/// # Safety
///
/// The pointers are as the header asks for.
unsafe fn set<'v>(
    session: *mut nomo_session,
    feature: usize,
    error: *mut nomo_error,
    stated: impl FnOnce() -> Result<Value<'v>, Error>,
) -> i32 {
    let call = || {
        // SAFETY: as this function's own contract.
        let mut claim = unsafe { Claim::new(session) }?;
        let stated = stated().map_err(|e| e.within(Place::Feature(feature)))?;
        let (model, scratch) = claim.model_and_scratch();
        model.set(scratch, feature, stated)
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}
