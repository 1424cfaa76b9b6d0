//! What a report contains besides the performance.

use serde::{Deserialize, Serialize};

use crate::data::{DataConfig, Kind};
use crate::invalid::{Invalid, require};

/// What a report contains besides the performance; it does not change what is fitted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportConfig {
    /// The performance in each of these groups of rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subgroups: Vec<SubgroupConfig>,
    /// The loss of models that are fitted to these shares of the rows, above 0 and at most 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learning_curve: Vec<f64>,
    /// The number of bootstrap samples that the whole training runs on, to correct the performance
    /// on the training rows for optimism; 0 for none. For two classes. Where rows have patients, samples
    /// draw patients.
    #[serde(default)]
    pub n_bootstraps: usize,
}

/// A feature whose values define groups of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SubgroupConfig {
    /// A group for each level of a category or of a boolean.
    Levels(String),
    /// Groups of numbers between these values.
    Cuts {
        /// The name of the feature.
        feature: String,
        /// Where groups begin, ascending.
        at: Vec<f64>,
    },
}

impl ReportConfig {
    pub(super) fn check(&self, data: &DataConfig) -> Result<(), Invalid> {
        for (index, share) in self.learning_curve.iter().enumerate() {
            require(*share > 0.0 && *share <= 1.0, || {
                let invalid = Invalid::new(share, "above 0 and at most 1");
                invalid.in_item(index, None).at("learning_curve")
            })?;
        }
        let n_classes = data.target.classes.len();
        let n_bootstraps = |detail: String| {
            Invalid::because(format!("{}{detail}", self.n_bootstraps)).at("n_bootstraps")
        };
        require(self.n_bootstraps == 0 || n_classes == 2, || {
            n_bootstraps(format!(" with {n_classes} classes, expected 2 of them"))
        })?;
        for (index, subgroup) in self.subgroups.iter().enumerate() {
            let in_subgroups = |invalid: Invalid| invalid.in_item(index, None).at("subgroups");
            subgroup.check(data).map_err(in_subgroups)?;
        }
        Ok(())
    }
}

impl SubgroupConfig {
    /// The name of the feature.
    #[must_use]
    pub fn feature(&self) -> &str {
        match self {
            Self::Levels(feature) | Self::Cuts { feature, .. } => feature,
        }
    }

    fn check(&self, data: &DataConfig) -> Result<(), Invalid> {
        let name = self.feature();
        let feature = data.features.iter().find(|feature| feature.name == name);
        let feature = feature.ok_or_else(|| Invalid::new(format!("`{name}`"), "a feature"))?;
        let has_levels = match feature.kind {
            Kind::Category | Kind::Boolean => true,
            Kind::Number | Kind::Integer => false,
        };
        match self {
            Self::Levels(_) => require(has_levels, || {
                Invalid::because(format!(
                    "`{name}` is a number, expected the bounds of groups: \
                     {{ feature: {name}, at: [VALUE, …] }}"
                ))
            }),
            Self::Cuts { at, .. } => {
                require(!has_levels, || {
                    Invalid::because(format!("`{name}` has levels, expected its name without `at`"))
                })?;
                require(!at.is_empty() && at.is_sorted_by(|a, b| a < b), || {
                    Invalid::new(format!("{at:?}"), "ascending values").at("at")
                })
            }
        }
    }
}
