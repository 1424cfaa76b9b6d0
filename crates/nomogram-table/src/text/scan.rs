//! Finds row ends, without looking into cells.

use super::is_space;
use crate::format::Punctuation;

/// How far the scan for row ends is.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Everything before it was looked at.
    at: usize,
    /// Where the quote is that is open.
    pub(super) opened_at: Option<usize>,
    /// How many rows ended, blank ones included.
    pub(super) n_rows: usize,
    /// The end of the last whole row.
    pub(super) end: usize,
}

impl Scan {
    /// Looks for row ends up to `max_rows`, as far as the text decides. At the end of a file, the
    /// last row needs no line end.
    pub(super) fn advance(
        &mut self,
        text: &[u8],
        punctuation: Punctuation,
        max_rows: usize,
        is_end: bool,
    ) {
        while self.n_rows < max_rows {
            let is_decided = match self.opened_at {
                Some(_) => self.close(text, punctuation.quote, is_end),
                None => self.step(text, punctuation, is_end),
            };
            if !is_decided {
                return;
            }
        }
    }

    /// Goes behind the quote that closes the cell.
    fn close(&mut self, text: &[u8], quote: u8, is_end: bool) -> bool {
        let rest = text.get(self.at..).unwrap_or_default();
        let Some(found) = memchr::memchr(quote, rest) else {
            self.at = text.len();
            return false;
        };
        match rest.get(found + 1) {
            // Two quotes mean one.
            Some(next) if *next == quote => self.at += found + 2,
            None if !is_end => {
                self.at += found;
                return false;
            }
            _ => {
                self.at += found + 1;
                self.opened_at = None;
            }
        }
        true
    }

    /// Goes behind the next line end, or into a quoted cell.
    fn step(&mut self, text: &[u8], punctuation: Punctuation, is_end: bool) -> bool {
        let rest = text.get(self.at..).unwrap_or_default();
        let Some(found) = memchr::memchr3(b'\n', b'\r', punctuation.quote, rest) else {
            self.at = text.len();
            return false;
        };
        let at = self.at + found;
        let len = match (rest.get(found), rest.get(found + 1)) {
            (Some(b'\r'), None) if !is_end => {
                self.at = at;
                return false;
            }
            (Some(b'\r'), Some(b'\n')) => 2,
            (Some(b'\r' | b'\n'), _) => 1,
            _ => {
                self.at = at + 1;
                if begins_cell(text.get(..at).unwrap_or_default(), punctuation.delimiter) {
                    self.opened_at = Some(at);
                }
                return true;
            }
        };
        self.at = at + len;
        self.n_rows += 1;
        self.end = self.at;
        true
    }
}

/// Whether a cell begins after `before`: within a cell, a quote is a character as others are.
fn begins_cell(before: &[u8], delimiter: u8) -> bool {
    let last = before.iter().rev().find(|byte| !is_space(**byte, delimiter));
    last.is_none_or(|byte| *byte == delimiter || matches!(byte, b'\n' | b'\r'))
}
