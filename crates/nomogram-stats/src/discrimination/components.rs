//! Structural components of the AUC, and their covariance.
//!
//! DeLong, DeLong and Clarke-Pearson 1988, by the midranks of Sun and Xu 2014 (their algorithm 2).
//! They need the rank of every row among all rows and within its class, which smartcore's AUC does not
//! return; the area itself is computed by `area` alone.

use crate::count::number;
use crate::error::Error;
use crate::rows::counts_of_both;

/// The contribution of each row to the area under the ROC curve.
#[derive(Debug)]
pub(crate) struct Components {
    /// Per positive row: the share of negative rows with a smaller probability.
    positive: Vec<f64>,
    /// Per negative row: the share of positive rows with a larger probability.
    negative: Vec<f64>,
}

impl Components {
    /// The components of rows that are checked.
    ///
    /// # Errors
    ///
    /// `Data` when all rows are of one class.
    pub(crate) fn new(outcomes: &[bool], probabilities: &[f64]) -> Result<Self, Error> {
        let (n_positive, n_negative) = counts_of_both(outcomes)?;
        let all = midranks(probabilities);
        let of_class = |class: bool| -> (Vec<f64>, Vec<f64>) {
            let rows = outcomes.iter().zip(probabilities.iter().zip(&all));
            rows.filter(|(outcome, _)| **outcome == class).map(|(_, (p, rank))| (*p, *rank)).unzip()
        };
        let (positive, ranks_of_positive) = of_class(true);
        let (negative, ranks_of_negative) = of_class(false);
        let (m, n) = (number(n_positive), number(n_negative));
        let below = |ranks: &[f64], values: &[f64], n_others: f64| -> Vec<f64> {
            let within = midranks(values);
            ranks.iter().zip(within).map(|(rank, within)| (rank - within) / n_others).collect()
        };
        Ok(Self {
            positive: below(&ranks_of_positive, &positive, n),
            negative: below(&ranks_of_negative, &negative, m).iter().map(|v| 1.0 - v).collect(),
        })
    }

    /// The contribution of each row to the difference of two areas. The variance of differences is
    /// never negative; two variances minus two covariances can be, after rounding.
    pub(crate) fn contrast(&self, other: &Self) -> Self {
        let minus = |first: &[f64], second: &[f64]| -> Vec<f64> {
            first.iter().zip(second).map(|(first, second)| first - second).collect()
        };
        Self {
            positive: minus(&self.positive, &other.positive),
            negative: minus(&self.negative, &other.negative),
        }
    }

    /// The covariance of two areas on the same rows; `None` when a class has only one row.
    pub(crate) fn covariance(&self, other: &Self) -> Option<f64> {
        let of_positive = covariance(&self.positive, &other.positive)?;
        let of_negative = covariance(&self.negative, &other.negative)?;
        Some(of_positive / number(self.positive.len()) + of_negative / number(self.negative.len()))
    }
}

/// The rank of each value, from 1; equal values share the mean of their ranks.
fn midranks(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<(f64, usize)> =
        values.iter().enumerate().map(|(row, value)| (value + 0.0, row)).collect();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for tied in sorted.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits()) {
        let rank = number(below) + (number(tied.len()) + 1.0) / 2.0;
        for (_, row) in tied {
            if let Some(slot) = ranks.get_mut(*row) {
                *slot = rank;
            }
        }
        below += tied.len();
    }
    ranks
}

/// With `n − 1` in the denominator.
fn covariance(first: &[f64], second: &[f64]) -> Option<f64> {
    let n = number(first.len());
    if first.len() < 2 {
        return None;
    }
    let means = (first.iter().sum::<f64>() / n, second.iter().sum::<f64>() / n);
    let product = |(a, b): (&f64, &f64)| (a - means.0) * (b - means.1);
    Some(first.iter().zip(second).map(product).sum::<f64>() / (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discrimination::area::auc_of_values;
    use crate::rows::mean;

    #[test]
    fn tied_values_share_their_ranks() {
        assert_eq!(midranks(&[0.3, 0.1, 0.3, 0.0, -0.0]), [4.5, 3.0, 4.5, 1.5, 1.5]);
    }

    #[test]
    fn the_mean_contribution_of_either_class_is_the_area() {
        let outcomes: Vec<bool> = (0..90).map(|row| row % 4 == 0).collect();
        let probabilities: Vec<f64> = (0..90).map(|row| f64::from(row * 37 % 23) / 23.0).collect();
        let components = Components::new(&outcomes, &probabilities).unwrap();
        let area = auc_of_values(&outcomes, &probabilities).unwrap();
        for contributions in [components.positive, components.negative] {
            assert!((mean(&contributions) - area).abs() < 1e-14, "{area}");
        }
    }

    #[test]
    fn one_row_of_a_class_has_no_covariance() {
        let one = Components::new(&[true, false, false], &[0.5, 0.5, 0.1]).unwrap();
        assert_eq!(one.covariance(&one), None);
        assert!(Components::new(&[true, true], &[0.5, 0.5]).is_err());
    }
}
