//! The Newton step of many coefficients, by conjugate gradients: without the Hessian.
//!
//! A step is as exact as it has to be for Newton's method to converge fast (Dembo, Eisenstat and
//! Steihaug 1982).

use super::objective::Problem;
use super::preconditioner::Preconditioner;
use super::slopes::Slopes;
use crate::count::number;

/// The step (to be subtracted), and whether it is as exact as was asked for.
pub(super) struct Step {
    pub(super) step: Vec<f64>,
    pub(super) is_exact: bool,
}

/// Approximates the Newton step until what it leaves of the gradient is at most the share `exactness`
/// of it, or for `max_products` products with the Hessian. Every such step lowers the objective.
pub(super) fn conjugate_gradient(
    problem: &Problem<'_>,
    slopes: &Slopes,
    gradient: &[f64],
    exactness: f64,
    max_products: usize,
) -> Step {
    let preconditioner = Preconditioner::new(problem, slopes);
    let mut step = vec![0.0; gradient.len()];
    let mut residual = gradient.to_vec();
    let mut direction = preconditioner.apply(&residual);
    let mut left = dot(&residual, &direction);
    let enough = exactness * exactness * left;
    let mut is_exact = false;
    for _ in 0..max_products {
        if left <= enough {
            is_exact = true;
            break;
        }
        let product = problem.hessian_product(slopes, &direction);
        let curvature = dot(&direction, &product);
        // Rounding alone is left.
        if curvature <= 0.0 || !curvature.is_finite() {
            break;
        }
        let length = left / curvature;
        add(&mut step, length, &direction);
        add(&mut residual, -length, &product);
        let preconditioned = preconditioner.apply(&residual);
        let next = dot(&residual, &preconditioned);
        let kept = next / left;
        for (entry, fresh) in direction.iter_mut().zip(&preconditioned) {
            *entry = fresh + kept * *entry;
        }
        left = next;
    }
    problem.center(&mut step);
    Step { step, is_exact }
}

/// Less than this is not asked for, and more would not converge.
const EXACTNESS: std::ops::RangeInclusive<f64> = 1e-8..=0.1;

/// How exact a step should be, from the gradient's share of what it was at first, and from its factor
/// above the tolerance.
pub(super) fn exactness(share_of_first: f64, above_tolerance: f64) -> f64 {
    // Ten times below the tolerance is enough.
    let enough = 0.1 / above_tolerance;
    nomogram::numeric::sqrt(share_of_first).max(enough).clamp(*EXACTNESS.start(), *EXACTNESS.end())
}

/// The number of products with the Hessian that take about the time of its decomposition.
pub(super) fn n_products_of_decomposition(n_rows: usize, n_coefficients: usize) -> usize {
    let (rows, n) = (number(n_rows), number(n_coefficients));
    let of_decomposition = rows * n * n + n * n * n / 3.0;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small and positive"
    )]
    let n_products = (of_decomposition / (4.0 * rows * n)) as usize;
    n_products.max(10)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}

fn add(sums: &mut [f64], factor: f64, terms: &[f64]) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += factor * term);
}
