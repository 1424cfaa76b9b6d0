//! The usual metrics of predicted classes and of probabilities, as one row of a table.
//!
//! Classes are those that the model predicts ([`most_probable`]), not those at a cutoff of 0.5: the two
//! differ where a probability is exactly 0.5. At a cutoff:
//! [`Classification`](crate::classification::Classification).

use ndarray::ArrayView2;
use serde::Serialize;

use crate::count::{number, ratio};
use crate::discrimination::{auc_of_values, macro_auc};
use crate::error::Error;
use crate::loss::{log_loss_of_classes, log_loss_of_event, squared_error};
use crate::rows::{check, check_classes, check_probabilities, outcomes_of};

pub use crate::confusion::ConfusionMatrix;
pub use crate::loss::log_loss;
pub use crate::predicted_class::most_probable;

/// Metrics of probabilities and predicted classes against what came true.
///
/// A ratio whose denominator is 0 is undefined: `None`, not 0. With more than two classes, metrics of
/// positive and negative rows are `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// The number of rows.
    pub n_rows: usize,
    /// Of two classes, rows by class and predicted class.
    pub confusion: Option<ConfusionMatrix>,
    /// Of more classes, the rows of each class by predicted class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Vec<Vec<usize>>>,
    /// The share of rows whose class was predicted.
    pub accuracy: f64,
    /// The share of positive rows that were predicted positive.
    pub sensitivity: Option<f64>,
    /// The share of negative rows that were predicted negative.
    pub specificity: Option<f64>,
    /// The share of positive predictions that came true.
    pub ppv: Option<f64>,
    /// The share of negative predictions that came true.
    pub npv: Option<f64>,
    /// The harmonic mean of sensitivity and PPV.
    pub f1: Option<f64>,
    /// The area under the ROC curve; ties count one half (Hanley and McNeil 1982). Of more than two
    /// classes the mean over them, each against all others.
    pub auc: Option<f64>,
    /// The mean squared difference between probability and outcome; of more than two classes, its sum
    /// over them (Brier 1950).
    pub brier: f64,
    /// The mean negative logarithm of the probability of what came true.
    pub log_loss: f64,
}

impl Metrics {
    /// Compares probabilities of shape `(n_rows, n_classes)` with the class of each row. Of two
    /// classes, class 1 is the positive one.
    ///
    /// # Errors
    ///
    /// `Data` when there is no row, not one class per row, fewer than two classes, a class without a
    /// column, or a number that is not a probability.
    pub fn of(classes: &[usize], probabilities: ArrayView2<'_, f64>) -> Result<Self, Error> {
        let (n_rows, n_classes) = probabilities.dim();
        if n_rows != classes.len() || n_rows == 0 || n_classes < 2 {
            return Err(Error::Data(format!(
                "probabilities of {n_classes} classes for {n_rows} rows, classes of {} rows, \
                 expected at least 2 classes and as many rows of both, at least 1",
                classes.len()
            )));
        }
        check_classes(classes, n_classes)?;
        for row in probabilities.rows() {
            check_probabilities(&row.to_vec())?;
        }
        let predicted: Vec<usize> = probabilities.rows().into_iter().map(most_probable).collect();
        if n_classes > 2 {
            return Ok(Self::of_many(classes, &predicted, probabilities));
        }
        let outcomes = outcomes_of(1, classes);
        let predicted = predicted.iter().map(|class| *class == 1);
        let confusion = ConfusionMatrix::count(outcomes.iter().copied().zip(predicted));
        Ok(Self::of_two(&outcomes, &probabilities.column(1).to_vec(), confusion))
    }

    /// Compares probabilities of an event with outcomes; the event is predicted where it is more
    /// probable than not.
    ///
    /// # Errors
    ///
    /// `Data` as in [the crate's conventions](crate).
    pub fn of_event(outcomes: &[bool], probabilities: &[f64]) -> Result<Self, Error> {
        check(outcomes, probabilities)?;
        let predicted = probabilities.iter().map(|p| *p > 0.5);
        let confusion = ConfusionMatrix::count(outcomes.iter().copied().zip(predicted));
        Ok(Self::of_two(outcomes, probabilities, confusion))
    }

