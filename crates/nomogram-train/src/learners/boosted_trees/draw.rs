//! Rows and inputs drawn for a tree.

use super::spec::BoostedTreesSpec;
use crate::error::Error;
use crate::split::share;
use nomogram_stats::random::Random;

/// Stream of random numbers that draws rows.
pub(super) const SUBSAMPLE: u64 = 3;

/// The number of rows that a tree is fitted to.
pub(super) fn n_drawn(spec: &BoostedTreesSpec, n_rows: usize) -> Result<usize, Error> {
    let n_drawn = share(n_rows, spec.subsample);
    if n_drawn == 0 {
        return Err(Error::Data(format!(
            "boosted trees: subsample: {} of {n_rows} rows leaves none, expected at least 1",
            spec.subsample
        )));
    }
    Ok(n_drawn)
}

/// Which rows a tree is fitted to.
#[allow(clippy::indexing_slicing, reason = "a permutation of the rows")]
pub(super) fn draw(random: &mut Random, n_rows: usize, n_drawn: usize) -> Vec<bool> {
    let mut drawn = vec![n_drawn == n_rows; n_rows];
    if n_drawn < n_rows {
        let mut order: Vec<usize> = (0..n_rows).collect();
        random.shuffle(&mut order);
        for row in order.into_iter().take(n_drawn) {
            drawn[row] = true;
        }
    }
    drawn
}
