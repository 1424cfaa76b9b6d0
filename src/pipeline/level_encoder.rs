//! A fitted number for each level: ordinal and target encoding.
//!
//! As scikit-learn's `OrdinalEncoder` and, with the encodings of one class, `TargetEncoder`.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Inputs, Transform, check_levels, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::Error;
use crate::lanes::Number;
use crate::numeric::is_whole;

/// The number of a level in the bundle becomes a fitted number, input by input. Missing values stay
/// missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelEncoder {
    inputs: Inputs,
    numbers: Vec<Vec<f64>>,
    unseen: Vec<f64>,
}
decode_struct!(LevelEncoder { inputs, numbers, unseen });

impl LevelEncoder {
    /// Of each input the number of each level, and that of unseen levels.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the lengths differ, an input has no level, or a number is not finite.
    pub fn new(inputs: Inputs, numbers: Vec<Vec<f64>>, unseen: Vec<f64>) -> Result<Self, Error> {
        let encoder = Self { inputs, numbers, unseen };
        encoder.check_parameters()?;
        Ok(encoder)
    }

    #[allow(clippy::indexing_slicing, reason = "counts are checked first")]
    fn check_parameters(&self) -> Result<(), Error> {
        self.inputs.check_count(self.numbers.len(), "lists of numbers")?;
        self.inputs.check_count(self.unseen.len(), "numbers of unseen levels")?;
        self.inputs.check_each(&|nth| {
            let stray = self.numbers_of(nth).find(|number| !number.is_finite());
            match stray {
                Some(number) => Err(Error::invalid_model(format_args!(
                    "number {number} of a level, expected a finite one"
                ))),
                None if self.numbers[nth].is_empty() => {
                    Err(Error::invalid_model("no levels, expected at least 1"))
                }
                None => Ok(()),
            }
        })
    }

    /// Every number that can come out.
    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    fn numbers_of(&self, nth: usize) -> impl Iterator<Item = f64> {
        self.numbers[nth].iter().chain(core::iter::once(&self.unseen[nth])).copied()
    }
}

impl Transform for LevelEncoder {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        self.inputs.map_domains(inputs, &|nth, domain| {
            check_levels(domain)?;
            Domain {
                low: self.numbers_of(nth).fold(f64::INFINITY, f64::min),
                high: self.numbers_of(nth).fold(f64::NEG_INFINITY, f64::max),
                is_whole: self.numbers_of(nth).all(is_whole),
                ..domain
            }
            .check()
        })
    }

    fn work(&self) -> u64 {
        times(self.inputs.n_inputs(), 4)
    }

    #[allow(clippy::indexing_slicing, reason = "there is one of each per input")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, at least 0")]
    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        self.inputs.map_values(input, output, |nth, level| {
            if level.is_nan() {
                return level;
            }
            self.numbers[nth].get(level as usize).copied().unwrap_or(self.unseen[nth])
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn levels_and_unseen_levels_get_their_numbers() {
        let encoder = LevelEncoder::new(Inputs::all(1), vec![vec![0.25, -1.5]], vec![9.0]).unwrap();
        let domains = encoder.check(&[Domain::whole(0.0, 2.0)]).unwrap();
        assert_eq!(domains, [Domain::new(-1.5, 9.0)]);
        let mut output = [0.0];
        for (level, expected) in [(0.0, 0.25), (1.0, -1.5), (2.0, 9.0), (1e15, 9.0)] {
            encoder.apply(&[level], &mut output);
            assert_eq!(output, [expected]);
        }
        encoder.apply(&[f64::NAN], &mut output);
        assert!(output[0].is_nan());
        assert!(encoder.check(&[Domain::new(0.0, 1.0)]).is_err());
        assert!(LevelEncoder::new(Inputs::all(1), vec![vec![]], vec![0.0]).is_err());
    }
}
