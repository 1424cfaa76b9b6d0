//! One row: value by value, or all at once.

use core::ffi::c_char;
use core::ptr;

use super::borrow::{borrow_out, borrow_slice, borrow_slice_out, borrow_text, refused};
use super::boundary::{boundary, row_boundary};
use super::error::nomo_error;
use super::growing::read_struct;
use super::outputs::{NOMO_CLASS_NONE, as_u32, check_length, nomo_outputs};
use super::session::{Claim, nomo_session};
use crate::error::{Error, ErrorKind, Place};
use crate::intake::Value;
use crate::link::most_probable;
use crate::schema::MissingReason;

/// Clears all values: every feature is then unset.
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

/// Sets a feature to a number in the feature's unit, for nomo_session_predict.
///
/// `feature` counts from 0. A category takes the index of a level, a boolean 0 or 1. The value stays
/// until the feature is set again or nomo_session_clear is called; a call that fails leaves the
/// previous value, so clear the row or set the value again before predicting. NaN, infinities, values
/// out of range and values of the wrong type are accepted here: the model's policy decides on them
/// when the row is predicted.
///
/// Fails with NOMO_EARGUMENT_FEATURE.
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

/// Sets a feature to a number in a given unit: the UCUM code of the feature's unit or of an
/// alternative one. The number is converted first, as nomo_unit describes; policies apply to the
/// converted number.
///
/// Fails with NOMO_EARGUMENT_FEATURE, NOMO_EARGUMENT_UNIT (the feature has no such unit) or
/// NOMO_EARGUMENT_TEXT (`unit` is not UTF-8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_number_in(
    session: *mut nomo_session,
    feature: usize,
    value: f64,
    unit: *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let to_set = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let unit = unsafe { borrow_text(unit, "unit") }?;
        Ok(Value::NumberIn(value, unit))
    };
    // SAFETY: as above.
    unsafe { set(session, feature, error, to_set) }
}

/// Sets a feature to a whole number. Above 2^53 in magnitude, which a double could not hold exactly, it
/// is of the wrong type (NOMO_EVALUE_TYPE); a double of that size is too large (NOMO_EVALUE_MAGNITUDE).
///
/// Fails with NOMO_EARGUMENT_FEATURE.
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

/// Sets a feature to false (0) or true (1).
///
/// Fails with NOMO_EARGUMENT_FEATURE or NOMO_EARGUMENT_OPTION (another `value`).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_boolean(
    session: *mut nomo_session,
    feature: usize,
    value: u32,
    error: *mut nomo_error,
) -> i32 {
    let to_set = || match value {
        0 => Ok(Value::Boolean(false)),
        1 => Ok(Value::Boolean(true)),
        _ => Err(refused(ErrorKind::Option, "value", "expected 0 or 1")),
    };
    // SAFETY: the caller keeps the header's contract for the length of this call.
    unsafe { set(session, feature, error, to_set) }
}

/// Sets a category to a level by its name (UTF-8, compared byte by byte). No text is parsed: for a
/// feature that is not a category, "54" and "true" are of the wrong type, and the model's policy
/// decides. `value` is not used after the call.
///
/// Fails with NOMO_EARGUMENT_FEATURE or NOMO_EARGUMENT_TEXT (`value` is not UTF-8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_text(
    session: *mut nomo_session,
    feature: usize,
    value: *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let to_set = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let value = unsafe { borrow_text(value, "value") }?;
        Ok(Value::Text(value))
    };
    // SAFETY: as above.
    unsafe { set(session, feature, error, to_set) }
}

