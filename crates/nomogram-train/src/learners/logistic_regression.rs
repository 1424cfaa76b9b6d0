//! Logistic regression with an L2 or L1 penalty, or both, by Newton's method.
//!
//! Minimises `Σ weight · log loss + ((1 − l1_ratio) / 2 · ‖w‖² + l1_ratio · ‖w‖₁) / C`, the objective
//! of scikit-learn's `LogisticRegression`; intercepts are not penalised. Two classes have one margin,
//! more have one each (multinomial). With an L2 part the objective is strictly convex, but for a
//! number added to all intercepts, which are kept at a sum of 0; so the result does not depend on the
//! start. With an L1 part each Newton step minimises its quadratic model by coordinate descent
//! (Friedman, Hastie and Tibshirani, Regularization paths for generalized linear models via
//! coordinate descent, 2010).

use nomogram::{Linear, Link, numeric};

use super::{TrainingRows, log_loss};
use crate::config::LogisticRegressionSpec;
use crate::error::Error;

/// Converged when no entry of the gradient is larger.
const TOLERANCE: f64 = 1e-8;
/// Newton needs about ten; more means that it cannot get closer.
const MAX_ITERATIONS: usize = 200;
const MAX_HALVINGS: usize = 60;
/// Coordinate descent within a Newton step ends when no weight moves further.
const SMALLEST_MOVE: f64 = 1e-14;
const MAX_SWEEPS: usize = 10_000;

/// Fits until the largest entry of the gradient is at most 1e-8. Inputs of ordinary size are needed
/// for that, such as scaled ones: with values in the thousands rounding alone may be larger.
///
/// # Errors
///
/// `NotConverged` with the gradient that was reached.
pub fn fit_logistic_regression(
    spec: &LogisticRegressionSpec,
    rows: TrainingRows<'_>,
) -> Result<Linear, Error> {
    let problem = Problem::new(spec, rows);
    let mut at = vec![0.0; problem.n_coefficients()];
    let mut value = problem.objective(&at);
    for _ in 0..MAX_ITERATIONS {
        let (gradient, hessian) = problem.derivatives(&at);
        let largest = problem.stationarity(&at, &gradient);
        if largest <= TOLERANCE {
            return problem.linear(&at);
        }
        let step = match problem.l1 > 0.0 {
            true => problem.coordinate_descent(&at, &gradient, &hessian),
            false => solve_cholesky(hessian, &gradient),
        };
        let Some(step) = step else {
            return Err(not_converged("the Hessian is singular", largest));
        };
        let Some((next, next_value)) = problem.descend(&at, value, &gradient, &step) else {
            return Err(not_converged("no step lowers the objective", largest));
        };
        (at, value) = (next, next_value);
    }
    let (gradient, _) = problem.derivatives(&at);
    Err(not_converged(
        &format!("{MAX_ITERATIONS} iterations did not suffice"),
        problem.stationarity(&at, &gradient),
    ))
}

fn not_converged(why: &str, largest: f64) -> Error {
    Error::NotConverged(format!(
        "logistic regression: {why}; the largest entry of the gradient is {largest:e}, expected at \
         most {TOLERANCE:e}"
    ))
}

/// Rows, classes and weights; coefficients are, margin by margin, the weights of the inputs, then the
/// intercept.
struct Problem<'a> {
    values: Vec<f64>,
    n_inputs: usize,
    n_margins: usize,
    classes: &'a [usize],
    weights: Vec<f64>,
    /// What half the sum of squared weights is multiplied by.
    penalty: f64,
    /// What the sum of their magnitudes is multiplied by.
    l1: f64,
}

#[allow(clippy::indexing_slicing, reason = "shapes are fixed by `new`")]
impl<'a> Problem<'a> {
    fn new(spec: &LogisticRegressionSpec, rows: TrainingRows<'a>) -> Self {
        Self {
            values: rows.row_major(),
            n_inputs: rows.n_inputs(),
            n_margins: rows.n_margins(),
            classes: rows.classes,
            weights: rows.weights_by(spec.class_weight),
            penalty: (1.0 - spec.l1_ratio) / spec.c,
            l1: spec.l1_ratio / spec.c,
        }
    }

