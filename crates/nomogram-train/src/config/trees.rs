//! How trees are grown: gradient boosting and random forests.

use serde::{Deserialize, Serialize};

use super::{EarlyStopping, demand};

/// Gradient boosting with log loss: Friedman (2001), with splits found exactly or by histograms.
///
/// Only the first five keys are needed; what is left out is off, and does not change the digest of
/// the configuration. Missing values go with the side that they fit better. `Splits::Exact` takes two
/// classes and `max_depth`, and none of the keys after `subsample`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoostedTreesSpec {
    /// The number of rounds; each adds a tree, or for more than two classes one tree per class.
    pub n_trees: usize,
    /// What each tree's leaves are multiplied by.
    pub learning_rate: f64,
    /// The largest number of splits from the root to a leaf; this or `max_leaves` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_depth: Option<usize>,
    /// The smallest number of rows in a leaf.
    pub min_rows_per_leaf: usize,
    /// The share of the rows that each round is fitted to, drawn without replacement.
    pub subsample: f64,
    /// How splits are found.
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
    /// What a split must gain, on LightGBM's scale: twice the loss that it takes away.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_gain: f64,
    /// The share of the inputs that each tree may split, at least one.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub column_subsample: f64,
    /// For each input −1, 0 or 1: the margin may only fall, do both, or only rise with it. Empty
    /// for no constraint. Takes two classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub monotone: Vec<i8>,
    /// The features with which the margin may only rise, by name instead of by position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub increasing: Vec<String>,
    /// The features with which the margin may only fall.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decreasing: Vec<String>,
    /// The positions of the inputs whose values are the numbers of levels, without an order. Of a
    /// member that is trained on a table, the categories of its input are added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categorical: Vec<usize>,
    /// Stops when held-out rows no longer gain; without it every round is run. What is kept are the
    /// rounds up to the best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
}

/// How a tree finds its splits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Splits {
    /// Between every two values, level by level, as in Friedman (2001).
    #[default]
    Exact,
    /// Between bins, leaf by leaf, as in LightGBM (Ke et al. 2017).
    Histogram(HistogramSpec),
}

/// How values are put into bins, and how sets of levels are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistogramSpec {
    /// The largest number of bins of an input, 2 to 255; missing values have their own besides.
    pub max_bins: usize,
    /// An input with at most so many levels is split as one level against the rest.
    pub max_cat_to_onehot: usize,
    /// Added to the curvature of a level when levels are sorted by gradient; levels with fewer rows
    /// stay on the right.
    pub cat_smooth: f64,
    /// The L2 penalty on leaves that sets of levels part, in addition to `l2`.
    pub cat_l2: f64,
    /// The largest number of levels in a set.
    pub max_cat_threshold: usize,
    /// The smallest number of rows by which sets that are tried may differ.
    pub min_rows_per_group: usize,
}

/// A random forest (Breiman 2001) whose trees are averaged as distributions over the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomForestSpec {
    /// The number of trees.
    pub n_trees: usize,
    /// What a split makes smaller.
    pub criterion: Impurity,
    /// How many inputs are tried for a split.
    pub max_features: MaxFeatures,
    /// The largest number of splits from the root to a leaf; nothing for no limit.
    #[serde(default)]
    pub max_depth: Option<usize>,
    /// The smallest number of rows in a leaf; a row drawn twice counts once.
    pub min_rows_per_leaf: usize,
    /// Whether each tree is fitted to as many rows as there are, drawn with replacement.
    pub bootstrap: bool,
}

/// How mixed the classes of a node are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impurity {
    /// `1 − Σ p²`.
    Gini,
    /// `−Σ p · ln p`.
    Entropy,
}

/// How many of the inputs are tried for a split; more when none of them can split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxFeatures {
    /// The square root of their number, rounded down.
    Sqrt,
    /// The logarithm of their number to the base 2, rounded down.
    Log2,
    /// This share of them, rounded down.
    Share(f64),
    /// All of them.
    All,
}

impl Default for HistogramSpec {
    /// The defaults of LightGBM.
    fn default() -> Self {
        Self {
            max_bins: 255,
            max_cat_to_onehot: 4,
            cat_smooth: 10.0,
            cat_l2: 10.0,
            max_cat_threshold: 32,
            min_rows_per_group: 100,
        }
    }
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

