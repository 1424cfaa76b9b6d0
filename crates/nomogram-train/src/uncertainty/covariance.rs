//! The shrunk covariance of encoded rows, inverted for distances.

use ndarray::{Array2, ArrayView2, Axis};
use nomogram::numeric::sqrt;

use crate::count::number;
use crate::error::Error;

/// The most columns: a bundle holds a triangle of as many rows.
const MAX_COLUMNS: usize = 256;

/// The mean of rows, and the inverse of the Cholesky factor of their covariance, shrunk towards a
/// multiple of the identity (Ledoit and Wolf, A well-conditioned estimator for large-dimensional
/// covariance matrices, 2004; as scikit-learn's `ledoit_wolf`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Whitening {
    pub(crate) means: Vec<f64>,
    /// A lower triangle, row by row.
    pub(crate) triangle: Vec<f64>,
}

impl Whitening {
    /// Fits it to rows of shape `(n_rows, n_columns)`.
    ///
    /// # Errors
    ///
    /// `Data` without columns or with too many, with a missing value, or when no column varies.
    pub(crate) fn fit(rows: ArrayView2<'_, f64>) -> Result<Self, Error> {
        let (n_rows, n_columns) = rows.dim();
        let refused = |detail: String| Err(Error::Data(format!("uncertainty: distance: {detail}")));
        if !(1..=MAX_COLUMNS).contains(&n_columns) {
            return refused(format!("{n_columns} columns, expected 1 to {MAX_COLUMNS}"));
        }
        if rows.iter().any(|value| value.is_nan()) {
            return refused("the input has missing values, expected imputed ones".into());
        }
        let n = number(n_rows);
        let means: Vec<f64> =
            rows.columns().into_iter().map(|c| c.iter().sum::<f64>() / n).collect();
        let mut centred = rows.to_owned();
        for (mut column, mean) in centred.columns_mut().into_iter().zip(&means) {
            column.mapv_inplace(|value| value - mean);
        }
        match decompose(shrunk(&centred)) {
            Some(factor) => Ok(Self { means, triangle: inverse(&factor) }),
            None => refused("no column varies, expected at least 1".into()),
        }
    }
}

/// The shrunk covariance of centred rows.
fn shrunk(centred: &Array2<f64>) -> Array2<f64> {
    let (n, p) = (number(centred.nrows()), number(centred.ncols()));
    let n_columns = centred.ncols();
    let mut covariance = Array2::zeros((n_columns, n_columns));
    for row in centred.axis_iter(Axis(0)) {
        for (of_row, a) in covariance.outer_iter_mut().zip(row) {
            for (sum, b) in of_row.into_iter().zip(row) {
                *sum += a * b;
            }
        }
    }
    covariance.mapv_inplace(|sum: f64| sum / n);
    let mean_variance = covariance.diag().iter().sum::<f64>() / p;
    let squares: f64 = covariance.iter().map(|c| c * c).sum();
    let length = |row: ndarray::ArrayView1<'_, f64>| row.iter().map(|x| x * x).sum::<f64>();
    let fourth: f64 = centred.rows().into_iter().map(|row| length(row) * length(row)).sum();
    let noise = (fourth / n - squares) / (p * n);
    let spread = squares / p - mean_variance * mean_variance;
    let shrinkage = if noise > 0.0 && spread > 0.0 { (noise / spread).min(1.0) } else { 0.0 };
    covariance.mapv_inplace(|c| c * (1.0 - shrinkage));
    covariance.diag_mut().mapv_inplace(|c| c + shrinkage * mean_variance);
    covariance
}

/// The lower triangle whose product with its transpose is the matrix; nothing when it is not positive
/// definite.
#[allow(clippy::indexing_slicing, reason = "the matrix is square")]
fn decompose(mut matrix: Array2<f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    for row in 0..n {
        for column in 0..=row {
            let mut sum = matrix[[row, column]];
            for k in 0..column {
                sum -= matrix[[row, k]] * matrix[[column, k]];
            }
            if row > column {
                matrix[[row, column]] = sum / matrix[[column, column]];
            } else if sum > 1e-14 * matrix[[row, row]] {
                matrix[[row, row]] = sqrt(sum);
            } else {
                return None;
            }
        }
    }
    Some(matrix)
}

/// The inverse of a lower triangle, row by row.
#[allow(clippy::indexing_slicing, reason = "the matrix is square")]
fn inverse(lower: &Array2<f64>) -> Vec<f64> {
    let n = lower.nrows();
    let mut inverse = Array2::<f64>::zeros((n, n));
    for row in 0..n {
        for column in 0..=row {
            let mut sum = if row == column { 1.0 } else { 0.0 };
            for k in column..row {
                sum -= lower[[row, k]] * inverse[[k, column]];
            }
            inverse[[row, column]] = sum / lower[[row, row]];
        }
    }
    (0..n).flat_map(|row| inverse.row(row).to_vec().into_iter().take(row + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of three columns, of which the last is the sum of the others.
    fn rows() -> Array2<f64> {
        let of = |row: usize, step: usize| number(row * step % 17) / 4.0 - 2.0;
        Array2::from_shape_fn((24, 3), |(row, column)| match column {
            0 => of(row, 5),
            1 => of(row, 11),
            _ => of(row, 5) + of(row, 11),
        })
    }

    /// `sklearn.covariance.ledoit_wolf` 1.9.0 of the same rows: the command is in
    /// `tests/reference/make_uncertainty.py`.
    #[test]
    fn the_shrunk_covariance_is_that_of_scikit_learn() {
        let mut centred = rows();
        for mut column in centred.columns_mut() {
            let mean = column.iter().sum::<f64>() / 24.0;
            column.mapv_inplace(|value| value - mean);
        }
        let expected = include!("../../tests/reference/uncertainty_covariance.in");
        for (found, expected) in shrunk(&centred).iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-12, "{found}, expected {expected}");
        }
    }

    #[test]
    fn a_singular_covariance_is_shrunk_so_that_distances_exist() {
        let rows = rows();
        let fitted = Whitening::fit(rows.view()).unwrap();
        assert_eq!((fitted.means.len(), fitted.triangle.len()), (3, 6));
        assert!(fitted.triangle.iter().all(|weight| weight.is_finite()));
        let error = Whitening::fit(Array2::ones((9, 2)).view()).unwrap_err().to_string();
        assert_eq!(error, "uncertainty: distance: no column varies, expected at least 1");
        let error = Whitening::fit(Array2::from_elem((9, 2), f64::NAN).view()).unwrap_err();
        assert!(error.to_string().contains("missing values"), "{error}");
    }

    #[test]
    fn the_triangle_is_the_inverse_of_the_factor() {
        let lower = ndarray::arr2(&[[2.0, 0.0], [1.0, 4.0]]);
        let matrix = lower.dot(&lower.t());
        assert_eq!(decompose(matrix), Some(ndarray::arr2(&[[2.0, 4.0_f64 - 2.0], [1.0, 4.0]])));
        assert_eq!(inverse(&lower), [0.5, -0.125, 0.25]);
    }
}
