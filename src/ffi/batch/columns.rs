//! Rows as typed columns, one per feature.

use core::ffi::{CStr, c_char, c_void};
use core::ops::Range;
use core::slice;

use super::{Elements, NOMO_TYPE_DOUBLE, NOMO_TYPE_INT32};
use crate::error::{Error, ErrorKind, Place};
use crate::ffi::borrow::{borrow_slice, borrow_text, refused};
use crate::ffi::boundary::boundary;
use crate::ffi::error::nomo_error;
use crate::ffi::growing::{Growing, read_struct, struct_size};
use crate::ffi::outputs::nomo_outputs;
use crate::ffi::session::{Claim, nomo_session};
use crate::intake::{Cell, Intake, Value};
use crate::model::Rows;

/// The values of one feature. Owned by the caller; set up by NOMO_COLUMN_INIT.
///
/// NaN is a value that is not a number here, not a missing value: mark missing values in `validity`,
/// or as NULL among texts.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct nomo_column {
    /// Size of this struct as the caller knows it; the same in all columns of a call.
    pub struct_size: u32,
    /// Type of `values`: any of NOMO_TYPE_...
    pub element_type: u32,
    /// Index of the feature, counted from 0; different in all columns of a call.
    pub feature: usize,
    /// One element per row; not changed.
    pub values: *const c_void,
    /// Length of `values`: n_rows.
    pub values_len: usize,
    /// NULL, or one bit per row, 1 if there is a value: the bit of row i is
    /// (validity[i / 8] >> (i % 8)) & 1.
    pub validity: *const u8,
    /// Length of `validity`: at least (n_rows + 7) / 8, or 0 if it is NULL.
    pub validity_len: usize,
    /// The UCUM code of the unit of the numbers, or NULL for the feature's unit.
    pub unit: *const c_char,
}

/// Predicts rows that are given column by column. Each gets the same bits as from
/// nomo_session_predict with the same values.
///
/// `columns` holds `columns_len` structs, one after the other. A feature without a column is unset.
///
/// NOMO_ON_REFUSAL_STOP: the first refused row fails the call; `error` has its `row` and `feature`.
/// NOMO_ON_REFUSAL_GO_ON: a refused row has its status in `row_status`, and the others are
/// predicted.
///
/// Fails with NOMO_ESCHEMA_COLUMNS (a column of no feature, two of one feature, a wrong length; then
/// `feature` of `error` is the column's), NOMO_EARGUMENT_OPTION (element_type or on_refusal),
/// NOMO_EARGUMENT_TEXT (a unit is not UTF-8), NOMO_EARGUMENT_UNIT, NOMO_EARGUMENT_SHAPE (an array
/// does not fit into memory), NOMO_EBUFFER_LENGTH (an output) or, with NOMO_ON_REFUSAL_STOP, class
/// NOMO_EVALUE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_predict_columns(
    session: *mut nomo_session,
    columns: *const nomo_column,
    columns_len: usize,
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
        let rows = unsafe { Columns::new(columns, columns_len, n_rows, intake) }?;
        let on_refusal = outputs.on_refusal;
        let (model, scratch) = claim.model_and_scratch();
        model.predict_rows(scratch, &rows, on_refusal, &mut outputs)
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

// SAFETY: `repr(C)`, begins with its size, and consists of integers and pointers.
unsafe impl Growing for nomo_column {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Columns that were checked. The caller's structs are read again for each value, so that nothing
/// is allocated.
struct Columns<'a> {
    first: *const nomo_column,
    struct_size: usize,
    columns_len: usize,
    n_rows: usize,
    intake: &'a Intake,
}

