//! Principal components.

use ndarray::{Array2, ArrayView2};
use nomogram::numeric::sqrt;

use crate::count::number;

/// Rotations are done over all pairs this often at most; a dozen suffice.
const MAX_SWEEPS: usize = 100;

/// Directions of a table, by the variance along them, the largest first.
pub(super) struct PrincipalComponents {
    /// The mean of each column.
    pub(super) means: Vec<f64>,
    /// Unit vectors, one value per column. The entry of the largest magnitude is positive, as in
    /// scikit-learn's `PCA`.
    pub(super) components: Vec<Vec<f64>>,
    /// The variance along each, with the number of rows less one below the line.
    pub(super) variances: Vec<f64>,
}

/// The eigenvectors of the covariance matrix, by Jacobi's rotations (Golub and Van Loan, Matrix
/// Computations, 2013, section 8.5), which find small ones as exactly as large ones.
#[allow(clippy::indexing_slicing, reason = "matrices are square, as wide as the table")]
pub(super) fn principal_components(values: ArrayView2<'_, f64>) -> PrincipalComponents {
    let (n, width) = (number(values.nrows()), values.ncols());
    let mean = |column: ndarray::ArrayView1<'_, f64>| column.iter().fold(0.0, |sum, v| sum + v) / n;
    let means: Vec<f64> = values.columns().into_iter().map(mean).collect();
    let mut matrix = Array2::zeros((width, width));
    for row in values.rows() {
        for i in 0..width {
            for j in 0..=i {
                matrix[[i, j]] += (row[i] - means[i]) * (row[j] - means[j]);
            }
        }
    }
    let divisor = (n - 1.0).max(1.0);
    for i in 0..width {
        for j in 0..=i {
            matrix[[i, j]] /= divisor;
            matrix[[j, i]] = matrix[[i, j]];
        }
    }
    let mut vectors = Array2::eye(width);
    for _ in 0..MAX_SWEEPS {
        let mut has_turned = false;
        for p in 0..width {
            for q in p + 1..width {
                has_turned |= rotate(&mut matrix, &mut vectors, p, q);
            }
        }
        if !has_turned {
            break;
        }
    }
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|a, b| matrix[[*b, *b]].total_cmp(&matrix[[*a, *a]]));
    let component = |at: &usize| {
        let own = vectors.row(*at);
        let largest = own.iter().fold(0.0_f64, |a, b| if b.abs() > a.abs() { *b } else { a });
        own.iter().map(|value| if largest < 0.0 { -value } else { *value }).collect()
    };
    PrincipalComponents {
        means,
        components: order.iter().map(component).collect(),
        variances: order.iter().map(|at| matrix[[*at, *at]]).collect(),
    }
}

/// Turns the plane of `p` and `q` so that their covariance becomes 0; tells whether it was not 0.
#[allow(clippy::indexing_slicing, reason = "both are below the width")]
fn rotate(matrix: &mut Array2<f64>, vectors: &mut Array2<f64>, p: usize, q: usize) -> bool {
    let own = matrix[[p, q]];
    if own.abs() <= f64::EPSILON * sqrt((matrix[[p, p]] * matrix[[q, q]]).max(0.0)) {
        return false;
    }
    let theta = (matrix[[q, q]] - matrix[[p, p]]) / (2.0 * own);
    let tangent = 1.0_f64.copysign(theta) / (theta.abs() + sqrt(theta * theta + 1.0));
    let cosine = 1.0 / sqrt(tangent * tangent + 1.0);
    let sine = tangent * cosine;
    for k in 0..matrix.nrows() {
        let (a, b) = (matrix[[k, p]], matrix[[k, q]]);
        (matrix[[k, p]], matrix[[k, q]]) = (cosine * a - sine * b, sine * a + cosine * b);
    }
    for k in 0..matrix.nrows() {
        let (a, b) = (matrix[[p, k]], matrix[[q, k]]);
        (matrix[[p, k]], matrix[[q, k]]) = (cosine * a - sine * b, sine * a + cosine * b);
        let (a, b) = (vectors[[p, k]], vectors[[q, k]]);
        (vectors[[p, k]], vectors[[q, k]]) = (cosine * a - sine * b, sine * a + cosine * b);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn points_on_a_line_have_one_component() {
        let found = principal_components(
            array![[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [4.0, 8.0, 0.0], [0.0, 0.0, 0.0]].view(),
        );
        let expected = [1.0 / 5.0_f64.sqrt(), 2.0 / 5.0_f64.sqrt(), 0.0];
        for (found, expected) in found.components[0].iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found}, expected {expected}");
        }
        assert!((found.variances[0] - 5.0 * 8.75 / 3.0).abs() < 1e-13, "{:?}", found.variances);
        assert!(found.variances[1].abs() < 1e-14 && found.variances[2] == 0.0);
    }
}
