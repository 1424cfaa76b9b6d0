//! Log loss of two or more classes: starting margins, derivatives, mean.
//!
//! Two classes have one margin; more have one each and a softmax, whose curvatures are `p · (1 − p)`
//! as in scikit-learn.

use nomogram::numeric;
use rayon::prelude::*;

use super::sums::Derivatives;
use crate::learners::TrainingRows;

/// Rows that one thread works on at a time; sums are taken chunk by chunk, so this changes bits.
const CHUNK: usize = 4096;

/// What the margins are compared with.
pub(super) struct Loss<'a> {
    classes: &'a [usize],
    /// 0 for rows that are not fitted to.
    weights: Vec<f64>,
    n_margins: usize,
}

impl<'a> Loss<'a> {
    pub(super) fn new(rows: TrainingRows<'a>, held_out: &[usize]) -> Self {
        let mut weights = rows.weights.map_or_else(|| vec![1.0; rows.n_rows()], <[f64]>::to_vec);
        for row in held_out {
            if let Some(weight) = weights.get_mut(*row) {
                *weight = 0.0;
            }
        }
        let n_margins = if rows.n_classes == 2 { 1 } else { rows.n_classes };
        Self { classes: rows.classes, weights, n_margins }
    }

    pub(super) fn n_margins(&self) -> usize {
        self.n_margins
    }

    /// The margins that the shares of the classes have.
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
                let of_rows = probabilities.zip(classes.iter().zip(weights));
                let mut sums = Derivatives::default();
                for (row, (probabilities, (own, weight))) in rows.iter_mut().zip(of_rows) {
                    let probability = probabilities[margin];
                    let target = if *own == class { 1.0 } else { 0.0 };
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
#[allow(clippy::indexing_slicing, reason = "rows are those of the table")]
pub(super) fn mean_log_loss(rows: TrainingRows<'_>, margins: &[f64], chosen: &[usize]) -> f64 {
    let n_margins = margins.len() / rows.n_rows();
    let (mut sum, mut total) = (0.0, 0.0);
    for &row in chosen {
        let of_row = &margins[row * n_margins..][..n_margins];
        let class = rows.classes[row];
        let loss = if n_margins == 1 {
            numeric::softplus(if class == 1 { -of_row[0] } else { of_row[0] })
        } else {
            let largest = of_row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let exps = of_row.iter().fold(0.0, |sum, margin| sum + numeric::exp(margin - largest));
            numeric::ln(exps) + largest - of_row[class]
        };
        let weight = rows.weights.map_or(1.0, |weights| weights[row]);
        sum += weight * loss;
        total += weight;
    }
    sum / total
}
