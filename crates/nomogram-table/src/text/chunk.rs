//! Whole rows of text, and the rows among them.

use std::sync::Arc;

use super::record::Record;
use crate::error::Error;
use crate::format::Punctuation;

/// Whole rows of text, not yet cut into cells.
#[derive(Clone, Debug)]
pub struct TextChunk {
    pub(super) table: Arc<str>,
    pub(super) text: String,
    /// The line of its first character, counted from 1.
    pub(super) first_line: u64,
    pub(super) punctuation: Punctuation,
    pub(super) n_columns: usize,
    /// How many bytes of the file it is made of.
    pub(super) n_bytes: u64,
}

/// Where the next row of a chunk begins.
#[derive(Debug)]
pub(crate) struct Cursor<'c> {
    chunk: &'c TextChunk,
    at: usize,
    line: u64,
}

/// Some rows of a chunk, cut into cells; kept, so that memory is used again.
#[derive(Debug, Default)]
pub(crate) struct TextRows {
    records: Vec<Record>,
    /// The line of each row.
    lines: Vec<u64>,
}

/// One row of text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextRow<'c> {
    record: &'c Record,
    text: &'c str,
    pub(crate) line: u64,
}

impl TextChunk {
    /// How many bytes of the file it is made of.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    pub(crate) fn cursor(&self) -> Cursor<'_> {
        Cursor { chunk: self, at: 0, line: self.first_line }
    }
}

impl Cursor<'_> {
    /// Cuts the next row that is not blank; in a table of one column a blank line is a row too, whose cell
    /// is missing. Returns its line; nothing at the end.
    fn cut(&mut self, record: &mut Record) -> Result<Option<u64>, Error> {
        let TextChunk { table, text, punctuation, n_columns, .. } = self.chunk;
        while self.at < text.len() {
            let line = self.line;
            self.at = record.cut(text, self.at, *punctuation).map_err(|malformed| {
                Error::in_line(table, line + malformed.n_lines, malformed.detail)
            })?;
            self.line += record.n_lines;
            if *n_columns == 1 || !record.is_blank(text) {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }
}

impl TextRows {
    /// Replaces the rows by the next ones, `most` of them unless the chunk ends.
    ///
    /// # Errors
    ///
    /// `Table` with the line, when a row cannot be cut into cells; the rows are those before it.
    pub(crate) fn read(&mut self, cursor: &mut Cursor<'_>, most: usize) -> Result<(), Error> {
        self.lines.clear();
        self.records.resize_with(most, Record::default);
        for record in &mut self.records {
            match cursor.cut(record)? {
                Some(line) => self.lines.push(line),
                None => break,
            }
        }
        Ok(())
    }

    pub(crate) fn n_rows(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn row<'c>(&'c self, index: usize, chunk: &'c TextChunk) -> Option<TextRow<'c>> {
        let (record, line) = (self.records.get(index)?, *self.lines.get(index)?);
        Some(TextRow { record, text: &chunk.text, line })
    }
}

impl<'c> TextRow<'c> {
    pub(crate) fn n_cells(&self) -> usize {
        self.record.n_cells()
    }

    /// The text of a cell as written, without its quotes.
    #[inline]
    pub(crate) fn cell(&self, column: usize) -> Option<&'c str> {
        self.record.cell(column, self.text)
    }
}
