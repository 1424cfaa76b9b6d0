//! The rows of a chunk, one after the other, whatever its format.

use std::borrow::Cow;
use std::fmt;

use nomogram::Session;

use super::cell::Cell;
use super::columns::{Columns, FeatureColumn};
use super::typed::TypedChunk;
use super::{Chunk, TextChunk};
use crate::error::Error;

/// Where a row stands in its table, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of text; the header is line 1.
    Line(u64),
    /// A row of a table without lines.
    Row(u64),
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) enum Row<'c> {
    Text { record: &'c csv::ByteRecord, line: u64 },
    Typed { chunk: &'c TypedChunk, row: usize },
}

/// Reads rows for one model; kept by a thread, so that memory is used again.
#[derive(Debug)]
pub(crate) struct RowReader {
    missing: Vec<String>,
}

impl Place {
    /// Its number.
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Line(number) | Self::Row(number) => number,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

impl RowReader {
    /// `missing` are the texts that stand for a missing value, besides the empty one.
    pub(crate) fn new(missing: &[String]) -> Self {
        Self { missing: missing.to_vec() }
    }

    /// Hands over each row of a chunk.
    pub(crate) fn each(
        &self,
        chunk: &Chunk,
        table: &str,
        mut take: impl FnMut(Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match chunk {
            Chunk::Text(chunk) => Self::each_text(chunk, table, take),
            Chunk::Typed(chunk) => {
                (0..chunk.n_rows).try_for_each(|row| take(Row::Typed { chunk, row }))
            }
        }
    }

    fn each_text(
        chunk: &TextChunk,
        table: &str,
        mut take: impl FnMut(Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut reader = chunk.reader();
        let mut record = csv::ByteRecord::new();
        loop {
            let failed =
                |e: csv::Error| Error::Table { table: table.into(), detail: e.to_string() };
            if !reader.read_byte_record(&mut record).map_err(failed)? {
                return Ok(());
            }
            take(Row::Text { record: &record, line: line_of(chunk, &record) })?;
        }
    }

    /// States the features of a row to a session.
    ///
    /// # Errors
    ///
    /// As [`Session::set`].
    #[inline]
    pub(crate) fn state(
        &self,
        row: Row<'_>,
        columns: &Columns,
        session: &mut Session,
    ) -> Result<(), nomogram::Error> {
        for column in &columns.features {
            let cell = match row {
                Row::Text { record, .. } => {
                    self.cell(record.get(column.column).unwrap_or_default(), column)
                }
                Row::Typed { chunk, row } => chunk.cell(column.column, row),
            };
            cell.state(session, column.index, column.unit.as_deref())?;
        }
        Ok(())
    }

    #[inline]
    fn cell<'a>(&self, bytes: &'a [u8], column: &FeatureColumn) -> Cell<'a> {
        let is_missing = |text: &[u8]| {
            text.is_empty() || self.missing.iter().any(|missing| missing.as_bytes() == text)
        };
        if is_missing(bytes.trim_ascii()) {
            return Cell::Missing;
        }
        // What is no text is no number and no level either.
        let text = std::str::from_utf8(bytes).unwrap_or("\u{fffd}");
        Cell::of_text(text, &column.feature)
    }
}

impl Row<'_> {
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Text { line, .. } => Place::Line(line),
            Self::Typed { chunk, row } => Place::Row(chunk.first_row + row as u64),
        }
    }

    /// The number of its cells, where it may differ from that of the columns.
    pub(crate) fn n_cells(self) -> Option<usize> {
        match self {
            Self::Text { record, .. } => Some(record.len()),
            Self::Typed { .. } => None,
        }
    }

    /// A cell as text: as it stands in a text, or as CSV would have it.
    pub(crate) fn text(&self, column: usize) -> Cow<'_, [u8]> {
        match self {
            Self::Text { record, .. } => Cow::Borrowed(record.get(column).unwrap_or_default()),
            Self::Typed { chunk, row } => Cow::Owned(chunk.text(column, *row).into_bytes()),
        }
    }
}

/// The line on which a record begins; empty lines before it belong to it, so they are skipped.
fn line_of(chunk: &TextChunk, record: &csv::ByteRecord) -> u64 {
    let Some(position) = record.position() else { return chunk.first_line };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let ends = chunk.bytes.get(start..).unwrap_or_default().iter();
    let n_empty = ends.take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|b| **b == b'\n');
    chunk.first_line + position.line() - 1 + n_empty.count() as u64
}
