//! One row of text, cut into cells.

use super::is_space;
use crate::format::Punctuation;

/// The cells of one row; kept, so that memory is used again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    cells: Vec<Span>,
    /// The texts of cells with doubled quotes.
    unescaped: String,
    /// How many line ends are in it, its last one included.
    pub(super) n_lines: u64,
}

/// Where the text of a cell is.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
    kind: SpanKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SpanKind {
    Plain,
    Quoted,
    /// In [`Record::unescaped`].
    Unescaped,
}

/// Why a row cannot be cut into cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// How many line ends are before the fault.
    pub(crate) n_lines: u64,
    pub(crate) detail: &'static str,
}

impl Record {
    pub(crate) fn n_cells(&self) -> usize {
        self.cells.len()
    }

    /// The text of a cell, with the spaces around it, unless they are outside of its quotes.
    #[inline]
    pub(crate) fn cell<'t>(&'t self, index: usize, text: &'t str) -> Option<&'t str> {
        let Span { start, end, kind } = *self.cells.get(index)?;
        match kind {
            SpanKind::Plain | SpanKind::Quoted => text.get(start..end),
            SpanKind::Unescaped => self.unescaped.get(start..end),
        }
    }

    /// Whether there is nothing but spaces.
    pub(super) fn is_blank(&self, text: &str) -> bool {
        match self.cells.as_slice() {
            [Span { start, end, kind: SpanKind::Plain }] => {
                text.get(*start..*end).unwrap_or_default().trim().is_empty()
            }
            _ => false,
        }
    }

    /// Cuts the row that begins at `at`; returns where the next one does.
    pub(super) fn cut(
        &mut self,
        text: &str,
        at: usize,
        punctuation: Punctuation,
    ) -> Result<usize, Malformed> {
        self.cells.clear();
        self.unescaped.clear();
        self.n_lines = 0;
        let bytes = text.as_bytes();
        let mut at = at;
        loop {
            at = match quote_of_cell(bytes, at, punctuation) {
                Some(quote) => self.quoted(text, quote + 1, punctuation)?,
                None => self.plain(bytes, at, punctuation.delimiter),
            };
            match bytes.get(at) {
                Some(byte) if *byte == punctuation.delimiter => at += 1,
                Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => {
                    self.n_lines += 1;
                    return Ok(at + 2);
                }
                Some(_) => {
                    self.n_lines += 1;
                    return Ok(at + 1);
                }
                None => return Ok(at),
            }
        }
    }

    /// Adds a cell without quotes; returns where it ends.
    #[inline]
    fn plain(&mut self, bytes: &[u8], start: usize, delimiter: u8) -> usize {
        let rest = bytes.get(start..).unwrap_or_default();
        let is_end = |byte: &u8| *byte == delimiter || *byte == b'\n' || *byte == b'\r';
        let end = rest.iter().position(is_end).map_or(bytes.len(), |len| start + len);
        self.cells.push(Span { start, end, kind: SpanKind::Plain });
        end
    }

    /// Adds a cell whose quote is open; returns where it ends, behind the spaces after it.
    fn quoted(
        &mut self,
        text: &str,
        start: usize,
        Punctuation { delimiter, quote }: Punctuation,
    ) -> Result<usize, Malformed> {
        let bytes = text.as_bytes();
        let first = self.unescaped.len();
        let (mut from, mut is_escaped) = (start, false);
        let end = loop {
            let rest = bytes.get(from..).unwrap_or_default();
            let Some(found) = memchr::memchr(quote, rest) else {
                let detail = "unterminated quoted cell";
                return Err(Malformed { n_lines: self.n_lines, detail });
            };
            let end = from + found;
            if rest.get(found + 1) != Some(&quote) {
                break end;
            }
            self.unescaped.push_str(text.get(from..=end).unwrap_or_default());
            (from, is_escaped) = (end + 2, true);
        };
        self.n_lines += super::count_lines(text.get(start..end).unwrap_or_default());
        self.cells.push(if is_escaped {
            self.unescaped.push_str(text.get(from..end).unwrap_or_default());
            Span { start: first, end: self.unescaped.len(), kind: SpanKind::Unescaped }
        } else {
            Span { start, end, kind: SpanKind::Quoted }
        });
        let after = bytes.get(end + 1..).unwrap_or_default();
        let n_spaces = after.iter().take_while(|byte| is_space(**byte, delimiter)).count();
        match after.get(n_spaces) {
            Some(byte) if *byte != delimiter && !matches!(byte, b'\n' | b'\r') => {
                let detail = "text after the quote that closes a cell, expected a delimiter or a \
                              line end; quotes within quotes are doubled";
                Err(Malformed { n_lines: self.n_lines, detail })
            }
            _ => Ok(end + 1 + n_spaces),
        }
    }
}

/// Where the quote of a cell is; spaces before it do not count.
#[inline]
fn quote_of_cell(
    bytes: &[u8],
    at: usize,
    Punctuation { delimiter, quote }: Punctuation,
) -> Option<usize> {
    let rest = bytes.get(at..)?;
    match rest.first() {
        Some(byte) if *byte == quote => Some(at),
        Some(byte) if is_space(*byte, delimiter) => {
            let n_spaces = rest.iter().take_while(|byte| is_space(**byte, delimiter)).count();
            (rest.get(n_spaces) == Some(&quote)).then_some(at + n_spaces)
        }
        _ => None,
    }
}
