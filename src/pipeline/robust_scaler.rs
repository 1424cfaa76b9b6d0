//! Robust scaling: subtract the median, divide by the spread of the middle.
//!
//! Formula and parameters are those of scikit-learn's `RobustScaler` (`center_`, `scale_`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, Transform, check_finite, check_positive, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;

/// `(value − center) / scale`, input by input. Missing values stay missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RobustScaler {
    inputs: Inputs,
    centers: Vec<f64>,
    scales: Vec<f64>,
}
decode_struct!(RobustScaler { inputs, centers, scales });

impl RobustScaler {
    /// One center and one scale per input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, a center is not finite, or a scale is not positive.
    pub fn new(inputs: Inputs, centers: Vec<f64>, scales: Vec<f64>) -> Result<Self, Error> {
        let scaler = Self { inputs, centers, scales };
        scaler.check_parameters()?;
        Ok(scaler)
    }

    /// The inputs that it changes.
    #[must_use]
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The center of each input.
    #[must_use]
    pub fn centers(&self) -> &[f64] {
        &self.centers
    }

    /// The scale of each input.
    #[must_use]
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.centers.len(), "centers")?;
        self.inputs.check_count(self.scales.len(), "scales")?;
        self.inputs.check_each(&|nth| {
            check_finite(self.centers[nth], "center")?;
            check_positive(self.scales[nth], "scale")
        })
    }
}

fn scale(value: f64, center: f64, scale: f64) -> f64 {
    (value - center) / scale
}

impl Transform for RobustScaler {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains_with(inputs, [&self.centers, &self.scales], scale)
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 8)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_with(input, output, [&self.centers, &self.scales], scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn it_subtracts_then_divides() {
        let scaler = RobustScaler::new(Inputs::all(1), vec![0.1], vec![0.7]).unwrap();
        let mut output = [0.0];
        scaler.apply(&[0.3], &mut output);
        assert_eq!(output, [(0.3 - 0.1) / 0.7]);
        assert!(RobustScaler::new(Inputs::all(1), vec![0.1], vec![0.0]).is_err());
    }
}
