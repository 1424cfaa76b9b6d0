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
use crate::rows::Rows;

/// Computes a statistic on all rows and on replicates of them.
///
/// `statistic` reads row indices, repeated as drawn, and returns `None` where it is undefined, for
/// example an AUC of rows of one class: such replicates are counted and left out. Outcomes are used
/// for strata; where rows have patients ([`Rows::of_patients`]), patients are drawn. A row that is drawn
/// keeps its weight.
///
/// # Errors
///
/// `Data` when there is no replicate, or when the statistic is undefined (or not finite) on all rows, or
/// on fewer than two replicates.
pub fn bootstrap<F>(
    rows: Rows<'_>,
    spec: &BootstrapSpec,
    statistic: F,
) -> Result<BootstrapDistribution, Error>
where
    F: Fn(&[usize]) -> Option<f64> + Sync,
{
    check_spec(spec)?;
    let all: Vec<usize> = (0..rows.n_rows()).collect();
    let estimate = statistic(&all)
        .ok_or_else(|| Error::Data("the statistic is undefined on all rows".into()))?;
    let values = replicates(rows, spec, statistic);
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

/// A statistic of row indices that applies `metric` to these rows, which keep their weights.
pub fn of_metric<'a, F>(
    rows: Rows<'a>,
    metric: F,
) -> impl Fn(&[usize]) -> Option<f64> + Sync + use<'a, F>
where
    F: Fn(Rows<'_>) -> Option<f64> + Sync,
{
    move |indices: &[usize]| match indices {
        [] => None,
        indices => metric(rows.select(indices).rows()),
    }
}
