//! One-hot encoding of categories.
//!
//! As scikit-learn's `OneHotEncoder(handle_unknown="ignore")`, with its `drop="first"`.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, MAX_OUTPUTS, Origin, Transform, check_levels, repeated, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::lanes::Number;
use crate::memory;

/// One value per level takes the place of the level's number: 1 for that level, 0 for the others.
/// A number beyond the known levels becomes zeros only; a missing value becomes missing values only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneHotEncoder {
    inputs: Inputs,
    n_levels: Vec<u32>,
    drops_first: bool,
}
decode_struct!(OneHotEncoder { inputs, n_levels, drops_first });

impl OneHotEncoder {
    /// The number of levels of each input; `drops_first` leaves out the value of level 0.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, an input has no value left, or there are more than
    /// 65,536 outputs.
    pub fn new(inputs: Inputs, n_levels: Vec<u32>, drops_first: bool) -> Result<Self, Error> {
        let encoder = Self { inputs, n_levels, drops_first };
        encoder.check_parameters()?;
        Ok(encoder)
    }

    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.n_levels.len(), "numbers of levels")?;
        if self.n_levels.iter().any(|n_levels| *n_levels <= self.first_level()) {
            return Err(Error::invalid_model("an input without outputs, expected at least 1"));
        }
        let n_outputs: u64 = self.n_levels.iter().map(|n_levels| u64::from(*n_levels)).sum();
        if n_outputs > MAX_OUTPUTS as u64 {
            let detail = format_args!("{n_outputs} outputs, expected at most {MAX_OUTPUTS}");
            return Err(Error::invalid_model(detail));
        }
        Ok(())
    }

    fn first_level(&self) -> u32 {
        u32::from(self.drops_first)
    }
}

impl Transform for OneHotEncoder {
    #[allow(clippy::indexing_slicing, reason = "positions are checked first")]
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.check(inputs.len())?;
        for at in self.inputs.positions() {
            check_levels(inputs[at]).map_err(|e| e.within(Place::Input(at)))?;
        }
        let mut encoded = self.inputs.positions().zip(&self.n_levels).peekable();
        let mut outputs = memory::list(self.max_outputs(inputs.len()))?;
        for (at, input) in inputs.iter().enumerate() {
            match encoded.next_if(|(position, _)| *position == at) {
                Some((_, n_levels)) => {
                    let domain = Domain::whole(0.0, 1.0).missing_as(*input);
                    outputs.extend((self.first_level()..*n_levels).map(|_| domain));
                }
                None => outputs.push(*input),
            }
        }
        Ok(outputs)
    }

    fn max_outputs(&self, n_inputs: usize) -> usize {
        let n_levels: u64 = self.n_levels.iter().map(|n_levels| u64::from(*n_levels)).sum();
        n_inputs + usize::try_from(n_levels).map_or(MAX_OUTPUTS, |n| n.min(MAX_OUTPUTS))
    }

    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        let mut encoded = self.inputs.positions().zip(&self.n_levels).peekable();
        repeated(inputs, |at| match encoded.next_if(|(position, _)| *position == at) {
            Some((_, n_levels)) => (n_levels - self.first_level()) as usize,
            None => 1,
        })
    }

    fn work(&self) -> u64 {
        times(self.n_levels.len(), 4)
    }

    #[allow(clippy::indexing_slicing, reason = "positions were checked when the model was opened")]
    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        let mut encoded = self.inputs.positions().zip(&self.n_levels).peekable();
        let mut outputs = output.iter_mut();
        for (at, value) in input.iter().enumerate() {
            let Some((_, n_levels)) = encoded.next_if(|(position, _)| *position == at) else {
                outputs.by_ref().take(1).for_each(|output| *output = *value);
                continue;
            };
            for (level, output) in (self.first_level()..*n_levels).zip(outputs.by_ref()) {
                *output = value.map(|value| {
                    if value.is_nan() {
                        f64::NAN
                    } else if value == f64::from(level) {
                        1.0
                    } else {
                        0.0
                    }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_level_becomes_a_row_of_zeros_and_a_one() {
        let inputs = Inputs::new(vec![1, 2]).unwrap();
        let encoder = OneHotEncoder::new(inputs.clone(), vec![3, 2], false).unwrap();
        let domains = [Domain::new(-1.0, 9.0), Domain::whole(0.0, 3.0), Domain::whole(0.0, 1.0)];
        assert_eq!(encoder.check(&domains).unwrap().len(), 6);
        let mut output = [7.0; 6];
        encoder.apply(&[0.5, 2.0, 0.0], &mut output);
        assert_eq!(output, [0.5, 0.0, 0.0, 1.0, 1.0, 0.0]);
        encoder.apply(&[0.5, 3.0, 1.0], &mut output);
        assert_eq!(output, [0.5, 0.0, 0.0, 0.0, 0.0, 1.0]);
        encoder.apply(&[0.5, f64::NAN, 1.0], &mut output);
        assert!(output[1..4].iter().all(|value| value.is_nan()) && output[5] == 1.0);

        let dropping = OneHotEncoder::new(inputs, vec![3, 2], true).unwrap();
        assert_eq!(dropping.check(&domains).unwrap().len(), 4);
        let mut output = [7.0; 4];
        dropping.apply(&[0.5, 1.0, 1.0], &mut output);
        assert_eq!(output, [0.5, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn numbers_that_are_no_levels_are_refused() {
        let encoder = OneHotEncoder::new(Inputs::all(1), vec![3], false).unwrap();
        assert!(encoder.check(&[Domain::new(0.0, 2.0)]).is_err());
        assert!(encoder.check(&[Domain::whole(-1.0, 2.0)]).is_err());
        assert!(OneHotEncoder::new(Inputs::all(1), vec![u32::MAX], false).is_err());
        assert!(OneHotEncoder::new(Inputs::all(1), vec![1], true).is_err());
    }
}
