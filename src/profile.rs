//! The profile: how the training rows were distributed, in bins, to compare later rows with.
//!
//! It changes no prediction. Edges of bins are values of training rows, so that the shares of a
//! continuous feature in its bins have exactly a Dirichlet distribution. Comparing is not here
//! (`nomogram-monitor`), only counting.

mod bins;

mod layout;

mod count;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use bins::{Bins, Histogram, MAX_BINS, Statuses};
pub use layout::{CounterLayout, FeatureCells, N_REASONS, N_STATUSES, OutputCells, REASONS};

use crate::codec::decode_struct;
use crate::error::{Error, Place};
use crate::schema::{Schema, Target};
use bins::check_counts;
pub(crate) use count::CountedRows;

/// The distribution of the training rows: of each feature, of the predictions, and of the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// How many training rows it describes.
    pub n_rows: u64,
    /// One per feature, in the order of the schema.
    pub features: Vec<Histogram>,
    /// The predictions of rows that were held out: the probability of the second of two classes, that
    /// of each of more classes, or the predicted number.
    pub outputs: Vec<Bins>,
    /// How many of these rows each class was predicted for; empty when a number is predicted.
    pub classes: Vec<u64>,
}
decode_struct!(Profile { n_rows, features, outputs, classes });

impl Profile {
    /// How many outputs of a target are counted: one of two classes determines the other.
    #[must_use]
    pub fn n_outputs(target: &Target) -> usize {
        match target.classes().len() {
            0 | 2 => 1,
            n_classes => n_classes,
        }
    }

    /// Checks it against the schema.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the place.
    pub(crate) fn check(&self, schema: &Schema) -> Result<(), Error> {
        let counted = |found: usize, expected: usize, what: &str| {
            if found == expected {
                return Ok(());
            }
            Err(Error::invalid_model(format_args!("{found} {what}, expected {expected}")))
        };
        check_counts(&[self.n_rows], self.n_rows)?;
        counted(self.features.len(), schema.n_features(), "histograms of features")?;
        for (index, (feature, histogram)) in
            schema.features().iter().zip(&self.features).enumerate()
        {
            let checked = histogram.check(&feature.kind, self.n_rows);
            checked.map_err(|e| e.within_named(Place::Feature(index), &feature.name))?;
        }
        let target = schema.target();
        counted(self.outputs.len(), Self::n_outputs(target), "histograms of outputs")?;
        let n_classes = target.classes().len();
        for bins in &self.outputs {
            bins.check_edges(self.n_rows)?;
            let is_probability = |edge: &f64| (0.0..=1.0).contains(edge);
            if n_classes > 0 && !bins.edges().iter().all(is_probability) {
                return Err(Error::invalid_model(
                    "an edge of probabilities, expected it in [0, 1]",
                ));
            }
        }
        counted(self.classes.len(), n_classes, "classes")?;
        check_counts(&self.classes, self.n_rows)
    }

    /// Where each count lies among the counters of a model.
    #[must_use]
    pub fn layout(&self, n_rules: usize) -> CounterLayout<'_> {
        CounterLayout::new(self, n_rules)
    }
}

#[cfg(test)]
mod tests;
