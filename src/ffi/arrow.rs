//! Rows from Arrow arrays, and predictions as Arrow arrays, by the Arrow C Data Interface.

mod export;
mod import;
mod layout;

use core::ffi::{c_char, c_void};

use self::export::Predicted;
pub(super) use self::import::Column;
use self::import::Table;
use super::boundary::{borrow_out, boundary, read_struct, refused};
use super::error::nomo_error;
use super::outputs::{NOMO_GO_ON, NOMO_STOP, nomo_outputs};
use super::session::{Claim, nomo_session};
use crate::error::{Error, ErrorKind};
use crate::model::OnRefusal;

/// Columns that are no feature of the model are left aside, and not looked at but for their names.
pub const NOMO_ARROW_IGNORE_OTHER_COLUMNS: u32 = 1;

/// The type of an array, as the Arrow C Data Interface lays it down; not ours to grow.
///
/// cbindgen:ignore
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    /// The type, for example `g` for doubles.
    pub format: *const c_char,
    /// The name of the column, or NULL.
    pub name: *const c_char,
    /// Keys and values with their lengths, or NULL.
    pub metadata: *const c_char,
    /// Hints: whether the array may hold nulls, and others.
    pub flags: i64,
    /// How many children.
    pub n_children: i64,
    /// One schema per child.
    pub children: *mut *mut ArrowSchema,
    /// The type of the dictionary, or NULL.
    pub dictionary: *mut ArrowSchema,
    /// Frees what the struct owns; NULL once that has happened.
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    /// The producer's own.
    pub private_data: *mut c_void,
}

/// The values of an array, as the Arrow C Data Interface lays it down; not ours to grow.
///
/// cbindgen:ignore
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    /// How many values.
    pub length: i64,
    /// How many of them are null, or -1 where nobody has counted them.
    pub null_count: i64,
    /// How many values of the buffers come before the first one.
    pub offset: i64,
    /// How many buffers.
    pub n_buffers: i64,
    /// How many children.
    pub n_children: i64,
    /// The buffers; the first one is the validity bitmap.
    pub buffers: *mut *const c_void,
    /// One array per child.
    pub children: *mut *mut ArrowArray,
    /// The dictionary, or NULL.
    pub dictionary: *mut ArrowArray,
    /// Frees what the struct owns; NULL once that has happened.
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    /// The producer's own.
    pub private_data: *mut c_void,
}

/// Predicts the rows of an Arrow struct array (a record batch); each gets the same bits as from
/// nomo_session_predict with the same values.
///
/// `schema` (format "+s") and `array` are read during the call, and neither changed nor released.
/// Its children are matched to features by name. A feature without a column is unset; a column that
/// is no feature gives NOMO_ESCHEMA_COLUMNS, unless `flags` has NOMO_ARROW_IGNORE_OTHER_COLUMNS, and
/// so does a feature with two columns. Null is missing, in a null row every feature is; NaN is a
/// number that is not one. The types are
///
/// - f, g: numbers
/// - c, C, s, S, i, I, l, L: whole numbers; of a category the number of a level, of a boolean 0 or 1
/// - b: booleans
/// - u, U: texts, the names of levels; also encoded by a dictionary
/// - n: no value at all
///
/// and any other gives NOMO_EUNSUPPORTED_ARROW. A column of numbers whose metadata has the key `unit`
/// is in that unit, a UCUM code; where the feature does not have it: NOMO_EARGUMENT_UNIT.
///
/// Offsets and nulls are taken as they come. Lengths, offsets, indices and pointers are checked as
/// far as they can be: one that was released gives NOMO_EARGUMENT_OPTION, what contradicts itself
/// NOMO_ESCHEMA_COLUMNS. How long buffers, names and metadata are cannot be known: they must be as
/// long as the Arrow specification says. All else is as in nomo_session_predict_columns; nothing is
/// allocated.
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
        // SAFETY: as above.
        let rows = unsafe { Table::new((schema, array), flags, model, columns) }?;
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(rows.len(), model) }?;
        let on_refusal = outputs.on_refusal;
        model.predict_rows(scratch, &rows, on_refusal, |row, prediction| {
            outputs.write(row, prediction);
        })
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Predicts the rows of an Arrow struct array, and writes a struct array of as many rows to
/// `*out_schema` and `*out_array`.
///
/// Its columns, in this order, are `probability_<class>` (double) of each class, or one column with
/// the name of the target for a model that predicts a number; `class` (utf8), the name of the most
/// probable class, null where a number is predicted; `status` (int32), NOMO_OK or why the row was
/// refused; `flags` (uint32), NOMO_FLAG_... added up; `cutoff_<name>` (boolean) of each cutoff,
/// whether the row reaches it. `on_refusal` is NOMO_STOP or NOMO_GO_ON; a refused row is null in all
/// columns but `status` and `flags`.
///
/// The caller releases both structs by their `release`, in any thread, also after the session is
/// gone; what they held before is overwritten. On failure neither is written. This call allocates;
/// NOMO_EMEMORY when there is not enough memory for the columns, NOMO_EARGUMENT_SHAPE when the names
/// in `class` are longer than 2^31 bytes together. All else is as in nomo_session_predict_arrow.
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
        let on_refusal = match on_refusal {
            NOMO_STOP => OnRefusal::Stop,
            NOMO_GO_ON => OnRefusal::GoOn,
            _ => return Err(option("on_refusal", "expected NOMO_STOP or NOMO_GO_ON")),
        };
        // SAFETY: as above.
        let out_schema = unsafe { borrow_out(out_schema, "out_schema") }?;
        // SAFETY: as above.
        let out_array = unsafe { borrow_out(out_array, "out_array") }?;
        let (scratch, columns) = claim.scratch_and_columns();
        // SAFETY: as above.
        let rows = unsafe { Table::new((schema, array), flags, model, columns) }?;
        let mut predicted = Predicted::new(model, rows.len())?;
        model.predict_rows(scratch, &rows, on_refusal, |row, prediction| {
            predicted.write(row, prediction);
        })?;
        let (schema, array) = predicted.finish()?;
        out_schema.write(schema);
        out_array.write(array);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

fn option(name: &'static str, detail: &'static str) -> Error {
    refused(ErrorKind::Option, name, detail)
}
