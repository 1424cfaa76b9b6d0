//! The usual metrics of predicted classes and of probabilities, as one row of a table.
//!
//! Classes are those that the model predicts ([`most_probable`]), not those at a cutoff of 0.5: the two
//! differ where a probability is exactly 0.5. At a cutoff:
//! [`Classification`](crate::classification::Classification).

use serde::Serialize;

use crate::class_rows::ClassRows;
use crate::confusion::ratio;
use crate::discrimination::{auc, macro_auc};
use crate::loss::{log_loss_of_classes, log_loss_of_event, squared_error};
use crate::rows::Rows;
use crate::whole;

pub use crate::confusion::ConfusionMatrix;
pub use crate::loss::log_loss;
pub use crate::predicted_class::most_probable;

/// Metrics of probabilities and predicted classes against what came true.
///
/// Every metric is weighted; `n_rows` is the number of rows. A ratio whose denominator is 0 is
/// undefined: `None`, not 0. With more than two classes, metrics of
/// positive and negative rows are `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// The number of rows.
    pub n_rows: usize,
    /// Of two classes, rows by class and predicted class.
    pub confusion: Option<ConfusionMatrix>,
    /// Of more classes, the rows of each class by predicted class: sums of weights, as in
    /// [`ConfusionMatrix`].
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "whole::table")]
    pub counts: Option<Vec<Vec<f64>>>,
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
    /// classes the mean over them, each against all others. Of rows that are ranked by other
    /// probabilities ([`Rows::ranked_by`]), that of these.
    pub auc: Option<f64>,
    /// The mean squared difference between probability and outcome; of more than two classes, its sum
    /// over them (Brier 1950).
    pub brier: f64,
    /// The mean negative logarithm of the probability of what came true.
    pub log_loss: f64,
}

impl Metrics {
    /// Compares probabilities with the class of each row. Of two classes, class 1 is the positive one.
    #[must_use]
    pub fn of(rows: &ClassRows<'_>) -> Self {
        if rows.probabilities().ncols() > 2 {
            return Self::of_many(rows);
        }
        let predicted = rows.each().map(|(class, probabilities, weight)| {
            (class == 1, most_probable(probabilities) == 1, weight)
        });
        Self::of_two(rows.one_class(1).rows(), ConfusionMatrix::count(predicted))
    }

    /// Compares probabilities of an event with outcomes; the event is predicted where it is more
    /// probable than not.
    #[must_use]
    pub fn of_event(rows: Rows<'_>) -> Self {
        let predicted = rows.each().map(|(outcome, p, weight)| (outcome, p > 0.5, weight));
        Self::of_two(rows, ConfusionMatrix::count(predicted))
    }

    fn of_two(rows: Rows<'_>, confusion: ConfusionMatrix) -> Self {
        Self {
            n_rows: rows.n_rows(),
            accuracy: confusion.accuracy().unwrap_or(f64::NAN),
            sensitivity: confusion.sensitivity(),
            specificity: confusion.specificity(),
            ppv: confusion.ppv(),
            npv: confusion.npv(),
            f1: confusion.f1(),
            confusion: Some(confusion),
            counts: None,
            auc: auc(rows).ok(),
            brier: squared_error(rows),
            log_loss: log_loss_of_event(rows),
        }
    }

    #[allow(clippy::indexing_slicing, reason = "classes are below the number of columns")]
    fn of_many(rows: &ClassRows<'_>) -> Self {
        let n_classes = rows.probabilities().ncols();
        let mut counts = vec![vec![0.0; n_classes]; n_classes];
        let (mut brier, mut total) = (0.0, 0.0);
        for (class, probabilities, weight) in rows.each() {
            counts[class][most_probable(probabilities)] += weight;
            total += weight;
            for (column, probability) in probabilities.iter().enumerate() {
                let missed = if column == class { 1.0 - probability } else { *probability };
                brier += weight * (missed * missed);
            }
        }
        let right = counts.iter().enumerate().fold(0.0, |sum, (class, row)| sum + row[class]);
        Self {
            n_rows: rows.classes().len(),
            confusion: None,
            counts: Some(counts),
            accuracy: ratio(right, total).unwrap_or(f64::NAN),
            sensitivity: None,
            specificity: None,
            ppv: None,
            npv: None,
            f1: None,
            auc: macro_auc(rows).ok().map(|auc| auc.mean),
            brier: brier / total,
            log_loss: log_loss_of_classes(rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_predicted_class_at_a_tie_is_the_first() {
        let rows = Rows::new(&[true, false], &[0.5, 0.5]).unwrap();
        let of_event = Metrics::of_event(rows);
        let probabilities = array![[0.5, 0.5], [0.5, 0.5]];
        let of_classes = Metrics::of(&ClassRows::new(&[1, 0], probabilities.view()).unwrap());
        assert_eq!(of_event, of_classes);
        assert_eq!((of_event.sensitivity, of_event.specificity), (Some(0.0), Some(1.0)));
        let at_cutoff = ConfusionMatrix::at_cutoff(rows, 0.5).unwrap();
        assert_eq!((at_cutoff.sensitivity(), at_cutoff.specificity()), (Some(1.0), Some(0.0)));
    }

    #[test]
    fn three_classes_have_counts_and_no_positive_rows() {
        let probabilities = array![[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.5, 0.0, 0.5]];
        let rows = ClassRows::new(&[0, 1, 2], probabilities.view()).unwrap();
        let metrics = Metrics::of(&rows);
        let expected = vec![vec![1.0, 0.0, 0.0], vec![0.0, 1.0, 0.0], vec![1.0, 0.0, 0.0]];
        assert_eq!((metrics.counts, metrics.confusion), (Some(expected), None));
        assert_eq!((metrics.accuracy, metrics.sensitivity), (2.0 / 3.0, None));
        assert_eq!(metrics.brier, (0.375 + 0.375 + 0.5) / 3.0);
        let weighted = Metrics::of(&rows.weighted(Some(&[1.0, 1.0, 2.0])).unwrap());
        assert_eq!((weighted.accuracy, weighted.brier), (0.5, (0.375 + 0.375 + 1.0) / 4.0));
        assert_eq!(weighted.n_rows, 3);
    }

    #[test]
    fn the_area_is_that_of_the_ranking_and_all_else_that_of_the_probabilities() {
        let rows = Rows::new(&[true, false, true], &[0.9, 0.6, 0.2]).unwrap();
        let ranked = Metrics::of_event(rows.ranked_by(Some(&[0.9, 0.6, 0.7])).unwrap());
        assert_eq!(ranked, Metrics { auc: Some(1.0), ..Metrics::of_event(rows) });
    }
}
