//! Text of rows and cells: decoded, cut into chunks of whole rows, and those into cells.

mod decoder;
mod record;
mod scan;

mod chunk;

mod source;

pub use chunk::TextChunk;
pub(crate) use chunk::{TextRow, TextRows};
pub(crate) use source::TextSource;

/// The number of line ends: `\n`, `\r\n` and `\r` are one each.
fn count_lines(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let n_line_feeds = memchr::memchr_iter(b'\n', bytes).count();
    let is_alone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
    let n_returns = memchr::memchr_iter(b'\r', bytes).filter(is_alone).count();
    (n_line_feeds + n_returns) as u64
}

/// Whether spaces of this kind around a cell do not count: unless they are the delimiter.
fn is_space(byte: u8, delimiter: u8) -> bool {
    matches!(byte, b' ' | b'\t') && byte != delimiter
}
