//! Which values of an encoded row a step reads.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::transform::check_position;
use crate::codec::{Decode, Input, Stopped};
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::lanes::Number;
use crate::memory;

/// Positions in an encoded row: ascending, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs(Vec<u32>);

impl Decode for Inputs {
    const MIN_LEN: usize = Vec::<u32>::MIN_LEN;

    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        input.read().map(Self)
    }
}

impl Inputs {
    /// These positions.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is none or they do not ascend.
    pub fn new(positions: Vec<u32>) -> Result<Self, Error> {
        let inputs = Self(positions);
        inputs.check_order()?;
        Ok(inputs)
    }

    /// Every position of a row of `width` values.
    #[must_use]
    pub fn all(width: u32) -> Self {
        Self((0..width).collect())
    }

    /// How many there are.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.0.len()
    }

    /// The positions.
    #[must_use = "positions are all there is to it"]
    pub fn positions(&self) -> impl ExactSizeIterator<Item = usize> {
        self.0.iter().map(|position| *position as usize)
    }

    fn check_order(&self) -> Result<(), Error> {
        if self.0.is_empty() {
            return Err(Error::invalid_model("reads no input, expected at least 1"));
        }
        if !self.0.is_sorted_by(|previous, next| previous < next) {
            return Err(Error::invalid_model("its inputs, expected them to ascend"));
        }
        Ok(())
    }

    /// Checks that they ascend and lie in a row of `width` values.
    pub(super) fn check(&self, width: usize) -> Result<(), Error> {
        self.check_order()?;
        match self.positions().last() {
            Some(last) => check_position(last, width),
            None => Ok(()),
        }
    }

    /// Checks that there is one of something per input.
    pub(super) fn check_count(&self, n_items: usize, what: &str) -> Result<(), Error> {
        if n_items == self.n_inputs() {
            return Ok(());
        }
        Err(Error::invalid_model(format_args!("{n_items} {what}, expected {}", self.n_inputs())))
    }

    /// Calls `check` with the index of each input among those read, and adds the place to its error.
    ///
    /// This and what follows run when a model is opened: once in the library, not once per step.
    #[inline(never)]
    pub(super) fn check_each(
        &self,
        check: &dyn Fn(usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.positions()
            .enumerate()
            .try_for_each(|(nth, at)| check(nth).map_err(|e| e.within(Place::Input(at))))
    }

    /// The domains of a row in which `map` has replaced those of the inputs, one by one. `map` gets
    /// the index of the input among those read.
    #[inline(never)]
    pub(super) fn map_domains(
        &self,
        domains: &[Domain],
        map: &dyn Fn(usize, Domain) -> Result<Domain, Error>,
    ) -> Result<Vec<Domain>, Error> {
        self.check(domains.len())?;
        let mut mapped = memory::copy(domains)?;
        for (nth, at) in self.positions().enumerate() {
            if let Some(domain) = mapped.get_mut(at) {
                *domain = map(nth, *domain).map_err(|e| e.within(Place::Input(at)))?;
            }
        }
        Ok(mapped)
    }

    /// As [`Self::map_domains`], for a monotone function with two parameters for each input.
    #[allow(clippy::indexing_slicing, reason = "the counts of parameters were checked")]
    pub(super) fn map_domains_with(
        &self,
        domains: &[Domain],
        [first, second]: [&[f64]; 2],
        map: fn(f64, f64, f64) -> f64,
    ) -> Result<Vec<Domain>, Error> {
        self.map_domains(domains, &|nth, domain| {
            domain.map_monotone(&|value| map(value, first[nth], second[nth]))
        })
    }

    /// Copies `input` to `output`, and replaces the inputs one by one by the result of `map`, which
    /// gets the index of the input among those read.
    #[allow(clippy::indexing_slicing, reason = "positions were checked when the model was opened")]
    pub(super) fn map_values<N: Number>(
        &self,
        input: &[N],
        output: &mut [N],
        map: impl Fn(usize, f64) -> f64,
    ) {
        output.copy_from_slice(input);
        for (nth, at) in self.positions().enumerate() {
            output[at] = output[at].map(|value| map(nth, value));
        }
    }

    /// Replaces the inputs by the results of `map`, which gets eight numbers at a time, with the parameter of
    /// the input of each: of several rows, or of several inputs of one.
    #[allow(clippy::indexing_slicing, reason = "positions were checked when the model was opened")]
    pub(super) fn map_eights<N: Number>(
        &self,
        row: &mut [N],
        parameters: &[f64],
        map: impl Fn([f64; 8], [f64; 8]) -> [f64; 8],
    ) {
        for (positions, parameters) in self.0.chunks(8).zip(parameters.chunks(8)) {
            let (mut values, mut of_values) = ([0.0; 8], [parameters[0]; 8]);
            let mut n_single = 0;
            for (at, parameter) in positions.iter().zip(parameters) {
                match row[*at as usize].of_rows() {
                    [value] => {
                        (values[n_single], of_values[n_single]) = (*value, *parameter);
                        n_single += 1;
                    }
                    of_rows => {
                        for eight in of_rows.as_chunks_mut().0 {
                            *eight = map(*eight, [*parameter; 8]);
                        }
                    }
                }
            }
            if n_single > 0 {
                let mapped = map(values, of_values);
                for (at, value) in positions.iter().zip(mapped) {
                    row[*at as usize] = N::splat(value);
                }
            }
        }
    }

    /// As [`Self::map_values`], with two parameters for each input.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "positions were checked when the model was opened")]
    pub(super) fn map_with<N: Number>(
        &self,
        input: &[N],
        output: &mut [N],
        [first, second]: [&[f64]; 2],
        map: impl Fn(f64, f64, f64) -> f64,
    ) {
        output.copy_from_slice(input);
        let parameters = first.iter().zip(second);
        if self.n_inputs() == output.len() {
            // Every value, one after the other: several fit into a vector.
            for (output, (first, second)) in output.iter_mut().zip(parameters) {
                *output = output.map(|value| map(value, *first, *second));
            }
            return;
        }
        for (at, (first, second)) in self.positions().zip(parameters) {
            output[at] = output[at].map(|value| map(value, *first, *second));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn positions_ascend_and_lie_in_the_row() {
        assert!(Inputs::new(vec![]).is_err());
        assert!(Inputs::new(vec![1, 1]).is_err());
        assert!(Inputs::new(vec![2, 1]).is_err());
        let inputs = Inputs::new(vec![0, 3]).unwrap();
        assert!(inputs.check(4).is_ok());
        assert_eq!(inputs.check(3).unwrap_err().to_string(), "reads input 4, expected 1 to 3");
    }

    #[test]
    fn only_the_inputs_are_mapped() {
        let inputs = Inputs::new(vec![0, 2]).unwrap();
        let mut output = [0.0; 3];
        inputs.map_values(&[1.0, 2.0, 3.0], &mut output, |nth, value| {
            value * 10.0 + f64::from(u32::try_from(nth).unwrap())
        });
        assert_eq!(output, [10.0, 2.0, 31.0]);
    }
}
