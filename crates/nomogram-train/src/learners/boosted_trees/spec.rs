//! Settings of boosted trees.

use serde::{Deserialize, Serialize};

use super::histogram_spec::HistogramSpec;
use crate::invalid::{Invalid, Spec};
use crate::learners::checks::{at_least_one, n_trees, not_negative, positive, require, share};
use crate::learners::early_stopping::EarlyStopping;
use crate::learners::fit_member::Smallest;

#[cfg(test)]
mod tests;

/// Gradient boosting with log loss: Friedman (2001), with splits found exactly or by histograms.
///
/// Only the first five keys are needed; the others are off by default, and do not change the digest of
/// the configuration then. Missing values go with the side that they fit better. `Splits::Exact` takes two
/// classes and `max_depth`, and none of the keys after `subsample`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoostedTreesSpec {
    /// The number of rounds; each adds a tree, or for more than two classes one tree per class.
    pub n_trees: usize,
    /// The factor of each tree's leaves.
    pub learning_rate: f64,
    /// The largest number of splits from the root to a leaf; this or `max_leaves` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<usize>,
    /// The smallest number of rows in a leaf.
    pub min_rows_per_leaf: usize,
    /// The share of the rows that each round is fitted to, drawn without replacement.
    pub subsample: f64,
    /// Which splits are tried.
    #[serde(default, skip_serializing_if = "is_default")]
    pub splits: Splits,
    /// The largest number of leaves of a tree; the leaf that gains most is split first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_leaves: Option<usize>,
    /// The smallest sum of curvatures (weight · p · (1 − p)) in a leaf.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_child_weight: f64,
    /// The strength of the L2 penalty on leaves: added to their curvature.
    #[serde(default, skip_serializing_if = "is_default")]
    pub l2: f64,
    /// The smallest gain of a split, on LightGBM's scale: twice the decrease of the loss.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_gain: f64,
    /// The share of the inputs that each tree may split, at least one.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub column_subsample: f64,
    /// For each input −1, 0 or 1: with it the margin may only fall, may do both, or may only rise.
    /// Empty for no constraint. For two classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub monotone: Vec<i8>,
    /// The features with which the margin may only rise, by name instead of by position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub increasing: Vec<String>,
    /// The features with which the margin may only fall.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decreasing: Vec<String>,
    /// The positions of the inputs whose values are the numbers of levels, without an order. Where
    /// inputs have names, the categories are added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categorical: Vec<usize>,
    /// Stops when the loss of held-out rows no longer falls, and keeps the rounds up to the best;
    /// without it every round is run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
}

/// The thresholds that a tree tries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Splits {
    /// Between every two values, level by level, as in Friedman (2001).
    #[default]
    Exact,
    /// Between bins, leaf by leaf, as in LightGBM (Ke et al. 2017).
    Histogram(HistogramSpec),
}

impl BoostedTreesSpec {
    /// Boosting with exact splits, every row in every tree, and everything else off.
    #[must_use]
    pub const fn new(n_trees: usize, learning_rate: f64) -> Self {
        Self {
            n_trees,
            learning_rate,
            max_depth: None,
            min_rows_per_leaf: 1,
            subsample: 1.0,
            splits: Splits::Exact,
            max_leaves: None,
            min_child_weight: 0.0,
            l2: 0.0,
            min_gain: 0.0,
            column_subsample: 1.0,
            monotone: Vec::new(),
            increasing: Vec::new(),
            decreasing: Vec::new(),
            categorical: Vec::new(),
            early_stopping: None,
        }
    }

    /// Exact splits take only the number of trees, their depth and their rows.
    fn validate_exact(&self) -> Result<(), Invalid> {
        let plain = Self {
            n_trees: self.n_trees,
            max_depth: self.max_depth,
            min_rows_per_leaf: self.min_rows_per_leaf,
            subsample: self.subsample,
            ..Self::new(self.n_trees, self.learning_rate)
        };
        if self.max_depth.is_some() && *self == plain {
            return Ok(());
        }
        Err(Invalid::because(
            "exact splits take n_trees, learning_rate, max_depth (required), min_rows_per_leaf and \
             subsample; the other settings require `splits: { histogram: {} }`",
        )
        .at("splits"))
    }

    fn validate_monotone(&self) -> Result<(), Invalid> {
        for (input, sign) in self.monotone.iter().enumerate() {
            let at_input = |invalid: Invalid| invalid.in_item(input, None).at("monotone");
            if !(-1..=1).contains(sign) {
                return Err(at_input(Invalid::new(sign, "-1, 0 or 1")));
            }
            if *sign != 0 && self.categorical.contains(&input) {
                return Err(at_input(Invalid::new(format!("{sign} for a categorical input"), 0)));
            }
        }
        Ok(())
    }
}

impl Smallest for BoostedTreesSpec {
    fn smallest(self) -> Self {
        Self { n_trees: 1, ..self }
    }
}

impl Spec for BoostedTreesSpec {
    fn validate(&self) -> Result<(), Invalid> {
        n_trees(self.n_trees)?;
        positive(self.learning_rate, "learning_rate")?;
        self.max_depth.map_or(Ok(()), |depth| at_least_one(depth, "max_depth"))?;
        if let Some(max_leaves) = self.max_leaves {
            require(max_leaves >= 2, max_leaves, "at least 2", "max_leaves")?;
        }
        if self.max_depth.is_none() && self.max_leaves.is_none() {
            let detail = "neither `max_depth` nor `max_leaves`, expected at least one of them";
            return Err(Invalid::because(detail));
        }
        at_least_one(self.min_rows_per_leaf, "min_rows_per_leaf")?;
        share(self.subsample, "subsample")?;
        share(self.column_subsample, "column_subsample")?;
        not_negative(self.min_child_weight, "min_child_weight")?;
        not_negative(self.l2, "l2")?;
        not_negative(self.min_gain, "min_gain")?;
        self.validate_monotone()?;
        let stopping = self.early_stopping.as_ref().map_or(Ok(()), EarlyStopping::validate);
        stopping.map_err(|invalid| invalid.at("early_stopping"))?;
        match &self.splits {
            Splits::Exact => self.validate_exact(),
            Splits::Histogram(spec) => {
                spec.validate().map_err(|invalid| invalid.at("histogram").at("splits"))
            }
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn whole() -> f64 {
    1.0
}

#[allow(clippy::float_cmp, reason = "the default, bit for bit")]
fn is_whole(value: &f64) -> bool {
    *value == 1.0
}
