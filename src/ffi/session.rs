//! Sessions: predict one row or a matrix.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

use ndarray::{ArrayView2, ShapeBuilder};

use super::boundary::{
    Growing, borrow, borrow_out, borrow_slice, borrow_slice_out, boundary, read_struct, refused,
};
use super::error::nomo_error;
use super::model::nomo_model;
use crate::error::{Error, ErrorKind};
use crate::prediction::Prediction;
use crate::session::Session;

/// The working memory with which one thread at a time predicts.
///
/// Create one per thread. It keeps its model alive and may be destroyed in another thread than it
/// was created in. Two threads that use one session at once are told so by NOMO_EBUSY. Predicting
/// with it allocates nothing and takes no lock.
#[derive(Debug)]
pub struct nomo_session {
    busy: AtomicBool,
    session: UnsafeCell<Session>,
    /// Keeps the texts that the model handed out alive, not only what predicting needs.
    _model: Arc<nomo_model>,
}

/// What the header promises about threads.
const _: () = {
    const fn handed_to_another_thread<T: Send>() {}
    handed_to_another_thread::<nomo_session>();
};

/// Rows as a matrix in any layout. Owned by the caller; set up by NOMO_MATRIX_INIT.
///
/// The value of a row and a column is values[row * row_stride + column * column_stride]. So
/// row-major data have row_stride = n_columns and column_stride = 1, column-major data have
/// row_stride = 1 and column_stride = n_rows. Strides of 0 and rows that overlap are allowed; a
/// stride that is never walked (one row, one column) may be anything.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_matrix {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Always 0.
    pub reserved: u32,
    /// The numbers; not changed. NULL is allowed when there are none.
    pub values: *const f64,
    /// How many numbers `values` holds; nothing beyond them is read.
    pub n_values: usize,
    /// How many rows; 0 is allowed.
    pub n_rows: usize,
    /// How many columns: one per feature of the model, in its order.
    pub n_columns: usize,
    /// How many numbers lie between the beginnings of two rows.
    pub row_stride: usize,
    /// How many numbers lie between the values of two columns.
    pub column_stride: usize,
}

/// Where predictions go. Owned by the caller; set up by NOMO_OUTPUTS_INIT.
///
/// An output that is not wanted is NULL with length 0. When there are rows, at least one is wanted;
/// else the call is refused with NOMO_EARGUMENT_NULL.
/// An output must not overlap the rows or another output; this is not checked.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_outputs {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Always 0.
    pub reserved: u32,
    /// One probability per row and class, row by row.
    pub probabilities: *mut f64,
    /// Length of `probabilities`: exactly n_rows * n_classes.
    pub n_probabilities: usize,
    /// The index of the most probable class of each row; of equally probable ones, the lowest.
    pub class_indices: *mut u32,
    /// Length of `class_indices`: exactly n_rows.
    pub n_class_indices: usize,
}

/// Creates a session for `model` and writes it to `*session`.
///
/// The caller frees it with nomo_session_destroy. On failure `*session` is not written. `error` may
/// be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_create(
    model: *const nomo_model,
    session: *mut *mut nomo_session,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(session, "session") }?;
        // SAFETY: `model` came from opening, and the caller holds a reference to it.
        unsafe { Arc::increment_strong_count(model) };
        // SAFETY: this is the reference that was just added.
        let model = unsafe { Arc::from_raw(model) };
        out.write(Box::into_raw(Box::new(nomo_session {
            busy: AtomicBool::new(false),
            session: UnsafeCell::new(Session::new(model.model().clone())),
            _model: model,
        })));
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Frees a session that no thread uses any more. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_destroy(session: *mut nomo_session) {
    let call = || {
        if !session.is_null() {
            // SAFETY: `session` came from `nomo_session_create`, and the caller gives it up.
            drop(unsafe { Box::from_raw(session) });
        }
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) };
}

