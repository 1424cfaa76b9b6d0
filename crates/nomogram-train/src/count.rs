//! Counts as numbers, and positions as bundles store them.

use crate::error::Error;

pub(crate) use nomogram_stats::count::number;

/// A position as a bundle stores it.
///
/// # Errors
///
/// `Data` when it does not fit 32 bits.
pub(crate) fn position(index: usize) -> Result<u32, Error> {
    u32::try_from(index).map_err(|_| Error::Data(format!("{index} does not fit a bundle")))
}
