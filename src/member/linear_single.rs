//! Linear members that compute in single precision, as XGBoost does.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Linear, MemberKind, check_width};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place, ordinal};
use crate::lanes::Number;
use crate::link::Link;
use crate::memory;

/// The largest magnitude of a margin: sums of two of them stay far below overflow.
const MAX_MARGIN: f64 = 1e38;

/// `margin = intercept + Σ weight · value` over the values that are not missing, from the first input to
/// the last. Values, products and sums are rounded to single precision.
///
/// XGBoost's `gblinear` computes this: the intercept of a margin is its bias plus the link of its
/// `base_score`, added in single precision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinearSingle {
    pub(crate) linear: Linear,
}
decode_struct!(LinearSingle { linear });

impl LinearSingle {
    /// A model of `intercepts.len()` margins; `weights` has shape `(n_margins, n_inputs)`,
    /// row-major.
    ///
    /// # Errors
    ///
    /// As [`Linear::new`], and `InvalidModel` when a parameter is not a number of single precision.
    pub fn new(link: Link, intercepts: Vec<f64>, weights: Vec<f64>) -> Result<Self, Error> {
        let linear = Self { linear: Linear::new(link, intercepts, weights)? };
        linear.check_parameters().map(|()| linear)
    }

    /// Its link, intercepts and weights.
    #[must_use]
    pub fn linear(&self) -> &Linear {
        &self.linear
    }

    fn check_parameters(&self) -> Result<(), Error> {
        self.linear.check_parameters()?;
        check_single(self.linear.intercepts(), "intercept")?;
        check_single(self.linear.weights(), "weight")
    }

    #[inline]
    pub(super) fn margins<N: Number>(&self, encoded: &[N], out: &mut [N]) {
        for (margin, (intercept, weights)) in out.iter_mut().zip(self.linear.rows()) {
            *margin = N::splat(*intercept);
            for (weight, value) in weights.iter().zip(encoded) {
                *margin = margin.zip(
                    *value,
                    #[inline(always)]
                    |sum, value| add(sum, *weight, value),
                );
            }
        }
    }
}

/// The sum with one more product, all in single precision. `sum` and `weight` are such numbers.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn add(sum: f64, weight: f64, value: f64) -> f64 {
    let product = weight as f32 * value as f32;
    // Adding −0 leaves every number as it is, 0 and −0 too.
    let product = if value.is_nan() { -0.0 } else { product };
    f64::from(sum as f32 + product)
}

/// Refuses a list with a number that single precision does not have.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn check_single(values: &[f64], what: &str) -> Result<(), Error> {
    match values.iter().position(|value| f64::from(*value as f32) != *value) {
        None => Ok(()),
        Some(index) => {
            let detail =
                format_args!("{what} {} is not a number of single precision", ordinal(index));
            Err(Error::invalid_model(detail))
        }
    }
}

impl MemberKind for LinearSingle {
    fn link(&self) -> Link {
        self.linear.link()
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        check_width(inputs, self.linear.n_inputs())?;
        let largest = f64::from(f32::MAX);
        for (index, input) in inputs.iter().enumerate() {
            input.check_within(-largest, largest).map_err(|e| e.within(Place::Input(index)))?;
        }
        // The operations of `margins` on the ends of the inputs: a sum that overflows stays infinite.
        let domain = |(intercept, weights): (&f64, &[f64])| {
            let mut sum = Domain::new(*intercept, *intercept);
            for (weight, input) in weights.iter().zip(inputs) {
                let (least, most) =
                    if *weight < 0.0 { (input.high, input.low) } else { (input.low, input.high) };
                let (low, high) = (add(sum.low, *weight, least), add(sum.high, *weight, most));
                sum = if input.may_be_missing {
                    Domain::new(low.min(sum.low), high.max(sum.high))
                } else {
                    Domain::new(low, high)
                };
            }
            sum.check_within(-MAX_MARGIN, MAX_MARGIN).map(|()| sum)
        };
        memory::collect(self.linear.rows().map(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn single(value: f32) -> f64 {
        f64::from(value)
    }

    fn margin(linear: &LinearSingle, row: &[f64]) -> f64 {
        let mut out = [f64::NAN];
        linear.margins(row, &mut out);
        out[0]
    }

    #[test]
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn values_products_and_sums_are_rounded() {
        let weights = vec![single(0.1), single(0.3)];
        let linear = LinearSingle::new(Link::Identity, vec![single(0.7)], weights).unwrap();
        let (sum, product) = (0.7 + 0.1 * 3.3_f32, 0.3 * 123.4_f32);
        assert_eq!(margin(&linear, &[3.3, 123.4]), single(sum + product));
        let fused = single(sum) + single(0.3) * single(123.4);
        assert_ne!(single(sum + product), single(fused as f32), "a fused multiplication shows");
        let linear = LinearSingle::new(Link::Identity, vec![0.0], vec![1.0]).unwrap();
        assert_eq!(margin(&linear, &[16_777_217.0]), 16_777_216.0);
    }

    #[test]
    fn a_missing_value_adds_nothing() {
        let linear =
            LinearSingle::new(Link::Identity, vec![-0.0], vec![1.0, f64::from(f32::MAX)]).unwrap();
        let bits = |row: &[f64]| margin(&linear, row).to_bits();
        assert_eq!(bits(&[f64::NAN, f64::NAN]), (-0.0_f64).to_bits());
        assert_eq!(bits(&[0.0, f64::NAN]), 0.0_f64.to_bits());
        assert_eq!(bits(&[2.5, f64::NAN]), 2.5_f64.to_bits());
        let missing = Domain { may_be_missing: true, ..Domain::new(2.0, 3.0) };
        let linear = LinearSingle::new(Link::Identity, vec![1.0], vec![1.0, -1.0]).unwrap();
        let domains = linear.check(&[missing, missing]).unwrap();
        assert_eq!((domains[0].low, domains[0].high), (-2.0, 4.0));
        assert!(!domains[0].may_be_missing);
    }

    #[test]
    fn overflow_of_single_precision_is_refused() {
        let linear = |weights| LinearSingle::new(Link::Logit, vec![0.0], weights).unwrap();
        let refused =
            |weights, inputs: &[Domain]| linear(weights).check(inputs).unwrap_err().to_string();
        assert_eq!(
            refused(vec![0.0], &[Domain::new(0.0, 1e39)]),
            alloc::format!(
                "input 1: may lie in [0, {}], expected [-{max}, {max}]",
                1e39,
                max = f64::from(f32::MAX)
            )
        );
        let huge = [Domain::new(1e38, 3e38), Domain::new(1e38, 3e38)];
        let detail = refused(vec![2.0, -2.0], &huge);
        assert!(detail.starts_with("may lie in ["), "{detail}");
        assert!(linear(vec![0.125, -0.125]).check(&huge).is_ok());
    }

    #[test]
    fn parameters_are_numbers_of_single_precision() {
        let refused = |intercept, weight| {
            LinearSingle::new(Link::Logit, vec![intercept], vec![weight]).unwrap_err().to_string()
        };
        assert_eq!(refused(0.0, 0.1), "weight 1 is not a number of single precision");
        assert_eq!(refused(1e300, 1.0), "intercept 1 is not a number of single precision");
        assert_eq!(refused(f64::INFINITY, 1.0), "intercept 1 is not a finite number");
    }
}
