//! The rows of a chunk, one after the other, whatever its format.

use std::borrow::Cow;

use crate::cell::Cell;
#[cfg(feature = "columnar")]
use crate::columnar::TypedChunk;
use crate::error::Error;
use crate::place::Place;
use crate::text::{TextChunk, TextRow};

/// That a row does not have one cell for each column.
#[must_use]
pub fn row_length(n_cells: usize, n_columns: usize) -> String {
    let cells = if n_cells == 1 { "cell" } else { "cells" };
    format!("found {n_cells} {cells}, expected {n_columns}")
}

/// Some rows of a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Chunk {
    /// Rows of a text, not yet cut into cells.
    Text(TextChunk),
    /// Rows of a file with types.
    #[cfg(feature = "columnar")]
    Typed(TypedChunk),
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'c>(Form<'c>);

#[derive(Clone, Copy, Debug)]
enum Form<'c> {
    Text(TextRow<'c>),
    #[cfg(feature = "columnar")]
    Typed {
        chunk: &'c TypedChunk,
        row: usize,
    },
}

impl Chunk {
    /// How much of [`Source::length`](crate::Source::length) it is.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Text(chunk) => chunk.n_bytes(),
            #[cfg(feature = "columnar")]
            Self::Typed(chunk) => chunk.n_rows as u64,
        }
    }

    /// Hands over each row, in the order of the table.
    ///
    /// # Errors
    ///
    /// `Table` with the line of a row that cannot be cut into cells; whatever `take` returns.
    pub fn each_row<E: From<Error>>(
        &self,
        mut take: impl FnMut(Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Text(chunk) => {
                let mut rows = chunk.rows();
                while let Some(row) = rows.next_row()? {
                    take(Row(Form::Text(row)))?;
                }
                Ok(())
            }
            #[cfg(feature = "columnar")]
            Self::Typed(chunk) => {
                (0..chunk.n_rows).try_for_each(|row| take(Row(Form::Typed { chunk, row })))
            }
        }
    }
}

impl<'c> Row<'c> {
    /// Where it is in its table.
    #[must_use]
    pub fn place(&self) -> Place {
        match self.0 {
            Form::Text(row) => Place::Line(row.line),
            #[cfg(feature = "columnar")]
            Form::Typed { chunk, row } => Place::Row(chunk.first_row + row as u64),
        }
    }

    /// The number of its cells, where it may differ from that of the columns.
    #[must_use]
    pub fn n_cells(&self) -> Option<usize> {
        match self.0 {
            Form::Text(row) => Some(row.n_cells()),
            #[cfg(feature = "columnar")]
            Form::Typed { .. } => None,
        }
    }

    /// The cell in a column, counted from 0; a row that is too short has missing ones.
    #[inline]
    #[must_use]
    pub fn cell(&self, column: usize) -> Cell<'c> {
        match self.0 {
            Form::Text(row) => row.cell(column).map_or(Cell::Missing, Cell::Written),
            #[cfg(feature = "columnar")]
            Form::Typed { chunk, row } => chunk.cell(column, row),
        }
    }

    /// The cell in a column as a text file has it.
    #[must_use]
    pub fn text(&self, column: usize) -> Cow<'c, str> {
        self.cell(column).as_written()
    }
}