    /// The same for columns of these features; `is_category` tells whether a column's values are the
    /// numbers of levels.
    pub(crate) fn of_columns<'a>(
        &self,
        columns: impl Iterator<Item = (&'a str, bool)> + Clone,
    ) -> Result<Self, String> {
        let mut own = self.clone();
        let (increasing, decreasing) =
            (std::mem::take(&mut own.increasing), std::mem::take(&mut own.decreasing));
        if self.splits == Splits::Exact {
            return Ok(own);
        }
        let categories = columns.clone().enumerate().filter(|(_, (_, is_category))| *is_category);
        own.categorical.extend(categories.map(|(at, _)| at));
        own.categorical.sort_unstable();
        own.categorical.dedup();
        if !increasing.is_empty() || !decreasing.is_empty() {
            own.monotone.resize(columns.clone().count(), 0);
        }
        let named = increasing.iter().map(|name| ("increasing", name, 1));
        for (key, name, sign) in named.chain(decreasing.iter().map(|name| ("decreasing", name, -1)))
        {
            let mut is_there = false;
            for ((feature, is_category), own) in columns.clone().zip(&mut own.monotone) {
                if feature != name {
                    continue;
                }
                demand(!is_category, || format!("{key}: `{name}` is a category and has no order"))?;
                demand(*own == 0 || *own == sign, || {
                    format!("{key}: `{name}` is told to go both ways")
                })?;
                *own = sign;
                is_there = true;
            }
            demand(is_there, || {
                format!("{key}: `{name}`, expected a feature of the member's input")
            })?;
        }
        Ok(own)
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        count(self.n_trees, "n_trees")?;
        demand(self.learning_rate > 0.0 && self.learning_rate.is_finite(), || {
            format!("learning_rate: {}, expected a positive number", self.learning_rate)
        })?;
        self.max_depth.map_or(Ok(()), |depth| count(depth, "max_depth"))?;
        demand(self.max_leaves.is_none_or(|leaves| leaves >= 2), || {
            format!("max_leaves: {}, expected at least 2", self.max_leaves.unwrap_or(0))
        })?;
        demand(self.max_depth.is_some() || self.max_leaves.is_some(), || {
            "neither max_depth nor max_leaves, one of them is needed".into()
        })?;
        count(self.min_rows_per_leaf, "min_rows_per_leaf")?;
        share(self.subsample, "subsample")?;
        share(self.column_subsample, "column_subsample")?;
        not_negative(self.min_child_weight, "min_child_weight")?;
        not_negative(self.l2, "l2")?;
        not_negative(self.min_gain, "min_gain")?;
        demand(self.monotone.iter().all(|sign| (-1..=1).contains(sign)), || {
            format!("monotone: {:?}, expected -1, 0 or 1 for each input", self.monotone)
        })?;
        for &input in &self.categorical {
            demand(self.monotone.get(input).is_none_or(|sign| *sign == 0), || {
                format!("monotone: input {input} is categorical and has no order")
            })?;
        }
        self.early_stopping.as_ref().map_or(Ok(()), check_stopping)?;
        match &self.splits {
            Splits::Exact => self.check_exact(),
            Splits::Histogram(spec) => spec.check(),
        }
    }

    /// Exact splits take only what says how many trees, how deep and of which rows.
    fn check_exact(&self) -> Result<(), String> {
        let plain = Self {
            n_trees: self.n_trees,
            max_depth: self.max_depth,
            min_rows_per_leaf: self.min_rows_per_leaf,
            subsample: self.subsample,
            ..Self::new(self.n_trees, self.learning_rate)
        };
        demand(self.max_depth.is_some() && *self == plain, || {
            "splits: exact takes n_trees, learning_rate, max_depth (needed), min_rows_per_leaf \
             and subsample; for the other keys say `splits: { histogram: {} }`"
                .into()
        })
    }
}

impl HistogramSpec {
    fn check(&self) -> Result<(), String> {
        demand((2..=255).contains(&self.max_bins), || {
            format!("histogram: max_bins: {}, expected 2 to 255", self.max_bins)
        })?;
        not_negative(self.cat_smooth, "histogram: cat_smooth")?;
        not_negative(self.cat_l2, "histogram: cat_l2")?;
        count(self.max_cat_threshold, "histogram: max_cat_threshold")
    }
}

impl RandomForestSpec {
    pub(crate) fn check(&self) -> Result<(), String> {
        count(self.n_trees, "n_trees")?;
        self.max_depth.map_or(Ok(()), |depth| count(depth, "max_depth"))?;
        count(self.min_rows_per_leaf, "min_rows_per_leaf")?;
        match self.max_features {
            MaxFeatures::Share(value) => share(value, "max_features: share"),
            MaxFeatures::Sqrt | MaxFeatures::Log2 | MaxFeatures::All => Ok(()),
        }
    }
}

