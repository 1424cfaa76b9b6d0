//! Many rows: a strided matrix, or typed columns.

use core::ffi::{CStr, c_char, c_void};
use core::slice;

use super::boundary::{
    Growing, borrow_slice, borrow_text, boundary, read_struct, refused, struct_size,
};
use super::error::nomo_error;
use super::outputs::nomo_outputs;
use super::session::{Claim, nomo_session};
use crate::error::{Error, ErrorKind, Place};
use crate::intake::{Cell, Intake, Value};
use crate::model::Rows;

/// Elements: double.
pub const NOMO_F64: u32 = 0;
/// Elements: float; each is converted to double, exactly.
pub const NOMO_F32: u32 = 1;
/// Elements: int64_t.
pub const NOMO_I64: u32 = 2;
/// Elements: int32_t.
pub const NOMO_I32: u32 = 3;
/// Elements: uint8_t, 0 for false and anything else for true.
pub const NOMO_BOOLEAN: u32 = 4;
/// Elements: const char *, UTF-8 that ends with NUL; NULL is missing.
pub const NOMO_TEXT: u32 = 5;

/// Rows as a matrix in any layout. Owned by the caller; set up by NOMO_MATRIX_INIT.
///
/// The value of a row and a column is values[row * row_stride + column * column_stride]. So
/// row-major data have row_stride = n_columns and column_stride = 1, column-major data have
/// row_stride = 1 and column_stride = n_rows. Strides of 0 and rows that overlap are allowed; a
/// stride that is never walked (one row, one column) may be anything. NaN means missing; a category
/// is the number of its level, a boolean 0 or 1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_matrix {
    /// Size of this struct as the caller knows it.
    pub struct_size: u32,
    /// What `values` points to: NOMO_F64 or NOMO_F32.
    pub element_type: u32,
    /// The numbers; not changed. NULL is allowed when there are none.
    pub values: *const c_void,
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

/// The values of one feature. Owned by the caller; set up by NOMO_COLUMN_INIT.
///
/// NaN is a number that is not one here, not a missing value: say what is missing by `validity`, or
/// by NULL among texts.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_column {
    /// Size of this struct as the caller knows it; the same in all columns of a call.
    pub struct_size: u32,
    /// What `values` points to: NOMO_F64, NOMO_F32, NOMO_I64, NOMO_I32, NOMO_BOOLEAN or NOMO_TEXT.
    pub element_type: u32,
    /// The feature, counted from 0; each stands at most once.
    pub feature: usize,
    /// One element per row; not changed.
    pub values: *const c_void,
    /// How many elements `values` holds: n_rows.
    pub n_values: usize,
    /// NULL, or one bit per row, 1 where there is a value: bit i of a row is
    /// (validity[i / 8] >> (i % 8)) & 1.
    pub validity: *const u8,
    /// How many bytes `validity` holds: at least (n_rows + 7) / 8; 0 when it is NULL.
    pub n_validity: usize,
    /// The UCUM code of the unit of the numbers, or NULL for the feature's own.
    pub unit: *const c_char,
}

