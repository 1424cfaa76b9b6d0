//! Standard scaling: subtract the mean, divide by the standard deviation.
//!
//! Formula and defaults are those of scikit-learn's `StandardScaler`.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, Transform, check_finite, check_positive, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;

/// `(value − mean) / std_dev`, input by input. Missing values stay missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StandardScaler {
    inputs: Inputs,
    means: Vec<f64>,
    std_devs: Vec<f64>,
}
decode_struct!(StandardScaler { inputs, means, std_devs });

impl StandardScaler {
    /// One mean and one standard deviation per input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, a mean is not finite, or a standard deviation is not
    /// a positive number.
    pub fn new(inputs: Inputs, means: Vec<f64>, std_devs: Vec<f64>) -> Result<Self, Error> {
        let scaler = Self { inputs, means, std_devs };
        scaler.check_parameters()?;
        Ok(scaler)
    }

    /// The mean of each input.
    #[must_use]
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// The standard deviation of each input.
    #[must_use]
    pub fn std_devs(&self) -> &[f64] {
        &self.std_devs
    }

    /// The inputs that it changes.
    #[must_use]
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.means.len(), "means")?;
        self.inputs.check_count(self.std_devs.len(), "standard deviations")?;
        self.inputs.check_each(&|nth| {
            check_finite(self.means[nth], "mean")?;
            check_positive(self.std_devs[nth], "standard deviation")
        })
    }
}

/// Divides, as scikit-learn does: a stored reciprocal rounds twice and gives other bits.
fn scale(value: f64, mean: f64, std_dev: f64) -> f64 {
    (value - mean) / std_dev
}

impl Transform for StandardScaler {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains_with(inputs, [&self.means, &self.std_devs], scale)
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 8)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_with(input, output, [&self.means, &self.std_devs], scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn it_subtracts_then_divides() {
        let scaler = StandardScaler::new(Inputs::all(2), vec![1.0, 0.1], vec![3.0, 0.7]).unwrap();
        let mut out = [0.0; 2];
        scaler.apply(&[2.0, 0.3], &mut out);
        assert_eq!(out, [1.0 / 3.0, (0.3 - 0.1) / 0.7]);
        scaler.apply(&[f64::NAN, 0.1], &mut out);
        assert!(out[0].is_nan() && out[1] == 0.0);
    }

    #[test]
    fn parameters_that_cannot_scale_are_refused() {
        let cases = [
            (vec![0.0], vec![], "0 standard deviations, expected 1"),
            (vec![f64::NAN], vec![1.0], "input 1: mean NaN, expected a finite number"),
            (vec![0.0], vec![0.0], "input 1: standard deviation 0, expected a positive number"),
        ];
        for (means, std_devs, message) in cases {
            let refused = StandardScaler::new(Inputs::all(1), means, std_devs).unwrap_err();
            assert_eq!(refused.to_string(), message);
        }
    }
}
