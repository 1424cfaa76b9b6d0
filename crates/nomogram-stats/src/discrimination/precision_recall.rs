//! The precision–recall curve.

use serde::Serialize;

use crate::error::Error;
use crate::rows::{check, counts, number};
use crate::sweep::{AtCutoff, sweep};

/// Precision (PPV) and recall (sensitivity) at one cutoff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrecisionRecallPoint {
    /// Rows with at least this probability are positive; nothing at the first point, where no row is.
    pub cutoff: Option<f64>,
    /// The share of rows positive at the cutoff that are positive; 1 at the first point by convention.
    pub precision: f64,
    /// The share of positive rows that are positive at the cutoff.
    pub recall: f64,
}

/// The precision–recall curve: a point per distinct probability from the highest down, after the
/// point of recall 0 and precision 1.
///
/// scikit-learn's `precision_recall_curve`, which lists the points the other way round.
///
/// # Errors
///
/// `Data` when no row is positive, and as in [the crate's conventions](crate).
pub fn precision_recall_curve(
    outcomes: &[bool],
    probabilities: &[f64],
) -> Result<Vec<PrecisionRecallPoint>, Error> {
    check(outcomes, probabilities)?;
    let (n_positive, _) = counts(outcomes);
    if n_positive == 0 {
        return Err(Error::Data("no positive row, expected at least 1".into()));
    }
    let at = |AtCutoff { cutoff, true_positive, false_positive }| PrecisionRecallPoint {
        cutoff: Some(cutoff),
        precision: number(true_positive) / number(true_positive + false_positive),
        recall: number(true_positive) / number(n_positive),
    };
    let first = PrecisionRecallPoint { cutoff: None, precision: 1.0, recall: 0.0 };
    Ok([first].into_iter().chain(sweep(outcomes, probabilities).into_iter().map(at)).collect())
}

/// Average precision: the precision at each cutoff, weighted by the recall it adds; no interpolation.
///
/// scikit-learn's `average_precision_score`.
///
/// # Errors
///
/// `Data` when no row is positive, and as in [the crate's conventions](crate).
pub fn average_precision(outcomes: &[bool], probabilities: &[f64]) -> Result<f64, Error> {
    let curve = precision_recall_curve(outcomes, probabilities)?;
    let steps = curve.iter().zip(curve.iter().skip(1));
    Ok(steps.map(|(before, point)| (point.recall - before.recall) * point.precision).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_positive_row_nothing_is_defined() {
        assert!(average_precision(&[false], &[0.3]).is_err());
        assert_eq!(average_precision(&[true], &[0.0]).unwrap(), 1.0);
    }

    #[test]
    fn all_tied_rows_have_the_precision_of_the_prevalence() {
        assert_eq!(average_precision(&[true, false, false, false], &[0.4; 4]).unwrap(), 0.25);
    }
}
