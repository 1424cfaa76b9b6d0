//! Cuts a text into chunks of whole rows, in constant memory.
//!
//! A row ends at a line end that is not within quotes. Cells are cut later, by several threads.

use std::fmt;
use std::io::{ErrorKind, Read};
use std::sync::Arc;

use super::chunk::{TextChunk, TextRows};
use super::count_lines;
use super::decoder::Decoder;
use super::scan::Scan;
use crate::error::Error;
use crate::format::{Encoding, Punctuation, trim};

/// How much is read at once.
const READ_BYTES: usize = 256 << 10;
/// A chunk of text has no more bytes than this, unless one row alone has.
const MAX_CHUNK_BYTES: usize = 4 << 20;
/// No sensible row is longer; one that seems to be has a quote that is never closed.
const MAX_ROW_BYTES: usize = 32 << 20;

/// A text that is being read.
pub(crate) struct TextSource {
    table: Arc<str>,
    input: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    decoder: Decoder,
    is_at_end: bool,
    /// What was read and not yet returned.
    text: String,
    /// The line of its first character.
    line: u64,
    header_line: u64,
    punctuation: Punctuation,
    n_columns: usize,
    chunk_rows: usize,
    n_bytes_read: u64,
}

impl TextSource {
    /// Reads the header, and returns the names of the columns.
    ///
    /// # Errors
    ///
    /// `File`; `Table` without a header, or when it cannot be read.
    pub(crate) fn new(
        table: &str,
        input: Box<dyn Read + Send>,
        (encoding, punctuation): (Encoding, Punctuation),
        chunk_rows: usize,
    ) -> Result<(Self, Vec<String>), Error> {
        let mut source = Self {
            table: table.into(),
            input,
            bytes: vec![0; READ_BYTES],
            decoder: Decoder::new(encoding),
            is_at_end: false,
            text: String::new(),
            line: 1,
            header_line: 1,
            punctuation,
            n_columns: 0,
            chunk_rows: chunk_rows.max(1),
            n_bytes_read: 0,
        };
        // Blank lines before the header are no rows.
        let mut rows = TextRows::default();
        while let Some(first) = source.next_rows(1)? {
            rows.read(&mut first.cursor(), 1)?;
            if let Some(header) = rows.row(0, &first) {
                let names = (0..header.n_cells()).filter_map(|column| header.cell(column));
                let names: Vec<String> = names.map(|name| trim(name).to_owned()).collect();
                source.n_columns = names.len();
                source.header_line = header.line;
                return Ok((source, names));
            }
        }
        Err(Error::table(table, "no header, expected a line of column names"))
    }

    /// The line of the header.
    pub(crate) fn header_line(&self) -> u64 {
        self.header_line
    }

    /// The next rows; nothing at the end.
    ///
    /// # Errors
    ///
    /// `File`; `Table` with the line.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<TextChunk>, Error> {
        self.next_rows(self.chunk_rows)
    }

    fn next_rows(&mut self, max_rows: usize) -> Result<Option<TextChunk>, Error> {
        let mut scan = Scan::default();
        loop {
            scan.advance(self.text.as_bytes(), self.punctuation, max_rows, self.is_at_end);
            let is_full =
                scan.n_rows >= max_rows || (scan.n_rows > 0 && self.text.len() >= MAX_CHUNK_BYTES);
            if is_full {
                break;
            }
            if self.text.len() - scan.end > MAX_ROW_BYTES {
                let line = self.line_of(scan.opened_at.unwrap_or(scan.end));
                let what = match scan.opened_at {
                    Some(_) => "unterminated quoted cell",
                    None => "a row",
                };
                let detail = format!("{what} of more than {} MiB", MAX_ROW_BYTES >> 20);
                return Err(Error::in_line(&self.table, line, detail));
            }
            if self.is_at_end {
                if let Some(opened_at) = scan.opened_at {
                    let detail = "unterminated quoted cell";
                    return Err(Error::in_line(&self.table, self.line_of(opened_at), detail));
                }
                // The last row needs no line end.
                scan.end = self.text.len();
                break;
            }
            self.fill()?;
        }
        if scan.end == 0 {
            return Ok(None);
        }
        let rest = self.text.split_off(scan.end);
        let text = std::mem::replace(&mut self.text, rest);
        let first_line = self.line;
        self.line += count_lines(&text);
        Ok(Some(TextChunk {
            table: self.table.clone(),
            text,
            first_line,
            punctuation: self.punctuation,
            n_columns: self.n_columns,
            n_bytes: std::mem::take(&mut self.n_bytes_read),
        }))
    }

    /// Reads some more.
    fn fill(&mut self) -> Result<(), Error> {
        let n_read = loop {
            match self.input.read(&mut self.bytes) {
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(|cause| Error::file(&self.table, cause))?,
            }
        };
        self.is_at_end = n_read == 0;
        self.n_bytes_read += n_read as u64;
        let before = self.text.len();
        let bytes = self.bytes.get(..n_read).unwrap_or_default();
        let decoded = self.decoder.decode(bytes, &mut self.text);
        let added = self.text.as_bytes().get(before..).unwrap_or_default();
        if let Some(at) = memchr::memchr(0, added) {
            let detail = "a NUL character, expected text; is the file in another encoding?";
            return Err(Error::in_line(&self.table, self.line_of(before + at), detail));
        }
        decoded.map_err(|detail| Error::in_line(&self.table, self.line_of(self.text.len()), detail))
    }

    /// The line of a place in the text that was not yet returned.
    fn line_of(&self, at: usize) -> u64 {
        self.line + count_lines(self.text.get(..at).unwrap_or(&self.text))
    }
}

impl fmt::Debug for TextSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextSource")
            .field("table", &self.table)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}
