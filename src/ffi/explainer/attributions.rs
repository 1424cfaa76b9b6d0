//! The arrays that explanations are written to, and rows as a matrix.

use core::mem::MaybeUninit;
use core::ptr;

use super::{ExplainerClaim, nomo_explainer};
use crate::error::{Error, ErrorKind};
use crate::explainer::{Attribution, Engine};
use crate::ffi::batch::{Matrix, nomo_matrix};
use crate::ffi::borrow::{borrow_slice, borrow_slice_out, refused};
use crate::ffi::boundary::boundary;
use crate::ffi::error::nomo_error;
use crate::ffi::growing::{Growing, read_struct};
use crate::ffi::outputs::{check_length, on_refusal};
use crate::ffi::session::{Claim, nomo_session};
use crate::ffi::status::NOMO_OK;
use crate::intake::Cell;
use crate::model::{OnRefusal, Rows};

/// The arrays that explanations are written to. Owned by the caller; set up by NOMO_ATTRIBUTIONS_INIT.
///
/// Of each row, base plus the values of all players is the explained number, within rounding. Leave an
/// output NULL, with length 0, to skip it. Each length must be exactly the stated one (n_rows is 1 for
/// a single row, the other counts are those of nomo_explainer_info). All arrays are row by row, and
/// within a row explained number by explained number. Outputs must not overlap each other or the
/// inputs; this is not checked.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_attributions {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// NOMO_ON_REFUSAL_STOP or NOMO_ON_REFUSAL_GO_ON. The latter needs `row_status`; the other outputs
    /// of a refused row are NaN.
    pub on_refusal: u32,
    /// What each player adds.
    pub values: *mut f64,
    /// Length of `values`: n_rows * n_explained * n_players.
    pub values_len: usize,
    /// The mean over what rows are compared with; the same for all rows.
    pub base: *mut f64,
    /// Length of `base`: n_explained.
    pub base_len: usize,
    /// The explained numbers.
    pub explained: *mut f64,
    /// Length of `explained`: n_rows * n_explained.
    pub explained_len: usize,
    /// The standard error of each value; 0 if values are exact.
    pub std_errors: *mut f64,
    /// Length of `std_errors`: n_rows * n_explained * n_players.
    pub std_errors_len: usize,
    /// NOMO_OK, or the status of the refused row.
    pub row_status: *mut i32,
    /// Length of `row_status`: n_rows.
    pub row_status_len: usize,
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_attributions {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// The caller's arrays, of checked lengths; an array that is not wanted is empty.
pub(super) struct Attributions<'a> {
    on_refusal: OnRefusal,
    n_explained: usize,
    /// How many values a row has.
    n_values: usize,
    values: &'a mut [MaybeUninit<f64>],
    base: &'a mut [MaybeUninit<f64>],
    explained: &'a mut [MaybeUninit<f64>],
    std_errors: &'a mut [MaybeUninit<f64>],
    row_status: &'a mut [MaybeUninit<i32>],
}

/// # Safety
///
/// `pointer` is NULL or has room for `len` elements, which nobody else uses during the borrow.
unsafe fn borrow_array<'a, T>(
    pointer: *mut T,
    len: usize,
    expected: usize,
    name: &'static str,
) -> Result<&'a mut [MaybeUninit<T>], Error> {
    if pointer.is_null() && len == 0 {
        return Ok(&mut []);
    }
    // SAFETY: as this function's own contract.
    let array = unsafe { borrow_slice_out(pointer, len, name) }?;
    check_length(len, expected, name)?;
    Ok(array)
}

impl nomo_attributions {
    /// Borrows the outputs and checks their lengths.
    ///
    /// # Safety
    ///
    /// Each pointer that is not NULL has room for as many elements as its length states, which
    /// nobody else uses during the borrow.
    pub(super) unsafe fn borrow<'a>(
        &self,
        n_rows: usize,
        engine: &Engine,
    ) -> Result<Attributions<'a>, Error> {
        let n_explained = engine.n_explained();
        let of_rows = n_rows.saturating_mul(n_explained);
        let of_players = of_rows.saturating_mul(engine.n_players());
        macro_rules! array {
            ($pointer:ident, $len:ident, $expected:expr) => {
                // SAFETY: as this function's own contract.
                unsafe {
                    borrow_array(
                        self.$pointer,
                        self.$len,
                        $expected,
                        concat!("outputs.", stringify!($pointer)),
                    )
                }?
            };
        }
        let borrowed = Attributions {
            on_refusal: on_refusal(self.on_refusal, "outputs.on_refusal")?,
            n_explained,
            n_values: n_explained * engine.n_players(),
            values: array!(values, values_len, of_players),
            base: array!(base, base_len, n_explained),
            explained: array!(explained, explained_len, of_rows),
            std_errors: array!(std_errors, std_errors_len, of_players),
            row_status: array!(row_status, row_status_len, n_rows),
        };
        let needs_status = borrowed.on_refusal == OnRefusal::GoOn;
        if needs_status && borrowed.row_status.is_empty() && n_rows > 0 {
            let detail = "is NULL, but NOMO_ON_REFUSAL_GO_ON needs it";
            return Err(refused(ErrorKind::NullPointer, "outputs.row_status", detail));
        }
        Ok(borrowed)
    }
}

/// Writes numbers to the `n` elements of a row; nothing to an array that is not wanted.
fn write_row<T: Copy>(
    array: &mut [MaybeUninit<T>],
    row: usize,
    n: usize,
    numbers: impl Iterator<Item = T>,
) {
    let elements = array.iter_mut().skip(row * n).take(n);
    elements.zip(numbers).for_each(|(element, number)| _ = element.write(number));
}

