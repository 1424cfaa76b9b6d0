//! Settings of a random forest.

use serde::{Deserialize, Serialize};

use crate::count::number;
use crate::invalid::{Invalid, Spec};
use crate::learners::checks::{at_least_one, n_trees, share};
use crate::learners::fit_member::Smallest;

/// A random forest (Breiman 2001) whose trees are averaged as distributions over the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomForestSpec {
    /// The number of trees.
    pub n_trees: usize,
    /// The impurity that a split reduces.
    pub criterion: Impurity,
    /// How many inputs are tried for a split.
    pub max_features: MaxFeatures,
    /// The largest number of splits from the root to a leaf; no limit without it.
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

impl Smallest for RandomForestSpec {
    fn smallest(self) -> Self {
        Self { n_trees: 1, ..self }
    }
}

impl Spec for RandomForestSpec {
    fn validate(&self) -> Result<(), Invalid> {
        n_trees(self.n_trees)?;
        self.max_depth.map_or(Ok(()), |depth| at_least_one(depth, "max_depth"))?;
        at_least_one(self.min_rows_per_leaf, "min_rows_per_leaf")?;
        match self.max_features {
            MaxFeatures::Share(value) => {
                share(value, "share").map_err(|invalid| invalid.at("max_features"))
            }
            MaxFeatures::Sqrt | MaxFeatures::Log2 | MaxFeatures::All => Ok(()),
        }
    }
}

impl MaxFeatures {
    /// The number of inputs that are tried for a split.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    pub(super) fn n_tried(self, n_inputs: usize) -> usize {
        let n = match self {
            Self::Sqrt => n_inputs.isqrt(),
            Self::Log2 => n_inputs.checked_ilog2().unwrap_or(0) as usize,
            Self::Share(share) => (share * number(n_inputs)) as usize,
            Self::All => n_inputs,
        };
        n.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_inputs_is_tried_but_never_none() {
        let tried = |max: MaxFeatures| [1, 9, 30].map(|n_inputs| max.n_tried(n_inputs));
        assert_eq!(tried(MaxFeatures::Sqrt), [1, 3, 5]);
        assert_eq!(tried(MaxFeatures::Log2), [1, 3, 4]);
        assert_eq!(tried(MaxFeatures::Share(0.3)), [1, 2, 9]);
        assert_eq!(tried(MaxFeatures::All), [1, 9, 30]);
    }

    #[test]
    fn invalid_settings_are_named() {
        let plain = RandomForestSpec {
            n_trees: 1,
            criterion: Impurity::Gini,
            max_features: MaxFeatures::All,
            max_depth: None,
            min_rows_per_leaf: 1,
            bootstrap: true,
        };
        assert_eq!(plain.validate(), Ok(()));
        let cases = [
            (RandomForestSpec { n_trees: 0, ..plain.clone() }, "n_trees: 0, expected 1 to 100000"),
            (
                RandomForestSpec { max_depth: Some(0), ..plain.clone() },
                "max_depth: 0, expected at least 1",
            ),
            (
                RandomForestSpec { max_features: MaxFeatures::Share(1.5), ..plain },
                "max_features: share: 1.5, expected more than 0 and at most 1",
            ),
        ];
        for (spec, message) in cases {
            assert_eq!(spec.check().unwrap_err().to_string(), message);
        }
    }
}
