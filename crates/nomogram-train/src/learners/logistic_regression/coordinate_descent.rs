//! The Newton step with an L1 penalty, by coordinate descent.
//!
//! Friedman, Hastie and Tibshirani, Regularization paths for generalized linear models via coordinate
//! descent, 2010.

use super::objective::Problem;
use super::sign::sign;

/// Coordinate descent ends when no weight moves further.
const SMALLEST_MOVE: f64 = 1e-14;
const MAX_SWEEPS: usize = 10_000;

/// The step (to be subtracted) to the minimum of the quadratic model and the L1 penalty; nothing when
/// the model has no minimum.
#[allow(
    clippy::indexing_slicing,
    reason = "the gradient and the Hessian have the shape of the coefficients"
)]
pub(super) fn coordinate_descent(
    problem: &Problem<'_>,
    coefficients: &[f64],
    gradient: &[f64],
    hessian: &[f64],
) -> Option<Vec<f64>> {
    let n = coefficients.len();
    let entry = |i: usize, j: usize| hessian[i.max(j) * n + i.min(j)];
    let mut next = coefficients.to_vec();
    for _ in 0..MAX_SWEEPS {
        let mut largest_move = 0.0_f64;
        for i in 0..n {
            let curvature = entry(i, i);
            let is_zero = curvature == 0.0 && gradient[i] == 0.0 && next[i] == 0.0;
            if is_zero && !problem.is_intercept(i) {
                // An input that is 0 in every row keeps the weight 0.
                continue;
            }
            if curvature <= 0.0 {
                return None;
            }
            let slope =
                (0..n).fold(gradient[i], |sum, j| sum + entry(i, j) * (next[j] - coefficients[j]));
            let free = next[i] - slope / curvature;
            let l1 = if problem.is_intercept(i) { 0.0 } else { problem.l1 / curvature };
            let moved = sign(free) * (free.abs() - l1).max(0.0);
            largest_move = largest_move.max((moved - next[i]).abs());
            next[i] = moved;
        }
        if largest_move <= SMALLEST_MOVE {
            break;
        }
    }
    Some(coefficients.iter().zip(&next).map(|(from, to)| from - to).collect())
}
