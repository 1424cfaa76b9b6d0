//! Points scores: whole points added up as on paper, and what their total means.

mod item;
mod total;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use item::{Points, PointsItem, Tie};
pub use total::PointsTotal;

use super::{MemberKind, check_width};
use crate::budget::{Budget, bytes_of, times};
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place, ordinal};
use crate::lanes::Number;
use crate::link::Link;
use crate::memory;

/// A clinical score: every item reads one input and gives whole points, and the total becomes a
/// value, log odds, or a probability from a printed table.
///
/// The total is exact, so the order of the items does not matter. Half points are stored doubled,
/// under a slope of one half: see [`PointsTotal`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointsScore {
    n_inputs: u32,
    items: Vec<PointsItem>,
    total: PointsTotal,
}
decode_struct!(PointsScore { n_inputs, items, total });

impl PointsScore {
    /// A score over rows of `n_inputs` values. Several items may read one input.
    ///
    /// # Errors
    ///
    /// `InvalidModel` with the item, when there is none, when one reads beyond the row, has not one
    /// number of points per bin, thresholds that do not ascend, or more than a million points; and
    /// when the table of the total has no ascending totals or no probabilities.
    pub fn new(n_inputs: u32, items: Vec<PointsItem>, total: PointsTotal) -> Result<Self, Error> {
        let score = Self { n_inputs, items, total };
        score.check_parameters()?;
        Ok(score)
    }

    /// The items.
    #[must_use]
    pub fn items(&self) -> &[PointsItem] {
        &self.items
    }

    /// How the total becomes margins.
    #[must_use]
    pub fn total(&self) -> &PointsTotal {
        &self.total
    }

    /// The total of a row, as added up on paper.
    ///
    /// # Panics
    ///
    /// When `encoded` does not hold one value per input.
    #[must_use]
    pub fn points(&self, encoded: &[f64]) -> f64 {
        self.totals(encoded)
    }

    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn totals<N: Number>(&self, encoded: &[N]) -> N {
        // Whole numbers that stay far below 2^53: every sum is exact.
        self.items.iter().fold(N::splat(0.0), |total, item| {
            total.zip(encoded[item.input as usize], |total, value| total + item.points_of(value))
        })
    }

    fn check_parameters(&self) -> Result<(), Error> {
        if self.items.is_empty() {
            return Err(Error::invalid_model("no items, expected at least 1"));
        }
        for (index, item) in self.items.iter().enumerate() {
            let checked = item.check_parameters().and_then(|()| {
                if item.input >= self.n_inputs {
                    let detail = format_args!(
                        "reads input {}, expected 1 to {}",
                        ordinal(item.input as usize),
                        self.n_inputs
                    );
                    return Err(Error::invalid_model(detail));
                }
                Ok(())
            });
            checked.map_err(|e| e.within(Place::Item(index)))?;
        }
        self.total.check_parameters()
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        times(self.items.len(), 32) + 64
    }

    /// Takes what checking the possible totals allocates and computes.
    pub(super) fn take_from(&self, budget: &mut Budget) -> Result<(), Error> {
        let n_points = self.items.iter().map(|item| item.n_points() + 1);
        let of_each = n_points.clone().map(bytes_of::<i32>).sum::<u64>();
        budget.take(bytes_of::<Vec<i32>>(self.items.len()) + of_each)?;
        budget.work(self.total.work_of_check(n_points.sum()))
    }

    pub(super) fn margins<N: Number>(&self, encoded: &[N], out: &mut [N]) {
        self.total.margins(self.totals(encoded), out);
    }
}

impl MemberKind for PointsScore {
    fn link(&self) -> Link {
        self.total.link()
    }

    #[allow(clippy::indexing_slicing, reason = "the parameters were checked")]
    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        check_width(inputs, self.n_inputs as usize)?;
        self.check_parameters()?;
        let possible = self.items.iter().enumerate().map(|(index, item)| {
            let possible = item.possible_points(inputs[item.input as usize]);
            possible.map_err(|e| e.within(Place::Item(index)))
        });
        self.total.check(memory::collect(possible)?)
    }
}

#[cfg(test)]
mod tests;
