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

/// The rows of a chunk, one after the other.
#[derive(Debug)]
pub(crate) struct Rows<'c> {
    chunk: &'c TextChunk,
    at: usize,
    line: u64,
    record: Record,
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

    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { chunk: self, at: 0, line: self.first_line, record: Record::default() }
    }
}

impl Rows<'_> {
    /// The next row that is not blank; in a table of one column a blank line is a row too, whose cell
    /// is missing.
    ///
    /// # Errors
    ///
    /// `Table` with the line, when the row cannot be cut into cells.
    pub(crate) fn next_row(&mut self) -> Result<Option<TextRow<'_>>, Error> {
        let TextChunk { table, text, punctuation, n_columns, .. } = self.chunk;
        while self.at < text.len() {
            let line = self.line;
            self.at = self.record.cut(text, self.at, *punctuation).map_err(|malformed| {
                Error::in_line(table, line + malformed.n_lines, malformed.detail)
            })?;
            self.line += self.record.n_lines;
            if *n_columns == 1 || !self.record.is_blank(text) {
                return Ok(Some(TextRow { record: &self.record, text, line }));
            }
        }
        Ok(None)
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
