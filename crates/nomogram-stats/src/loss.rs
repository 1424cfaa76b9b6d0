//! Log loss and the squared error of an event.

use ndarray::Array2;
use nomogram::numeric::ln;

use crate::class_rows::ClassRows;
use crate::rows::{Rows, indicator};

/// Probabilities are kept this far from 0 and 1 when their logarithm is taken, as in scikit-learn.
const LOG_LOSS_CLIP: f64 = f64::EPSILON;

/// The mean negative logarithm of the probability of what came true; `probabilities` has the shape
/// `(n_rows, n_classes)`, `classes` one class per row, and `weights` one weight per row, or each row
/// counts 1.
///
/// Not checked, because fits call it often: NaN without rows, and where a class has no column.
#[must_use]
pub fn log_loss(probabilities: &Array2<f64>, classes: &[usize], weights: Option<&[f64]>) -> f64 {
    let rows = probabilities.rows().into_iter().zip(classes).enumerate();
    mean_loss(rows.map(|(row, (probabilities, class))| {
        let weight = weights.map_or(1.0, |weights| weights.get(row).copied().unwrap_or(f64::NAN));
        (probabilities.get(*class).copied().unwrap_or(f64::NAN), weight)
    }))
}

/// [`log_loss`] of rows that are checked.
pub(crate) fn log_loss_of_classes(rows: &ClassRows<'_>) -> f64 {
    mean_loss(rows.each().map(|(class, probabilities, weight)| {
        (probabilities.get(class).copied().unwrap_or(f64::NAN), weight)
    }))
}

/// The log loss of outcomes, from probabilities of the event.
pub(crate) fn log_loss_of_event(rows: Rows<'_>) -> f64 {
    mean_loss(rows.each().map(|(outcome, p, weight)| (if outcome { p } else { 1.0 - p }, weight)))
}

/// The mean squared difference of probability and outcome (Brier 1950).
pub(crate) fn squared_error(rows: Rows<'_>) -> f64 {
    let squared = |(outcome, p, weight): (bool, f64, f64)| {
        let difference = p - indicator(outcome);
        weight * (difference * difference)
    };
    rows.each().map(squared).sum::<f64>() / rows.total()
}

/// Of pairs of probability and weight.
fn mean_loss(of_truth: impl Iterator<Item = (f64, f64)>) -> f64 {
    let logarithm = |p: f64| ln(p.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP));
    let add = |(sum, total): (f64, f64), (p, weight)| (sum + weight * logarithm(p), total + weight);
    let (sum, total) = of_truth.fold((0.0, 0.0), add);
    -sum / total
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn both_forms_of_the_log_loss_have_the_same_bits() {
        let probabilities = array![[0.75, 0.25], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0]];
        let classes = [0, 1, 1, 1];
        let (outcomes, p) = ([false, true, true, true], [0.25, 1.0, 0.5, 0.0]);
        let rows = Rows::new(&outcomes, &p).unwrap();
        let of_event = log_loss_of_event(rows);
        let of_classes = ClassRows::new(&classes, probabilities.view()).unwrap();
        for of_both in [log_loss(&probabilities, &classes, None), log_loss_of_classes(&of_classes)]
        {
            assert_eq!(of_both.to_bits(), of_event.to_bits());
        }
        assert!(of_event.is_finite());
        assert!(log_loss(&probabilities, &[0, 1, 2, 1], None).is_nan());
        let weights = Some(&[1.0, 2.0, 0.5, 1.0][..]);
        let weighted = log_loss_of_event(rows.weighted(weights).unwrap());
        assert_eq!(log_loss(&probabilities, &classes, weights).to_bits(), weighted.to_bits());
        assert!(weighted < of_event, "{weighted}");
    }
}