    /// How many coefficients a margin has.
    fn width(&self) -> usize {
        self.n_inputs + 1
    }

    fn n_coefficients(&self) -> usize {
        self.n_margins * self.width()
    }

    fn linear(&self, at: &[f64]) -> Result<Linear, Error> {
        let link = if self.n_margins == 1 { Link::Logit } else { Link::Softmax };
        let margins = || at.chunks_exact(self.width());
        let intercepts = margins().map(|of_margin| of_margin[self.n_inputs]).collect();
        let weights = margins().flat_map(|of_margin| &of_margin[..self.n_inputs]).copied();
        Ok(Linear::new(link, intercepts, weights.collect())?)
    }

    /// Each row with its class and weight.
    fn rows(&self) -> impl Iterator<Item = (&[f64], usize, f64)> {
        let rows = self.values.chunks_exact(self.n_inputs);
        rows.zip(self.classes)
            .zip(&self.weights)
            .map(|((row, class), weight)| (row, *class, *weight))
    }

    fn margins(&self, row: &[f64], at: &[f64], margins: &mut [f64]) {
        for (margin, at) in margins.iter_mut().zip(at.chunks_exact(self.width())) {
            let terms = row.iter().zip(at);
            *margin = terms.fold(at[self.n_inputs], |sum, (value, weight)| sum + value * weight);
        }
    }

    fn is_intercept(&self, coefficient: usize) -> bool {
        coefficient % self.width() == self.n_inputs
    }

    /// The weights of the inputs, of all margins.
    fn penalised<'b>(&'b self, at: &'b [f64]) -> impl Iterator<Item = f64> + 'b {
        at.iter().enumerate().filter(|(i, _)| !self.is_intercept(*i)).map(|(_, weight)| *weight)
    }

    fn objective(&self, at: &[f64]) -> f64 {
        let mut margins = vec![0.0; self.n_margins];
        let loss = self.rows().fold(0.0, |sum, (row, class, weight)| {
            self.margins(row, at, &mut margins);
            sum + weight * log_loss(&margins, class)
        });
        let squares = self.penalised(at).fold(0.0, |sum, w| sum + w * w);
        let smooth = loss + 0.5 * self.penalty * squares;
        if self.l1 > 0.0 { smooth + self.l1 * self.magnitudes(at) } else { smooth }
    }

    fn magnitudes(&self, at: &[f64]) -> f64 {
        self.penalised(at).fold(0.0, |sum, weight| sum + weight.abs())
    }

    /// The largest entry of the gradient; with an L1 penalty, of the subgradient nearest to 0.
    fn stationarity(&self, at: &[f64], gradient: &[f64]) -> f64 {
        let nearest = gradient.iter().zip(at).enumerate().map(|(i, (slope, weight))| {
            let l1 = if self.is_intercept(i) { 0.0 } else { self.l1 };
            if *weight == 0.0 {
                (slope.abs() - l1).max(0.0)
            } else {
                (slope + l1 * sign(*weight)).abs()
            }
        });
        nearest.fold(0.0, f64::max)
    }

