//! Derivatives of the log loss of each row by its margins.

use nomogram::numeric;
use rayon::prelude::*;

/// The number of rows that one task computes.
const TASK_ROWS: usize = 256;

/// The derivatives of the rows' weighted log losses by their margins.
pub(super) struct Slopes {
    n_margins: usize,
    /// The first derivatives, shape `(n_rows, n_margins)`.
    pub(super) residuals: Vec<f64>,
    /// Of one margin the second derivative of each row; of several the probabilities, of the same
    /// shape.
    bends: Vec<f64>,
}

#[allow(clippy::indexing_slicing, reason = "a number for each row and margin")]
impl Slopes {
    /// The derivatives at these margins, shape `(n_rows, n_margins)`.
    pub(super) fn new(margins: &[f64], classes: &[usize], weights: &[f64]) -> Self {
        let n_margins = margins.len() / classes.len();
        let (mut residuals, mut bends) = (vec![0.0; margins.len()], margins.to_vec());
        let tasks = residuals
            .par_chunks_mut(TASK_ROWS * n_margins)
            .zip(bends.par_chunks_mut(TASK_ROWS * n_margins));
        tasks.enumerate().for_each(|(task, (residuals, bends))| {
            let rows = residuals.chunks_exact_mut(n_margins).zip(bends.chunks_exact_mut(n_margins));
            for (row, (residuals, bends)) in rows.enumerate() {
                let row = task * TASK_ROWS + row;
                set(residuals, bends, classes[row], weights[row]);
            }
        });
        Self { n_margins, residuals, bends }
    }

    /// The second derivative of a row's weighted loss by two of its margins.
    pub(super) fn curvature(&self, row: usize, margin: usize, other: usize, weight: f64) -> f64 {
        if self.n_margins == 1 {
            return self.bends[row];
        }
        let probabilities = &self.bends[row * self.n_margins..];
        let (p, q) = (probabilities[margin], probabilities[other]);
        weight * p * if other == margin { 1.0 - p } else { -q }
    }

    /// Multiplies changes of a row's margins by its second derivatives.
    pub(super) fn bend(&self, row: usize, weight: f64, changes: &mut [f64]) {
        if let [change] = changes {
            *change *= self.bends[row];
            return;
        }
        let probabilities = &self.bends[row * self.n_margins..][..self.n_margins];
        let terms = probabilities.iter().zip(&*changes);
        let mean = terms.fold(0.0, |sum, (p, change)| sum + p * change);
        for (change, p) in changes.iter_mut().zip(probabilities) {
            *change = weight * p * (*change - mean);
        }
    }
}

/// Replaces the margins of a row in `bends`.
#[allow(clippy::indexing_slicing, reason = "one number for each margin")]
fn set(residuals: &mut [f64], bends: &mut [f64], class: usize, weight: f64) {
    if let [margin] = bends {
        let (complement, probability) = numeric::logistic_pair(*margin);
        let target = if class == 1 { 1.0 } else { 0.0 };
        residuals[0] = weight * (probability - target);
        *margin = weight * probability * complement;
        return;
    }
    numeric::softmax(bends);
    for (margin, (residual, p)) in residuals.iter_mut().zip(&*bends).enumerate() {
        *residual = weight * (if margin == class { p - 1.0 } else { *p });
    }
}
