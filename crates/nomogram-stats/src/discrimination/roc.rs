//! The ROC curve.

use serde::Serialize;

use crate::confusion::ConfusionMatrix;
use crate::error::Error;
use crate::rows::{check, counts_of_both};
use crate::sweep::{all_negative, sweep};

/// Sensitivity and false positive rate at one cutoff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RocPoint {
    /// Rows with at least this probability are positive; `None` at the first point, where none is.
    pub cutoff: Option<f64>,
    /// Positive rows that are positive at the cutoff.
    pub true_positive: usize,
    /// Negative rows that are positive at the cutoff.
    pub false_positive: usize,
    /// The share of positive rows that are positive at the cutoff.
    pub sensitivity: f64,
    /// The share of negative rows that are positive at the cutoff: 1 − specificity.
    pub false_positive_rate: f64,
}

/// The ROC curve: a point per distinct probability from the highest down, after the point (0, 0).
///
/// As scikit-learn's `roc_curve(drop_intermediate=False)`.
///
/// # Errors
///
/// `Data` when all rows are of one class, and as in [the crate's conventions](crate).
pub fn roc_curve(outcomes: &[bool], probabilities: &[f64]) -> Result<Vec<RocPoint>, Error> {
    check(outcomes, probabilities)?;
    counts_of_both(outcomes)?;
    let point = |(cutoff, confusion): (Option<f64>, ConfusionMatrix)| {
        Some(RocPoint {
            cutoff,
            true_positive: confusion.true_positive,
            false_positive: confusion.false_positive,
            sensitivity: confusion.sensitivity()?,
            false_positive_rate: confusion.false_positive_rate()?,
        })
    };
    let points = sweep(outcomes, probabilities);
    let points = points.into_iter().map(|point| (Some(point.cutoff), point.confusion));
    let curve = [(None, all_negative(outcomes))].into_iter().chain(points).map(point);
    // Checked above: both classes have rows, so every rate is defined.
    curve.collect::<Option<_>>().ok_or_else(|| Error::Data("the ROC curve is undefined".into()))
}

/// The points where the curve bends, and its ends: the same curve in fewer points.
///
/// Decided on whole numbers, so exact. (scikit-learn's `drop_intermediate` keeps points on a straight
/// line whose steps differ.)
#[must_use]
pub fn without_collinear(curve: &[RocPoint]) -> Vec<RocPoint> {
    let mut kept: Vec<RocPoint> = Vec::new();
    for (index, point) in curve.iter().enumerate() {
        let bends = match (kept.last(), curve.get(index + 1)) {
            (Some(before), Some(after)) => bends(before, point, after),
            _ => true,
        };
        if bends {
            kept.push(point.clone());
        }
    }
    kept
}

fn bends(before: &RocPoint, point: &RocPoint, after: &RocPoint) -> bool {
    let step = |from: &RocPoint, to: &RocPoint| {
        let right = to.false_positive.abs_diff(from.false_positive) as u128;
        (right, to.true_positive.abs_diff(from.true_positive) as u128)
    };
    let ((right, up), (next_right, next_up)) = (step(before, point), step(point, after));
    right * next_up != up * next_right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_keeps_its_ends() {
        let outcomes = [true, false, true, false, true, false];
        let curve = roc_curve(&outcomes, &[0.9, 0.9, 0.5, 0.5, 0.5, 0.5]).unwrap();
        assert_eq!(curve.len(), 3);
        let kept = without_collinear(&curve);
        assert_eq!(kept, [curve[0].clone(), curve[2].clone()]);
        assert_eq!((kept[0].cutoff, kept[1].cutoff), (None, Some(0.5)));
        assert!(without_collinear(&[]).is_empty());
    }

    #[test]
    fn equal_probabilities_make_one_step() {
        let curve = roc_curve(&[true, false], &[1.0, 1.0]).unwrap();
        let last = curve.last().unwrap();
        assert_eq!((curve.len(), last.sensitivity, last.false_positive_rate), (2, 1.0, 1.0));
        assert!(roc_curve(&[true], &[1.0]).is_err());
    }
}
