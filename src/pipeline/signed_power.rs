//! Powers that keep the sign.
//!
//! As numpy's `sign(x) * abs(x) ** p`, by libm.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{FUNCTION, Inputs, Transform, check_positive, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::numeric::pow;

/// `sign(value) · |value|^exponent`, input by input. Missing values stay missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedPower {
    inputs: Inputs,
    exponents: Vec<f64>,
}
decode_struct!(SignedPower { inputs, exponents });

impl SignedPower {
    /// One exponent per input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ or an exponent is not a positive number.
    pub fn new(inputs: Inputs, exponents: Vec<f64>) -> Result<Self, Error> {
        let power = Self { inputs, exponents };
        power.check_parameters()?;
        Ok(power)
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.exponents.len(), "exponents")?;
        self.inputs.check_each(&|nth| check_positive(self.exponents[nth], "exponent"))
    }

    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    #[inline]
    fn raise(&self, nth: usize, value: f64) -> f64 {
        value.signum() * pow(value.abs(), self.exponents[nth])
    }
}

impl Transform for SignedPower {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains(inputs, &|nth, domain| {
            domain.map_monotone(&|value| self.raise(nth, value))?.widened()
        })
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 2 * FUNCTION)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_values(input, output, |nth, value| self.raise(nth, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_sign_is_kept() {
        let power = SignedPower::new(Inputs::all(3), vec![0.5; 3]).unwrap();
        let mut output = [1.0; 3];
        power.apply(&[9.0, -16.0, 0.0], &mut output);
        assert_eq!(output, [3.0, -4.0, 0.0]);
        assert!(SignedPower::new(Inputs::all(1), vec![0.0]).is_err());
        let cube = SignedPower::new(Inputs::all(1), vec![4.0]).unwrap();
        assert!(cube.check(&[Domain::new(-1e100, 1e100)]).is_err(), "1e400");
    }
}
