//! Rows as a strided matrix of numbers.

use core::ffi::c_void;
use core::ops::Range;

use super::{NOMO_TYPE_DOUBLE, NOMO_TYPE_FLOAT};
use crate::error::{Error, ErrorKind};
use crate::ffi::borrow::{borrow_slice, refused};
use crate::ffi::boundary::boundary;
use crate::ffi::error::nomo_error;
use crate::ffi::growing::{Growing, read_struct};
use crate::ffi::outputs::nomo_outputs;
use crate::ffi::session::{Claim, nomo_session};
use crate::intake::Cell;
use crate::model::Rows;

/// Rows as a matrix in any layout. Owned by the caller; set up by NOMO_MATRIX_INIT.
///
/// The value of a row and a column is values[row * row_stride + column * column_stride]. Row-major
/// data have row_stride = n_columns and column_stride = 1; column-major data have row_stride = 1 and
/// column_stride = n_rows. A stride may be 0, and rows may overlap; row_stride is not used if n_rows is 1,
/// nor column_stride if n_columns is 1. NaN means missing; a category is the index of its level, a boolean 0
/// or 1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_matrix {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// Type of `values`: NOMO_TYPE_DOUBLE or NOMO_TYPE_FLOAT.
    pub element_type: u32,
    /// The numbers; not changed.
    pub values: *const c_void,
    /// Length of `values`; nothing beyond it is read.
    pub values_len: usize,
    /// Number of rows; may be 0.
    pub n_rows: usize,
    /// Number of columns: one per feature of the model, in the model's order.
    pub n_columns: usize,
    /// Distance between the first values of two rows, in elements.
    pub row_stride: usize,
    /// Distance between the values of two columns, in elements.
    pub column_stride: usize,
}

/// Predicts every row of a matrix. Each gets the same bits as from nomo_session_predict_row.
///
/// NOMO_ON_REFUSAL_STOP: the first refused row fails the call; `error` has its `row` and `feature`.
/// NOMO_ON_REFUSAL_GO_ON: a refused row has its status in `row_status`, and the others are
/// predicted. A matrix without rows is accepted if it has the right number of columns.
///
/// Fails with NOMO_ESCHEMA_FEATURES (number of columns), NOMO_EARGUMENT_OPTION (element_type or
/// on_refusal), NOMO_EARGUMENT_SHAPE (the matrix does not fit into its values, or an array into
/// memory), NOMO_EBUFFER_LENGTH (an output) or, with NOMO_ON_REFUSAL_STOP, class NOMO_EVALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict_matrix(
    session: *mut nomo_session,
    rows: *const nomo_matrix,
    outputs: *const nomo_outputs,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { Claim::new(session) }?;
        // SAFETY: as above.
        let matrix = unsafe { read_struct(rows, "rows") }?;
        // SAFETY: as above.
        let outputs = unsafe { read_struct(outputs, "outputs") }?;
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(matrix.n_rows, claim.model()) }?;
        claim.model().intake().check_width(matrix.n_columns)?;
        // SAFETY: as above.
        let rows = unsafe { Matrix::new(matrix) }?;
        let on_refusal = outputs.on_refusal;
        let (model, scratch) = claim.model_and_scratch();
        model.predict_rows(scratch, &rows, on_refusal, &mut outputs)
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_matrix {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// A matrix whose every position lies in its elements.
pub(in crate::ffi) struct Matrix<'a> {
    matrix: nomo_matrix,
    elements: Numbers<'a>,
}

impl Matrix<'_> {
    /// # Safety
    ///
    /// The matrix holds as many numbers as it states, which nobody changes during the borrow.
    pub(in crate::ffi) unsafe fn new(matrix: nomo_matrix) -> Result<Self, Error> {
        // SAFETY: as this function's own contract.
        let elements = unsafe { matrix.elements() }?;
        Ok(Self { matrix, elements })
    }
}

#[derive(Clone, Copy)]
enum Numbers<'a> {
    Double(&'a [f64]),
    Float(&'a [f32]),
}

impl Rows for Matrix<'_> {
    fn n_rows(&self) -> usize {
        self.matrix.n_rows
    }

    #[allow(clippy::indexing_slicing, reason = "the last position was checked")]
    fn cell(&self, row: usize, feature: usize) -> Cell {
        let at = row * self.matrix.row_stride + feature * self.matrix.column_stride;
        match self.elements {
            Numbers::Double(values) => Cell::of_array(values[at]),
            Numbers::Float(values) => Cell::of_array(f64::from(values[at])),
        }
    }

    fn slices<'r>(&'r self, rows: Range<usize>, slices: &mut [&'r [f64]]) -> bool {
        let nomo_matrix { row_stride, column_stride, n_columns, .. } = self.matrix;
        let Numbers::Double(values) = self.elements else { return false };
        if column_stride != 1 {
            return false;
        }
        for (slice, row) in slices.iter_mut().zip(rows) {
            let first = row * row_stride;
            let Some(numbers) = values.get(first..first + n_columns) else { return false };
            *slice = numbers;
        }
        true
    }

    #[allow(clippy::indexing_slicing, reason = "the last position was checked")]
    fn read(&self, feature: usize, rows: Range<usize>, numbers: &mut [f64]) {
        let nomo_matrix { row_stride, column_stride, .. } = self.matrix;
        let positions = rows.map(|row| row * row_stride + feature * column_stride);
        let numbers = numbers.iter_mut().zip(positions);
        match self.elements {
            Numbers::Double(values) => numbers.for_each(|(number, at)| *number = values[at]),
            Numbers::Float(values) => {
                numbers.for_each(|(number, at)| *number = f64::from(values[at]));
            }
        }
    }
}

impl nomo_matrix {
    /// The numbers; every position of the matrix lies within them.
    ///
    /// # Safety
    ///
    /// `values` holds `values_len` numbers that nobody changes during the borrow.
    unsafe fn elements<'a>(&self) -> Result<Numbers<'a>, Error> {
        const NAME: &str = "rows.values";
        let (values, len) = (self.values, self.values_len);
        let elements = match self.element_type {
            NOMO_TYPE_DOUBLE => {
                // SAFETY: as this function's own contract.
                Numbers::Double(unsafe { borrow_slice(values.cast(), len, NAME) }?)
            }
            NOMO_TYPE_FLOAT => {
                // SAFETY: as above.
                Numbers::Float(unsafe { borrow_slice(values.cast(), len, NAME) }?)
            }
            _ => {
                let detail = "expected NOMO_TYPE_DOUBLE or NOMO_TYPE_FLOAT";
                return Err(refused(ErrorKind::Option, "rows.element_type", detail));
            }
        };
        let is_empty = self.n_rows == 0 || self.n_columns == 0;
        if !is_empty && self.last_index().is_none_or(|last| last >= len) {
            return Err(refused(ErrorKind::Shape, "rows", "does not fit into its values"));
        }
        Ok(elements)
    }

    /// The position of the last value of a matrix that is not empty; `None` if it overflows.
    fn last_index(&self) -> Option<usize> {
        let last_row = (self.n_rows - 1).checked_mul(self.row_stride)?;
        let last_column = (self.n_columns - 1).checked_mul(self.column_stride)?;
        last_row.checked_add(last_column)
    }
}
