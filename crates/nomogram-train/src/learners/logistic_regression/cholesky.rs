//! Linear equations with a symmetric positive definite matrix, by Cholesky's decomposition.

use nomogram::numeric;

/// Solves `matrix · x = right` for a symmetric positive definite matrix, given by its lower
/// triangle, row-major; nothing when it is not positive definite.
#[allow(clippy::indexing_slicing, reason = "the matrix has n · n entries")]
pub(super) fn solve_cholesky(mut matrix: Vec<f64>, right: &[f64]) -> Option<Vec<f64>> {
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

    #[test]
    fn positive_definite_matrices_alone_are_solved() {
        let x = solve_cholesky(vec![4.0, 0.0, 2.0, 3.0], &[10.0, 8.0]).unwrap();
        assert!((x[0] - 1.75).abs() < 1e-15 && (x[1] - 1.5).abs() < 1e-15);
        assert!(solve_cholesky(vec![1.0, 0.0, 2.0, 1.0], &[1.0, 1.0]).is_none());
    }
}
