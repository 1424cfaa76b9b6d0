//! Rows to fit to, and rows held out.

use ndarray::Axis;

use super::spec::NetworkSpec;
use crate::learners::training_rows::TrainingRows;

/// Some of the training rows, contiguous, with their classes and weights.
pub(super) struct Rows {
    values: Vec<f64>,
    n_inputs: usize,
    pub(super) classes: Vec<usize>,
    weights: Vec<f64>,
}

impl Rows {
    /// The rows at these positions, or all.
    #[allow(clippy::indexing_slicing, reason = "rows that are kept are rows of the table")]
    pub(super) fn new(spec: &NetworkSpec, rows: TrainingRows<'_>, kept: Option<&[usize]>) -> Self {
        let (n_inputs, weights) = (rows.n_inputs(), rows.weights_by(spec.class_weight));
        let Some(kept) = kept else {
            return Self {
                values: rows.row_major(),
                n_inputs,
                classes: rows.classes.into(),
                weights,
            };
        };
        Self {
            values: rows.values.select(Axis(0), kept).iter().copied().collect(),
            n_inputs,
            classes: kept.iter().map(|row| rows.classes[*row]).collect(),
            weights: kept.iter().map(|row| weights[*row]).collect(),
        }
    }

    /// The values, class and weight of a row.
    #[allow(clippy::indexing_slicing, reason = "one of these rows")]
    pub(super) fn row(&self, row: usize) -> (&[f64], usize, f64) {
        let values = &self.values[row * self.n_inputs..][..self.n_inputs];
        (values, self.classes[row], self.weights[row])
    }
}
