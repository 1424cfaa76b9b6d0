//! The ROC curve.

use serde::Serialize;

use crate::error::Error;
use crate::rows::{check, counts_of_both, number};
use crate::sweep::{AtCutoff, sweep};

/// Sensitivity and false positive rate at one cutoff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RocPoint {
    /// Rows with at least this probability are positive; nothing at the first point, where no row is.
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
    let (n_positive, n_negative) = counts_of_both(outcomes)?;
    let point = |cutoff, true_positive, false_positive| RocPoint {
        cutoff,
        true_positive,
        false_positive,
        sensitivity: number(true_positive) / number(n_positive),
        false_positive_rate: number(false_positive) / number(n_negative),
    };
    let at = |at: AtCutoff| point(Some(at.cutoff), at.true_positive, at.false_positive);
    let points = sweep(outcomes, probabilities).into_iter().map(at);
    Ok([point(None, 0, 0)].into_iter().chain(points).collect())
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
