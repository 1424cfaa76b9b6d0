//! All that a row gets back.

use crate::link::most_probable;

/// The prediction of one row, valid until the session predicts the next one.
///
/// Every probability is in `[0, 1]` and never NaN; a row's classes sum to 1 within rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction<'a> {
    class: usize,
    probabilities: &'a [f64],
    members: &'a [f64],
}

impl<'a> Prediction<'a> {
    /// `members` holds the probabilities of each member, one member after the other.
    pub(crate) fn new(probabilities: &'a [f64], members: &'a [f64]) -> Self {
        Self { class: most_probable(probabilities), probabilities, members }
    }

    /// The index of the most probable class; of equally probable ones, the lowest.
    #[must_use]
    pub fn class(&self) -> usize {
        self.class
    }

    /// One probability per class, in the order of the target's classes.
    #[must_use]
    pub fn probabilities(&self) -> &'a [f64] {
        self.probabilities
    }

    /// The probabilities of each member before they were combined, in the order of the members.
    #[must_use]
    pub fn members(&self) -> impl ExactSizeIterator<Item = &'a [f64]> {
        self.members.chunks_exact(self.probabilities.len())
    }
}
