//! Counters as bytes: magic, digest of the bundle, counts, SHA-256 of all that.

use sha2::{Digest as _, Sha256};

use super::layout;
use crate::bundle::Digest;
use crate::error::{Error, ErrorKind};
use crate::model::Model;

/// As that of a bundle: a transfer in text mode damages it visibly.
const MAGIC: [u8; 8] = *b"\x89NOMC\r\n\x1a";
const DIGEST_LEN: usize = 32;
const FIRST_CELL: usize = MAGIC.len() + DIGEST_LEN;
const CELL_LEN: usize = 8;

/// How many bytes so many counters have.
pub(crate) fn n_bytes(n_cells: usize) -> usize {
    FIRST_CELL + n_cells * CELL_LEN + DIGEST_LEN
}

/// Passes the bytes of counters to `sink`, piece by piece.
pub(crate) fn write_bytes(
    digest: Digest,
    cells: impl Iterator<Item = u64>,
    mut sink: impl FnMut(&[u8]),
) {
    let mut hasher = Sha256::new();
    let mut write = |piece: &[u8]| {
        hasher.update(piece);
        sink(piece);
    };
    write(&MAGIC);
    write(digest.as_bytes());
    cells.for_each(|cell| write(&cell.to_le_bytes()));
    let sum: [u8; DIGEST_LEN] = hasher.finalize().into();
    sink(&sum);
}

/// Adds counters from their bytes.
///
/// # Errors
///
/// `Counters`, when they are not of this bundle or were changed; nothing is then added.
pub(crate) fn add_bytes(bytes: &[u8], digest: Digest, cells: &mut [u64]) -> Result<(), Error> {
    let refused = |detail| Err(Error::new(ErrorKind::Counters, detail));
    if bytes.get(..MAGIC.len()) != Some(&MAGIC) {
        return refused(format_args!("the bytes are not counters"));
    }
    let found = bytes.get(MAGIC.len()..FIRST_CELL).unwrap_or_default();
    if found != digest.as_bytes() {
        return refused(format_args!("counters of another bundle, expected those of {digest}"));
    }
    let expected = n_bytes(cells.len());
    if bytes.len() != expected {
        return refused(format_args!("{} bytes, expected {expected}", bytes.len()));
    }
    let (content, sum) = bytes.split_at(expected - DIGEST_LEN);
    if Digest::of(content).as_bytes() != sum {
        return refused(format_args!("the counters do not match their SHA-256"));
    }
    let counts = content.get(FIRST_CELL..).unwrap_or_default().as_chunks::<CELL_LEN>().0;
    for (cell, bytes) in cells.iter_mut().zip(counts) {
        *cell = cell.saturating_add(u64::from_le_bytes(*bytes));
    }
    Ok(())
}

/// A counter for others: rounded to a multiple of `base`, halves up. A sum of probabilities becomes
/// the rounded number of its rows, times their mean probability in hundredths.
pub(crate) fn cell(model: &Model, cells: &[u64], index: usize, base: u32) -> u64 {
    let cell = |index: usize| cells.get(index).copied().unwrap_or(0);
    let base = u64::from(base.max(1));
    let rounded = |count: u64| count.saturating_add(base / 2) / base * base;
    let Ok(layout) = layout(model) else { return 0 };
    let [rows, _, sums] = layout.outcomes();
    let of_outputs = layout.outputs().map(|output| (output.bins, output.sums));
    let mut sums_of_rows = of_outputs.chain([(rows, sums)]);
    let Some((rows, sums)) = sums_of_rows.find(|(_, sums)| base > 1 && sums.contains(&index))
    else {
        return rounded(cell(index));
    };
    let n_rows = cell(rows.start + index - sums.start);
    let hundredth = u128::from(n_rows) << 32;
    let mean = (u128::from(cell(index)) * 100).saturating_add(hundredth / 2) / hundredth.max(1);
    let units = u128::from(rounded(n_rows)).saturating_mul(mean << 32) / 100;
    u64::try_from(units).unwrap_or(u64::MAX)
}
