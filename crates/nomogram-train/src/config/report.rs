//! What a report tells besides the performance.

use serde::{Deserialize, Serialize};

/// What a report tells besides the performance; nothing of it changes what is fitted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportConfig {
    /// The performance in each of these groups of rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subgroups: Vec<SubgroupConfig>,
    /// The loss of models that learn from these shares of the rows, above 0 and at most 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learning_curve: Vec<f64>,
    /// How many bootstrap samples the whole training is repeated on, to correct the performance on
    /// the training rows for optimism; 0 for none.
    #[serde(default)]
    pub n_bootstraps: usize,
}

/// A feature whose values make groups of rows.
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
    /// Refuses what makes no sense without the data.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(share) =
            self.learning_curve.iter().find(|share| !(**share > 0.0 && **share <= 1.0))
        {
            return Err(format!("learning_curve: {share}, expected above 0 and at most 1"));
        }
        for subgroup in &self.subgroups {
            let SubgroupConfig::Cuts { feature, at } = subgroup else { continue };
            if at.is_empty() || !at.is_sorted_by(|a, b| a < b) {
                return Err(format!(
                    "subgroups: `{feature}`: at: {at:?}, expected values that ascend"
                ));
            }
        }
        Ok(())
    }
}
