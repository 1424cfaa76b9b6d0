//! Structural components of the AUC, and their covariance.
//!
//! DeLong, DeLong and Clarke-Pearson 1988, by the midranks of Sun and Xu 2014 (their algorithm 2).

use super::rows::{counts_of_both, number};
use crate::error::Error;

/// The area under the ROC curve, with what each row contributes to it.
#[derive(Debug)]
pub(super) struct Components {
    /// The area; ties count one half.
    pub(super) auc: f64,
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
    pub(super) fn new(outcomes: &[bool], probabilities: &[f64]) -> Result<Self, Error> {
        let (n_positive, n_negative) = counts_of_both(outcomes)?;
        let all = midranks(probabilities);
        let of_class = |class: bool| -> (Vec<f64>, Vec<f64>) {
            let rows = outcomes.iter().zip(probabilities.iter().zip(&all));
            rows.filter(|(outcome, _)| **outcome == class).map(|(_, (p, rank))| (*p, *rank)).unzip()
        };
        let (positive, ranks_of_positive) = of_class(true);
        let (negative, ranks_of_negative) = of_class(false);
        let (m, n) = (number(n_positive), number(n_negative));
        // Ranks are multiples of one half, so this sum is exact.
        let u = ranks_of_positive.iter().sum::<f64>() - m * (m + 1.0) / 2.0;
        let among = |ranks: &[f64], own: &[f64], others: f64| -> Vec<f64> {
            ranks.iter().zip(midranks(own)).map(|(rank, own)| (rank - own) / others).collect()
        };
        Ok(Self {
            auc: u / (m * n),
            positive: among(&ranks_of_positive, &positive, n),
            negative: among(&ranks_of_negative, &negative, m).iter().map(|v| 1.0 - v).collect(),
        })
    }

    /// What each row contributes to the difference of two areas. Its variance is not negative, as a
    /// sum of two variances less two covariances may be after rounding.
    pub(super) fn contrast(&self, other: &Self) -> Self {
        let minus = |first: &[f64], second: &[f64]| -> Vec<f64> {
            first.iter().zip(second).map(|(first, second)| first - second).collect()
        };
        Self {
            auc: self.auc - other.auc,
            positive: minus(&self.positive, &other.positive),
            negative: minus(&self.negative, &other.negative),
        }
    }

    /// The covariance of two areas on the same rows; `None` when a class has only one row.
    pub(super) fn covariance(&self, other: &Self) -> Option<f64> {
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

    #[test]
    fn tied_values_share_their_ranks() {
        assert_eq!(midranks(&[0.3, 0.1, 0.3, 0.0, -0.0]), [4.5, 3.0, 4.5, 1.5, 1.5]);
    }

    #[test]
    fn one_row_of_a_class_has_no_covariance() {
        let one = Components::new(&[true, false, false], &[0.5, 0.5, 0.1]).unwrap();
        assert_eq!(one.auc, 0.75);
        assert_eq!(one.covariance(&one), None);
        assert!(Components::new(&[true, true], &[0.5, 0.5]).is_err());
    }
}
