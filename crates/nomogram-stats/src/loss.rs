//! Log loss and the squared error of an event.

use ndarray::{Array2, ArrayView2};
use nomogram::numeric::ln;

use crate::count::number;
use crate::rows::indicator;

/// Probabilities are kept this far from 0 and 1 when their logarithm is taken, as in scikit-learn.
const LOG_LOSS_CLIP: f64 = f64::EPSILON;

/// The mean negative logarithm of the probability of what came true; `probabilities` has the shape
/// `(n_rows, n_classes)` and `classes` one class per row.
///
/// Not checked, because fits call it often: NaN without rows, and where a class has no column.
#[must_use]
pub fn log_loss(probabilities: &Array2<f64>, classes: &[usize]) -> f64 {
    log_loss_of_classes(probabilities.view(), classes)
}

/// [`log_loss`] of a view.
pub(crate) fn log_loss_of_classes(probabilities: ArrayView2<'_, f64>, classes: &[usize]) -> f64 {
    let rows = probabilities.rows().into_iter().zip(classes);
    let of_truth = rows.map(|(row, class)| row.get(*class).copied().unwrap_or(f64::NAN));
    mean_loss(of_truth, classes.len())
}

/// The log loss of outcomes, from probabilities of the event.
pub(crate) fn log_loss_of_event(outcomes: &[bool], probabilities: &[f64]) -> f64 {
    let rows = outcomes.iter().zip(probabilities);
    let of_truth = rows.map(|(outcome, p)| if *outcome { *p } else { 1.0 - p });
    mean_loss(of_truth, outcomes.len())
}

/// The mean squared difference of probability and outcome (Brier 1950).
pub(crate) fn squared_error(outcomes: &[bool], probabilities: &[f64]) -> f64 {
    let squared = |(outcome, p): (&bool, &f64)| {
        let difference = p - indicator(*outcome);
        difference * difference
    };
    outcomes.iter().zip(probabilities).map(squared).sum::<f64>() / number(outcomes.len())
}

fn mean_loss(of_truth: impl Iterator<Item = f64>, n_rows: usize) -> f64 {
    let logarithm = |p: f64| ln(p.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP));
    -of_truth.map(logarithm).fold(0.0, |sum, term| sum + term) / number(n_rows)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn both_forms_of_the_log_loss_have_the_same_bits() {
        let probabilities = array![[0.75, 0.25], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0]];
        let classes = [0, 1, 1, 1];
        let of_event = log_loss_of_event(&[false, true, true, true], &[0.25, 1.0, 0.5, 0.0]);
        assert_eq!(log_loss(&probabilities, &classes).to_bits(), of_event.to_bits());
        assert!(of_event.is_finite());
        assert!(log_loss(&probabilities, &[0, 1, 2, 1]).is_nan());
    }
}
