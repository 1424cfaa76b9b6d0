//! The Yeo–Johnson transformation.
//!
//! Yeo and Johnson, A new family of power transformations to improve normality or symmetry, 2000;
//! as scikit-learn's `PowerTransformer(standardize=False)`.

use alloc::vec::Vec;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};
use serde::{Deserialize, Serialize};

use super::{FUNCTION, Inputs, Transform, check_finite, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::{Number, best_level, dispatch};
use crate::numeric::{ln_1p, pow, vector};

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
        self.inputs.check_each(&|nth| check_finite(self.lambdas[nth], "lambda"))
    }
}

fn transform(value: f64, lambda: f64) -> f64 {
    if value < 0.0 { -power(-value, 2.0 - lambda) } else { power(value, lambda) }
}

/// `((1 + x)^λ − 1) / λ`; NaN for NaN.
#[inline]
fn power(x: f64, lambda: f64) -> f64 {
    // As scikit-learn: below this, the quotient would lose all its digits.
    if lambda.abs() < f64::EPSILON { ln_1p(x) } else { (pow(x + 1.0, lambda) - 1.0) / lambda }
}

/// [`transform`] of each of eight values.
#[inline(never)]
fn transform_eight(level: Level, values: [f64; 8], lambdas: [f64; 8]) -> [f64; 8] {
    let transformed = dispatch!(level, simd => transform_vector(simd, values, lambdas));
    transformed.unwrap_or_else(|| {
        let mut values = values;
        for (value, lambda) in values.iter_mut().zip(lambdas) {
            *value = transform(*value, lambda);
        }
        values
    })
}

/// The same where vectors can: not for a logarithm, nor where [`vector::pow`] cannot.
#[inline(always)]
fn transform_vector<S: Simd>(simd: S, values: [f64; 8], lambdas: [f64; 8]) -> Option<[f64; 8]> {
    let (x, lambda) = (f64x8::simd_from(simd, values), f64x8::simd_from(simd, lambdas));
    let is_negative = x.simd_lt(0.0);
    let exponent = is_negative.select(-lambda + 2.0, lambda);
    if exponent.abs().simd_lt(f64::EPSILON).any_true() {
        return None;
    }
    let is_known = x.simd_eq(x);
    let magnitude = is_known.select(x.abs(), f64x8::splat(simd, 0.0));
    let power = (vector::pow(magnitude + 1.0, exponent)? - 1.0) / exponent;
    Some(is_known.select(is_negative.select(-power, power), x).into())
}

impl Transform for YeoJohnson {
    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains(inputs, &|nth, domain| {
            domain.map_monotone(&|value| transform(value, self.lambdas[nth]))?.widened()
        })
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 2 * FUNCTION)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        output.copy_from_slice(input);
        let level = best_level();
        self.inputs.map_eights(output, &self.lambdas, |values, lambdas| {
            transform_eight(level, values, lambdas)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{Lanes, N_LANES};
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

    #[test]
    fn rows_and_blocks_have_the_bits_of_single_values() {
        // More inputs than fit into a vector, at positions of their own; λ of every branch.
        let lambdas = vec![0.7, -1.3, 0.0, 2.0, 1.0, 0.5, 3.1, -0.2, 1.9, 0.3, 1e-17];
        let positions: Vec<u32> = (0..11).map(|nth| 2 * nth + 1).collect();
        let step =
            YeoJohnson::new(Inputs::new(positions.clone()).unwrap(), lambdas.clone()).unwrap();
        let values = [0.0, -0.0, 1.0, -1.0, 0.37, -41.5, 1e6, -1e-9, f64::NAN, 1e300, -1e300, 2.5];
        let value = |row: usize, at: usize| values[(5 * row + at) % values.len()];
        let block: Vec<Lanes> =
            (0..23).map(|at| core::array::from_fn(|row| value(row, at))).collect();
        let mut encoded = block.clone();
        step.apply(&block, &mut encoded);
        for row in 0..N_LANES {
            let input: Vec<f64> = (0..23).map(|at| value(row, at)).collect();
            let mut output = input.clone();
            step.apply(&input, &mut output);
            let mut expected = input;
            for (at, lambda) in positions.iter().zip(&lambdas) {
                let value = &mut expected[*at as usize];
                *value = transform(*value, *lambda);
            }
            let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect::<Vec<u64>>();
            assert_eq!(bits(&output), bits(&expected));
            let of_row: Vec<f64> = encoded.iter().map(|numbers| numbers[row]).collect();
            assert_eq!(bits(&of_row), bits(&expected));
        }
    }
}
