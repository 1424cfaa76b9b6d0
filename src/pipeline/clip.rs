//! Clipping: values beyond fitted bounds are moved to them.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, Transform, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::numeric::is_whole;

/// The nearest number of `[low, high]`, input by input. Missing values stay missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    inputs: Inputs,
    lows: Vec<f64>,
    highs: Vec<f64>,
}
decode_struct!(Clip { inputs, lows, highs });

impl Clip {
    /// Two bounds per input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, a bound is not finite, or a lower bound is above the upper one.
    pub fn new(inputs: Inputs, lows: Vec<f64>, highs: Vec<f64>) -> Result<Self, Error> {
        let clip = Self { inputs, lows, highs };
        clip.check_parameters()?;
        Ok(clip)
    }

    /// The inputs that it changes.
    #[must_use]
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The lowest number of each input.
    #[must_use]
    pub fn lows(&self) -> &[f64] {
        &self.lows
    }

    /// The highest number of each input.
    #[must_use]
    pub fn highs(&self) -> &[f64] {
        &self.highs
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.lows.len(), "lower bounds")?;
        self.inputs.check_count(self.highs.len(), "upper bounds")?;
        self.inputs.check_each(&|nth| {
            let (low, high) = (self.lows[nth], self.highs[nth]);
            if low <= high && low.is_finite() && high.is_finite() {
                return Ok(());
            }
            Err(Error::invalid_model(format_args!(
                "bounds {low} and {high}, expected finite ones that ascend"
            )))
        })
    }

    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    #[inline]
    fn clip(&self, nth: usize, value: f64) -> f64 {
        // NaN fails both comparisons.
        if value < self.lows[nth] {
            self.lows[nth]
        } else if value > self.highs[nth] {
            self.highs[nth]
        } else {
            value
        }
    }
}

impl Transform for Clip {
    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains(inputs, &|nth, domain| {
            let is_whole = domain.is_whole && is_whole(self.lows[nth]) && is_whole(self.highs[nth]);
            Ok(Domain { is_whole, ..domain.map_monotone(&|value| self.clip(nth, value))? })
        })
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 4)
    }

    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_values(input, output, |nth, value| self.clip(nth, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn values_beyond_the_bounds_are_moved_to_them() {
        let clip = Clip::new(Inputs::all(2), vec![0.0, -1.0], vec![10.0, 1.0]).unwrap();
        let outputs = clip.check(&[Domain::whole(-5.0, 5.0), Domain::new(2.0, 3.0)]).unwrap();
        assert_eq!(outputs, [Domain::whole(0.0, 5.0), Domain::new(1.0, 1.0)]);
        let mut output = [0.0; 2];
        clip.apply(&[-3.0, f64::NAN], &mut output);
        assert!(output[0] == 0.0 && output[1].is_nan());
        assert!(Clip::new(Inputs::all(1), vec![1.0], vec![0.0]).is_err());
    }
}
