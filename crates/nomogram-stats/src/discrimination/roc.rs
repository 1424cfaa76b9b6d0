//! The ROC curve.

use serde::Serialize;

use crate::confusion::ConfusionMatrix;
use crate::error::Error;
use crate::rows::Rows;
use crate::sweep::{all_negative, sweep};
use crate::whole;

/// Sensitivity and false positive rate at one cutoff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RocPoint {
    /// Rows with at least this probability are positive; `None` at the first point, where none is.
    pub cutoff: Option<f64>,
    /// Positive rows that are positive at the cutoff: the sum of their weights, or their number.
    #[serde(serialize_with = "whole::sum")]
    pub true_positive: f64,
    /// Negative rows that are positive at the cutoff, likewise.
    #[serde(serialize_with = "whole::sum")]
    pub false_positive: f64,
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
/// `Data` when all rows are of one class.
pub fn roc_curve(rows: Rows<'_>) -> Result<Vec<RocPoint>, Error> {
    rows.counts_of_both()?;
    let point = |(cutoff, confusion): (Option<f64>, ConfusionMatrix)| {
        Some(RocPoint {
            cutoff,
            true_positive: confusion.true_positive,
            false_positive: confusion.false_positive,
            sensitivity: confusion.sensitivity()?,
            false_positive_rate: confusion.false_positive_rate()?,
        })
    };
    let points = sweep(rows.ranked());
    let points = points.into_iter().map(|point| (Some(point.cutoff), point.confusion));
    let curve = [(None, all_negative(rows))].into_iter().chain(points).map(point);
    // Checked above: both classes have rows, so every rate is defined.
    curve.collect::<Option<_>>().ok_or_else(|| Error::Data("the ROC curve is undefined".into()))
}

/// The points where the curve bends, and its ends: the same curve in fewer points.
///
/// Decided on sums of weights: exact where they are whole numbers, as without weights. (scikit-learn's `drop_intermediate` keeps points on a straight
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
        (to.false_positive - from.false_positive, to.true_positive - from.true_positive)
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
        let curve =
            roc_curve(Rows::new(&outcomes, &[0.9, 0.9, 0.5, 0.5, 0.5, 0.5]).unwrap()).unwrap();
        assert_eq!(curve.len(), 3);
        let kept = without_collinear(&curve);
        assert_eq!(kept, [curve[0].clone(), curve[2].clone()]);
        assert_eq!((kept[0].cutoff, kept[1].cutoff), (None, Some(0.5)));
        assert!(without_collinear(&[]).is_empty());
    }

    #[test]
    fn equal_probabilities_make_one_step() {
        let curve = roc_curve(Rows::new(&[true, false], &[1.0, 1.0]).unwrap()).unwrap();
        let last = curve.last().unwrap();
        assert_eq!((curve.len(), last.sensitivity, last.false_positive_rate), (2, 1.0, 1.0));
        assert!(roc_curve(Rows::new(&[true], &[1.0]).unwrap()).is_err());
    }
}