/// The numbers, then others without end.
fn padded(numbers: &[f64], others: f64) -> impl Iterator<Item = f64> {
    numbers.iter().copied().chain(core::iter::repeat(others))
}

impl Attributions<'_> {
    /// Writes the explanation of a single row; with [`OnRefusal::GoOn`] its refusal too.
    pub(super) fn write_one(
        &mut self,
        explained: Result<Attribution<'_>, Error>,
    ) -> Result<(), Error> {
        match (explained, self.on_refusal) {
            (Err(error), OnRefusal::Stop) => return Err(error),
            (explained, OnRefusal::Stop | OnRefusal::GoOn) => self.write(0, explained),
        }
        Ok(())
    }

    pub(super) fn write_base(&mut self, base: &[f64]) {
        write_row(self.base, 0, base.len(), base.iter().copied());
    }

    /// Writes the explanation or the refusal of a row.
    fn write(&mut self, row: usize, explained: Result<Attribution<'_>, Error>) {
        let (n_explained, n_values) = (self.n_explained, self.n_values);
        let (values, numbers, errors, status) = match &explained {
            Ok(explained) => {
                let errors = explained.std_errors().unwrap_or_default();
                (explained.values(), explained.explained(), errors, NOMO_OK)
            }
            Err(error) => (&[][..], &[][..], &[][..], error.kind().status()),
        };
        // What a refused row does not have is NaN; exact values have no error.
        let no_error = if explained.is_ok() { 0.0 } else { f64::NAN };
        write_row(self.values, row, n_values, padded(values, f64::NAN));
        write_row(self.explained, row, n_explained, padded(numbers, f64::NAN));
        write_row(self.std_errors, row, n_values, padded(errors, no_error));
        write_row(self.row_status, row, 1, core::iter::once(status));
    }
}

/// Explains the prediction of one row: one value per feature, in the order of the model. NaN means
/// missing; a category is the index of its level, a boolean 0 or 1.
///
/// Fails with NOMO_ESCHEMA_FEATURES (`values_len`), NOMO_EARGUMENT_OPTION (on_refusal),
/// NOMO_EBUFFER_LENGTH (an output) or, with NOMO_ON_REFUSAL_STOP, class NOMO_EVALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_explainer_explain_row(
    explainer: *mut nomo_explainer,
    values: *const f64,
    values_len: usize,
    outputs: *const nomo_attributions,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { ExplainerClaim::new(explainer) }?;
        // SAFETY: as above.
        let values = unsafe { borrow_slice(values, values_len, "values") }?;
        // SAFETY: as above.
        let outputs = unsafe { read_struct(outputs, "outputs") }?;
        let (model, engine) = claim.model_and_engine();
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(1, engine) }?;
        model.intake().check_width(values.len())?;
        let mut cells = values.iter().map(|number| Cell::of_array(*number));
        outputs.write_one(engine.explain(model, values.len(), &mut cells))?;
        outputs.write_base(engine.base());
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Explains the prediction of the row that was set in a session of the same model, as
/// nomo_session_predict predicts it.
///
/// Fails with NOMO_EARGUMENT_OPTION (on_refusal, or a session of another model), NOMO_EBUFFER_LENGTH (an
/// output) or, with NOMO_ON_REFUSAL_STOP, class NOMO_EVALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_explainer_explain_session(
    explainer: *mut nomo_explainer,
    session: *mut nomo_session,
    outputs: *const nomo_attributions,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { ExplainerClaim::new(explainer) }?;
        // SAFETY: as above.
        let mut session = unsafe { Claim::new(session) }?;
        // SAFETY: as above.
        let outputs = unsafe { read_struct(outputs, "outputs") }?;
        let (model, engine) = claim.model_and_engine();
        if !ptr::eq(model, session.model()) {
            return Err(refused(ErrorKind::Option, "session", "has another model"));
        }
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(1, engine) }?;
        let n_features = model.schema().n_features();
        let scratch = session.scratch();
        let mut cells = (0..n_features).map(|at| scratch.cell(at).unwrap_or(Cell::UNSET));
        outputs.write_one(engine.explain(model, n_features, &mut cells))?;
        outputs.write_base(engine.base());
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Explains the prediction of every row of a matrix. Each gets the same bits as from
/// nomo_explainer_explain_row.
///
/// Fails as nomo_session_predict_matrix.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_explainer_explain_matrix(
    explainer: *mut nomo_explainer,
    rows: *const nomo_matrix,
    outputs: *const nomo_attributions,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { ExplainerClaim::new(explainer) }?;
        // SAFETY: as above.
        let matrix = unsafe { read_struct(rows, "rows") }?;
        // SAFETY: as above.
        let outputs = unsafe { read_struct(outputs, "outputs") }?;
        let (model, engine) = claim.model_and_engine();
        model.intake().check_width(matrix.n_columns)?;
        // SAFETY: as above.
        let rows = unsafe { Matrix::new(matrix) }?;
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(rows.n_rows(), engine) }?;
        let cell = |row, feature| rows.cell(row, feature);
        engine.check_rows(model, outputs.on_refusal, rows.n_rows(), &cell)?;
        outputs.write_base(engine.base());
        for row in 0..rows.n_rows() {
            let mut cells = (0..matrix.n_columns).map(|feature| cell(row, feature));
            let explained = engine.explain(model, matrix.n_columns, &mut cells);
            outputs.write(row, explained);
        }
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}
