//! What a row must look like, and what is predicted.

mod feature;
mod reason;
mod rule;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use feature::{Action, Condition, Feature, FeatureKind, Policy, Range, Unit};
pub(crate) use feature::{MAX_WHOLE, count};
pub use reason::MissingReason;
pub use rule::{Quantity, Rule, RuleAction};

use crate::error::{Error, Place};

/// The ordered features of a row, the rules between them, and the target that is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    features: Vec<Feature>,
    rules: Vec<Rule>,
    target: Target,
}

impl Schema {
    /// A schema of these features, in this order, without rules.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is no feature, or when a name is empty, stands twice, or holds a
    /// control character; and as the parts are refused by themselves.
    pub fn new(features: Vec<Feature>, target: Target) -> Result<Self, Error> {
        let schema = Self { features, rules: Vec::new(), target };
        schema.check()?;
        Ok(schema)
    }

    /// The same schema with rules between its features.
    ///
    /// # Errors
    ///
    /// `InvalidModel` with the rule, when it has no usable name, names no feature of the schema, or
    /// nothing could break it.
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

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.features.is_empty() {
            return Err(Error::invalid_model("no features, at least 1 is needed"));
        }
        let mut names = BTreeSet::new();
        for (index, feature) in self.features.iter().enumerate() {
            let checked = check_name(&feature.name, &mut names).and_then(|()| feature.check());
            checked.map_err(|e| e.within(Place::Feature(index)))?;
        }
        let mut names = BTreeSet::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let checked = check_name(&rule.name, &mut names).and_then(|()| rule.check(self));
            checked.map_err(|e| e.within(Place::Rule(index)))?;
        }
        self.target.check()
    }
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Target {
    /// One of several classes: each gets a probability.
    Classes {
        /// Its name, for example `diagnosis`.
        #[serde(deserialize_with = "crate::codec::text")]
        name: String,
        /// The names of the classes, in the order of the probabilities. With two classes, class 1
        /// is the positive one.
        #[serde(deserialize_with = "crate::codec::texts")]
        classes: Vec<String>,
    },
    /// A number: regression.
    Number {
        /// Its name, for example `length_of_stay`.
        #[serde(deserialize_with = "crate::codec::text")]
        name: String,
        /// Its unit as a UCUM code, where it is known.
        #[serde(deserialize_with = "crate::codec::optional_text")]
        unit: Option<String>,
    },
}

impl Target {
    /// A target of classes.
    pub fn of_classes<N: Into<String>>(
        name: impl Into<String>,
        classes: impl IntoIterator<Item = N>,
    ) -> Self {
        Self::Classes { name: name.into(), classes: classes.into_iter().map(Into::into).collect() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Classes { name, .. } | Self::Number { name, .. } => name,
        }
    }

    /// The names of the classes; none for a number.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        match self {
            Self::Classes { classes, .. } => classes,
            Self::Number { .. } => &[],
        }
    }

    fn check(&self) -> Result<(), Error> {
        check_text(self.name(), "target name")?;
        match self {
            Self::Classes { classes, .. } => {
                let mut names = BTreeSet::new();
                for (index, class) in classes.iter().enumerate() {
                    check_name(class, &mut names).map_err(|e| e.within(Place::Class(index)))?;
                }
                if classes.len() < 2 {
                    let n_classes = classes.len();
                    let detail = format!("{n_classes} classes, at least 2 are needed");
                    return Err(Error::invalid_model(detail));
                }
                Ok(())
            }
            Self::Number { unit: Some(unit), .. } => check_text(unit, "unit"),
            Self::Number { unit: None, .. } => Ok(()),
        }
    }
}

pub(crate) fn check_name<'a>(name: &'a str, seen: &mut BTreeSet<&'a str>) -> Result<(), Error> {
    check_text(name, "name")?;
    if !seen.insert(name) {
        return Err(Error::invalid_model(format!("the name `{name}` stands twice")));
    }
    Ok(())
}

/// Texts are handed to C, so no NUL; and printed in tables, so nothing that moves the cursor.
pub(crate) fn check_text(text: &str, what: &str) -> Result<(), Error> {
    if text.is_empty() {
        return Err(Error::invalid_model(format!("the {what} is empty")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid_model(format!("the {what} {text:?} holds a control character")));
    }
    Ok(())
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
            (&[], &["B", "M"], "no features, at least 1 is needed"),
            (&["age", "age"], &["B", "M"], "feature 1: the name `age` stands twice"),
            (&["age", ""], &["B", "M"], "feature 1: the name is empty"),
            (&["a\0b"], &["B", "M"], "feature 0: the name \"a\\0b\" holds a control character"),
            (&["age"], &["B"], "1 classes, at least 2 are needed"),
            (&["age"], &["B", "B"], "class 1: the name `B` stands twice"),
        ];
        for (features, classes, message) in cases {
            assert_eq!(schema(features, classes).unwrap_err().to_string(), message);
        }
    }
}
