//! The step of Newton's method: which way it is computed.

use super::cholesky::solve_cholesky;
use super::conjugate_gradient::{conjugate_gradient, exactness, n_products_of_decomposition};
use super::coordinate_descent::coordinate_descent;
use super::objective::{Point, Problem};
use super::slopes::Slopes;

/// With more coefficients, the step is computed without the Hessian.
const MOST_FOR_CHOLESKY: usize = 256;
/// With more coefficients the Hessian takes too much memory, even where conjugate gradients are slow.
const MOST_FOR_HESSIAN: usize = 3000;
const MOST_PRODUCTS: usize = 1000;
/// The smallest and the largest share of its largest entry that is added to the diagonal of a Hessian
/// which rounding made singular.
const DAMPING: [f64; 2] = [1e-14, 1e-2];

/// Computes the steps of a fit.
pub(super) struct Steps {
    uses_hessian: bool,
    /// The factor by which the first gradient was above the tolerance.
    first: Option<f64>,
}

impl Steps {
    pub(super) fn new(problem: &Problem<'_>) -> Self {
        let uses_hessian = problem.l1 > 0.0 || problem.n_coefficients() <= MOST_FOR_CHOLESKY;
        Self { uses_hessian, first: None }
    }

    /// The next step, to be subtracted; `factor` is that by which the gradient is above the tolerance.
    /// Nothing when the Hessian is singular and no penalty makes the optimum unique.
    pub(super) fn next(
        &mut self,
        problem: &Problem<'_>,
        point: &Point,
        (gradient, slopes): (&[f64], &Slopes),
        factor: f64,
    ) -> Option<Vec<f64>> {
        if !self.uses_hessian {
            let share = factor / *self.first.get_or_insert(factor);
            let n = problem.n_coefficients();
            let n_products = n_products_of_decomposition(problem.classes.len(), n);
            let exactness = exactness(share, factor);
            let n_products = n_products.min(MOST_PRODUCTS);
            let found = conjugate_gradient(problem, slopes, gradient, exactness, n_products);
            if found.is_exact || n > MOST_FOR_HESSIAN {
                return Some(found.step);
            }
            // Inputs are so alike that the decomposition is faster.
            self.uses_hessian = true;
        }
        let hessian = problem.hessian(slopes);
        if problem.l1 > 0.0 {
            return coordinate_descent(problem, &point.coefficients, gradient, hessian);
        }
        if !problem.is_penalised() {
            return solve_cholesky(hessian, gradient);
        }
        solve_cholesky(hessian.clone(), gradient).or_else(|| solve_damped(&hessian, gradient))
    }
}

/// A shorter step, which lowers the objective too, where rounding made the Hessian singular.
#[allow(clippy::indexing_slicing, reason = "the Hessian has n · n entries")]
fn solve_damped(hessian: &[f64], gradient: &[f64]) -> Option<Vec<f64>> {
    let n = gradient.len();
    let largest = (0..n).fold(0.0_f64, |largest, i| largest.max(hessian[i * n + i]));
    let mut share = DAMPING[0];
    while share <= DAMPING[1] {
        let mut damped = hessian.to_vec();
        (0..n).for_each(|i| damped[i * n + i] += share * largest);
        if let Some(step) = solve_cholesky(damped, gradient) {
            return Some(step);
        }
        share *= 10.0;
    }
    None
}
