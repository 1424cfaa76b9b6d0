//! The rows of a chunk, one after the other, whatever its format.

use std::borrow::Cow;
#[cfg(feature = "columnar")]
use std::ops::Range;

use crate::cell::Cell;
#[cfg(feature = "columnar")]
use crate::columnar::TypedChunk;
use crate::error::Error;
use crate::place::Place;
use crate::text::{TextChunk, TextRow, TextRows};

/// That a row does not have one cell for each column.
#[must_use]
pub fn row_length(n_cells: usize, n_columns: usize) -> String {
    let cells = if n_cells == 1 { "cell" } else { "cells" };
    format!("found {n_cells} {cells}, expected {n_columns}")
}

/// Some rows of a table.
#[derive(Clone, Debug)]
pub enum Chunk {
    /// Rows of a text, not yet cut into cells.
    Text(TextChunk),
    /// Rows of a file with types.
    #[cfg(feature = "columnar")]
    Typed(TypedChunk),
}

/// How many rows are cut into cells before the first of them is handed over.
const BLOCK_ROWS: usize = 64;

/// Consecutive rows of a chunk.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'c>(Block<'c>);

#[derive(Clone, Copy, Debug)]
enum Block<'c> {
    Text {
        chunk: &'c TextChunk,
        rows: &'c TextRows,
    },
    #[cfg(feature = "columnar")]
    Typed {
        chunk: &'c TypedChunk,
        first: usize,
        n_rows: usize,
    },
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
        self.each_block(BLOCK_ROWS, |rows| rows.iter().try_for_each(&mut take))
    }

    /// Hands over the rows in blocks of at most `most` rows, in the order of the table.
    ///
    /// # Errors
    ///
    /// As [`Self::each_row`]. The rows before one that cannot be cut are handed over first.
    pub fn each_block<E: From<Error>>(
        &self,
        most: usize,
        mut take: impl FnMut(Rows<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let most = most.max(1);
        match self {
            Self::Text(chunk) => {
                let (mut cursor, mut rows) = (chunk.cursor(), TextRows::default());
                loop {
                    let read = rows.read(&mut cursor, most);
                    if rows.n_rows() > 0 {
                        take(Rows(Block::Text { chunk, rows: &rows }))?;
                    }
                    read?;
                    if rows.n_rows() < most {
                        return Ok(());
                    }
                }
            }
            #[cfg(feature = "columnar")]
            Self::Typed(chunk) => (0..chunk.n_rows).step_by(most).try_for_each(|first| {
                let n_rows = most.min(chunk.n_rows - first);
                take(Rows(Block::Typed { chunk, first, n_rows }))
            }),
        }
    }
}

impl<'c> Rows<'c> {
    /// How many there are, at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is always a row")]
    pub fn len(&self) -> usize {
        match self.0 {
            Block::Text { rows, .. } => rows.n_rows(),
            #[cfg(feature = "columnar")]
            Block::Typed { n_rows, .. } => n_rows,
        }
    }

    /// A row, counted from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Row<'c>> {
        match self.0 {
            Block::Text { chunk, rows } => rows.row(index, chunk).map(|row| Row(Form::Text(row))),
            #[cfg(feature = "columnar")]
            Block::Typed { chunk, first, n_rows } => {
                (index < n_rows).then_some(Row(Form::Typed { chunk, row: first + index }))
            }
        }
    }

    /// The chunk of a file with types, and the positions in it.
    #[cfg(feature = "columnar")]
    pub(crate) fn typed(&self) -> Option<(&'c TypedChunk, Range<usize>)> {
        match self.0 {
            Block::Text { .. } => None,
            Block::Typed { chunk, first, n_rows } => Some((chunk, first..first + n_rows)),
        }
    }

    /// The rows, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Row<'c>> {
        (0..self.len()).map_while(|index| self.get(index))
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
