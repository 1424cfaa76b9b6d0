//! Derived values: ratios, products and differences of two others.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{MAX_OUTPUTS, Origin, Transform, appended, check_position, merged, times};
use crate::codec::{decode_enum, decode_struct};
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::lanes::Number;
use crate::memory;

/// Appends one value for each derivation at the end of the row. A value is missing where one of
/// those that it is derived from is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Derive {
    derivations: Vec<Derivation>,
}
decode_struct!(Derive { derivations });

/// How a value is derived from two others, named by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Derivation {
    /// `numerator / denominator`. The denominator must not be able to be 0: clip it first.
    Ratio {
        /// Above the line.
        numerator: u32,
        /// Below the line.
        denominator: u32,
    },
    /// `first · second`.
    Product {
        /// The first factor.
        first: u32,
        /// The second factor.
        second: u32,
    },
    /// `minuend − subtrahend`.
    Difference {
        /// The value that is subtracted from.
        minuend: u32,
        /// The value that is subtracted.
        subtrahend: u32,
    },
}
decode_enum!(Derivation { Ratio { numerator, denominator }, Product { first, second }, Difference { minuend, subtrahend } });

impl Derive {
    /// These derivations, in this order.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is none, or more than 65,536.
    pub fn new(derivations: Vec<Derivation>) -> Result<Self, Error> {
        let derive = Self { derivations };
        derive.check_count()?;
        Ok(derive)
    }

    fn check_count(&self) -> Result<(), Error> {
        let n_derivations = self.derivations.len();
        if (1..=MAX_OUTPUTS).contains(&n_derivations) {
            return Ok(());
        }
        Err(Error::invalid_model(format_args!(
            "{n_derivations} derivations, expected 1 to {MAX_OUTPUTS}"
        )))
    }
}

impl Derivation {
    fn positions(self) -> [usize; 2] {
        let (first, second) = match self {
            Self::Ratio { numerator, denominator } => (numerator, denominator),
            Self::Product { first, second } => (first, second),
            Self::Difference { minuend, subtrahend } => (minuend, subtrahend),
        };
        [first as usize, second as usize]
    }

    fn derive(self, first: f64, second: f64) -> f64 {
        match self {
            Self::Ratio { .. } => first / second,
            Self::Product { .. } => first * second,
            Self::Difference { .. } => first - second,
        }
    }

    /// The domain of the result: each of these functions has its extremes at the corners.
    #[allow(clippy::indexing_slicing, reason = "positions are checked first")]
    fn domain(self, inputs: &[Domain]) -> Result<Domain, Error> {
        let positions = self.positions();
        positions.iter().try_for_each(|at| check_position(*at, inputs.len()))?;
        let [first, second] = positions.map(|at| inputs[at]);
        if matches!(self, Self::Ratio { .. }) && second.low <= 0.0 && second.high >= 0.0 {
            let detail = "divides by a value that may be 0; clip it first";
            return Err(Error::invalid_model(detail).within(Place::Input(positions[1])));
        }
        let corners = [first.low, first.high].map(|a| [second.low, second.high].map(|b| (a, b)));
        let corners = corners.as_flattened().iter().map(|(a, b)| self.derive(*a, *b));
        let low = corners.clone().fold(f64::INFINITY, f64::min);
        let high = corners.fold(f64::NEG_INFINITY, f64::max);
        let is_whole = first.is_whole && second.is_whole && !matches!(self, Self::Ratio { .. });
        let may_be_missing = first.may_be_missing || second.may_be_missing;
        Domain { low, high, is_whole, may_be_missing }.check()
    }
}

impl Transform for Derive {
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_count()?;
        let mut outputs = memory::list(self.max_outputs(inputs.len()))?;
        outputs.extend_from_slice(inputs);
        for derivation in &self.derivations {
            outputs.push(derivation.domain(inputs)?);
        }
        Ok(outputs)
    }

    fn max_outputs(&self, n_inputs: usize) -> usize {
        n_inputs + self.derivations.len()
    }

    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        let derivations = self.derivations.iter();
        appended(inputs, derivations.map(|one| merged(inputs, one.positions().into_iter())))
    }

    fn work(&self) -> u64 {
        times(self.derivations.len(), 8)
    }

    #[allow(clippy::indexing_slicing, reason = "positions were checked when the model was opened")]
    fn apply<N: Number>(&self, input: &[N], output: &mut [N]) {
        let (values, derived) = output.split_at_mut(input.len());
        values.copy_from_slice(input);
        for (output, derivation) in derived.iter_mut().zip(&self.derivations) {
            let [first, second] = derivation.positions().map(|at| input[at]);
            *output = first.zip(second, |first, second| derivation.derive(first, second));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn values_are_derived_and_appended() {
        let derive = Derive::new(vec![
            Derivation::Ratio { numerator: 0, denominator: 1 },
            Derivation::Product { first: 1, second: 1 },
            Derivation::Difference { minuend: 1, subtrahend: 0 },
        ])
        .unwrap();
        let outputs = derive.check(&[Domain::new(-1.0, 4.0), Domain::new(2.0, 8.0)]).unwrap();
        assert_eq!((outputs[2].low, outputs[2].high), (-0.5, 2.0));
        assert_eq!((outputs[3].low, outputs[3].high), (4.0, 64.0));
        assert_eq!((outputs[4].low, outputs[4].high), (-2.0, 9.0));
        let mut output = [0.0; 5];
        derive.apply(&[1.0, 4.0], &mut output);
        assert_eq!(output, [1.0, 4.0, 0.25, 16.0, 3.0]);
    }

    #[test]
    fn a_ratio_with_a_denominator_that_may_be_0_is_refused() {
        let ratio = Derivation::Ratio { numerator: 0, denominator: 1 };
        let derive = Derive::new(vec![ratio]).unwrap();
        let refused = derive.check(&[Domain::new(0.0, 1.0), Domain::new(-1.0, 1.0)]);
        let expected = "input 2: divides by a value that may be 0; clip it first";
        assert_eq!(refused.unwrap_err().to_string(), expected);
        assert!(derive.check(&[Domain::new(0.0, 1.0)]).is_err());
    }
}
