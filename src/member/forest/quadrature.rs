//! Gauss–Legendre quadrature on [0, 1]: exact integrals of polynomials.

use core::f64::consts::PI;

use crate::numeric::cos;
use crate::schema::count;

/// Writes the nodes and the weights of the rule with as many nodes as `nodes` has: exact for
/// polynomials of degree `2n − 1`.
///
/// The nodes are the zeros of the Legendre polynomial, by Newton's method from Tricomi's first guess;
/// the weights follow from its derivative there.
pub(super) fn gauss_legendre(nodes: &mut [f64], weights: &mut [f64]) {
    let n = count(nodes.len());
    for (index, (node, weight)) in nodes.iter_mut().zip(weights).enumerate() {
        let mut x = cos(PI * (count(index) + 0.75) / (n + 0.5));
        // Convergence is quadratic: six steps are more than enough, and always the same number.
        for _ in 0..6 {
            let (value, slope) = legendre(n, x);
            x -= value / slope;
        }
        let (_, slope) = legendre(n, x);
        *node = 0.5 - 0.5 * x;
        *weight = 1.0 / ((1.0 - x * x) * slope * slope);
    }
}

/// The Legendre polynomial of degree `n` at `x`, and its derivative.
fn legendre(n: f64, x: f64) -> (f64, f64) {
    let (mut before, mut value, mut degree) = (1.0, x, 1.0);
    while degree < n {
        let next = ((2.0 * degree + 1.0) * x * value - degree * before) / (degree + 1.0);
        (before, value, degree) = (value, next, degree + 1.0);
    }
    (value, n * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::powi;

    #[test]
    fn polynomials_are_integrated_exactly() {
        for n in 1..=64_u32 {
            let (mut nodes, mut weights) = ([0.0; 64], [0.0; 64]);
            let (nodes, weights) = (&mut nodes[..n as usize], &mut weights[..n as usize]);
            gauss_legendre(nodes, weights);
            for degree in 0..2 * n {
                let terms = nodes.iter().zip(&*weights).map(|(t, w)| w * powi(*t, degree));
                let integral: f64 = terms.sum();
                let expected = 1.0 / f64::from(degree + 1);
                assert!((integral - expected).abs() < 1e-14, "{n} {degree}: {integral}");
            }
        }
    }

    #[test]
    fn two_nodes_do_not_integrate_the_fourth_power() {
        let (mut nodes, mut weights) = ([0.0; 2], [0.0; 2]);
        gauss_legendre(&mut nodes, &mut weights);
        let integral: f64 = nodes.iter().zip(weights).map(|(t, w)| w * powi(*t, 4)).sum();
        assert!((integral - 0.2).abs() > 1e-3);
    }
}
