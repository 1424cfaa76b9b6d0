//! The confusion matrix at every cutoff that makes a difference.

use crate::confusion::ConfusionMatrix;
use crate::rows::Rows;

/// Predictions at one cutoff: rows with at least this probability are positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CutoffPoint {
    pub(crate) cutoff: f64,
    pub(crate) confusion: ConfusionMatrix,
}

/// One point per distinct probability, from the highest down.
pub(crate) fn sweep(rows: Rows<'_>) -> Vec<CutoffPoint> {
    // Adding 0 makes −0 the same number as 0 for `total_cmp`.
    let mut sorted: Vec<(f64, bool, f64)> =
        rows.each().map(|(outcome, value, weight)| (value + 0.0, outcome, weight)).collect();
    // Stable, so that sums of weights have one order.
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut positive, mut negative) = (0.0, 0.0);
    let reached = sorted.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits()).map(|tied| {
        for (_, outcome, weight) in tied {
            *if *outcome { &mut positive } else { &mut negative } += weight;
        }
        (tied.first().map_or(f64::NAN, |(cutoff, ..)| *cutoff), positive, negative)
    });
    let reached: Vec<(f64, f64, f64)> = reached.collect();
    // Subtracted from the last sums, so that nothing is left below the lowest probability.
    let (_, all_positive, all_negative) = reached.last().copied().unwrap_or_default();
    let point = |(cutoff, true_positive, false_positive)| CutoffPoint {
        cutoff,
        confusion: ConfusionMatrix {
            true_positive,
            false_positive,
            false_negative: all_positive - true_positive,
            true_negative: all_negative - false_positive,
        },
    };
    reached.into_iter().map(point).collect()
}

/// Every row predicted negative: the sums above the highest probability.
pub(crate) fn all_negative(rows: Rows<'_>) -> ConfusionMatrix {
    let (false_negative, true_negative) = rows.sums();
    ConfusionMatrix { false_negative, true_negative, ..ConfusionMatrix::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_one_cutoff_and_agree_with_counting_at_it() {
        let (outcomes, probabilities) = ([true, false, true, false], [0.0, 0.7, 0.7, -0.0]);
        let rows = Rows::new(&outcomes, &probabilities).unwrap();
        let points = sweep(rows);
        assert_eq!(points.iter().map(|point| point.cutoff).collect::<Vec<_>>(), [0.7, 0.0]);
        for CutoffPoint { cutoff, confusion } in points {
            let counted = ConfusionMatrix::at_cutoff(rows, cutoff).unwrap();
            assert_eq!(confusion, counted, "{cutoff}");
        }
    }

    #[test]
    fn the_lowest_cutoff_leaves_no_weight_below_it() {
        let rows = Rows::new(&[true, false, true, true], &[0.9, 0.5, 0.2, 0.1]).unwrap();
        let rows = rows.weighted(Some(&[0.1, 0.7, 0.2, 0.3])).unwrap();
        let last = sweep(rows).pop().unwrap().confusion;
        assert_eq!((last.false_negative, last.true_negative), (0.0, 0.0));
        assert_eq!(last.sensitivity(), Some(1.0));
    }
}
