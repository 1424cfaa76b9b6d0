//! Rows of each outcome counted by probability.

use serde::Serialize;

use crate::count::number;
use crate::error::Error;
use crate::rows::check;

/// Bins of equal width from 0 to 1.
const N_BINS: usize = 20;

/// Counts of rows by probability, in bins of equal width.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// The number of negative rows in each bin.
    pub negative: Vec<u64>,
    /// The number of positive rows in each bin.
    pub positive: Vec<u64>,
}

impl Histogram {
    /// Counts rows. A probability at an edge is in the upper bin; 1 is in the last.
    ///
    /// # Errors
    ///
    /// `Data` as in [the crate's conventions](crate).
    #[allow(clippy::indexing_slicing, reason = "the bin is kept below the number of bins")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1")]
    pub fn new(outcomes: &[bool], probabilities: &[f64]) -> Result<Self, Error> {
        check(outcomes, probabilities)?;
        let mut counts = [vec![0; N_BINS], vec![0; N_BINS]];
        for (outcome, probability) in outcomes.iter().zip(probabilities) {
            let bin = (probability * number(N_BINS)) as usize;
            counts[usize::from(*outcome)][bin.min(N_BINS - 1)] += 1;
        }
        let [negative, positive] = counts;
        Ok(Self { negative, positive })
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
        let histogram = Histogram::new(&[true, false, true, true], &[0.0, 0.5, 1.0, 0.96]).unwrap();
        let filled = |counts: &[u64]| -> Vec<(usize, u64)> {
            counts.iter().copied().enumerate().filter(|(_, n)| *n > 0).collect()
        };
        assert_eq!(filled(&histogram.negative), [(10, 1)]);
        assert_eq!(filled(&histogram.positive), [(0, 1), (19, 2)]);
        assert_eq!((histogram.edges().len(), histogram.edges()[10]), (21, 0.5));
    }
}
