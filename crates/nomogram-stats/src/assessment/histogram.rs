//! Rows of each outcome counted by probability.

use serde::Serialize;

use crate::count::number;
use crate::rows::Rows;
use crate::whole;

/// Bins of equal width from 0 to 1.
const N_BINS: usize = 20;

/// Rows by probability, in bins of equal width: sums of their weights, or their numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// The negative rows in each bin.
    #[serde(serialize_with = "whole::sums")]
    pub negative: Vec<f64>,
    /// The positive rows in each bin.
    #[serde(serialize_with = "whole::sums")]
    pub positive: Vec<f64>,
}

impl Histogram {
    /// Counts rows. A probability at an edge is in the upper bin; 1 is in the last.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "the bin is kept below the number of bins")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1")]
    pub fn new(rows: Rows<'_>) -> Self {
        let mut counts = [vec![0.0; N_BINS], vec![0.0; N_BINS]];
        for (outcome, probability, weight) in rows.each() {
            let bin = (probability * number(N_BINS)) as usize;
            counts[usize::from(outcome)][bin.min(N_BINS - 1)] += weight;
        }
        let [negative, positive] = counts;
        Self { negative, positive }
    }

    /// The edges of the bins, one more than bins.
    #[must_use]
    pub fn edges(&self) -> Vec<f64> {
        let n_bins = self.negative.len();
        (0..=n_bins).map(|edge| number(edge) / number(n_bins)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_at_an_edge_is_in_the_upper_bin_and_1_in_the_last() {
        let rows = Rows::new(&[true, false, true, true], &[0.0, 0.5, 1.0, 0.96]).unwrap();
        let histogram = Histogram::new(rows);
        let filled = |counts: &[f64]| -> Vec<(usize, f64)> {
            counts.iter().copied().enumerate().filter(|(_, n)| *n > 0.0).collect()
        };
        assert_eq!(filled(&histogram.negative), [(10, 1.0)]);
        assert_eq!(filled(&histogram.positive), [(0, 1.0), (19, 2.0)]);
        let weighted = Histogram::new(rows.weighted(Some(&[1.0, 2.0, 0.5, 1.0])).unwrap());
        assert_eq!(filled(&weighted.positive), [(0, 1.0), (19, 1.5)]);
        assert_eq!((histogram.edges().len(), histogram.edges()[10]), (21, 0.5));
    }
}
