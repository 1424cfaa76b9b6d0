//! What every kind of member has, and the usual checks of its parameters.

use alloc::vec::Vec;

use crate::domain::Domain;
use crate::error::{Error, Place, ordinal};
use crate::lanes::{Lanes, N_LANES, copy_lane, set_lane};
use crate::link::Link;

/// A kind of member. `check` runs first, once, when a bundle is opened.
pub(super) trait MemberKind {
    /// How its margins become probabilities, or a value.
    fn link(&self) -> Link;

    /// Checks the parameters, and that they accept inputs of these domains. Returns the domains of
    /// the margins.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the place.
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error>;
}

/// Refuses a parameter that is not finite.
pub(super) fn check_number(value: f64, what: &str) -> Result<(), Error> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::invalid_model(format_args!("{what} is not a finite number")))
}

/// Refuses a list with a parameter that is not finite.
pub(super) fn check_finite(values: &[f64], what: &str) -> Result<(), Error> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::invalid_model(format_args!(
            "{what} {} is not a finite number",
            ordinal(index)
        ))),
    }
}

/// Refuses the probability link, for members whose margins may have any sum.
pub(super) fn check_no_probabilities(link: Link) -> Result<(), Error> {
    match link {
        Link::Probability => Err(Error::invalid_model(
            "the probability link, expected another one: weighted sums need not sum to 1",
        )),
        Link::Logit
        | Link::Softmax
        | Link::Identity
        | Link::Log
        | Link::LogitSingle
        | Link::SoftmaxSingle
        | Link::LogSingle
        | Link::ComplementaryLogLog
        | Link::OneVsRest => Ok(()),
    }
}

/// Refuses a wrong number of inputs, and inputs that may be missing.
pub(super) fn check_inputs(inputs: &[Domain], n_inputs: usize) -> Result<(), Error> {
    check_width(inputs, n_inputs)?;
    for (index, input) in inputs.iter().enumerate() {
        input.check_present().map_err(|e| e.within(Place::Input(index)))?;
    }
    Ok(())
}

/// Refuses a wrong number of inputs.
pub(super) fn check_width(inputs: &[Domain], n_inputs: usize) -> Result<(), Error> {
    if inputs.len() == n_inputs {
        return Ok(());
    }
    let detail = format_args!("reads {n_inputs} values, expected {}", inputs.len());
    Err(Error::invalid_model(detail))
}

/// Computes the margins of one row: its values, temporary numbers, and where the margins go.
pub(super) type OfRow<'m> = dyn Fn(&[f64], &mut [f64], &mut [f64]) + 'm;

/// Computes a block row by row. `temporary` starts with room for the values and margins of one row; `margins`
/// gets the rest.
pub(super) fn by_row(
    encoded: &[Lanes],
    temporary: &mut [Lanes],
    out: &mut [Lanes],
    margins: &OfRow<'_>,
) {
    let (row, rest) = temporary.as_flattened_mut().split_at_mut(encoded.len());
    let (of_row, rest) = rest.split_at_mut(out.len());
    for lane in 0..N_LANES {
        copy_lane(lane, encoded, row);
        margins(row, rest, of_row);
        set_lane(lane, of_row, out);
    }
}

/// Adds products one after the other. Eight at a time, only because such a loop has fewer instructions.
#[inline]
pub(super) fn weighted_sum(start: f64, weights: &[f64], values: &[f64]) -> f64 {
    let add = |sum: f64, (weight, value): (&f64, &f64)| sum + weight * value;
    let (weights, last_weights) = weights.as_chunks::<8>();
    let (values, last_values) = values.as_chunks::<8>();
    let eights = weights.iter().zip(values);
    let sum =
        eights.fold(start, |sum, (weights, values)| weights.iter().zip(values).fold(sum, add));
    last_weights.iter().zip(last_values).fold(sum, add)
}