/// Predicts every row of a matrix; each gets the same bits as from nomo_session_predict_row.
///
/// With NOMO_STOP, the first row that cannot be predicted fails the call, with its number in `error`,
/// and no output is written; with NOMO_GO_ON, its status stands in `row_status`. With 0 rows and the
/// right number of columns the call succeeds. `error` may be NULL.
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
        let elements = unsafe { matrix.elements() }?;
        let rows = Matrix { matrix, elements };
        let on_refusal = outputs.on_refusal;
        let (model, scratch) = claim.model_and_scratch();
        model.predict_rows(scratch, &rows, on_refusal, |row, prediction| {
            outputs.write(row, prediction);
        })
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Predicts rows that are given column by column; each gets the same bits as from
/// nomo_session_predict with the same values.
///
/// `columns` holds `n_columns` structs, one after the other. A feature without a column is unset. A
/// column that names no feature, or one that stands twice, gives NOMO_ESCHEMA_COLUMNS. All else is as
/// in nomo_session_predict_matrix; `feature` of `error` is that of the column.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict_columns(
    session: *mut nomo_session,
    columns: *const nomo_column,
    n_columns: usize,
    n_rows: usize,
    outputs: *const nomo_outputs,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut claim = unsafe { Claim::new(session) }?;
        let intake = claim.model().intake();
        // SAFETY: as above.
        let outputs = unsafe { read_struct(outputs, "outputs") }?;
        // SAFETY: as above.
        let mut outputs = unsafe { outputs.borrow(n_rows, claim.model()) }?;
        // SAFETY: as above.
        let rows = unsafe { Columns::new(columns, n_columns, n_rows, intake) }?;
        let on_refusal = outputs.on_refusal;
        let (model, scratch) = claim.model_and_scratch();
        model.predict_rows(scratch, &rows, on_refusal, |row, prediction| {
            outputs.write(row, prediction);
        })
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_matrix {
    const FIRST_SIZE: usize = size_of::<Self>();
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_column {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// A matrix whose every position lies in its elements.
struct Matrix<'a> {
    matrix: nomo_matrix,
    elements: Elements<'a>,
}

#[derive(Clone, Copy)]
enum Elements<'a> {
    F64(&'a [f64]),
    F32(&'a [f32]),
    I64(&'a [i64]),
    I32(&'a [i32]),
    Boolean(&'a [u8]),
    Text(&'a [*const c_char]),
}

impl Rows for Matrix<'_> {
    fn n_rows(&self) -> usize {
        self.matrix.n_rows
    }

    #[allow(clippy::indexing_slicing, reason = "the last position was checked")]
    fn cell(&self, row: usize, feature: usize) -> Cell {
        let at = row * self.matrix.row_stride + feature * self.matrix.column_stride;
        match self.elements {
            Elements::F64(values) => Cell::of_array(values[at]),
            Elements::F32(values) => Cell::of_array(f64::from(values[at])),
            _ => Cell::UNSET,
        }
    }
}

impl nomo_matrix {
    /// The numbers, of which every position of the matrix is one.
    ///
    /// # Safety
    ///
    /// `values` holds `n_values` numbers that nobody changes during the borrow.
    unsafe fn elements<'a>(&self) -> Result<Elements<'a>, Error> {
        const NAME: &str = "rows.values";
        let elements = match self.element_type {
            NOMO_F64 => {
                // SAFETY: as this function's own contract.
                Elements::F64(unsafe { borrow_slice(self.values.cast(), self.n_values, NAME) }?)
            }
            NOMO_F32 => {
                // SAFETY: as above.
                Elements::F32(unsafe { borrow_slice(self.values.cast(), self.n_values, NAME) }?)
            }
            _ => {
                let detail = "expected NOMO_F64 or NOMO_F32";
                return Err(refused(ErrorKind::Option, "rows.element_type", detail));
            }
        };
        let is_empty = self.n_rows == 0 || self.n_columns == 0;
        if !is_empty && self.last_index().is_none_or(|last| last >= self.n_values) {
            return Err(refused(ErrorKind::Shape, "rows", "does not fit into its values"));
        }
        Ok(elements)
    }

    /// The position of the last value of a matrix that is not empty; nothing if it overflows.
    fn last_index(&self) -> Option<usize> {
        let last_row = (self.n_rows - 1).checked_mul(self.row_stride)?;
        let last_column = (self.n_columns - 1).checked_mul(self.column_stride)?;
        last_row.checked_add(last_column)
    }
}

/// Columns that were checked; the caller's structs are read anew for each value, so that nothing
/// needs to be allocated.
struct Columns<'a> {
    first: *const nomo_column,
    struct_size: usize,
    n_columns: usize,
    n_rows: usize,
    intake: &'a Intake,
}

impl<'a> Columns<'a> {
    /// # Safety
    ///
    /// `columns` holds `n_columns` structs as the header asks for, unchanged during the borrow.
    unsafe fn new(
        first: *const nomo_column,
        n_columns: usize,
        n_rows: usize,
        intake: &'a Intake,
    ) -> Result<Self, Error> {
        let struct_size = match n_columns {
            0 => 0,
            // SAFETY: as this function's own contract.
            _ => unsafe { struct_size(first, "columns") }?,
        };
        let columns = Self { first, struct_size, n_columns, n_rows, intake };
        for index in 0..n_columns {
            // SAFETY: as this function's own contract.
            unsafe { columns.check(index) }.map_err(|e| e.within(Place::Column(index)))?;
        }
        Ok(columns)
    }

    /// Checks a column against the features, and against the columns before it.
    ///
    /// # Safety
    ///
    /// As [`Self::new`].
    unsafe fn check(&self, index: usize) -> Result<(), Error> {
        // SAFETY: as this function's own contract.
        let column = unsafe { read_struct(self.at(index), "columns") }?;
        if column.struct_size as usize != self.struct_size {
            let detail = "differs from that of the first column";
            return Err(refused(ErrorKind::StructSize, "columns", detail));
        }
        let feature = Place::Feature(column.feature);
        if column.feature >= self.intake.n_features() {
            let error = Error::new(ErrorKind::Columns, "the model has no such feature");
            return Err(error.within(feature));
        }
        if (0..index).any(|before| self.column(before).feature == column.feature) {
            let error = Error::new(ErrorKind::Columns, "two columns of one feature");
            return Err(error.within(feature));
        }
        // SAFETY: as this function's own contract.
        unsafe { self.check_elements(&column) }.map_err(|e| e.within(feature))
    }

    /// # Safety
    ///
    /// As [`Self::new`].
    unsafe fn check_elements(&self, column: &nomo_column) -> Result<(), Error> {
        // SAFETY: as this function's own contract.
        unsafe { column.elements() }?;
        if column.n_values != self.n_rows {
            let error = Error::count(ErrorKind::Columns, column.n_values, self.n_rows, "values");
            return Err(error);
        }
        if !column.validity.is_null() || column.n_validity > 0 {
            // SAFETY: as this function's own contract.
            unsafe { borrow_slice(column.validity, column.n_validity, "validity") }?;
            if column.n_validity < self.n_rows.div_ceil(8) {
                let needed = self.n_rows.div_ceil(8);
                let found = column.n_validity;
                return Err(Error::count(ErrorKind::Columns, found, needed, "bytes of validity"));
            }
        }
        if column.unit.is_null() {
            return Ok(());
        }
        // SAFETY: as this function's own contract.
        let unit = unsafe { borrow_text(column.unit, "unit") }?;
        if column.element_type > NOMO_I32 {
            return Err(refused(ErrorKind::UnknownUnit, "unit", "only numbers have a unit"));
        }
        self.intake.cell(column.feature, Value::NumberIn(0.0, unit)).map(drop)
    }

    fn at(&self, index: usize) -> *const nomo_column {
        self.first.wrapping_byte_add(index * self.struct_size)
    }

    fn column(&self, index: usize) -> nomo_column {
        // Once the struct has grown, an older caller's is shorter than what is read here.
        const { assert!(nomo_column::FIRST_SIZE == size_of::<nomo_column>()) };
        // SAFETY: `check` has read the column at this index.
        unsafe { self.at(index).read() }
    }
}

impl Rows for Columns<'_> {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn cell(&self, row: usize, feature: usize) -> Cell {
        // In most tables the columns stand in the order of the features.
        let guess = core::iter::once(feature).filter(|index| *index < self.n_columns);
        let mut columns = guess.chain(0..self.n_columns).map(|index| self.column(index));
        let Some(column) = columns.find(|column| column.feature == feature) else {
            return Cell::UNSET;
        };
        let value = column.value(row);
        self.intake.cell(feature, value).unwrap_or(Cell::UNSET)
    }
}

impl nomo_column {
    /// # Safety
    ///
    /// `values` holds `n_values` elements of its type, unchanged during the borrow.
    unsafe fn elements<'a>(&self) -> Result<Elements<'a>, Error> {
        const NAME: &str = "values";
        let n_values = self.n_values;
        macro_rules! elements {
            ($variant:ident) => {
                // SAFETY: as this function's own contract.
                Elements::$variant(unsafe { borrow_slice(self.values.cast(), n_values, NAME) }?)
            };
        }
        Ok(match self.element_type {
            NOMO_F64 => elements!(F64),
            NOMO_F32 => elements!(F32),
            NOMO_I64 => elements!(I64),
            NOMO_I32 => elements!(I32),
            NOMO_BOOLEAN => elements!(Boolean),
            NOMO_TEXT => elements!(Text),
            _ => return Err(refused(ErrorKind::Option, "element_type", "is none of NOMO_F64 …")),
        })
    }

    /// What a column that was checked says of a row.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked against the number of rows")]
    fn value<'a>(&self, row: usize) -> Value<'a> {
        if !self.is_valid(row) {
            return Value::Missing(None);
        }
        // SAFETY: the column was checked, and the caller keeps it for the length of the call.
        let Ok(elements) = (unsafe { self.elements() }) else { return Value::Missing(None) };
        match elements {
            Elements::F64(values) => self.number(values[row]),
            Elements::F32(values) => self.number(f64::from(values[row])),
            // Beyond 2^53 it stays an integer, which then counts as of the wrong type.
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Elements::I64(values) if values[row].unsigned_abs() <= 1 << 53 => {
                self.number(values[row] as f64)
            }
            Elements::I64(values) => Value::Integer(values[row]),
            Elements::I32(values) => self.number(f64::from(values[row])),
            Elements::Boolean(values) => Value::Boolean(values[row] != 0),
            Elements::Text(values) if values[row].is_null() => Value::Missing(None),
            // SAFETY: not NULL; the caller promises a closing NUL.
            Elements::Text(values) => match unsafe { CStr::from_ptr(values[row]) }.to_str() {
                Ok(text) => Value::Text(text),
                // Names of levels are UTF-8, so this is none of them.
                Err(_) => Value::Text(""),
            },
        }
    }

    fn number<'a>(&self, number: f64) -> Value<'a> {
        if self.unit.is_null() {
            return Value::Number(number);
        }
        // SAFETY: not NULL; it was checked, and the caller keeps it for the length of the call.
        let unit = unsafe { CStr::from_ptr(self.unit) };
        Value::NumberIn(number, unit.to_str().unwrap_or_default())
    }

    fn is_valid(&self, row: usize) -> bool {
        if self.validity.is_null() {
            return true;
        }
        // SAFETY: the length was checked against the number of rows.
        let validity = unsafe { slice::from_raw_parts(self.validity, self.n_validity) };
        validity.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
    }
}