fn check_stopping(rule: &EarlyStopping) -> Result<(), String> {
    count(rule.patience, "early_stopping: patience")?;
    demand(rule.fraction > 0.0 && rule.fraction < 1.0, || {
        format!("early_stopping: fraction: {}, expected between 0 and 1", rule.fraction)
    })
}

fn count(value: usize, name: &str) -> Result<(), String> {
    demand(value >= 1, || format!("{name}: {value}, expected at least 1"))
}

fn share(value: f64, name: &str) -> Result<(), String> {
    demand(value > 0.0 && value <= 1.0, || {
        format!("{name}: {value}, expected more than 0 and at most 1")
    })
}

fn not_negative(value: f64, name: &str) -> Result<(), String> {
    demand(value >= 0.0 && value.is_finite(), || format!("{name}: {value}, expected 0 or more"))
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

#[cfg(test)]
mod tests {
    use super::super::Learner;
    use super::*;

    fn boosted(yaml: &str) -> BoostedTreesSpec {
        match serde_saphyr::from_str(yaml).unwrap() {
            Learner::BoostedTrees(spec) => spec,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_configuration_of_the_first_version_keeps_its_digest() {
        let spec = boosted(
            "boosted_trees: { n_trees: 200, learning_rate: 0.1, max_depth: 3, min_rows_per_leaf: \
             1, subsample: 0.5 }",
        );
        assert_eq!(
            serde_json::to_string(&spec).unwrap(),
            "{\"n_trees\":200,\"learning_rate\":0.1,\"max_depth\":3,\"min_rows_per_leaf\":1,\
             \"subsample\":0.5}"
        );
        assert_eq!(spec.check(), Ok(()));
    }

    #[test]
    fn every_key_can_be_said_in_yaml() {
        let spec = boosted(
            "boosted_trees:
              n_trees: 500
              learning_rate: 0.05
              max_leaves: 31
              min_rows_per_leaf: 20
              subsample: 0.8
              splits: { histogram: { max_bins: 63, cat_smooth: 5 } }
              min_child_weight: 0.001
              l2: 1
              min_gain: 0.01
              column_subsample: 0.5
              monotone: [1, 0, -1]
              categorical: [1]
              early_stopping: { fraction: 0.2, patience: 20 }",
        );
        assert_eq!(spec.check(), Ok(()));
        let expected = HistogramSpec { max_bins: 63, cat_smooth: 5.0, ..HistogramSpec::default() };
        assert_eq!(spec.splits, Splits::Histogram(expected));
        assert_eq!((spec.monotone, spec.max_depth), (vec![1, 0, -1], None));
        let plain = "boosted_trees: { n_trees: 1, learning_rate: 1, max_depth: 1, \
                     min_rows_per_leaf: 1, subsample: 1, splits: exact }";
        assert_eq!(boosted(plain).splits, Splits::Exact);
        let forest: Learner = serde_saphyr::from_str(
            "random_forest: { n_trees: 500, criterion: gini, max_features: { share: 0.3 }, \
             min_rows_per_leaf: 1, bootstrap: true }",
        )
        .unwrap();
        assert_eq!(forest.check(), Ok(()));
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        let base = BoostedTreesSpec {
            max_leaves: Some(8),
            splits: Splits::Histogram(HistogramSpec::default()),
            ..BoostedTreesSpec::new(1, 0.1)
        };
        let refused = |spec: BoostedTreesSpec| spec.check().unwrap_err();
        let few_bins = HistogramSpec { max_bins: 1, ..HistogramSpec::default() };
        let cases = [
            (BoostedTreesSpec { max_leaves: Some(1), ..base.clone() }, "max_leaves: 1, "),
            (BoostedTreesSpec { max_leaves: None, ..base.clone() }, "neither max_depth nor"),
            (BoostedTreesSpec { l2: -1.0, ..base.clone() }, "l2: -1, expected 0 or more"),
            (BoostedTreesSpec { min_gain: f64::NAN, ..base.clone() }, "min_gain: NaN"),
            (BoostedTreesSpec { column_subsample: 0.0, ..base.clone() }, "column_subsample: 0"),
            (BoostedTreesSpec { monotone: vec![2], ..base.clone() }, "monotone: [2]"),
            (
                BoostedTreesSpec { monotone: vec![1], categorical: vec![0], ..base.clone() },
                "monotone: input 0 is categorical",
            ),
            (
                BoostedTreesSpec { splits: Splits::Histogram(few_bins), ..base.clone() },
                "histogram: max_bins: 1, expected 2 to 255",
            ),
            (BoostedTreesSpec { splits: Splits::Exact, ..base }, "splits: exact takes"),
        ];
        for (spec, message) in cases {
            let found = refused(spec);
            assert!(found.starts_with(message), "{found}, expected {message}");
        }
    }
}