/// Sets a feature to missing, which is not the same as leaving it unset.
///
/// `reason` is a code of FHIR's data-absent-reason, for example "not-performed", or NULL.
///
/// Fails with NOMO_EARGUMENT_FEATURE, NOMO_EARGUMENT_REASON (not such a code) or NOMO_EARGUMENT_TEXT
/// (`reason` is not UTF-8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_missing(
    session: *mut nomo_session,
    feature: usize,
    reason: *const c_char,
    error: *mut nomo_error,
) -> i32 {
    let to_set = || {
        if reason.is_null() {
            return Ok(Value::Missing(None));
        }
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let code = unsafe { borrow_text(reason, "reason") }?;
        Ok(Value::Missing(Some(MissingReason::of_code(code)?)))
    };
    // SAFETY: as above.
    unsafe { set(session, feature, error, to_set) }
}

/// Writes the reason for which a feature was set to missing to `*reason`: a code of FHIR's
/// data-absent-reason, or NULL if the feature is not missing or has no reason. Static; do not free.
///
/// Fails with NOMO_EARGUMENT_FEATURE.
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

/// Predicts the row that was set value by value.
///
/// The lengths of `outputs` are those of one row. The first refused feature is reported, then the
/// first broken rule; `row` of `error` is NOMO_PLACE_NONE.
///
/// Fails with NOMO_EARGUMENT_OPTION (on_refusal), NOMO_EARGUMENT_SHAPE (an array does not fit into
/// memory), NOMO_EBUFFER_LENGTH (an output) or, with NOMO_ON_REFUSAL_STOP, class NOMO_EVALUE.
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

/// Predicts one row from an array of numbers.
///
/// `values` holds `values_len` numbers, one per feature of the model, in the model's order and units.
/// NaN means missing; a category is the index of its level, a boolean 0 or 1. `probabilities` has
/// room for exactly n_outputs numbers. `class_index` receives the index of the most probable class (of
/// equally probable ones, the lowest; NOMO_CLASS_NONE of a model that predicts a number); it may be
/// NULL. Outputs must not overlap `values`; this is not checked. The first refused feature is
/// reported, then the first broken rule; `row` of `error` is NOMO_PLACE_NONE.
///
/// Fails with NOMO_ESCHEMA_FEATURES (`values_len`), NOMO_EBUFFER_LENGTH (`probabilities_len`),
/// NOMO_EARGUMENT_SHAPE (an array does not fit into memory) or class NOMO_EVALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict_row(
    session: *mut nomo_session,
    values: *const f64,
    values_len: usize,
    probabilities: *mut f64,
    probabilities_len: usize,
    class_index: *mut u32,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { Claim::new(session) }?;
        // SAFETY: as above.
        let values = unsafe { borrow_slice(values, values_len, "values") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_slice_out(probabilities, probabilities_len, "probabilities") }?;
        // SAFETY: as above.
        let class_out = (!class_index.is_null())
            .then(|| unsafe { borrow_out(class_index, "class_index") })
            .transpose()?;
        check_length(out.len(), claim.model().schema().n_outputs(), "probabilities")?;
        let (model, scratch) = claim.model_and_scratch();
        let outputs = model.predict_outputs(scratch, values)?;
        for (probability, output) in out.iter_mut().zip(outputs) {
            probability.write(*output);
        }
        if let Some(class_out) = class_out {
            let class = model.is_of_classes().then(|| most_probable(outputs));
            class_out.write(class.map_or(NOMO_CLASS_NONE, as_u32));
        }
        Ok(())
    };
    // SAFETY: as above.
    unsafe { row_boundary(error, call) }
}

/// Sets a value.
///
/// # Safety
///
/// The pointers are as the header asks for.
unsafe fn set<'v>(
    session: *mut nomo_session,
    feature: usize,
    error: *mut nomo_error,
    value: impl FnOnce() -> Result<Value<'v>, Error>,
) -> i32 {
    let call = || {
        // SAFETY: as this function's own contract.
        let mut claim = unsafe { Claim::new(session) }?;
        let value = value().map_err(|e| e.within(Place::Feature(feature)))?;
        let (model, scratch) = claim.model_and_scratch();
        model.set(scratch, feature, value)
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}
