//! The penalised log loss of coefficients, and its gradient.

use std::ops::Range;

use nomogram::{Linear, Link};
use nomogram_stats::CompensatedSum;

use super::block_sums::{add_entries, sum_blocks};
use super::design_matrix::DesignMatrix;
use super::sign::sign;
use super::slopes::Slopes;
use super::spec::LogisticRegressionSpec;
use crate::error::Error;
use crate::learners::class_weight::ClassWeight;
use crate::learners::log_loss::log_loss;
use crate::learners::training_rows::TrainingRows;

/// Rows, classes and weights; coefficients are, margin by margin, the weights of the inputs, then the
/// intercept.
pub(super) struct Problem<'a> {
    pub(super) rows: DesignMatrix,
    pub(super) n_margins: usize,
    pub(super) classes: &'a [usize],
    pub(super) weights: Vec<f64>,
    /// The factor of half the sum of squared weights.
    pub(super) penalty: f64,
    /// The factor of the sum of their magnitudes.
    pub(super) l1: f64,
}

/// Coefficients, and the objective there.
pub(super) struct Point {
    pub(super) coefficients: Vec<f64>,
    /// The margins of the rows, shape `(n_rows, n_margins)`.
    pub(super) margins: Vec<f64>,
    /// The sum of the weighted log losses and the penalty.
    pub(super) value: f64,
}

#[allow(clippy::indexing_slicing, reason = "shapes are fixed by `new`")]
impl<'a> Problem<'a> {
    /// The objective with the penalty of a spec, or without any.
    pub(super) fn new(spec: Option<&LogisticRegressionSpec>, rows: TrainingRows<'a>) -> Self {
        let class_weight = spec.map_or(ClassWeight::Equal, |spec| spec.class_weight);
        Self {
            n_margins: rows.n_margins(),
            classes: rows.classes,
            weights: rows.weights_by(class_weight),
            penalty: spec.map_or(0.0, |spec| (1.0 - spec.l1_ratio) / spec.c),
            l1: spec.map_or(0.0, |spec| spec.l1_ratio / spec.c),
            rows: DesignMatrix::new(rows),
        }
    }

    /// The number of coefficients of a margin.
    pub(super) fn width(&self) -> usize {
        self.rows.width()
    }

    pub(super) fn n_coefficients(&self) -> usize {
        self.n_margins * self.width()
    }

    pub(super) fn is_penalised(&self) -> bool {
        self.penalty > 0.0 || self.l1 > 0.0
    }

    /// The fitted member.
    pub(super) fn linear(&self, coefficients: &[f64]) -> Result<Linear, Error> {
        let link = if self.n_margins == 1 { Link::Logit } else { Link::Softmax };
        let n_inputs = self.width() - 1;
        let margins = || coefficients.chunks_exact(self.width());
        let intercepts = margins().map(|margin| margin[n_inputs]).collect();
        let weights = margins().flat_map(|margin| &margin[..n_inputs]).copied();
        Ok(Linear::new(link, intercepts, weights.collect())?)
    }

    pub(super) fn is_intercept(&self, coefficient: usize) -> bool {
        (coefficient + 1).is_multiple_of(self.width())
    }

    /// The weights of the inputs, of all margins.
    fn penalised<'b>(&'b self, coefficients: &'b [f64]) -> impl Iterator<Item = f64> + 'b {
        coefficients
            .iter()
            .enumerate()
            .filter(|(i, _)| !self.is_intercept(*i))
            .map(|(_, weight)| *weight)
    }

    /// The objective at these coefficients.
    pub(super) fn at(&self, coefficients: Vec<f64>) -> Point {
        let margins = self.rows.margins(&coefficients);
        let of_block = |rows: Range<usize>| {
            let mut sum = CompensatedSum::default();
            for row in rows {
                let margins = &margins[row * self.n_margins..][..self.n_margins];
                sum.add(self.weights[row] * log_loss(margins, self.classes[row]));
            }
            sum.value()
        };
        let n_rows = self.rows.n_rows();
        let loss = sum_blocks(0..n_rows, &of_block, &|left, right| left + right);
        let squares = self.penalised(&coefficients).fold(0.0, |sum, w| sum + w * w);
        let smooth = loss + 0.5 * self.penalty * squares;
        let value =
            if self.l1 > 0.0 { smooth + self.l1 * self.magnitudes(&coefficients) } else { smooth };
        Point { coefficients, margins, value }
    }

    /// The sum of the magnitudes of the penalised weights.
    pub(super) fn magnitudes(&self, coefficients: &[f64]) -> f64 {
        self.penalised(coefficients).fold(0.0, |sum, weight| sum + weight.abs())
    }

    /// The gradient of the objective without the L1 penalty, and the slopes that it was made of.
    pub(super) fn gradient(&self, point: &Point) -> (Vec<f64>, Slopes) {
        let slopes = Slopes::new(&point.margins, self.classes, &self.weights);
        let mut gradient = self.rows.weighted_sums(&slopes.residuals);
        for (i, (slope, weight)) in gradient.iter_mut().zip(&point.coefficients).enumerate() {
            if !self.is_intercept(i) {
                *slope += self.penalty * weight;
            }
        }
        (gradient, slopes)
    }

    /// The magnitude of each entry of the gradient; with an L1 penalty, of the subgradient nearest to
    /// 0.
    pub(super) fn stationarity<'b>(
        &'b self,
        coefficients: &'b [f64],
        gradient: &'b [f64],
    ) -> impl Iterator<Item = f64> + 'b {
        gradient.iter().zip(coefficients).enumerate().map(|(i, (slope, weight))| {
            let l1 = if self.is_intercept(i) { 0.0 } else { self.l1 };
            if *weight == 0.0 {
                (slope.abs() - l1).max(0.0)
            } else {
                (slope + l1 * sign(*weight)).abs()
            }
        })
    }

    /// For each input and the intercept, the sum over the rows of the magnitudes that the gradient has
    /// for it at most: what rounding is relative to.
    pub(super) fn magnitudes_of_terms(&self) -> Vec<f64> {
        let of_block = |rows: Range<usize>| {
            let mut sums = vec![0.0; self.width()];
            for row in rows {
                let weight = self.weights[row];
                let terms = sums.iter_mut().zip(self.rows.row(row));
                terms.for_each(|(sum, value)| *sum += weight * value.abs());
            }
            sums
        };
        sum_blocks(0..self.rows.n_rows(), &of_block, &add_entries)
    }
}