    fn of_two(outcomes: &[bool], probabilities: &[f64], confusion: ConfusionMatrix) -> Self {
        Self {
            n_rows: outcomes.len(),
            accuracy: confusion.accuracy().unwrap_or(f64::NAN),
            sensitivity: confusion.sensitivity(),
            specificity: confusion.specificity(),
            ppv: confusion.ppv(),
            npv: confusion.npv(),
            f1: confusion.f1(),
            confusion: Some(confusion),
            counts: None,
            auc: auc_of_values(outcomes, probabilities),
            brier: squared_error(outcomes, probabilities),
            log_loss: log_loss_of_event(outcomes, probabilities),
        }
    }

    #[allow(clippy::indexing_slicing, reason = "classes are below the number of columns")]
    fn of_many(classes: &[usize], predicted: &[usize], probabilities: ArrayView2<'_, f64>) -> Self {
        let (n_rows, n_classes) = probabilities.dim();
        let mut counts = vec![vec![0; n_classes]; n_classes];
        let mut brier = 0.0;
        for ((row, class), predicted) in
            probabilities.rows().into_iter().zip(classes).zip(predicted)
        {
            counts[*class][*predicted] += 1;
            for (column, probability) in row.iter().enumerate() {
                let missed = if column == *class { 1.0 - probability } else { *probability };
                brier += missed * missed;
            }
        }
        let n_right = counts.iter().enumerate().map(|(class, row)| row[class]).sum();
        Self {
            n_rows,
            confusion: None,
            counts: Some(counts),
            accuracy: ratio(n_right, n_rows).unwrap_or(f64::NAN),
            sensitivity: None,
            specificity: None,
            ppv: None,
            npv: None,
            f1: None,
            auc: macro_auc(classes, probabilities).ok().map(|auc| auc.mean),
            brier: brier / number(n_rows),
            log_loss: log_loss_of_classes(probabilities, classes),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_predicted_class_at_a_tie_is_the_first() {
        let of_event = Metrics::of_event(&[true, false], &[0.5, 0.5]).unwrap();
        let of_classes = Metrics::of(&[1, 0], array![[0.5, 0.5], [0.5, 0.5]].view()).unwrap();
        assert_eq!(of_event, of_classes);
        assert_eq!((of_event.sensitivity, of_event.specificity), (Some(0.0), Some(1.0)));
        let at_cutoff = ConfusionMatrix::at_cutoff(&[true, false], &[0.5, 0.5], 0.5).unwrap();
        assert_eq!((at_cutoff.sensitivity(), at_cutoff.specificity()), (Some(1.0), Some(0.0)));
    }

    #[test]
    fn three_classes_have_counts_and_no_positive_rows() {
        let probabilities = array![[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.0, 0.5]];
        let metrics = Metrics::of(&[0, 1, 2], probabilities.view()).unwrap();
        let expected = vec![vec![1, 0, 0], vec![0, 1, 0], vec![1, 0, 0]];
        assert_eq!((metrics.counts, metrics.confusion), (Some(expected), None));
        assert_eq!((metrics.accuracy, metrics.sensitivity), (2.0 / 3.0, None));
        assert_eq!(metrics.brier, (0.375 + 0.375 + 0.5) / 3.0);
    }

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        let refused = |classes: &[usize], probabilities: Array2<f64>, expected: &str| {
            let error = Metrics::of(classes, probabilities.view()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        refused(&[0], array![[0.5, 0.5], [0.5, 0.5]], "2 classes for 2 rows, classes of 1 rows");
        refused(&[], Array2::zeros((0, 2)), "for 0 rows");
        refused(&[0], array![[1.0]], "probabilities of 1 classes");
        refused(&[0, 2], array![[0.5, 0.5], [0.5, 0.5]], "row 2: class 2, expected less than 2");
        refused(&[0, 1], array![[0.5, 0.5], [0.5, f64::NAN]], "row 2: probability NaN");
        assert!(Metrics::of_event(&[true], &[1.5]).is_err());
    }
}
