//! The schema: what a row must look like, and what is predicted.

mod name;
mod policy;
mod reason;

mod target;
mod unit;

mod feature;

mod rule;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use feature::{Feature, FeatureKind, Range};
pub(crate) use feature::{MAX_WHOLE, count};
pub(crate) use name::{check_looks, check_names, check_text};
pub use policy::{Action, Condition, Policy};
pub use reason::MissingReason;
pub use rule::{Quantity, Rule, RuleAction};
pub use target::Target;
pub use unit::Unit;

use crate::codec::decode_struct;
use crate::error::{Error, Place};

/// The ordered features of a row, the rules between them, and the target that is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    features: Vec<Feature>,
    rules: Vec<Rule>,
    target: Target,
}
decode_struct!(Schema { features, rules, target });

impl Schema {
    /// A schema of these features, in this order, without rules.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is no feature, when a name is empty, not unique, or contains a
    /// control character, or when a feature or the target is invalid by itself.
    pub fn new(features: Vec<Feature>, target: Target) -> Result<Self, Error> {
        let schema = Self { features, rules: Vec::new(), target };
        schema.check()?;
        Ok(schema)
    }

    /// The same schema with rules between its features.
    ///
    /// # Errors
    ///
    /// `InvalidModel` with the rule, when its name is invalid, it reads a feature that the schema does
    /// not have, or nothing could break it.
    pub fn with_rules(self, rules: Vec<Rule>) -> Result<Self, Error> {
        let schema = Self { rules, ..self };
        schema.check()?;
        Ok(schema)
    }

    /// The features, in the order of a row's values.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// How many values a row has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.features.len()
    }

    /// The position of the feature with this name.
    #[must_use]
    pub fn feature_index(&self, name: &str) -> Option<usize> {
        self.features.iter().position(|feature| feature.name == name)
    }

    /// The rules between features.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is predicted.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How many numbers a prediction has: one probability per class, or the one value.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.target.classes().len().max(1)
    }

    /// Refuses names that people could take for others: with characters that have no width, or with
    /// white space at an end. Sealing does so too; ask before hours of training.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the place.
    pub fn check_looks(&self) -> Result<(), Error> {
        for (index, feature) in self.features.iter().enumerate() {
            feature.check_looks().map_err(|e| e.within(Place::Feature(index)))?;
        }
        for (index, rule) in self.rules.iter().enumerate() {
            check_looks(&rule.name, "name").map_err(|e| e.within(Place::Rule(index)))?;
        }
        self.target.check_looks()
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.features.is_empty() {
            return Err(Error::invalid_model("no features, expected at least 1"));
        }
        check_names(&self.features, |feature| &feature.name, Place::Feature)?;
        for (index, feature) in self.features.iter().enumerate() {
            let checked = feature.check();
            checked.map_err(|e| e.within_named(Place::Feature(index), &feature.name))?;
        }
        check_names(&self.rules, |rule| &rule.name, Place::Rule)?;
        for (index, rule) in self.rules.iter().enumerate() {
            let checked = rule.check(self.n_features());
            checked.map_err(|e| e.within_named(Place::Rule(index), &rule.name))?;
        }
        self.target.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn schema(names: &[&str], classes: &[&str]) -> Result<Schema, Error> {
        let features = names.iter().map(|name| Feature::number(*name)).collect();
        Schema::new(features, Target::of_classes("diagnosis", classes.iter().copied()))
    }

    #[test]
    fn names_are_unique_and_printable() {
        let cases: [(&[&str], &[&str], &str); 6] = [
            (&[], &["B", "M"], "no features, expected at least 1"),
            (&["age", "age"], &["B", "M"], "feature 2: duplicate name `age`"),
            (&["age", ""], &["B", "M"], "feature 2: the name is empty"),
            (&["a\0b"], &["B", "M"], "feature 1: the name \"a\\0b\" holds a control character"),
            (&["age"], &["B"], "1 classes, expected at least 2"),
            (&["age"], &["B", "B"], "class 2: duplicate name `B`"),
        ];
        for (features, classes, message) in cases {
            assert_eq!(schema(features, classes).unwrap_err().to_string(), message);
        }
    }
}
