//! Min-max scaling: a multiple and a shift that move a range to another.
//!
//! Formula and parameters are those of scikit-learn's `MinMaxScaler` (`scale_`, `min_`, `clip`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Clip, Inputs, Transform, check_finite, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;

/// `value · scale + shift`, input by input. Missing values stay missing. To clip, add a [`Clip`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinMaxScaler {
    inputs: Inputs,
    scales: Vec<f64>,
    shifts: Vec<f64>,
}
decode_struct!(MinMaxScaler { inputs, scales, shifts });

impl MinMaxScaler {
    /// One scale and one shift (scikit-learn's `min_`) per input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ or a number is not finite.
    pub fn new(inputs: Inputs, scales: Vec<f64>, shifts: Vec<f64>) -> Result<Self, Error> {
        let scaler = Self { inputs, scales, shifts };
        scaler.check_parameters()?;
        Ok(scaler)
    }

    /// The inputs that it changes.
    #[must_use]
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The factor of each input.
    #[must_use]
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// What is added to each input.
    #[must_use]
    pub fn shifts(&self) -> &[f64] {
        &self.shifts
    }

    /// The step that scikit-learn's `clip=True` adds: a clip to the scaled range.
    ///
    /// # Errors
    ///
    /// As [`Clip::new`].
    pub fn clip(&self, low: f64, high: f64) -> Result<Clip, Error> {
        let n_inputs = self.inputs.n_inputs();
        Clip::new(self.inputs.clone(), alloc::vec![low; n_inputs], alloc::vec![high; n_inputs])
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.scales.len(), "scales")?;
        self.inputs.check_count(self.shifts.len(), "shifts")?;
        self.inputs.check_each(&|nth| {
            check_finite(self.scales[nth], "scale")?;
            check_finite(self.shifts[nth], "shift")
        })
    }
}

fn scale(value: f64, scale: f64, shift: f64) -> f64 {
    value * scale + shift
}

impl Transform for MinMaxScaler {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains_with(inputs, [&self.scales, &self.shifts], scale)
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 4)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_with(input, output, [&self.scales, &self.shifts], scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn it_multiplies_then_adds() {
        let scaler = MinMaxScaler::new(Inputs::all(1), vec![0.1], vec![-0.3]).unwrap();
        let mut output = [0.0];
        scaler.apply(&[7.0], &mut output);
        assert_eq!(output, [7.0 * 0.1 - 0.3]);
        scaler.clip(0.0, 0.25).unwrap().apply(&output.clone(), &mut output);
        assert_eq!(output, [0.25]);
    }
}
