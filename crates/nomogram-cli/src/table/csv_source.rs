//! Cuts CSV text into chunks of whole rows, without looking into them.
//!
//! A row ends at a line end that is not within quotes. Cells are parsed later, by several threads.

use std::io::{ErrorKind, Read};

use super::{Header, MAX_CHUNK_BYTES};
use crate::error::Error;

/// How much is read at once.
const READ_BYTES: usize = 256 << 10;
/// No sensible row is longer; one that seems to be has a quote that is never closed.
const MAX_ROW_BYTES: usize = 32 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Whole rows of text.
#[derive(Debug)]
pub(crate) struct TextChunk {
    pub(crate) bytes: Vec<u8>,
    /// The line of its first byte, counted from 1.
    pub(crate) first_line: u64,
    pub(crate) delimiter: u8,
}

/// A CSV file that is being read.
pub(super) struct CsvSource {
    name: String,
    input: Box<dyn Read + Send>,
    is_at_end: bool,
    /// What was read and not yet handed out.
    buffer: Vec<u8>,
    line: u64,
    delimiter: u8,
    chunk_rows: usize,
}

/// Where the scan for row ends stands.
struct Scan {
    /// How far it got.
    at: usize,
    is_quoted: bool,
    n_rows: usize,
    /// The end of the last whole row.
    end: usize,
}

impl CsvSource {
    /// Reads the header.
    pub(super) fn new(
        name: &str,
        input: Box<dyn Read + Send>,
        delimiter: u8,
        chunk_rows: usize,
    ) -> Result<(Self, Vec<Header>), Error> {
        let buffer = Vec::new();
        let name = name.to_owned();
        let mut source =
            Self { name, input, is_at_end: false, buffer, line: 1, delimiter, chunk_rows };
        source.skip_bom()?;
        // Empty lines before the header are no rows.
        while let Some(first) = source.next_rows(1)? {
            let mut reader = first.reader();
            let mut header = csv::StringRecord::new();
            let is_read = reader.read_record(&mut header);
            if is_read.map_err(|e| source.failed(e.to_string()))? {
                let header = header.iter().map(|name| Header {
                    name: name.trim_ascii().to_owned(),
                    unit: None,
                    data_type: None,
                });
                let header = header.collect();
                return Ok((source, header));
            }
        }
        Err(source.failed("no header, expected a line of column names".into()))
    }

    pub(super) fn next_chunk(&mut self) -> Result<Option<TextChunk>, Error> {
        self.next_rows(self.chunk_rows)
    }

    fn next_rows(&mut self, max_rows: usize) -> Result<Option<TextChunk>, Error> {
        let mut scan = Scan { at: 0, is_quoted: false, n_rows: 0, end: 0 };
        loop {
            scan.advance(&self.buffer, self.delimiter, max_rows);
            let is_full = scan.n_rows >= max_rows
                || (scan.n_rows > 0 && self.buffer.len() >= MAX_CHUNK_BYTES);
            if is_full {
                break;
            }
            if self.buffer.len() - scan.end > MAX_ROW_BYTES {
                let line = self.line + count_lines(self.buffer.get(..scan.end).unwrap_or_default());
                return Err(self.failed(format!(
                    "line {line}: a row of more than {MAX_ROW_BYTES} bytes; is a quote not closed?"
                )));
            }
            if !self.fill()? {
                // The last row needs no line end.
                scan.end = self.buffer.len();
                break;
            }
        }
        if scan.end == 0 {
            return Ok(None);
        }
        let rest = self.buffer.split_off(scan.end);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let first_line = self.line;
        self.line += count_lines(&bytes);
        Ok(Some(TextChunk { bytes, first_line, delimiter: self.delimiter }))
    }

    /// Reads some more; tells whether there was any.
    fn fill(&mut self) -> Result<bool, Error> {
        if self.is_at_end {
            return Ok(false);
        }
        let length = self.buffer.len();
        self.buffer.resize(length + READ_BYTES, 0);
        let room = self.buffer.get_mut(length..).unwrap_or_default();
        let n_read = loop {
            match self.input.read(room) {
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(|cause| Error::file(&self.name, cause))?,
            }
        };
        self.buffer.truncate(length + n_read);
        self.is_at_end = n_read == 0;
        Ok(n_read > 0)
    }

    fn skip_bom(&mut self) -> Result<(), Error> {
        while self.buffer.len() < BOM.len() && self.fill()? {}
        if self.buffer.starts_with(BOM) {
            self.buffer.drain(..BOM.len());
        }
        if self.buffer.starts_with(b"\xff\xfe") || self.buffer.starts_with(b"\xfe\xff") {
            return Err(self.failed("text in UTF-16, expected UTF-8".into()));
        }
        Ok(())
    }

    fn failed(&self, detail: String) -> Error {
        Error::Table { table: self.name.clone(), detail }
    }
}

impl Scan {
    /// Looks for row ends up to `max_rows`, as far as there is text.
    fn advance(&mut self, text: &[u8], delimiter: u8, max_rows: usize) {
        while self.n_rows < max_rows {
            let rest = text.get(self.at..).unwrap_or_default();
            if self.is_quoted {
                let Some(quote) = memchr::memchr(b'"', rest) else {
                    self.at = text.len();
                    return;
                };
                match rest.get(quote + 1) {
                    // Two quotes stand for one.
                    Some(b'"') => self.at += quote + 2,
                    Some(_) => {
                        self.at += quote + 1;
                        self.is_quoted = false;
                    }
                    None => {
                        self.at += quote;
                        return;
                    }
                }
                continue;
            }
            let Some(found) = memchr::memchr2(b'\n', b'"', rest) else {
                self.at = text.len();
                return;
            };
            self.at += found + 1;
            if rest.get(found) == Some(&b'\n') {
                self.n_rows += 1;
                self.end = self.at;
            } else {
                // Within a cell that does not begin with one, a quote is a character like others.
                let before = self.at.checked_sub(2).and_then(|at| text.get(at)).copied();
                let begins_cell = |byte| byte == delimiter || matches!(byte, b'\n' | b'\r');
                self.is_quoted = before.is_none_or(begins_cell);
            }
        }
    }
}

impl TextChunk {
    /// A reader of its rows; they may have any number of cells.
    pub(crate) fn reader(&self) -> csv::Reader<&[u8]> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(&self.bytes)
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str, chunk_rows: usize) -> Vec<(u64, String)> {
        let input = Box::new(std::io::Cursor::new(text.to_owned().into_bytes()));
        let (mut source, _) = CsvSource::new("t.csv", input, b',', chunk_rows).unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = source.next_chunk().unwrap() {
            chunks.push((chunk.first_line, String::from_utf8(chunk.bytes).unwrap()));
        }
        chunks
    }

    #[test]
    fn a_chunk_ends_where_a_row_does() {
        let text = "\u{feff}a,b\r\n1,\"x\ny\"\r\n2,a\"b\n3,\"q\"\"\n\"\n4,";
        let expected = [
            (2, "1,\"x\ny\"\r\n".to_owned()),
            (4, "2,a\"b\n".to_owned()),
            (5, "3,\"q\"\"\n\"\n".to_owned()),
            (7, "4,".to_owned()),
        ];
        assert_eq!(chunks(text, 1), expected);
        let all: String = expected.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(chunks(text, 100), [(2, all)]);
    }
}
