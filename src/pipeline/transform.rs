//! What every kind of step has, and the usual checks of its parameters.

use alloc::vec::Vec;

use super::origin::Origin;
use crate::domain::Domain;
use crate::error::{Error, ordinal};
use crate::lanes::Number;
use crate::memory;

/// A kind of step. `check` runs first, once, when a model is opened.
pub(crate) trait Transform {
    /// Checks the parameters, and that they accept inputs of these domains. Returns one domain per
    /// output.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the input.
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error>;

    /// At least as many outputs as [`Self::check`] returns for so many inputs, before it is called: what
    /// it allocates.
    fn max_outputs(&self, n_inputs: usize) -> usize {
        n_inputs
    }

    /// The origins of the outputs, for inputs of these origins. A step that moves values or computes one
    /// from several overrides it.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    fn origins(&self, inputs: &[Origin]) -> Result<Vec<Origin>, Error> {
        memory::copy(inputs)
    }

    /// What [`Self::apply`] computes besides moving a row, in steps of about a nanosecond.
    fn work(&self) -> u64;

    /// Writes the outputs of an encoded row, or of a block of them; there are as many inputs and outputs
    /// as in `check`. Any NaN is a missing value.
    fn apply<N: Number>(&self, input: &[N], output: &mut [N]);
}

/// The largest number of outputs that a step may create.
pub(super) const MAX_OUTPUTS: usize = 1 << 16;

/// Steps of computation of one for each item of every list.
pub(super) fn total<T>(lists: &[Vec<T>]) -> u64 {
    lists.iter().map(|list| list.len() as u64 + 1).sum()
}

/// Refuses a position beyond a row of `width` values.
pub(super) fn check_position(position: usize, width: usize) -> Result<(), Error> {
    if position < width {
        return Ok(());
    }
    Err(Error::invalid_model(format_args!(
        "reads input {}, expected 1 to {width}",
        ordinal(position)
    )))
}

/// Refuses values that are not levels.
pub(super) fn check_levels(domain: Domain) -> Result<(), Error> {
    if domain.is_whole && domain.low >= 0.0 {
        return Ok(());
    }
    Err(Error::invalid_model("is not a level, expected one"))
}

/// Refuses a parameter that is not finite.
pub(super) fn check_finite(value: f64, what: &str) -> Result<(), Error> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::invalid_model(format_args!("{what} {value}, expected a finite number")))
}

/// Refuses a parameter that is not positive and finite.
pub(super) fn check_positive(value: f64, what: &str) -> Result<(), Error> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::invalid_model(format_args!("{what} {value}, expected a positive number")))
}