    /// The step (to be subtracted) to the minimum of the quadratic model and the L1 penalty.
    fn coordinate_descent(
        &self,
        at: &[f64],
        gradient: &[f64],
        hessian: &[f64],
    ) -> Option<Vec<f64>> {
        let n = at.len();
        let entry = |i: usize, j: usize| hessian[i.max(j) * n + i.min(j)];
        let mut next = at.to_vec();
        for _ in 0..MAX_SWEEPS {
            let mut largest_move = 0.0_f64;
            for i in 0..n {
                let curvature = entry(i, i);
                let is_silent = curvature == 0.0 && gradient[i] == 0.0 && next[i] == 0.0;
                if is_silent && !self.is_intercept(i) {
                    // An input that is 0 in every row keeps the weight 0.
                    continue;
                }
                if curvature <= 0.0 {
                    return None;
                }
                let slope =
                    (0..n).fold(gradient[i], |sum, j| sum + entry(i, j) * (next[j] - at[j]));
                let free = next[i] - slope / curvature;
                let l1 = if self.is_intercept(i) { 0.0 } else { self.l1 / curvature };
                let moved = sign(free) * (free.abs() - l1).max(0.0);
                largest_move = largest_move.max((moved - next[i]).abs());
                next[i] = moved;
            }
            if largest_move <= SMALLEST_MOVE {
                break;
            }
        }
        Some(at.iter().zip(&next).map(|(from, to)| from - to).collect())
    }

    /// The gradient, and the lower triangle of the Hessian, row-major.
    fn derivatives(&self, at: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (n, width, n_margins) = (self.n_coefficients(), self.width(), self.n_margins);
        let mut gradient = vec![0.0; n];
        let mut hessian = vec![0.0; n * n];
        let mut extended = vec![1.0; width];
        let mut margins = vec![0.0; n_margins];
        let mut slopes = Slopes::new(n_margins);
        for (row, class, weight) in self.rows() {
            extended[..self.n_inputs].copy_from_slice(row);
            self.margins(row, at, &mut margins);
            slopes.of(&margins, class, weight);
            for margin in 0..n_margins {
                let residual = slopes.residuals[margin];
                for (i, own) in extended.iter().enumerate() {
                    let at_row = margin * width + i;
                    gradient[at_row] += residual * own;
                    for other in 0..=margin {
                        let scaled = slopes.curvatures[margin * n_margins + other] * own;
                        let until = if other == margin { i + 1 } else { width };
                        let start = at_row * n + other * width;
                        let of_row = &mut hessian[start..start + until];
                        for (entry, other) in of_row.iter_mut().zip(&extended) {
                            *entry += scaled * other;
                        }
                    }
                }
            }
        }
        for i in (0..n).filter(|i| !self.is_intercept(*i)) {
            gradient[i] += self.penalty * at[i];
            hessian[i * n + i] += self.penalty;
        }
        self.hold_sums(&mut hessian);
        (gradient, hessian)
    }

    /// Softmax does not change when a number is added to all margins. So the Hessian is singular
    /// along what no penalty holds; curvature there keeps its sum over the margins where it starts,
    /// at 0, and changes nothing else, as the gradient is 0 along it.
    fn hold_sums(&self, hessian: &mut [f64]) {
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

    /// Goes along the Newton step, halved until the objective falls (Armijo's rule).
    fn descend(
        &self,
        at: &[f64],
        value: f64,
        gradient: &[f64],
        step: &[f64],
    ) -> Option<(Vec<f64>, f64)> {
        let slope = gradient.iter().zip(step).fold(0.0, |sum, (g, s)| sum + g * s);
        // What the step gains on the L1 penalty counts too (Tseng and Yun 2009).
        let slope = if self.l1 > 0.0 {
            let whole: Vec<f64> = at.iter().zip(step).map(|(a, s)| a - s).collect();
            slope + self.l1 * (self.magnitudes(at) - self.magnitudes(&whole))
        } else {
            slope
        };
        let mut length = 1.0;
        for _ in 0..MAX_HALVINGS {
            let next: Vec<f64> = at.iter().zip(step).map(|(a, s)| a - length * s).collect();
            let next_value = self.objective(&next);
            // Close to the minimum the objective is flat to its last bits: a step that leaves it
            // where it was within rounding is a Newton step that still lowers the gradient.
            let rounding = 4.0 * f64::EPSILON * value.abs();
            if next_value <= value - 1e-4 * length * slope + rounding {
                return Some((next, next_value));
            }
            length *= 0.5;
        }
        None
    }
}

/// The derivatives of a row's loss by its margins.
struct Slopes {
    probabilities: Vec<f64>,
    /// The first derivative by each margin.
    residuals: Vec<f64>,
    /// The second derivatives, row-major; what is above the diagonal is not filled in.
    curvatures: Vec<f64>,
}

impl Slopes {
    fn new(n_margins: usize) -> Self {
        let zeros = |n| vec![0.0; n];
        Self {
            probabilities: zeros(n_margins),
            residuals: zeros(n_margins),
            curvatures: zeros(n_margins * n_margins),
        }
    }

