//! Projection on principal components.

use ndarray::{Array2, ArrayView2};
use nomogram::numeric::sqrt;
use nomogram::{Projection, Step};
use serde::{Deserialize, Serialize};

use super::column::{Column, ColumnKind};
use super::encoded_rows::EncodedRows;
use crate::count::number;
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// Rotations run over all pairs at most this often; a dozen suffice.
const MAX_SWEEPS: usize = 100;

/// The projections on the first principal components replace all columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcaSpec {
    /// The number of components, at most that of the columns.
    pub n_components: usize,
    /// Divides each projection by its standard deviation.
    #[serde(default)]
    pub whiten: bool,
}

impl Spec for PcaSpec {
    fn validate(&self) -> Result<(), Invalid> {
        let n = self.n_components;
        if n >= 1 { Ok(()) } else { Err(Invalid::new(n, "at least 1").at("n_components")) }
    }
}

impl Checked<PcaSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        rows.refuse_missing()?;
        let (n_columns, n_components) = (rows.values.ncols(), self.n_components);
        if n_components > n_columns {
            return Err(Error::Data(format!(
                "n_components: {n_components}, expected at most {n_columns}, the number of columns"
            )));
        }
        let fitted = principal_components(rows.values.view());
        let components: Vec<f64> =
            fitted.components.into_iter().take(n_components).flatten().collect();
        let scale = |variance: f64| if self.whiten { sqrt(variance) } else { 1.0 };
        let scales = fitted.variances.into_iter().take(n_components).map(scale).collect();
        let projection = Projection::new(fitted.means, components, scales)?;
        let column = |nth| Column { feature: format!("component {nth}"), kind: ColumnKind::Number };
        rows.columns = (0..n_components).map(column).collect();
        rows.push(Step::Project(projection))
    }
}

/// Directions of a table, by the variance along them, the largest first.
struct PrincipalComponents {
    /// The mean of each column.
    means: Vec<f64>,
    /// Unit vectors, one value per column. The entry of the largest magnitude is positive, as in
    /// scikit-learn's `PCA`.
    components: Vec<Vec<f64>>,
    /// The variance along each, divided by the number of rows less one.
    variances: Vec<f64>,
}

/// The eigenvectors of the covariance matrix, by Jacobi's rotations (Golub and Van Loan, Matrix
/// Computations, 2013, section 8.5), which find small ones as exactly as large ones.
#[allow(clippy::indexing_slicing, reason = "matrices are square, as wide as the table")]
fn principal_components(values: ArrayView2<'_, f64>) -> PrincipalComponents {
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
    let component = |position: &usize| {
        let vector = vectors.row(*position);
        let largest = vector.iter().fold(0.0_f64, |a, b| if b.abs() > a.abs() { *b } else { a });
        vector.iter().map(|value| if largest < 0.0 { -value } else { *value }).collect()
    };
    PrincipalComponents {
        means,
        components: order.iter().map(component).collect(),
        variances: order.iter().map(|i| matrix[[*i, *i]]).collect(),
    }
}

/// Turns the plane of `p` and `q` so that their covariance becomes 0; returns whether it was not 0.
#[allow(clippy::indexing_slicing, reason = "both are below the width")]
fn rotate(matrix: &mut Array2<f64>, vectors: &mut Array2<f64>, p: usize, q: usize) -> bool {
    let covariance = matrix[[p, q]];
    if covariance.abs() <= f64::EPSILON * sqrt((matrix[[p, p]] * matrix[[q, q]]).max(0.0)) {
        return false;
    }
    let theta = (matrix[[q, q]] - matrix[[p, p]]) / (2.0 * covariance);
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
    fn at_least_one_component_is_kept() {
        let invalid = PcaSpec { n_components: 0, whiten: false }.check().unwrap_err();
        assert_eq!(invalid.to_string(), "n_components: 0, expected at least 1");
    }

    #[test]
    fn points_on_a_line_have_one_component() {
        let fitted = principal_components(
            array![[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [4.0, 8.0, 0.0], [0.0, 0.0, 0.0]].view(),
        );
        let expected = [1.0 / 5.0_f64.sqrt(), 2.0 / 5.0_f64.sqrt(), 0.0];
        for (value, expected) in fitted.components[0].iter().zip(expected) {
            assert!((value - expected).abs() < 1e-15, "{value}, expected {expected}");
        }
        assert!((fitted.variances[0] - 5.0 * 8.75 / 3.0).abs() < 1e-13, "{:?}", fitted.variances);
        assert!(fitted.variances[1].abs() < 1e-14 && fitted.variances[2] == 0.0);
    }
}