/// Predicts one row.
///
/// `values` holds `n_values` numbers of at most 1e100 in magnitude, one per feature of the model, in
/// its order and units. NaN means missing; a model that cannot do without the value refuses it. The
/// lowest feature with an unusable value is reported; `row` of `error` is then NOMO_NONE.
/// `probabilities` has room for exactly one number per class. `class_index` receives the most
/// probable class (of equally probable ones, the lowest); it may be NULL. `error` may be NULL.
/// Outputs must not overlap `values`; this is not checked.
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
        let mut session = unsafe { Claim::new(session) }?;
        // SAFETY: as above.
        let values = unsafe { borrow_slice(values, n_values, "values") }?;
        // SAFETY: as above.
        let probabilities =
            unsafe { borrow_slice_out(probabilities, n_probabilities, "probabilities") }?;
        // SAFETY: as above.
        let class_index = (!class_index.is_null())
            .then(|| unsafe { borrow_out(class_index, "class_index") })
            .transpose()?;
        check_length(probabilities.len(), session.n_classes(), "probabilities")?;

        let prediction = session.session().predict_row(values)?;
        write_all(probabilities, prediction.probabilities());
        if let Some(class_index) = class_index {
            class_index.write(class_of(&prediction));
        }
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Predicts every row of a matrix; each gets the same bits as from nomo_session_predict_row.
///
/// The first row that cannot be predicted fails the call, with its number in `error`, and no output
/// is written. With 0 rows and the right
/// number of columns the call succeeds. `error` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict_matrix(
    session: *mut nomo_session,
    rows: *const nomo_matrix,
    outputs: *const nomo_outputs,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut session = unsafe { Claim::new(session) }?;
        // SAFETY: as above.
        let matrix = unsafe { read_struct(rows, "rows") }?;
        // SAFETY: as above.
        let rows = unsafe { matrix.view() }?;
        // SAFETY: as above.
        let outputs = unsafe { read_struct(outputs, "outputs") }?;
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(rows.nrows(), session.n_classes()) }?;
        session.session().predict_each(rows, |row, prediction| outputs.write(row, prediction))
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_matrix {
    const FIRST_SIZE: usize = size_of::<Self>();

    fn reserved(&self) -> u32 {
        self.reserved
    }
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_outputs {
    const FIRST_SIZE: usize = size_of::<Self>();

    fn reserved(&self) -> u32 {
        self.reserved
    }
}

impl nomo_matrix {
    /// The rows.
    ///
    /// # Safety
    ///
    /// `values` holds `n_values` numbers that nobody changes during the borrow.
    unsafe fn view<'a>(&self) -> Result<ArrayView2<'a, f64>, Error> {
        // SAFETY: as this function's own contract.
        let values = unsafe { borrow_slice(self.values, self.n_values, "rows.values") }?;
        let does_not_fit = || {
            let detail = format!(
                "{} × {} with strides {} and {} does not fit {} values",
                self.n_rows, self.n_columns, self.row_stride, self.column_stride, self.n_values
            );
            refused(ErrorKind::Shape, "rows", detail)
        };
        let shape = (self.n_rows, self.n_columns);
        if self.n_rows == 0 || self.n_columns == 0 {
            return ArrayView2::from_shape(shape, &[]).map_err(|_| does_not_fit());
        }
        // `ArrayView2` would take a stride above `isize::MAX` as a negative one.
        if self.last_index().is_none_or(|last| last >= values.len()) {
            return Err(does_not_fit());
        }
        // A stride that is never walked does not matter, and may be anything.
        let row_stride = if self.n_rows == 1 { 0 } else { self.row_stride };
        let column_stride = if self.n_columns == 1 { 0 } else { self.column_stride };
        let strided = shape.strides((row_stride, column_stride));
        ArrayView2::from_shape(strided, values).map_err(|_| does_not_fit())
    }

    /// The position of the last value of a matrix that is not empty; nothing if it overflows.
    fn last_index(&self) -> Option<usize> {
        let last_row = (self.n_rows - 1).checked_mul(self.row_stride)?;
        let last_column = (self.n_columns - 1).checked_mul(self.column_stride)?;
        last_row.checked_add(last_column)
    }
}

/// The outputs of a matrix, of checked lengths.
struct Outputs<'a> {
    n_classes: usize,
    probabilities: Option<&'a mut [MaybeUninit<f64>]>,
    classes: Option<&'a mut [MaybeUninit<u32>]>,
}

