//! Bootstrap intervals of any statistic, and optimism (Efron and Tibshirani 1993).
//!
//! Replicate `i` draws from a stream of random numbers that depends on the seed and on `i` alone: the
//! bits do not depend on the number of threads.

mod distribution;
mod optimism;
mod resample;

pub use distribution::BootstrapDistribution;
pub use optimism::{FittedReplicate, Optimism, optimism};
pub use resample::{BootstrapSpec, Strata};

pub(crate) use resample::{check_spec, replicates};

use crate::error::Error;
use crate::rows::{check, select};

/// Computes a statistic on all rows and on replicates of them.
///
/// `statistic` reads row indices, repeated as drawn, and returns `None` where it is undefined, for
/// example an AUC of rows of one class: such replicates are counted and left out. `outcomes` are used
/// for strata only.
///
/// # Errors
///
/// `Data` when there is no row or no replicate, or when the statistic is undefined (or not finite)
/// on all rows, or on fewer than two replicates.
pub fn bootstrap<F>(
    outcomes: &[bool],
    spec: &BootstrapSpec,
    statistic: F,
) -> Result<BootstrapDistribution, Error>
where
    F: Fn(&[usize]) -> Option<f64> + Sync,
{
    check_spec(outcomes, spec)?;
    let all: Vec<usize> = (0..outcomes.len()).collect();
    let estimate = statistic(&all)
        .ok_or_else(|| Error::Data("the statistic is undefined on all rows".into()))?;
    let values = replicates(outcomes, spec, statistic);
    BootstrapDistribution::new(estimate, &values)
}

/// The statistic without each row in turn, for [`BootstrapDistribution::bca`]; `None` where it is
/// undefined.
pub fn jackknife<F>(n_rows: usize, statistic: F) -> Vec<Option<f64>>
where
    F: Fn(&[usize]) -> Option<f64>,
{
    let without =
        |omitted: usize| -> Vec<usize> { (0..n_rows).filter(|row| *row != omitted).collect() };
    (0..n_rows).map(|row| statistic(&without(row))).collect()
}

/// A statistic of row indices that applies `metric` to the outcomes and probabilities of the rows.
///
/// # Errors
///
/// `Data` as in [the crate's conventions](crate).
pub fn of_metric<'a, F>(
    outcomes: &'a [bool],
    probabilities: &'a [f64],
    metric: F,
) -> Result<impl Fn(&[usize]) -> Option<f64> + Sync + use<'a, F>, Error>
where
    F: Fn(&[bool], &[f64]) -> Option<f64> + Sync,
{
    check(outcomes, probabilities)?;
    Ok(move |rows: &[usize]| metric(&select(outcomes, rows), &select(probabilities, rows)))
}
