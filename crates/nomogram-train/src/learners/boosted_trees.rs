//! Gradient-boosted trees with log loss.
//!
//! Friedman (2001): each tree is fitted to the derivatives of the loss, each leaf takes one Newton
//! step. Two ways to find splits, see [`Splits`]: between every two values, or between bins.

mod exact;
mod histogram;

use nomogram::Forest;

use super::TrainingRows;
use crate::config::{BoostedTreesSpec, Splits};
use crate::error::Error;
use crate::split::share;
use nomogram_stats::random::Random;

/// Stream of random numbers of this module.
const SUBSAMPLE: u64 = 3;

/// Fits a forest whose leaves contain the learning rate.
///
/// Histogram splits run on the threads of rayon's pool at hand; their number changes no bit.
///
/// # Errors
///
/// `Configuration` when the specification makes no sense or does not fit the rows; `Data` when a
/// tree would be fitted to no row, when there is a third class, which exact splits do not take, when
/// a value is no level, or the forest does not fit a bundle.
pub fn fit_boosted_trees(
    spec: &BoostedTreesSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<Forest, Error> {
    spec.check().map_err(Error::configuration)?;
    match &spec.splits {
        Splits::Exact => exact::fit(spec, rows, seed),
        Splits::Histogram(bins) => histogram::fit(spec, bins, rows, seed),
    }
}

/// How many of the rows a tree is fitted to.
fn n_drawn(spec: &BoostedTreesSpec, n_rows: usize) -> Result<usize, Error> {
    let n_drawn = share(n_rows, spec.subsample);
    if n_drawn == 0 {
        return Err(Error::Data(format!(
            "subsample {} of {n_rows} rows is no row at all",
            spec.subsample
        )));
    }
    Ok(n_drawn)
}

/// Which rows a tree is fitted to.
#[allow(clippy::indexing_slicing, reason = "a permutation of the rows")]
fn draw(random: &mut Random, n_rows: usize, n_drawn: usize) -> Vec<bool> {
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
