//! The second derivatives of the penalised log loss: all of them, or their product with a direction.

use std::ops::Range;

use rayon::prelude::*;

use super::design_matrix::{add_scaled_row, add_scaled_rows};
use super::objective::Problem;
use super::slopes::Slopes;
use crate::count::number;

/// Lines and columns of the Hessian that are summed over all rows before the next: they stay in the
/// cache.
const LINES: usize = 32;
const COLUMNS: usize = 256;

#[allow(clippy::indexing_slicing, reason = "shapes are fixed by `Problem::new`")]
impl Problem<'_> {
    /// The lower triangle of the Hessian, row-major.
    pub(super) fn hessian(&self, slopes: &Slopes) -> Vec<f64> {
        let (n, width) = (self.n_coefficients(), self.width());
        let mut hessian = vec![0.0; n * n];
        let mut lines: Vec<(usize, &mut [f64])> = hessian.chunks_exact_mut(n).enumerate().collect();
        lines.par_chunks_mut(LINES).for_each(|lines| {
            // Lines of one margin at a time.
            for lines in lines.chunk_by_mut(|(a, _), (b, _)| a / width == b / width) {
                self.sum_lines(slopes, lines);
            }
        });
        for i in (0..n).filter(|i| !self.is_intercept(*i)) {
            hessian[i * n + i] += self.penalty;
        }
        if let Some(curvature) = self.curvature_of_sums() {
            for i in (0..width).filter(|i| self.is_free(*i)) {
                for margin in 0..self.n_margins {
                    for other in 0..=margin {
                        hessian[(margin * width + i) * n + other * width + i] += curvature;
                    }
                }
            }
        }
        hessian
    }

    /// Sums lines of the Hessian, which are of one margin, over the rows.
    fn sum_lines(&self, slopes: &Slopes, lines: &mut [(usize, &mut [f64])]) {
        let width = self.width();
        let Some(margin) = lines.first().map(|(line, _)| line / width) else { return };
        for other in 0..=margin {
            for start in (0..width).step_by(COLUMNS) {
                let columns = start..(start + COLUMNS).min(width);
                for first in (0..self.rows.n_rows()).step_by(4) {
                    let rows = first..(first + 4).min(self.rows.n_rows());
                    self.add_rows(slopes, lines, rows, [margin, other], columns.clone());
                }
            }
        }
    }

    /// Adds up to four rows to some columns of these lines.
    fn add_rows(
        &self,
        slopes: &Slopes,
        lines: &mut [(usize, &mut [f64])],
        rows: Range<usize>,
        [margin, other]: [usize; 2],
        columns: Range<usize>,
    ) {
        let width = self.width();
        let curvature = |row: usize| slopes.curvature(row, margin, other, self.weights[row]);
        let value = |row: usize, column: usize| self.rows.row(row)[column];
        let is_four = rows.len() == 4;
        let of_four =
            [0, 1, 2, 3].map(|nth| if is_four { curvature(rows.start + nth) } else { 0.0 });
        for (line, entries) in lines {
            let input = *line % width;
            let end = if other == margin { columns.end.min(input + 1) } else { columns.end };
            if end <= columns.start {
                continue;
            }
            let entries = &mut entries[other * width..][columns.start..end];
            let values = |row: usize| &self.rows.row(row)[columns.start..end];
            if is_four {
                let rows = [0, 1, 2, 3].map(|nth| rows.start + nth);
                let factors = [0, 1, 2, 3].map(|nth| of_four[nth] * value(rows[nth], input));
                add_scaled_rows(entries, factors, rows.map(values));
                continue;
            }
            for row in rows.clone() {
                add_scaled_row(entries, curvature(row) * value(row, input), values(row));
            }
        }
    }

    /// The Hessian times a direction, with another curvature of sums.
    pub(super) fn hessian_product(&self, slopes: &Slopes, direction: &[f64]) -> Vec<f64> {
        let mut product = self.rows.weighted_sums_of_margins(direction, &|row, margins| {
            slopes.bend(row, self.weights[row], margins);
        });
        for i in (0..direction.len()).filter(|i| !self.is_intercept(*i)) {
            product[i] += self.penalty * direction[i];
        }
        if let Some(curvature) = self.curvature_of_sums() {
            // About the curvature in other directions, so that few products are needed.
            let n_margins = number(self.n_margins);
            let curvature = curvature / (n_margins * n_margins);
            let width = self.width();
            for i in (0..width).filter(|i| self.is_free(*i)) {
                let entries = || (0..self.n_margins).map(|margin| margin * width + i);
                let sum = entries().fold(0.0, |sum, i| sum + direction[i]);
                entries().for_each(|i| product[i] += curvature * sum);
            }
        }
        product
    }

    /// The diagonal of the Hessian, without the curvature of sums.
    pub(super) fn hessian_diagonal(&self, slopes: &Slopes) -> Vec<f64> {
        let width = self.width();
        let mut diagonal = vec![0.0; self.n_coefficients()];
        for row in 0..self.rows.n_rows() {
            for (margin, diagonal) in diagonal.chunks_exact_mut(width).enumerate() {
                let curvature = slopes.curvature(row, margin, margin, self.weights[row]);
                for (entry, value) in diagonal.iter_mut().zip(self.rows.row(row)) {
                    *entry += curvature * value * value;
                }
            }
        }
        for (i, entry) in diagonal.iter_mut().enumerate() {
            *entry += if self.is_intercept(i) { 0.0 } else { self.penalty };
        }
        diagonal
    }

    /// Curvature to add in the directions that neither loss nor penalty bends.
    ///
    /// Softmax does not change when a number is added to all margins, so the Hessian is singular
    /// along coefficients that are not penalised. The added curvature keeps their sum over the margins
    /// at its start, 0, and changes nothing else, as the gradient is 0 in that direction.
    fn curvature_of_sums(&self) -> Option<f64> {
        let sum = || self.weights.iter().fold(0.0, |sum, weight| sum + weight);
        (self.n_margins > 1).then(sum)
    }

    /// Makes the sum over the margins 0 where neither loss nor penalty depends on it.
    pub(super) fn center(&self, step: &mut [f64]) {
        let width = self.width();
        if self.n_margins == 1 {
            return;
        }
        for i in (0..width).filter(|i| self.is_free(*i)) {
            let entries = || (0..self.n_margins).map(|margin| margin * width + i);
            let mean = entries().fold(0.0, |sum, i| sum + step[i]) / number(self.n_margins);
            entries().for_each(|i| step[i] -= mean);
        }
    }

    /// Whether the coefficients of an input, or the intercepts, are not penalised.
    fn is_free(&self, input: usize) -> bool {
        self.is_intercept(input) || !self.is_penalised()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learners::logistic_regression::LogisticRegressionSpec;
    use crate::learners::training_rows::TrainingRows;
    use ndarray::Array2;

    #[test]
    fn product_and_diagonal_are_those_of_the_whole_hessian() {
        let values = Array2::from_shape_fn((1030, 40), |(row, input)| {
            number((row * 31 + input * 17) % 101) / 50.0 - 1.0
        });
        for n_classes in [2, 3] {
            let classes: Vec<usize> = (0..1030).map(|row| row * 7 % 11 % n_classes).collect();
            let rows = TrainingRows { n_classes, ..TrainingRows::binary(values.view(), &classes) };
            let problem = Problem::new(Some(&LogisticRegressionSpec::ridge(0.5)), rows);
            let n = problem.n_coefficients();
            let start = (0..n).map(|i| number(i % 5) / 10.0 - 0.2).collect();
            let (_, slopes) = problem.gradient(&problem.at(start));
            let hessian = problem.hessian(&slopes);
            let entry = |i: usize, j: usize| hessian[i.max(j) * n + i.min(j)];
            let mut direction: Vec<f64> = (0..n).map(|i| number(i * 13 % 7) - 3.0).collect();
            // Intercepts whose sum is 0, as the curvature of sums differs.
            let width = problem.width();
            for (margin, intercept) in [(0, 1.0), (1, 0.5), (2, -1.5)] {
                if n_classes == 3 {
                    direction[margin * width + width - 1] = intercept;
                }
            }
            let product = problem.hessian_product(&slopes, &direction);
            let diagonal = problem.hessian_diagonal(&slopes);
            for i in 0..n {
                let expected: f64 = (0..n).map(|j| entry(i, j) * direction[j]).sum();
                assert!((product[i] - expected).abs() < 1e-9, "{i}: {} {expected}", product[i]);
                if n_classes == 2 || !problem.is_intercept(i) {
                    assert!((diagonal[i] - entry(i, i)).abs() < 1e-9, "{i}");
                }
            }
        }
    }
}