impl<'a> Columns<'a> {
    /// # Safety
    ///
    /// `columns` holds `columns_len` structs as the header asks for, unchanged during the borrow.
    unsafe fn new(
        first: *const nomo_column,
        columns_len: usize,
        n_rows: usize,
        intake: &'a Intake,
    ) -> Result<Self, Error> {
        let struct_size = match columns_len {
            0 => 0,
            // SAFETY: as this function's own contract.
            _ => unsafe { struct_size(first, "columns") }?,
        };
        let columns = Self { first, struct_size, columns_len, n_rows, intake };
        for index in 0..columns_len {
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
            let detail = "struct_size differs from that of the first column";
            return Err(refused(ErrorKind::StructSize, "columns", detail));
        }
        let feature = Place::Feature(column.feature);
        if column.feature >= self.intake.n_features() {
            let error = Error::new(ErrorKind::Columns, "the model has no such feature");
            return Err(error.within(feature));
        }
        if (0..index).any(|before| self.column(before).feature == column.feature) {
            let error = Error::new(ErrorKind::Columns, "duplicate column of the same feature");
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
        if column.values_len != self.n_rows {
            let error = Error::count(ErrorKind::Columns, column.values_len, self.n_rows, "values");
            return Err(error);
        }
        if !column.validity.is_null() || column.validity_len > 0 {
            // SAFETY: as this function's own contract.
            unsafe { borrow_slice(column.validity, column.validity_len, "validity") }?;
            if column.validity_len < self.n_rows.div_ceil(8) {
                let needed = self.n_rows.div_ceil(8);
                let n_bytes = column.validity_len;
                return Err(Error::count(ErrorKind::Columns, n_bytes, needed, "bytes of validity"));
            }
        }
        if column.unit.is_null() {
            return Ok(());
        }
        // SAFETY: as this function's own contract.
        let unit = unsafe { borrow_text(column.unit, "unit") }?;
        if column.element_type > NOMO_TYPE_INT32 {
            return Err(refused(
                ErrorKind::UnknownUnit,
                "unit",
                "a unit needs a column of numbers",
            ));
        }
        self.intake.cell(column.feature, Value::NumberIn(0.0, unit)).map(drop)
    }

    fn at(&self, index: usize) -> *const nomo_column {
        self.first.wrapping_byte_add(index * self.struct_size)
    }

    /// The column of a feature.
    fn of_feature(&self, feature: usize) -> Option<nomo_column> {
        // Most tables have their columns in the order of the features.
        let guess = core::iter::once(feature).filter(|index| *index < self.columns_len);
        let mut columns = guess.chain(0..self.columns_len).map(|index| self.column(index));
        columns.find(|column| column.feature == feature)
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
        let Some(column) = self.of_feature(feature) else { return Cell::UNSET };
        let value = column.value(row);
        self.intake.cell(feature, value).unwrap_or(Cell::UNSET)
    }

    fn read(&self, feature: usize, rows: Range<usize>, numbers: &mut [f64]) {
        let column = self.of_feature(feature);
        let doubles = column.as_ref().and_then(|column| column.doubles(rows.clone()));
        for (nth, (number, row)) in numbers.iter_mut().zip(rows).enumerate() {
            *number = match doubles {
                Some(doubles) => doubles.get(nth).copied().unwrap_or(f64::NAN),
                None => self.cell(row, feature).number_or_nan(),
            };
        }
    }
}

impl nomo_column {
    /// # Safety
    ///
    /// `values` holds `values_len` elements of its type, unchanged during the borrow.
    unsafe fn elements<'a>(&self) -> Result<Elements<'a>, Error> {
        // SAFETY: as this function's own contract.
        unsafe { Elements::borrow(self.element_type, self.values, self.values_len, "values") }
    }

    /// The numbers of some rows, in a checked column of doubles that are what the model reads.
    fn doubles(&self, rows: Range<usize>) -> Option<&[f64]> {
        let is_plain =
            self.element_type == NOMO_TYPE_DOUBLE && self.validity.is_null() && self.unit.is_null();
        // SAFETY: the column was checked, and the caller keeps it for the length of the call.
        let Elements::Double(values) = unsafe { self.elements() }.ok()? else { return None };
        if is_plain { values.get(rows) } else { None }
    }

    /// The value of a row, in a column that was checked.
    #[allow(clippy::indexing_slicing, reason = "lengths were checked against the number of rows")]
    fn value<'a>(&self, row: usize) -> Value<'a> {
        if !self.is_valid(row) {
            return Value::Missing(None);
        }
        // SAFETY: the column was checked, and the caller keeps it for the length of the call.
        let Ok(elements) = (unsafe { self.elements() }) else { return Value::Missing(None) };
        match elements {
            Elements::Double(values) => self.number(values[row]),
            Elements::Float(values) => self.number(f64::from(values[row])),
            // An integer beyond 2^53 stays one, and is refused as of the wrong type.
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Elements::Int64(values) if values[row].unsigned_abs() <= 1 << 53 => {
                self.number(values[row] as f64)
            }
            Elements::Int64(values) => Value::Integer(values[row]),
            Elements::Int32(values) => self.number(f64::from(values[row])),
            Elements::Boolean(values) => Value::Boolean(values[row] != 0),
            Elements::Text(values) if values[row].is_null() => Value::Missing(None),
            // SAFETY: not NULL; the caller promises a closing NUL.
            Elements::Text(values) => match unsafe { CStr::from_ptr(values[row]) }.to_str() {
                Ok(text) => Value::Text(text),
                // The names of levels are UTF-8, so this is an unseen level.
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
        let validity = unsafe { slice::from_raw_parts(self.validity, self.validity_len) };
        validity.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
    }
}
