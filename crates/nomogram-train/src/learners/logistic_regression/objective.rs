//! The penalised log loss of coefficients, and its derivatives.

use nomogram::{Linear, Link};

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
    values: Vec<f64>,
    n_inputs: usize,
    n_margins: usize,
    classes: &'a [usize],
    weights: Vec<f64>,
    /// The factor of half the sum of squared weights.
    penalty: f64,
    /// The factor of the sum of their magnitudes.
    pub(super) l1: f64,
}

#[allow(clippy::indexing_slicing, reason = "shapes are fixed by `new`")]
impl<'a> Problem<'a> {
    /// The objective with the penalty of a spec, or without any.
    pub(super) fn new(spec: Option<&LogisticRegressionSpec>, rows: TrainingRows<'a>) -> Self {
        let class_weight = spec.map_or(ClassWeight::Equal, |spec| spec.class_weight);
        Self {
            values: rows.row_major(),
            n_inputs: rows.n_inputs(),
            n_margins: rows.n_margins(),
            classes: rows.classes,
            weights: rows.weights_by(class_weight),
            penalty: spec.map_or(0.0, |spec| (1.0 - spec.l1_ratio) / spec.c),
            l1: spec.map_or(0.0, |spec| spec.l1_ratio / spec.c),
        }
    }

    /// The number of coefficients of a margin.
    fn width(&self) -> usize {
        self.n_inputs + 1
    }

    pub(super) fn n_coefficients(&self) -> usize {
        self.n_margins * self.width()
    }

    /// The fitted member.
    pub(super) fn linear(&self, coefficients: &[f64]) -> Result<Linear, Error> {
        let link = if self.n_margins == 1 { Link::Logit } else { Link::Softmax };
        let margins = || coefficients.chunks_exact(self.width());
        let intercepts = margins().map(|margin| margin[self.n_inputs]).collect();
        let weights = margins().flat_map(|margin| &margin[..self.n_inputs]).copied();
        Ok(Linear::new(link, intercepts, weights.collect())?)
    }

    /// Each row with its class and weight.
    fn rows(&self) -> impl Iterator<Item = (&[f64], usize, f64)> {
        let rows = self.values.chunks_exact(self.n_inputs);
        rows.zip(self.classes)
            .zip(&self.weights)
            .map(|((row, class), weight)| (row, *class, *weight))
    }

    fn margins(&self, row: &[f64], coefficients: &[f64], margins: &mut [f64]) {
        for (margin, coefficients) in
            margins.iter_mut().zip(coefficients.chunks_exact(self.width()))
        {
            let terms = row.iter().zip(coefficients);
            *margin = terms
                .fold(coefficients[self.n_inputs], |sum, (value, weight)| sum + value * weight);
        }
    }

    pub(super) fn is_intercept(&self, coefficient: usize) -> bool {
        coefficient % self.width() == self.n_inputs
    }

    /// The weights of the inputs, of all margins.
    fn penalised<'b>(&'b self, coefficients: &'b [f64]) -> impl Iterator<Item = f64> + 'b {
        coefficients
            .iter()
            .enumerate()
            .filter(|(i, _)| !self.is_intercept(*i))
            .map(|(_, weight)| *weight)
    }

    /// The sum of the weighted log losses and the penalty.
    pub(super) fn objective(&self, coefficients: &[f64]) -> f64 {
        let mut margins = vec![0.0; self.n_margins];
        let loss = self.rows().fold(0.0, |sum, (row, class, weight)| {
            self.margins(row, coefficients, &mut margins);
            sum + weight * log_loss(&margins, class)
        });
        let squares = self.penalised(coefficients).fold(0.0, |sum, w| sum + w * w);
        let smooth = loss + 0.5 * self.penalty * squares;
        if self.l1 > 0.0 { smooth + self.l1 * self.magnitudes(coefficients) } else { smooth }
    }

    /// The sum of the magnitudes of the penalised weights.
    pub(super) fn magnitudes(&self, coefficients: &[f64]) -> f64 {
        self.penalised(coefficients).fold(0.0, |sum, weight| sum + weight.abs())
    }

    /// The largest entry of the gradient; with an L1 penalty, of the subgradient nearest to 0.
    pub(super) fn stationarity(&self, coefficients: &[f64], gradient: &[f64]) -> f64 {
        let nearest = gradient.iter().zip(coefficients).enumerate().map(|(i, (slope, weight))| {
            let l1 = if self.is_intercept(i) { 0.0 } else { self.l1 };
            if *weight == 0.0 {
                (slope.abs() - l1).max(0.0)
            } else {
                (slope + l1 * sign(*weight)).abs()
            }
        });
        nearest.fold(0.0, f64::max)
    }

    /// The gradient, and the lower triangle of the Hessian, row-major.
    pub(super) fn derivatives(&self, coefficients: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (n, width, n_margins) = (self.n_coefficients(), self.width(), self.n_margins);
        let mut gradient = vec![0.0; n];
        let mut hessian = vec![0.0; n * n];
        let mut extended = vec![1.0; width];
        let mut margins = vec![0.0; n_margins];
        let mut slopes = Slopes::new(n_margins);
        for (row, class, weight) in self.rows() {
            extended[..self.n_inputs].copy_from_slice(row);
            self.margins(row, coefficients, &mut margins);
            slopes.set(&margins, class, weight);
            for margin in 0..n_margins {
                let residual = slopes.residuals[margin];
                for (i, value) in extended.iter().enumerate() {
                    let at_row = margin * width + i;
                    gradient[at_row] += residual * value;
                    for other in 0..=margin {
                        let scaled = slopes.curvatures[margin * n_margins + other] * value;
                        let until = if other == margin { i + 1 } else { width };
                        let start = at_row * n + other * width;
                        let entries = &mut hessian[start..start + until];
                        for (entry, other) in entries.iter_mut().zip(&extended) {
                            *entry += scaled * other;
                        }
                    }
                }
            }
        }
        for i in (0..n).filter(|i| !self.is_intercept(*i)) {
            gradient[i] += self.penalty * coefficients[i];
            hessian[i * n + i] += self.penalty;
        }
        self.fix_sums(&mut hessian);
        (gradient, hessian)
    }

    /// Adds curvature in the directions that neither loss nor penalty bends.
    ///
    /// Softmax does not change when a number is added to all margins, so the Hessian is singular
    /// along coefficients that are not penalised. The added curvature keeps their sum over the margins
    /// at its start, 0, and changes nothing else, as the gradient is 0 in that direction.
    fn fix_sums(&self, hessian: &mut [f64]) {
        if self.n_margins == 1 {
            return;
        }
        let (n, width) = (self.n_coefficients(), self.width());
        let is_penalised = self.penalty > 0.0 || self.l1 > 0.0;
        let curvature = self.weights.iter().fold(0.0, |sum, weight| sum + weight);
        for i in (0..width).filter(|i| self.is_intercept(*i) || !is_penalised) {
            for margin in 0..self.n_margins {
                for other in 0..=margin {
                    hessian[(margin * width + i) * n + other * width + i] += curvature;
                }
            }
        }
    }
}
