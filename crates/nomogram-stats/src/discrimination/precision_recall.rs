//! The precision–recall curve.

use serde::Serialize;

use crate::error::Error;
use crate::rows::Rows;
use crate::sweep::{CutoffPoint, sweep};

/// Precision (PPV) and recall (sensitivity) at one cutoff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrecisionRecallPoint {
    /// Rows with at least this probability are positive; `None` at the first point, where none is.
    pub cutoff: Option<f64>,
    /// The share of positive predictions at the cutoff that came true; 1 at the first point by convention.
    pub precision: f64,
    /// The share of positive rows that are positive at the cutoff.
    pub recall: f64,
}

/// The precision–recall curve: a point per distinct probability from the highest down, after the
/// point of recall 0 and precision 1.
///
/// scikit-learn's `precision_recall_curve`, which lists the points in the opposite order.
///
/// # Errors
///
/// `Data` when no row is positive.
pub fn precision_recall_curve(rows: Rows<'_>) -> Result<Vec<PrecisionRecallPoint>, Error> {
    if rows.counts().0 == 0 {
        return Err(Error::Data("no positive row, expected at least 1".into()));
    }
    let point = |CutoffPoint { cutoff, confusion }| {
        let (precision, recall) = (confusion.ppv()?, confusion.sensitivity()?);
        Some(PrecisionRecallPoint { cutoff: Some(cutoff), precision, recall })
    };
    let first = PrecisionRecallPoint { cutoff: None, precision: 1.0, recall: 0.0 };
    let points = sweep(rows.ranked()).into_iter().map(point);
    let curve: Option<_> = [Some(first)].into_iter().chain(points).collect();
    // Checked above: a row is positive, and every cutoff has a row.
    curve.ok_or_else(|| Error::Data("the precision–recall curve is undefined".into()))
}

/// Average precision: the precision at each cutoff, weighted by the recall it adds; no interpolation.
///
/// scikit-learn's `average_precision_score`.
///
/// # Errors
///
/// `Data` when no row is positive.
pub fn average_precision(rows: Rows<'_>) -> Result<f64, Error> {
    let curve = precision_recall_curve(rows)?;
    let steps = curve.iter().zip(curve.iter().skip(1));
    Ok(steps.map(|(before, point)| (point.recall - before.recall) * point.precision).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_precision_needs_a_positive_row() {
        assert!(average_precision(Rows::new(&[false], &[0.3]).unwrap()).is_err());
        assert_eq!(average_precision(Rows::new(&[true], &[0.0]).unwrap()).unwrap(), 1.0);
    }

    #[test]
    fn all_tied_rows_have_the_precision_of_the_prevalence() {
        let rows = Rows::new(&[true, false, false, false], &[0.4; 4]).unwrap();
        assert_eq!(average_precision(rows).unwrap(), 0.25);
        let rows = rows.weighted(Some(&[3.0, 1.0, 1.0, 1.0])).unwrap();
        assert_eq!(average_precision(rows).unwrap(), 0.5);
    }
}
