//! The Yeo–Johnson transformation.
//!
//! Yeo and Johnson, A new family of power transformations to improve normality or symmetry, 2000;
//! as scikit-learn's `PowerTransformer(standardize=False)`.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{FUNCTION, Inputs, Transform, check_finite, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::numeric::{ln_1p, pow};

/// `((1 + x)^λ − 1) / λ` for `x ≥ 0` (`ln(1 + x)` for λ = 0) and
/// `−((1 − x)^(2 − λ) − 1) / (2 − λ)` for `x < 0` (`−ln(1 − x)` for λ = 2), input by input. Missing
/// values stay missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct YeoJohnson {
    inputs: Inputs,
    lambdas: Vec<f64>,
}
decode_struct!(YeoJohnson { inputs, lambdas });

impl YeoJohnson {
    /// One λ per input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ or a λ is not finite.
    pub fn new(inputs: Inputs, lambdas: Vec<f64>) -> Result<Self, Error> {
        let transform = Self { inputs, lambdas };
        transform.check_parameters()?;
        Ok(transform)
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.lambdas.len(), "lambdas")?;
        self.inputs.check_each(|nth| check_finite(self.lambdas[nth], "lambda"))
    }

    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    #[inline]
    fn transform(&self, nth: usize, value: f64) -> f64 {
        let lambda = self.lambdas[nth];
        if value < 0.0 { -power(-value, 2.0 - lambda) } else { power(value, lambda) }
    }
}

/// `((1 + x)^λ − 1) / λ`; NaN for NaN.
#[inline]
fn power(x: f64, lambda: f64) -> f64 {
    // As scikit-learn: below this, the quotient would lose all its digits.
    if lambda.abs() < f64::EPSILON { ln_1p(x) } else { (pow(x + 1.0, lambda) - 1.0) / lambda }
}

impl Transform for YeoJohnson {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains(inputs, |nth, domain| {
            domain.map_monotone(|value| self.transform(nth, value))?.widened()
        })
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 2 * FUNCTION)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_values(input, output, |nth, value| self.transform(nth, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn both_sides_and_both_logarithms() {
        let step = YeoJohnson::new(Inputs::all(4), vec![2.0, 0.0, 2.0, 1.0]).unwrap();
        let mut output = [0.0; 4];
        step.apply(&[2.0, 1.0, -1.0, -3.0], &mut output);
        let ln_2 = core::f64::consts::LN_2;
        assert_eq!(output, [4.0, ln_2, -ln_2, -3.0]);
        step.apply(&[f64::NAN; 4], &mut output);
        assert!(output.iter().all(|value| value.is_nan()));
    }
}
