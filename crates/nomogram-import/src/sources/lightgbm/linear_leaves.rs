//! The leaves of linear trees: constants, features and coefficients.

use std::collections::BTreeSet;

use nomogram::{Feature, Forest, LinearForest};

use super::text::Block;
use crate::error::Error;
use crate::forests;

/// The sums of the leaves of a tree, in the order of the file.
pub(super) struct Terms {
    is_linear: bool,
    constants: Vec<f64>,
    /// How many terms each leaf has.
    n_terms: Vec<usize>,
    features: Vec<usize>,
    coefficients: Vec<f64>,
}

impl Terms {
    /// Reads a tree whose leaves have these values; they are its constants where it is not linear.
    ///
    /// # Errors
    ///
    /// `Malformed` with the line.
    pub(super) fn read(
        block: &Block<'_>,
        values: &[f64],
        n_features: usize,
    ) -> Result<Self, Error> {
        let is_linear = block.find("is_linear").is_some_and(|is_linear| is_linear.trim() == "1");
        let n_leaves = values.len();
        if !is_linear {
            let (constants, n_terms) = (values.to_vec(), vec![0; n_leaves]);
            return Ok(Self {
                is_linear,
                constants,
                n_terms,
                features: Vec::new(),
                coefficients: Vec::new(),
            });
        }
        let n_terms: Vec<usize> = block.numbers("num_features", n_leaves)?;
        let n_all = n_terms.iter().fold(0_usize, |sum, n| sum.saturating_add(*n));
        let features: Vec<usize> = block.numbers("leaf_features", n_all)?;
        if let Some(feature) = features.iter().find(|feature| **feature >= n_features) {
            let detail = format!("feature {feature}, expected 0 to {}", n_features - 1);
            return Err(block.at("leaf_features", Error::malformed(detail)));
        }
        Ok(Self {
            is_linear,
            constants: block.numbers("leaf_const", n_leaves)?,
            n_terms,
            features,
            coefficients: block.numbers("leaf_coeff", n_all)?,
        })
    }
}

/// The sums of the leaves of all trees, as [`LinearForest`] has them.
#[derive(Debug, Default)]
pub(super) struct LinearLeaves {
    /// Whether any tree is linear.
    pub(super) is_some: bool,
    intercepts: Vec<f64>,
    ends: Vec<u32>,
    inputs: Vec<u32>,
    weights: Vec<f64>,
}

impl LinearLeaves {
    /// Adds the leaves of a tree. `numbers` are their positions in the file.
    ///
    /// # Errors
    ///
    /// `Malformed`, `TooLarge`.
    pub(super) fn add(&mut self, terms: &Terms, numbers: &[u32]) -> Result<(), Error> {
        self.is_some |= terms.is_linear;
        let mut starts = vec![0];
        starts.extend(terms.n_terms.iter().scan(0, |end, n| {
            *end += n;
            Some(*end)
        }));
        for number in numbers {
            let leaf = *number as usize;
            let range = starts.get(leaf).copied().zip(starts.get(leaf + 1).copied());
            let range = range.map(|(start, end)| start..end).unwrap_or_default();
            for feature in terms.features.get(range.clone()).unwrap_or_default() {
                self.inputs.push(forests::number(*feature)?);
            }
            self.weights.extend(terms.coefficients.get(range).unwrap_or_default());
            self.intercepts.extend(terms.constants.get(leaf));
            self.ends.push(forests::number(self.inputs.len())?);
        }
        Ok(())
    }

    /// The member of a forest, whose leaves have the values for missing values.
    ///
    /// # Errors
    ///
    /// `Model` when a number is not finite.
    pub(super) fn into_member(self, forest: Forest) -> Result<LinearForest, Error> {
        let Self { intercepts, ends, inputs, weights, .. } = self;
        Ok(LinearForest::new(forest, intercepts, ends, inputs, weights)?)
    }

    /// Refuses values beyond those of the training data, of features that the leaves read: without a bound,
    /// an exponential could overflow. Returns whether any feature is one.
    pub(super) fn refuse_beyond_range(&self, features: &mut [Feature]) -> bool {
        let inputs: BTreeSet<u32> = self.inputs.iter().copied().collect();
        for input in &inputs {
            if let Some(feature) = features.get_mut(*input as usize) {
                feature.policy.out_of_range = nomogram::Action::Refuse;
            }
        }
        !inputs.is_empty()
    }
}
