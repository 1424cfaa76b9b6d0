//! The confusion matrix at every cutoff that makes a difference.

use crate::confusion::ConfusionMatrix;
use crate::rows::counts;

/// Predictions at one cutoff: rows with at least this probability are positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CutoffPoint {
    pub(crate) cutoff: f64,
    pub(crate) confusion: ConfusionMatrix,
}

/// One point per distinct probability, from the highest down; the rows are checked.
pub(crate) fn sweep(outcomes: &[bool], probabilities: &[f64]) -> Vec<CutoffPoint> {
    // Adding 0 makes −0 the same number as 0 for `total_cmp`.
    let mut rows: Vec<(f64, bool)> = probabilities
        .iter()
        .zip(outcomes)
        .map(|(value, outcome)| (value + 0.0, *outcome))
        .collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let mut confusion = all_negative(outcomes);
    rows.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits())
        .map(|tied| {
            let (n_positive, n_negative) =
                tied.iter().fold(
                    (0, 0),
                    |(p, n), (_, outcome)| {
                        if *outcome { (p + 1, n) } else { (p, n + 1) }
                    },
                );
            confusion.true_positive += n_positive;
            confusion.false_negative -= n_positive;
            confusion.false_positive += n_negative;
            confusion.true_negative -= n_negative;
            let cutoff = tied.first().map_or(f64::NAN, |(cutoff, _)| *cutoff);
            CutoffPoint { cutoff, confusion }
        })
        .collect()
}

/// Every row predicted negative: the counts above the highest probability.
pub(crate) fn all_negative(outcomes: &[bool]) -> ConfusionMatrix {
    let (false_negative, true_negative) = counts(outcomes);
    ConfusionMatrix { false_negative, true_negative, ..ConfusionMatrix::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_one_cutoff_and_agree_with_counting_at_it() {
        let (outcomes, probabilities) = ([true, false, true, false], [0.0, 0.7, 0.7, -0.0]);
        let points = sweep(&outcomes, &probabilities);
        assert_eq!(points.iter().map(|point| point.cutoff).collect::<Vec<_>>(), [0.7, 0.0]);
        for CutoffPoint { cutoff, confusion } in points {
            let counted = ConfusionMatrix::at_cutoff(&outcomes, &probabilities, cutoff).unwrap();
            assert_eq!(confusion, counted, "{cutoff}");
        }
    }
}
