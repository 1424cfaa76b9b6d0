//! The Yeo–Johnson transformation with the λ of the largest likelihood.

use ndarray::ArrayView1;
use nomogram::numeric::{ln, ln_1p, pow};
use nomogram::{Step, YeoJohnson};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::encoded_rows::{EncodedRows, inputs};
use super::summary::sorted;
use crate::count::number;
use crate::error::Error;
use crate::invalid::{Checked, Invalid, Spec};

/// The ratio of a golden section.
const GOLDEN: f64 = 0.618_033_988_749_894_8;
/// The accuracy of λ: this share of itself, or of 1.
const TOLERANCE: f64 = 1e-9;
/// Where the search ends when the likelihood still grows.
const LARGEST: f64 = 1000.0;

/// The Yeo–Johnson transformation with the λ of the largest likelihood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YeoJohnsonSpec {
    /// Names of features; without it every column that the step can read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<String>>,
    /// Appends the transformed values to the row and keeps the values as they are.
    #[serde(default)]
    pub keep: bool,
}

impl Spec for YeoJohnsonSpec {
    fn validate(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Checked<YeoJohnsonSpec> {
    pub(super) fn fit(&self, rows: &mut EncodedRows<'_>) -> Result<(), Error> {
        let mut positions = rows.positions(self.of.as_deref(), Column::is_number)?;
        if self.keep {
            positions = rows.copy(&positions)?;
        }
        let lambdas = rows.fit_each(&positions, most_likely_lambda)?;
        rows.push(Step::YeoJohnson(YeoJohnson::new(inputs(&positions)?, lambdas)?))
    }
}

/// The λ with the largest likelihood of a normal distribution of the transformed values (Yeo and
/// Johnson 2000), as scikit-learn's `PowerTransformer`; 1, which changes nothing, of a constant
/// column; nothing of a column without values. The negative log likelihood is convex in λ (Marchand et al.,
/// SecureFedYJ, 2022): a bracket that grows from −2 to 2, then its golden section.
fn most_likely_lambda(column: ArrayView1<'_, f64>) -> Option<f64> {
    let values = sorted(column);
    let (low, high) = (*values.first()?, *values.last()?);
    if low >= high {
        return Some(1.0);
    }
    let loss = |lambda: f64| negative_log_likelihood(&values, lambda);
    let (mut left, mut right) = (-2.0, 2.0);
    while loss(left) < loss(0.5 * (left + right)) && left > -LARGEST {
        (left, right) = (left - 2.0 * (right - left), 0.5 * (left + right));
    }
    while loss(right) < loss(0.5 * (left + right)) && right < LARGEST {
        (left, right) = (0.5 * (left + right), right + 2.0 * (right - left));
    }
    let inner =
        |left: f64, right: f64| (right - GOLDEN * (right - left), left + GOLDEN * (right - left));
    let (mut a, mut b) = inner(left, right);
    let (mut loss_a, mut loss_b) = (loss(a), loss(b));
    while right - left > TOLERANCE * (left.abs() + right.abs()).max(1.0) {
        if loss_a <= loss_b {
            right = b;
            (b, loss_b) = (a, loss_a);
            a = inner(left, right).0;
            loss_a = loss(a);
        } else {
            left = a;
            (a, loss_a) = (b, loss_b);
            b = inner(left, right).1;
            loss_b = loss(b);
        }
    }
    Some(0.5 * (left + right))
}

/// Up to a constant; infinite where all transformed values are equal.
fn negative_log_likelihood(values: &[f64], lambda: f64) -> f64 {
    let n = number(values.len());
    let transformed: Vec<f64> = values.iter().map(|value| transform(*value, lambda)).collect();
    let mean = transformed.iter().fold(0.0, |sum, value| sum + value) / n;
    let squares = transformed.iter().fold(0.0, |sum, v| sum + (v - mean) * (v - mean));
    if !(squares > 0.0 && squares.is_finite()) {
        return f64::INFINITY;
    }
    let logarithms =
        values.iter().fold(0.0, |sum, value| sum + ln_1p(value.abs()).copysign(*value));
    0.5 * n * ln(squares / n) - (lambda - 1.0) * logarithms
}

/// As the core's step.
fn transform(value: f64, lambda: f64) -> f64 {
    let power = |x: f64, lambda: f64| {
        if lambda.abs() < f64::EPSILON { ln_1p(x) } else { (pow(x + 1.0, lambda) - 1.0) / lambda }
    };
    if value < 0.0 { -power(-value, 2.0 - lambda) } else { power(value, lambda) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;
    use nomogram::numeric::exp;

    #[test]
    fn a_log_normal_column_has_a_lambda_of_0() {
        let values: Array1<f64> =
            (-50..=50).map(|k| exp(f64::from(k) / 20.0 + 4.0) - 1.0).collect();
        let lambda = most_likely_lambda(values.view()).unwrap();
        assert!(lambda.abs() < 1e-6, "{lambda}");
        let mirrored = values.mapv(|value| -value);
        let lambda = most_likely_lambda(mirrored.view()).unwrap();
        assert!((lambda - 2.0).abs() < 1e-6, "{lambda}");
    }

    #[test]
    fn no_neighbour_is_more_likely_far_from_the_start() {
        let values: Vec<f64> = (0..40).map(|k| 0.01 + exp(-f64::from(k) / 4.0) / 20.0).collect();
        let lambda = most_likely_lambda(Array1::from(values.clone()).view()).unwrap();
        assert!(lambda < -20.0, "{lambda}");
        let values = sorted(Array1::from(values).view());
        let least = negative_log_likelihood(&values, lambda);
        for other in [lambda - 0.01, lambda + 0.01] {
            assert!(least < negative_log_likelihood(&values, other));
        }
    }

    #[test]
    fn a_constant_column_is_not_changed() {
        assert_eq!(most_likely_lambda(Array1::from(vec![3.0; 4]).view()), Some(1.0));
        assert_eq!(most_likely_lambda(Array1::from(vec![f64::NAN]).view()), None);
    }
}
