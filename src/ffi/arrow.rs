//! Rows from Arrow arrays, and predictions as Arrow arrays, by the Arrow C Data Interface.

pub(super) mod export;

use self::export::Predicted;
use super::arrow_rows::{OtherColumns, Table};
pub use super::arrow_structs::{ArrowArray, ArrowSchema};
use super::borrow::{borrow_out, refused};
use super::boundary::boundary;
use super::error::nomo_error;
use super::growing::read_struct;
use super::outputs::{self, nomo_outputs};
use super::session::{Claim, nomo_session};
use crate::error::{Error, ErrorKind};
use crate::model::Each;

/// Flag of reading Arrow arrays: skip columns that match no feature; only their names are read.
pub const NOMO_ARROW_IGNORE_OTHER_COLUMNS: u32 = 1;

/// Predicts the rows of an Arrow struct array (a record batch). Each gets the same bits as from
/// nomo_session_predict with the same values.
///
/// `schema` (format "+s") and `array` are read during the call, and neither changed nor released. Their
/// children are matched to features by name. A feature without a column is unset. A column that
/// matches no feature is refused, unless `flags` has NOMO_ARROW_IGNORE_OTHER_COLUMNS. Null is missing,
/// and a null row is missing in every feature; NaN is a value that is not a number. Types of columns:
///
/// - f, g: numbers
/// - c, C, s, S, i, I, l, L: whole numbers; for a category the index of a level, for a boolean 0 or 1
/// - b: booleans
/// - u, U: texts, the names of levels; also as a dictionary
/// - n: null in every row
///
/// If the metadata of a column of numbers have the key `unit`, its value is the UCUM code of their
/// unit. Buffers may have any alignment, and arrays any offset. Lengths, offsets, indices and pointers
/// are checked; the sizes of buffers, names and metadata cannot be checked, and must be those of the
/// Arrow specification. Nothing is allocated.
///
/// NOMO_ON_REFUSAL_STOP: the first refused row fails the call; `error` has its `row` and `feature`.
/// NOMO_ON_REFUSAL_GO_ON: a refused row has its status in `row_status`, and the others are
/// predicted.
///
/// Fails with NOMO_ESCHEMA_COLUMNS (a column of no feature, two of one feature, contradictory lengths,
/// offsets, indices or children), NOMO_EUNSUPPORTED_ARROW (any other type), NOMO_EARGUMENT_UNIT,
/// NOMO_EARGUMENT_OPTION (`flags`, on_refusal, or a struct that was released), NOMO_EARGUMENT_SHAPE
/// (an array does not fit into memory), NOMO_EBUFFER_LENGTH (an output) or, with
/// NOMO_ON_REFUSAL_STOP, class NOMO_EVALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict_arrow(
    session: *mut nomo_session,
    schema: *const ArrowSchema,
    array: *const ArrowArray,
    flags: u32,
    outputs: *const nomo_outputs,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { Claim::new(session) }?;
        let model = claim.model();
        // SAFETY: as above.
        let outputs = unsafe { read_struct(outputs, "outputs") }?;
        let (scratch, columns) = claim.scratch_and_columns();
        let others = other_columns(flags)?;
        // SAFETY: as above.
        let rows = unsafe { Table::new((schema, array), others, model, columns) }?;
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(rows.len(), model) }?;
        let on_refusal = outputs.on_refusal;
        model.predict_rows(scratch, &rows, on_refusal, &mut outputs)
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Predicts the rows of an Arrow struct array, and writes a struct array of as many rows to
/// `*out_schema` and `*out_array`.
///
/// `schema`, `array` and `flags` are those of nomo_session_predict_arrow. Columns of the result, in
/// this order:
///
/// - `probability_<class>` (double) of each class; or one column with the name of the target, for a
///   model that predicts a number
/// - `class` (utf8), the name of the most probable class; null if a number is predicted
/// - `status` (int32), NOMO_OK or the status of the refused row
/// - `flags` (uint32), NOMO_FLAG_... combined
/// - `cutoff_<name>` (boolean) of each cutoff: whether the row reaches it
/// - of a model with uncertainty: `verdict` (uint32), NOMO_VERDICT_...; `p_value_<class>` (double) of
///   each class; `low_<class>` and `high_<class>` (double), the interval of the probability of class 1,
///   or `low_<level>` and `high_<level>` of each level of a predicted number; `distance_p_value`
///   (double); `furthest_feature` (utf8), its name, and `furthest_times` (double). What the model does
///   not compute has no column
///
/// `on_refusal` is NOMO_ON_REFUSAL_STOP or NOMO_ON_REFUSAL_GO_ON; a refused row is null in all columns
/// but `status`, `flags` and `verdict`. `out_schema` and `out_array` are uninitialised or released before: the
/// call does not release what they held. The caller calls the `release` of each once, in any thread, also
/// after the session is destroyed. This call allocates.
///
/// Fails with NOMO_ESCHEMA_COLUMNS, NOMO_EUNSUPPORTED_ARROW or NOMO_EARGUMENT_UNIT (the columns that
/// are read), NOMO_EARGUMENT_OPTION (`flags`, `on_refusal`, or a struct that was released),
/// NOMO_EARGUMENT_SHAPE (an array does not fit into memory, or the names in `class` have 2^31 bytes
/// or more), NOMO_EMEMORY or, with NOMO_ON_REFUSAL_STOP, class NOMO_EVALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict_to_arrow(
    session: *mut nomo_session,
    schema: *const ArrowSchema,
    array: *const ArrowArray,
    flags: u32,
    on_refusal: u32,
    out_schema: *mut ArrowSchema,
    out_array: *mut ArrowArray,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { Claim::new(session) }?;
        let model = claim.model();
        let on_refusal = outputs::on_refusal(on_refusal, "on_refusal")?;
        // SAFETY: as above.
        let out_schema = unsafe { borrow_out(out_schema, "out_schema") }?;
        // SAFETY: as above.
        let out_array = unsafe { borrow_out(out_array, "out_array") }?;
        let (scratch, columns) = claim.scratch_and_columns();
        let others = other_columns(flags)?;
        // SAFETY: as above.
        let rows = unsafe { Table::new((schema, array), others, model, columns) }?;
        let mut predicted = Predicted::new(model, rows.len())?;
        let mut write = Each::new(|row, prediction| predicted.write(row, prediction));
        model.predict_rows(scratch, &rows, on_refusal, &mut write)?;
        let (schema, array) = predicted.finish()?;
        out_schema.write(schema);
        out_array.write(array);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

pub(super) fn other_columns(flags: u32) -> Result<OtherColumns, Error> {
    match flags {
        0 => Ok(OtherColumns::Refuse),
        NOMO_ARROW_IGNORE_OTHER_COLUMNS => Ok(OtherColumns::Ignore),
        _ => {
            let detail = "expected 0 or NOMO_ARROW_IGNORE_OTHER_COLUMNS";
            Err(refused(ErrorKind::Option, "flags", detail))
        }
    }
}
