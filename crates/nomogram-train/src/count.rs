//! Counts as numbers, numbers as counts, and positions as bundles store them.

use crate::error::Error;

/// A count as a number. Tables have far fewer than 2^53 rows.
#[allow(clippy::cast_precision_loss, reason = "documented above")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// A share of `n_rows`, rounded to the nearest whole number. Shares outside 0 to 1 are clamped.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to n_rows")]
pub(crate) fn share(n_rows: usize, fraction: f64) -> usize {
    (number(n_rows) * fraction.clamp(0.0, 1.0)).round() as usize
}

/// A position as a bundle stores it.
///
/// # Errors
///
/// `Data` when it does not fit 32 bits.
pub(crate) fn position(index: usize) -> Result<u32, Error> {
    u32::try_from(index).map_err(|_| Error::Data(format!("{index} does not fit a bundle")))
}
