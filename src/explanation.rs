//! What explaining a prediction needs: background rows, groups of features, shares of training rows.
//!
//! The section is optional. A model without it gives the same numbers; what needs it cannot be
//! explained. How predictions are explained: `explainer`.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::codec::decode_struct;
use crate::error::{Error, Place, ordinal};
use crate::memory;
use crate::schema::{Schema, check_looks, check_names, count};

/// The most background rows.
const MAX_ROWS: usize = 1024;
/// The most groups: each one doubles the rows that an exact enumeration predicts.
pub(crate) const MAX_GROUPS: usize = 12;

/// What predictions are compared with when they are explained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Background rows, shape `(n_rows, n_features)`, row-major: values as the model gets them after
    /// the policies were applied, NaN where one is missing. They are stored as they are, so they must
    /// not identify a patient.
    pub background: Vec<f64>,
    /// How many training rows each background row represents, or any other weight above 0.
    pub weights: Vec<f64>,
    /// Groups of features that are explained together; every feature is in one. Without groups, each
    /// feature is one, if there are at most 12.
    pub groups: Vec<FeatureGroup>,
    /// For forests that are explained without background rows.
    pub left_shares: Vec<ForestShares>,
}
decode_struct!(Explanation { background, weights, groups, left_shares });

/// Features that are explained together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureGroup {
    /// Its name, unique in the model.
    pub name: String,
    /// The positions of its features, ascending.
    pub features: Vec<u32>,
}
decode_struct!(FeatureGroup { name, features });

/// Where the training rows went in the trees of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForestShares {
    /// The index of the member, a forest.
    pub member: u32,
    /// The share of the training rows (or of their weight) at a split that went to the left: one per
    /// split, tree after tree, in the order of the nodes.
    pub shares: Vec<f64>,
}
decode_struct!(ForestShares { member, shares });

impl Explanation {
    /// How many background rows there are.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.weights.len()
    }

    /// Refuses names of groups that people could take for others.
    pub(crate) fn check_looks(&self) -> Result<(), Error> {
        for (index, group) in self.groups.iter().enumerate() {
            check_looks(&group.name, "name").map_err(|e| e.within(Place::Item(index)))?;
        }
        Ok(())
    }

    /// Checks it against the schema; shares are checked with their members. Divides the weights by their
    /// sum.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the place.
    pub(crate) fn check(&mut self, schema: &Schema, budget: &mut Budget) -> Result<(), Error> {
        self.check_rows(schema)?;
        self.check_groups(schema, budget)?;
        let sum: f64 = self.weights.iter().sum();
        self.weights.iter_mut().for_each(|weight| *weight /= sum);
        Ok(())
    }

    fn check_rows(&self, schema: &Schema) -> Result<(), Error> {
        let (n_rows, n_features) = (self.n_rows(), schema.n_features());
        if n_rows > MAX_ROWS || n_rows.checked_mul(n_features) != Some(self.background.len()) {
            return Err(Error::invalid_model(format_args!(
                "{} values of background rows, expected {n_rows} rows (at most {MAX_ROWS}) × \
                 {n_features}",
                self.background.len()
            )));
        }
        if let Some(index) = self.weights.iter().position(|w| !(1e-100..=1e100).contains(w)) {
            let detail = format_args!("weight {}, expected 1e-100 to 1e100", ordinal(index));
            return Err(Error::invalid_model(detail));
        }
        for (index, row) in self.background.chunks_exact(n_features).enumerate() {
            for (at, (value, feature)) in row.iter().zip(schema.features()).enumerate() {
                let domain = feature.domain();
                let is_possible =
                    if value.is_nan() { domain.may_be_missing } else { domain.has(*value) };
                if !is_possible {
                    let detail = "a background row has a value that the model cannot get";
                    let error = Error::invalid_model(detail).within(Place::Feature(at));
                    return Err(error.within(Place::Row(index)));
                }
            }
        }
        Ok(())
    }

    fn check_groups(&self, schema: &Schema, budget: &mut Budget) -> Result<(), Error> {
        let n_groups = self.groups.len();
        if n_groups == 0 {
            return Ok(());
        }
        if n_groups > MAX_GROUPS {
            let detail = format_args!("{n_groups} groups, expected at most {MAX_GROUPS}");
            return Err(Error::invalid_model(detail));
        }
        check_names(&self.groups, |group| &group.name, Place::Item)?;
        budget.take_list::<bool>(schema.n_features())?;
        let mut is_grouped = memory::filled(false, schema.n_features())?;
        for (index, group) in self.groups.iter().enumerate() {
            let ascend = group.features.is_sorted_by(|before, after| before < after);
            let mut are_free = ascend && !group.features.is_empty();
            for feature in &group.features {
                are_free &= is_grouped
                    .get_mut(*feature as usize)
                    .is_some_and(|is_grouped| !core::mem::replace(is_grouped, true));
            }
            if !are_free {
                let detail = "its features, expected at least 1, ascending, and in no other group";
                return Err(Error::invalid_model(detail).within(Place::Item(index)));
            }
        }
        budget.return_list::<bool>(schema.n_features());
        match is_grouped.iter().position(|is_grouped| !is_grouped) {
            None => Ok(()),
            Some(feature) => {
                let error = Error::invalid_model("is in no group, expected it in one");
                Err(error.within(Place::Feature(feature)))
            }
        }
    }

    /// The background row at an index.
    pub(crate) fn row(&self, index: usize) -> &[f64] {
        let n_features = self.background.len() / self.n_rows().max(1);
        self.background.get(index * n_features..(index + 1) * n_features).unwrap_or_default()
    }

    /// The index of each feature's group.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn group_of_each(&self, n_features: usize) -> Result<Vec<u32>, Error> {
        let mut groups = memory::filled(0, n_features)?;
        for (index, group) in (0..).zip(&self.groups) {
            for feature in &group.features {
                if let Some(of_feature) = groups.get_mut(*feature as usize) {
                    *of_feature = index;
                }
            }
        }
        Ok(groups)
    }
}

/// The mean of numbers with weights that sum to 1, added from the first to the last.
pub(crate) fn add_weighted(sums: &mut [f64], weight: f64, numbers: &[f64]) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum += weight * number;
    }
}

/// The weights `s! (n − s − 1)! / n!` of the coalitions of `s` among `n` players, without one of them.
pub(crate) fn coalition_weight(n_players: usize, size: usize) -> f64 {
    let mut weight = 1.0 / count(n_players);
    for nth in 1..=size {
        // C(n − 1, s) in the denominator, factor by factor.
        weight *= count(nth) / count(n_players - nth);
    }
    weight
}

#[cfg(test)]
mod tests;
