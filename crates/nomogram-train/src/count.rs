//! Counts as numbers, and positions as bundles store them.

use crate::error::Error;

/// A count as a number. Tables have far fewer than 2^53 rows.
#[allow(clippy::cast_precision_loss, reason = "documented above")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// A position as a bundle stores it.
///
/// # Errors
///
/// `Data` when it does not fit 32 bits.
pub(crate) fn position(index: usize) -> Result<u32, Error> {
    u32::try_from(index).map_err(|_| Error::Data(format!("{index} does not fit a bundle")))
}