    #[allow(clippy::indexing_slicing, reason = "one of each margin")]
    fn of(&mut self, margins: &[f64], class: usize, weight: f64) {
        if let [margin] = margins {
            let (complement, probability) = numeric::logistic_pair(*margin);
            let target = if class == 1 { 1.0 } else { 0.0 };
            self.residuals[0] = weight * (probability - target);
            self.curvatures[0] = weight * probability * complement;
            return;
        }
        self.probabilities.copy_from_slice(margins);
        numeric::softmax(&mut self.probabilities);
        let n_margins = margins.len();
        for (own, p) in self.probabilities.iter().enumerate() {
            self.residuals[own] = weight * (if own == class { p - 1.0 } else { *p });
            for (other, q) in self.probabilities[..=own].iter().enumerate() {
                let complement = if other == own { 1.0 - p } else { -q };
                self.curvatures[own * n_margins + other] = weight * p * complement;
            }
        }
    }
}

/// −1, 0 or 1.
fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

/// Solves `matrix · x = right` for a symmetric positive definite matrix, given by its lower
/// triangle, row-major; nothing when it is not positive definite.
#[allow(clippy::indexing_slicing, reason = "the matrix has n · n entries")]
fn solve_cholesky(mut matrix: Vec<f64>, right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    for row in 0..n {
        for column in 0..=row {
            let mut sum = matrix[row * n + column];
            for k in 0..column {
                sum -= matrix[row * n + k] * matrix[column * n + k];
            }
            if row > column {
                matrix[row * n + column] = sum / matrix[column * n + column];
            } else if sum > 0.0 {
                matrix[row * n + row] = numeric::sqrt(sum);
            } else {
                return None;
            }
        }
    }
    let mut x = right.to_vec();
    for row in 0..n {
        for k in 0..row {
            x[row] -= matrix[row * n + k] * x[k];
        }
        x[row] /= matrix[row * n + row];
    }
    for row in (0..n).rev() {
        for k in row + 1..n {
            x[row] -= matrix[k * n + row] * x[k];
        }
        x[row] /= matrix[row * n + row];
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ClassWeight;
    use ndarray::array;

    #[test]
    fn cholesky_solves_and_refuses_what_is_not_positive_definite() {
        let x = solve_cholesky(vec![4.0, 0.0, 2.0, 3.0], &[10.0, 8.0]).unwrap();
        assert!((x[0] - 1.75).abs() < 1e-15 && (x[1] - 1.5).abs() < 1e-15);
        assert!(solve_cholesky(vec![1.0, 0.0, 2.0, 1.0], &[1.0, 1.0]).is_none());
    }

    /// Without inputs that tell anything, only the intercept is left: the log odds of the classes.
    #[test]
    fn the_intercept_is_not_penalised() {
        let values = array![[0.0], [0.0], [0.0], [0.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 0, 0, 1]);
        let spec = LogisticRegressionSpec::ridge(1e-3);
        let linear = fit_logistic_regression(&spec, rows).unwrap();
        assert!((linear.intercepts()[0] - numeric::ln(1.0 / 3.0)).abs() < 1e-8);
        let balanced = LogisticRegressionSpec { class_weight: ClassWeight::Balanced, ..spec };
        let linear = fit_logistic_regression(&balanced, rows).unwrap();
        assert!(linear.intercepts()[0].abs() < 1e-8);
    }
}
