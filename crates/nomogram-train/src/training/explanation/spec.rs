//! How many background rows a bundle has, and which features are explained together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::data::DataConfig;
use crate::invalid::{Invalid, require};

/// The most background rows that a bundle takes.
const MAX_ROWS: usize = 1024;
/// The most groups that a bundle takes.
const MAX_GROUPS: usize = 12;

/// What a bundle has to explain its predictions with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplanationSpec {
    /// The number of background rows at most; 0 for none, so that predictions cannot be explained.
    #[serde(default = "default_background")]
    pub background: usize,
    /// Features that are explained together: the name of each group and its features. Every feature is in
    /// one group, or there are no groups.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Stores the share of the training rows that goes to the left at each split, so that forests can
    /// be explained without the background rows: 8 bytes per split.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tree_shares: bool,
}

fn default_background() -> usize {
    32
}

impl Default for ExplanationSpec {
    fn default() -> Self {
        Self { background: default_background(), groups: BTreeMap::new(), tree_shares: false }
    }
}

impl ExplanationSpec {
    /// Whether it is the default, which a configuration does not write.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses invalid values.
    pub(in crate::training) fn check(&self, data: &DataConfig) -> Result<(), Invalid> {
        require(self.background <= MAX_ROWS, || {
            Invalid::new(self.background, format!("at most {MAX_ROWS}")).at("background")
        })?;
        self.check_groups(data).map_err(|invalid| invalid.at("groups"))
    }

    fn check_groups(&self, data: &DataConfig) -> Result<(), Invalid> {
        if self.groups.is_empty() {
            return Ok(());
        }
        require(self.groups.len() <= MAX_GROUPS, || {
            Invalid::new(format!("{} groups", self.groups.len()), format!("at most {MAX_GROUPS}"))
        })?;
        let known: BTreeSet<&str> = data.features.iter().map(|one| one.name.as_str()).collect();
        let mut grouped = BTreeSet::new();
        for (name, features) in &self.groups {
            let at_group = |invalid: Invalid| invalid.at(name);
            require(!features.is_empty(), || at_group(Invalid::new("none", "at least 1 feature")))?;
            for feature in features {
                require(known.contains(feature.as_str()), || {
                    at_group(Invalid::new(format!("`{feature}`"), "a feature"))
                })?;
                require(grouped.insert(feature.as_str()), || {
                    at_group(Invalid::because(format!("`{feature}` is in a group already")))
                })?;
            }
        }
        match known.difference(&grouped).next() {
            None => Ok(()),
            Some(feature) => Err(Invalid::because(format!("`{feature}` is in no group"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::TrainingConfig;

    const WDBC: &str = include_str!("../../../../../examples/wdbc.yaml");

    #[test]
    fn every_feature_is_in_one_group() {
        let with = |explanation: &str| {
            let text = WDBC.replace("\nseed: 1\n", &format!("\nseed: 1\n{explanation}\n"));
            TrainingConfig::from_yaml(&text)
        };
        assert!(with("explanation: { background: 10 }").is_ok());
        for (explanation, message) in [
            ("explanation: { background: 2000 }", "background: 2000, expected at most 1024"),
            ("explanation: { groups: { a: [] } }", "none, expected at least 1 feature"),
            ("explanation: { groups: { a: [x] } }", "`x`, expected a feature"),
            ("explanation: { groups: { a: [radius_se, radius_se] } }", "is in a group already"),
            ("explanation: { groups: { a: [radius_se] } }", "is in no group"),
        ] {
            let error = with(explanation).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
