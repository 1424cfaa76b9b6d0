//! The Newton step with an L1 penalty, by coordinate descent.
//!
//! Friedman, Hastie and Tibshirani, Regularization paths for generalized linear models via coordinate
//! descent, 2010.

use nomogram::numeric;

use super::objective::Problem;
use super::sign::sign;

/// Coordinate descent ends when no weight moves further, as a share of the largest; both are times
/// the square root of the curvature, so that the unit of an input does not matter.
const SMALLEST_MOVE: f64 = 1e-14;
const MAX_SWEEPS: usize = 10_000;

/// The step (to be subtracted) to the minimum of the quadratic model and the L1 penalty; nothing when
/// the model has no minimum. The Hessian is given by its lower triangle, row-major.
#[allow(
    clippy::indexing_slicing,
    reason = "the gradient and the Hessian have the shape of the coefficients"
)]
pub(super) fn coordinate_descent(
    problem: &Problem<'_>,
    coefficients: &[f64],
    gradient: &[f64],
    mut hessian: Vec<f64>,
) -> Option<Vec<f64>> {
    let n = coefficients.len();
    mirror(&mut hessian, n);
    let mut next = coefficients.to_vec();
    // The slopes of the quadratic model, which each move changes.
    let mut slopes = gradient.to_vec();
    for _ in 0..MAX_SWEEPS {
        let (mut largest_move, mut largest) = (0.0_f64, 0.0_f64);
        for i in 0..n {
            let line = &hessian[i * n..][..n];
            let curvature = line[i];
            let is_zero = curvature == 0.0 && gradient[i] == 0.0 && next[i] == 0.0;
            if is_zero && !problem.is_intercept(i) {
                // An input that is 0 in every row keeps the weight 0.
                continue;
            }
            if curvature <= 0.0 {
                return None;
            }
            let free = next[i] - slopes[i] / curvature;
            let l1 = if problem.is_intercept(i) { 0.0 } else { problem.l1 / curvature };
            let moved = sign(free) * (free.abs() - l1).max(0.0);
            let by = moved - next[i];
            let scale = numeric::sqrt(curvature);
            largest_move = largest_move.max(scale * by.abs());
            largest = largest.max(scale * moved.abs());
            next[i] = moved;
            if by != 0.0 {
                slopes.iter_mut().zip(line).for_each(|(slope, entry)| *slope += by * entry);
            }
        }
        if largest_move <= SMALLEST_MOVE * largest {
            break;
        }
    }
    Some(coefficients.iter().zip(&next).map(|(from, to)| from - to).collect())
}

/// Copies the lower triangle of a matrix to the upper one.
#[allow(clippy::indexing_slicing, reason = "the matrix has n · n entries")]
fn mirror(matrix: &mut [f64], n: usize) {
    for row in 0..n {
        for column in 0..row {
            matrix[column * n + row] = matrix[row * n + column];
        }
    }
}