impl nomo_outputs {
    /// Borrows the outputs and checks their lengths.
    ///
    /// # Safety
    ///
    /// Each pointer that is not NULL has room for as many elements as its length says, which
    /// nobody else uses during the borrow.
    unsafe fn borrow<'a>(&self, n_rows: usize, n_classes: usize) -> Result<Outputs<'a>, Error> {
        if self.probabilities.is_null() && self.class_indices.is_null() && n_rows > 0 {
            return Err(refused(ErrorKind::NullPointer, "outputs", "every output is NULL"));
        }
        // SAFETY: as this function's own contract.
        let probabilities = unsafe {
            optional_out(self.probabilities, self.n_probabilities, "outputs.probabilities")
        }?;
        // SAFETY: as above.
        let classes = unsafe {
            optional_out(self.class_indices, self.n_class_indices, "outputs.class_indices")
        }?;
        if let Some(probabilities) = &probabilities {
            let expected = n_rows.saturating_mul(n_classes);
            check_length(probabilities.len(), expected, "outputs.probabilities")?;
        }
        if let Some(classes) = &classes {
            check_length(classes.len(), n_rows, "outputs.class_indices")?;
        }
        Ok(Outputs { n_classes, probabilities, classes })
    }
}

impl Outputs<'_> {
    fn write(&mut self, row: usize, prediction: &Prediction<'_>) {
        if let Some(out) = &mut self.probabilities {
            let of_row = out.iter_mut().skip(row * self.n_classes);
            for (own, probability) in of_row.zip(prediction.probabilities()) {
                own.write(*probability);
            }
        }
        if let Some(own) = self.classes.as_mut().and_then(|classes| classes.get_mut(row)) {
            own.write(class_of(prediction));
        }
    }
}

/// The sole use of a session, given back when dropped.
struct Claim<'a> {
    claimed: &'a nomo_session,
}

impl<'a> Claim<'a> {
    /// # Safety
    ///
    /// `session` is NULL or was created and not yet destroyed.
    unsafe fn new(session: *mut nomo_session) -> Result<Self, Error> {
        // SAFETY: as this function's own contract; what several threads touch is atomic.
        let claimed: &nomo_session = unsafe { borrow(session.cast_const(), "session") }?;
        if claimed.busy.swap(true, Ordering::Acquire) {
            let detail = "is in use by another thread; give each thread its own";
            return Err(refused(ErrorKind::SessionBusy, "session", detail));
        }
        Ok(Self { claimed })
    }

    fn session(&mut self) -> &mut Session {
        // SAFETY: `busy` was false when this claim was made, so it is the only one.
        unsafe { &mut *self.claimed.session.get() }
    }

    fn n_classes(&mut self) -> usize {
        self.session().model().schema().n_classes()
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claimed.busy.store(false, Ordering::Release);
    }
}

/// Borrows an output, or nothing when it is NULL with length 0.
///
/// # Safety
///
/// As [`borrow_slice_out`].
unsafe fn optional_out<'a, T>(
    pointer: *mut T,
    len: usize,
    name: &'static str,
) -> Result<Option<&'a mut [MaybeUninit<T>]>, Error> {
    if pointer.is_null() && len == 0 {
        return Ok(None);
    }
    // SAFETY: as this function's own contract.
    unsafe { borrow_slice_out(pointer, len, name) }.map(Some)
}

fn check_length(found: usize, expected: usize, name: &'static str) -> Result<(), Error> {
    if found != expected {
        let detail = format!("has room for {found}, expected exactly {expected}");
        return Err(refused(ErrorKind::OutputLength, name, detail));
    }
    Ok(())
}

fn write_all(out: &mut [MaybeUninit<f64>], values: &[f64]) {
    for (own, value) in out.iter_mut().zip(values) {
        own.write(*value);
    }
}

/// The class as C sees it; a model has far fewer than 2^32 of them.
fn class_of(prediction: &Prediction<'_>) -> u32 {
    u32::try_from(prediction.class()).unwrap_or(u32::MAX)
}
