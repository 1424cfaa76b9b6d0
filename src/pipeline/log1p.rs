//! The logarithm of one more than a value.
//!
//! As numpy's `log1p`, by libm.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{FUNCTION, Inputs, Transform, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::numeric::ln_1p;

/// `ln(1 + value)`, input by input. Missing values stay missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Log1p {
    inputs: Inputs,
}
decode_struct!(Log1p { inputs });

impl Log1p {
    /// Of these inputs.
    #[must_use]
    pub fn new(inputs: Inputs) -> Self {
        Self { inputs }
    }
}

impl Transform for Log1p {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.inputs.map_domains(inputs, &|_, domain| {
            if domain.low <= -1.0 {
                let detail =
                    format_args!("may be {}, expected more than -1; clip it first", domain.low);
                return Err(Error::invalid_model(detail));
            }
            domain.map_monotone(&ln_1p)?.widened()
        })
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), FUNCTION)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_values(input, output, |_, value| ln_1p(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn values_that_could_have_no_logarithm_are_refused() {
        let step = Log1p::new(Inputs::all(1));
        let refused = step.check(&[Domain::new(-1.0, 5.0)]).unwrap_err();
        let expected = "input 1: may be -1, expected more than -1; clip it first";
        assert_eq!(refused.to_string(), expected);
        assert!(step.check(&[Domain::new(-0.5, 5.0)]).is_ok());
        let mut output = [0.0];
        step.apply(&[1.0], &mut output);
        assert_eq!(output, [core::f64::consts::LN_2]);
    }
}
