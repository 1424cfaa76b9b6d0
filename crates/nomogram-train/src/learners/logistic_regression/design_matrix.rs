//! The values of the inputs, and the two products with them that every fit needs.
//!
//! Each entry of a product is the sum of its terms in one order, whatever the number of threads: over
//! inputs from the intercept on, over rows as `block_sums` adds them. Four rows are computed at a time,
//! which changes no bit.

use std::ops::Range;

use rayon::prelude::*;

use super::block_sums::{add_entries, sum_blocks};
use crate::learners::training_rows::TrainingRows;

/// The number of rows whose margins one task computes.
const TASK_ROWS: usize = 256;

/// The values of the inputs row by row, and after each row a 1 for the intercept.
pub(super) struct DesignMatrix {
    values: Vec<f64>,
    width: usize,
}

#[allow(clippy::indexing_slicing, reason = "each row has `width` values")]
impl DesignMatrix {
    pub(super) fn new(rows: TrainingRows<'_>) -> Self {
        let width = rows.n_inputs() + 1;
        let mut values = Vec::with_capacity(rows.n_rows() * width);
        for row in rows.values.rows() {
            values.extend(row);
            values.push(1.0);
        }
        Self { values, width }
    }

    /// The number of inputs, and one more for the intercept.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn n_rows(&self) -> usize {
        self.values.len() / self.width
    }

    /// The values of a row, with the intercept.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// Each row's margins, shape `(n_rows, n_margins)`; `coefficients` has `width` numbers for each
    /// margin, the last of which is the intercept.
    pub(super) fn margins(&self, coefficients: &[f64]) -> Vec<f64> {
        let n_margins = coefficients.len() / self.width;
        let mut margins = vec![0.0; self.n_rows() * n_margins];
        margins.par_chunks_mut(TASK_ROWS * n_margins).enumerate().for_each(|(task, margins)| {
            for (nth, margins) in margins.chunks_mut(4 * n_margins).enumerate() {
                self.margins_of_four(task * TASK_ROWS + 4 * nth, coefficients, margins);
            }
        });
        margins
    }

    /// The margins of up to four rows from `first` on.
    fn margins_of_four(&self, first: usize, coefficients: &[f64], margins: &mut [f64]) {
        let n_margins = coefficients.len() / self.width;
        let n_inputs = self.width - 1;
        for (margin, coefficients) in coefficients.chunks_exact(self.width).enumerate() {
            let (weights, intercept) = (&coefficients[..n_inputs], coefficients[n_inputs]);
            if margins.len() == 4 * n_margins {
                let [a, b, c, d] = [0, 1, 2, 3].map(|row| &self.row(first + row)[..n_inputs]);
                let mut sums = [intercept; 4];
                for ((((weight, a), b), c), d) in weights.iter().zip(a).zip(b).zip(c).zip(d) {
                    sums[0] += a * weight;
                    sums[1] += b * weight;
                    sums[2] += c * weight;
                    sums[3] += d * weight;
                }
                for (row, sum) in sums.into_iter().enumerate() {
                    margins[row * n_margins + margin] = sum;
                }
                continue;
            }
            for (row, margins) in margins.chunks_exact_mut(n_margins).enumerate() {
                let terms = self.row(first + row).iter().zip(weights);
                margins[margin] =
                    terms.fold(intercept, |sum, (value, weight)| sum + value * weight);
            }
        }
    }

    /// The sums over the rows of their values times their factors, for each margin; `factors` has the
    /// shape `(n_rows, n_margins)`.
    pub(super) fn weighted_sums(&self, factors: &[f64]) -> Vec<f64> {
        let n_margins = factors.len() / self.n_rows();
        let of_block = |rows: Range<usize>| {
            let mut sums = vec![0.0; n_margins * self.width];
            for first in rows.clone().step_by(4) {
                let n_rows = (rows.end - first).min(4);
                self.add_four(
                    first,
                    &factors[first * n_margins..][..n_rows * n_margins],
                    &mut sums,
                );
            }
            sums
        };
        sum_blocks(0..self.n_rows(), &of_block, &add_entries)
    }

    /// What [`Self::weighted_sums`] returns for the margins of these coefficients, of which `scale`
    /// makes the factors of a row; the values are read once.
    pub(super) fn weighted_sums_of_margins(
        &self,
        coefficients: &[f64],
        scale: &(impl Fn(usize, &mut [f64]) + Sync),
    ) -> Vec<f64> {
        let n_margins = coefficients.len() / self.width;
        let of_block = |rows: Range<usize>| {
            let mut sums = vec![0.0; coefficients.len()];
            let mut factors = vec![0.0; 4 * n_margins];
            for first in rows.clone().step_by(4) {
                let n_rows = (rows.end - first).min(4);
                let factors = &mut factors[..n_rows * n_margins];
                self.margins_of_four(first, coefficients, factors);
                for (row, margins) in factors.chunks_exact_mut(n_margins).enumerate() {
                    scale(first + row, margins);
                }
                self.add_four(first, factors, &mut sums);
            }
            sums
        };
        sum_blocks(0..self.n_rows(), &of_block, &add_entries)
    }

    /// Adds up to four rows from `first` on, times their factors.
    fn add_four(&self, first: usize, factors: &[f64], sums: &mut [f64]) {
        let n_margins = sums.len() / self.width;
        for (margin, sums) in sums.chunks_exact_mut(self.width).enumerate() {
            if factors.len() == 4 * n_margins {
                let factors = [0, 1, 2, 3].map(|row| factors[row * n_margins + margin]);
                add_scaled_rows(sums, factors, [0, 1, 2, 3].map(|row| self.row(first + row)));
                continue;
            }
            for (row, factors) in factors.chunks_exact(n_margins).enumerate() {
                add_scaled_row(sums, factors[margin], self.row(first + row));
            }
        }
    }
}

