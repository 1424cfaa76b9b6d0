//! Rows that fit a schema: holding a batch is the proof.

use ndarray::ArrayView2;

use crate::error::{Error, Place};
use crate::schema::Schema;

/// Checked rows, shape `(n_rows, n_features)`, in any memory layout.
pub(crate) struct Batch<'a> {
    rows: ArrayView2<'a, f64>,
}

impl<'a> Batch<'a> {
    /// Checks `rows` against `schema`, row by row.
    ///
    /// # Errors
    ///
    /// As [`Schema::check_row`], at the first row that is not usable.
    pub(crate) fn new(schema: &Schema, rows: ArrayView2<'a, f64>) -> Result<Self, Error> {
        schema.check_width(rows.ncols())?;
        for (index, row) in rows.rows().into_iter().enumerate() {
            schema.check_row(row.iter()).map_err(|e| e.within(Place::Row(index)))?;
        }
        Ok(Self { rows })
    }

    pub(crate) fn rows(&self) -> &ArrayView2<'a, f64> {
        &self.rows
    }
}
