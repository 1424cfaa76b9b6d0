//! What a report tells besides the performance.

use serde::{Deserialize, Serialize};

use super::{DataConfig, Kind};

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
    /// the training rows for optimism; 0 for none. For two classes, and rows without patients.
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
    pub(crate) fn check(&self, data: &DataConfig) -> Result<(), String> {
        if let Some(share) =
            self.learning_curve.iter().find(|share| !(**share > 0.0 && **share <= 1.0))
        {
            return Err(format!("learning_curve: {share}, expected above 0 and at most 1"));
        }
        let (n, n_classes) = (self.n_bootstraps, data.target.classes.len());
        if n > 0 && n_classes != 2 {
            return Err(format!("n_bootstraps: {n} with {n_classes} classes, expected 2 of them"));
        }
        if n > 0 && data.patient.is_some() {
            return Err(format!(
                "n_bootstraps: {n}, expected 0 where rows have a `patient`: samples of rows would have \
                 the same patients as the rows that judge them"
            ));
        }
        let mut subgroups = self.subgroups.iter();
        subgroups
            .try_for_each(|own| own.check(data))
            .map_err(|detail| format!("subgroups: {detail}"))
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

    fn check(&self, data: &DataConfig) -> Result<(), String> {
        let name = self.feature();
        let feature = data.features.iter().find(|own| own.name == name);
        let feature = feature.ok_or_else(|| format!("`{name}`, expected a feature"))?;
        let has_levels = matches!(feature.kind, Kind::Category | Kind::Boolean);
        match self {
            Self::Levels(_) if !has_levels => Err(format!(
                "`{name}` is a number; say where groups begin: {{ feature: {name}, at: [VALUE, …] }}"
            )),
            Self::Cuts { .. } if has_levels => {
                Err(format!("`{name}` has levels; name it without `at`"))
            }
            Self::Cuts { at, .. } if at.is_empty() || !at.is_sorted_by(|a, b| a < b) => {
                Err(format!("`{name}`: at: {at:?}, expected values that ascend"))
            }
            _ => Ok(()),
        }
    }
}
