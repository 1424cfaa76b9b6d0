//! Folds drawn several times.

use super::{Split, stream};
use crate::error::Error;
use nomogram_stats::random::Random;

/// Draws folds `n_repeats` times: the first time with `seed` itself, so that one repeat is the same
/// as folds without repeats, then with seeds that follow from it.
///
/// # Errors
///
/// `Data` without a repeat; as `folds`.
pub fn repeat_folds(
    n_repeats: usize,
    seed: u64,
    mut folds: impl FnMut(u64) -> Result<Vec<Split>, Error>,
) -> Result<Vec<Vec<Split>>, Error> {
    if n_repeats == 0 {
        return Err(Error::Data("0 repeats, expected at least 1".into()));
    }
    let mut random = Random::new(seed, stream::REPEATS);
    let mut repeat_seed = seed;
    let mut repeats = Vec::new();
    for _ in 0..n_repeats {
        repeats.push(folds(repeat_seed)?);
        repeat_seed = random.seed();
    }
    Ok(repeats)
}
