//! Fits standard scaling: mean and standard deviation of each feature.

use ndarray::ArrayView2;
use nomogram::{Inputs, StandardScaler, numeric};

use crate::count::{number, position};
use crate::error::Error;

/// Fits a scaler of the columns at these positions of `values`, shape `(n_rows, n_columns)`.
///
/// The standard deviation divides by the number of rows, and is 1 for a constant column, as in
/// scikit-learn's `StandardScaler`. Sums run from the first row to the last. What is missing (NaN)
/// does not count.
///
/// # Errors
///
/// `Model` when a mean or standard deviation is not finite.
pub fn fit_standard_scaler(
    values: ArrayView2<'_, f64>,
    positions: &[usize],
) -> Result<StandardScaler, Error> {
    let mut means = Vec::with_capacity(positions.len());
    let mut std_devs = Vec::with_capacity(positions.len());
    for at in positions {
        let column = values.column(*at);
        let there = || column.iter().filter(|value| !value.is_nan());
        let n_rows = number(there().count());
        let mean = there().fold(0.0, |sum, value| sum + value) / n_rows;
        let squares = there().fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
        let std_dev = numeric::sqrt(squares / n_rows);
        // Rounding can leave a constant column with a deviation just above 0; scaling by it would
        // blow noise up to the size of a signal.
        let is_constant = std_dev <= 10.0 * f64::EPSILON * mean.abs();
        means.push(mean);
        std_devs.push(if is_constant { 1.0 } else { std_dev });
    }
    let positions = positions.iter().copied().map(position).collect::<Result<_, _>>()?;
    Ok(StandardScaler::new(Inputs::new(positions)?, means, std_devs)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_constant_feature_is_centred_only() {
        let scaler =
            fit_standard_scaler(array![[1.0, 0.1], [3.0, 0.1], [5.0, 0.1]].view(), &[0, 1])
                .unwrap();
        let step = nomogram::Step::StandardScale(scaler);
        let out = step.encode(array![[3.0, 1.1], [5.0, 0.1]].view()).unwrap();
        assert_eq!(out[[0, 0]], 0.0);
        assert!((out[[0, 1]] - 1.0).abs() < 1e-15);
        assert!((out[[1, 0]] - 1.5_f64.sqrt()).abs() < 1e-15);
    }
}