/// Adds four rows, each times its factor, one after another.
pub(super) fn add_scaled_rows(sums: &mut [f64], factors: [f64; 4], rows: [&[f64]; 4]) {
    let [a, b, c, d] = rows;
    for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *sum = *sum + factors[0] * a + factors[1] * b + factors[2] * c + factors[3] * d;
    }
}

/// Adds a row times its factor.
pub(super) fn add_scaled_row(sums: &mut [f64], factor: f64, row: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::number;
    use ndarray::Array2;

    /// Products of rows of any number have the bits of the plain loops.
    #[test]
    fn four_rows_at_a_time_have_the_bits_of_one() {
        for n_rows in [1, 3, 4, 7, 300, 1021] {
            let values = Array2::from_shape_fn((n_rows, 3), |(row, input)| {
                1.0 / number(row * 7 % 13 + input + 1) - 0.3
            });
            let classes = vec![0; n_rows];
            let rows = DesignMatrix::new(TrainingRows::binary(values.view(), &classes));
            let coefficients = [0.3, -0.7, 0.11, 0.01, 1.3, 0.4, -0.9, 0.2];
            let margins = rows.margins(&coefficients);
            let mut sums = [0.0; 8];
            for row in 0..n_rows {
                for margin in 0..2 {
                    let weights = &coefficients[4 * margin..];
                    let sum = (0..3).fold(weights[3], |sum, i| sum + values[[row, i]] * weights[i]);
                    assert_eq!(margins[2 * row + margin].to_bits(), sum.to_bits());
                    (0..3).for_each(|i| sums[4 * margin + i] += sum * values[[row, i]]);
                    sums[4 * margin + 3] += sum;
                }
            }
            assert_eq!(rows.weighted_sums(&margins), sums);
            assert_eq!(rows.weighted_sums_of_margins(&coefficients, &|_, _| {}), sums);
        }
    }
}
