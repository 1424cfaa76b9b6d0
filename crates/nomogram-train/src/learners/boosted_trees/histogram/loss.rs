//! Log loss of two or more classes: starting margins, derivatives, mean.
//!
//! Two classes have one margin; more have one each and a softmax, whose curvatures are `p · (1 − p)`
//! as in scikit-learn.

use nomogram::numeric;
use rayon::prelude::*;

use super::sums::Derivatives;
use crate::learners::training_rows::TrainingRows;

/// Rows that one thread works on at a time; sums are taken chunk by chunk, so this changes bits.
const CHUNK: usize = 4096;

/// The classes and weights that the margins are compared with.
pub(super) struct Loss<'a> {
    classes: &'a [usize],
    /// 0 for rows that are not fitted to.
    weights: Vec<f64>,
    n_margins: usize,
}

impl<'a> Loss<'a> {
    pub(super) fn new(rows: TrainingRows<'a>, held_out: &[usize]) -> Self {
        let mut weights = rows.row_weights();
        for row in held_out {
            if let Some(weight) = weights.get_mut(*row) {
                *weight = 0.0;
            }
        }
        Self { classes: rows.classes, weights, n_margins: rows.n_margins() }
    }

    pub(super) fn n_margins(&self) -> usize {
        self.n_margins
    }

    /// The margins of the shares of the classes.
    #[allow(clippy::indexing_slicing, reason = "classes are below their number")]
    pub(super) fn base_margins(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_margins.max(2)];
        for (class, weight) in self.classes.iter().zip(&self.weights) {
            sums[*class] += weight;
        }
        let total = sums.iter().fold(0.0, |total, sum| total + sum);
        if self.n_margins == 1 {
            let share = sums[1] / total;
            return vec![numeric::ln(share / (1.0 - share))];
        }
        sums.iter().map(|sum| numeric::ln(sum / total)).collect()
    }

    /// The probability of each margin's class, row by row.
    pub(super) fn probabilities(&self, margins: &[f64]) -> Vec<f64> {
        let mut probabilities = margins.to_vec();
        probabilities.par_chunks_mut(CHUNK * self.n_margins).for_each(|chunk| {
            if self.n_margins == 1 {
                chunk.iter_mut().for_each(|margin| *margin = numeric::logistic(*margin));
            } else {
                chunk.chunks_exact_mut(self.n_margins).for_each(numeric::softmax);
            }
        });
        probabilities
    }

    /// The derivatives by one margin, row by row, and their absolute sums.
    #[allow(clippy::indexing_slicing, reason = "a margin below their number")]
    pub(super) fn derivatives(
        &self,
        probabilities: &[f64],
        margin: usize,
    ) -> (Vec<Derivatives>, Derivatives) {
        let class = if self.n_margins == 1 { 1 } else { margin };
        let mut rows = vec![Derivatives::default(); self.classes.len()];
        let chunks = rows
            .par_chunks_mut(CHUNK)
            .zip(probabilities.par_chunks(CHUNK * self.n_margins))
            .zip(self.classes.par_chunks(CHUNK).zip(self.weights.par_chunks(CHUNK)));
        let sums: Vec<Derivatives> = chunks
            .map(|((rows, probabilities), (classes, weights))| {
                let probabilities = probabilities.chunks_exact(self.n_margins);
                let by_row = probabilities.zip(classes.iter().zip(weights));
                let mut sums = Derivatives::default();
                for (row, (probabilities, (row_class, weight))) in rows.iter_mut().zip(by_row) {
                    let probability = probabilities[margin];
                    let target = if *row_class == class { 1.0 } else { 0.0 };
                    row.residual = weight * (target - probability);
                    row.curvature = weight * (probability * (1.0 - probability));
                    sums.residual += row.residual.abs();
                    sums.curvature += row.curvature;
                }
                sums
            })
            .collect();
        let total = sums.iter().fold(Derivatives::default(), |total, sum| Derivatives {
            residual: total.residual + sum.residual,
            curvature: total.curvature + sum.curvature,
        });
        (rows, total)
    }
}

/// The mean log loss of some rows, from the first to the last.
///
/// The terms of more than two classes are added in another order than in
/// [`crate::learners::log_loss`]: one order for both would change the round at which a fit stops.
#[allow(clippy::indexing_slicing, reason = "rows are those of the table")]
pub(super) fn mean_log_loss(rows: TrainingRows<'_>, margins: &[f64], chosen: &[usize]) -> f64 {
    let n_margins = margins.len() / rows.n_rows();
    let (mut sum, mut total) = (0.0, 0.0);
    for &row in chosen {
        let row_margins = &margins[row * n_margins..][..n_margins];
        let class = rows.classes[row];
        let loss = if n_margins == 1 {
            numeric::softplus(if class == 1 { -row_margins[0] } else { row_margins[0] })
        } else {
            let largest = row_margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let exps =
                row_margins.iter().fold(0.0, |sum, margin| sum + numeric::exp(margin - largest));
            numeric::ln(exps) + largest - row_margins[class]
        };
        let weight = rows.weights.map_or(1.0, |weights| weights[row]);
        sum += weight * loss;
        total += weight;
    }
    sum / total
}
