//! Scaling by mean and standard deviation.

use ndarray::ArrayView2;
use nomogram::{StandardScaler, Step, numeric};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use crate::count::number;
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// Mean 0 and standard deviation 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardScaleSpec {
    /// Names of features; without it every column that the step can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
}

impl Spec for StandardScaleSpec {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Checked<StandardScaleSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let positions = rows.positions(self.of.as_deref(), Column::is_scalable)?;
        let scaler = fit_standard_scaler(rows.values.view(), &positions)?;
        rows.push(Step::StandardScale(scaler))
    }
}

/// Fits a scaler of the columns at these positions of `values`, shape `(n_rows, n_columns)`.
///
/// The standard deviation divides by the number of rows, and is 1 for a constant column, as in
/// scikit-learn's `StandardScaler`. Sums run from the first row to the last. Missing values (NaN) do
/// not count.
///
/// # Errors
///
/// `Data` when there is no column at a position; `Model` when a mean or standard deviation is not finite.
pub fn fit_standard_scaler(
    values: ArrayView2<'_, f64>,
    positions: &[usize],
) -> Result<StandardScaler, Error> {
    let mut means = Vec::with_capacity(positions.len());
    let mut std_devs = Vec::with_capacity(positions.len());
    for position in positions {
        let n_columns = values.ncols();
        if *position >= n_columns {
            return Err(Error::Data(format!(
                "column {}, expected at most {n_columns}, the number of columns",
                position.saturating_add(1)
            )));
        }
        let column = values.column(*position);
        let present = || column.iter().filter(|value| !value.is_nan());
        let n_rows = number(present().count());
        let mean = present().fold(0.0, |sum, value| sum + value) / n_rows;
        let squares = present().fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
        let std_dev = numeric::sqrt(squares / n_rows);
        // Rounding can leave a constant column with a deviation just above 0; scaling by it would
        // amplify noise to the size of a signal.
        let is_constant = std_dev <= 10.0 * f64::EPSILON * mean.abs();
        means.push(mean);
        std_devs.push(if is_constant { 1.0 } else { std_dev });
    }
    Ok(StandardScaler::new(inputs(positions)?, means, std_devs)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_constant_column_is_only_centred() {
        let scaler =
            fit_standard_scaler(array![[1.0, 0.1], [3.0, 0.1], [5.0, 0.1]].view(), &[0, 1])
                .unwrap();
        let step = Step::StandardScale(scaler);
        let out = step.encode(array![[3.0, 1.1], [5.0, 0.1]].view()).unwrap();
        assert_eq!(out[[0, 0]], 0.0);
        assert!((out[[0, 1]] - 1.0).abs() < 1e-15);
        assert!((out[[1, 0]] - 1.5_f64.sqrt()).abs() < 1e-15);
    }
}
