//! Some rows of typed columns.

use std::ops::Range;

use arrow_array::{ArrayRef, RecordBatch};

use super::column::Column;
use crate::cell::Cell;
use crate::feature::FeatureCells;

/// Some rows of typed columns.
#[derive(Clone, Debug)]
pub struct TypedChunk {
    pub(crate) n_rows: usize,
    /// The number of the first row, counted from 1.
    pub(crate) first_row: u64,
    arrays: Vec<Option<ArrayRef>>,
    columns: Vec<Option<Column>>,
}

impl TypedChunk {
    /// The rows of a batch; `positions` are those of its columns in a table of `n_columns`.
    pub(super) fn new(
        first_row: u64,
        batch: &RecordBatch,
        positions: &[usize],
        n_columns: usize,
    ) -> Self {
        let mut arrays: Vec<Option<ArrayRef>> = vec![None; n_columns];
        for (position, array) in positions.iter().zip(batch.columns()) {
            if let Some(slot) = arrays.get_mut(*position) {
                *slot = Some(array.clone());
            }
        }
        let columns = arrays.iter().map(|array| array.as_deref().map(Column::new)).collect();
        Self { n_rows: batch.num_rows(), first_row, arrays, columns }
    }

    /// How many rows it has.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// A column as it was read; nothing where it was not.
    #[must_use]
    pub fn array(&self, column: usize) -> Option<&ArrayRef> {
        self.arrays.get(column)?.as_ref()
    }

    /// Hands over the number of each cell of a feature's column, with the position of its row among
    /// `rows`: [`FeatureCells::array_number`].
    #[inline]
    pub(crate) fn each_number(
        &self,
        column: usize,
        rows: Range<usize>,
        cells: &FeatureCells,
        mut take: impl FnMut(usize, Option<f64>),
    ) {
        let Some(Some(column)) = self.columns.get(column) else {
            return rows.enumerate().for_each(|(at, _)| take(at, Some(f64::NAN)));
        };
        match column.doubles(rows.clone()).filter(|_| cells.takes_numbers_as_they_are()) {
            Some(doubles) => doubles.iter().enumerate().for_each(|(at, number)| {
                take(at, (!number.is_nan()).then_some(*number));
            }),
            None => rows.enumerate().for_each(|(at, row)| {
                take(at, cells.array_number(column.cell(row)));
            }),
        }
    }

    #[inline]
    pub(crate) fn cell(&self, column: usize, row: usize) -> Cell<'_> {
        match self.columns.get(column) {
            Some(Some(column)) => column.cell(row),
            _ => Cell::Missing,
        }
    }
}
