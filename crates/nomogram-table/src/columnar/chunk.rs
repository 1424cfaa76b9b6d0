//! Some rows of typed columns.

use arrow_array::{ArrayRef, RecordBatch};

use super::column::Column;
use crate::cell::Cell;

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

    #[inline]
    pub(crate) fn cell(&self, column: usize, row: usize) -> Cell<'_> {
        match self.columns.get(column) {
            Some(Some(column)) => column.cell(row),
            _ => Cell::Missing,
        }
    }
}
