//! What a row must look like, and what is predicted.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::bound::MAX_MAGNITUDE;
use crate::error::{Error, ErrorKind, Place};

/// The ordered features of a row and the target that is predicted from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    features: Vec<Feature>,
    target: Target,
}

impl Schema {
    /// A schema of these features, in this order.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is no feature or fewer than two classes, or when a name is empty,
    /// stands twice, or holds a control character.
    pub fn new(features: Vec<Feature>, target: Target) -> Result<Self, Error> {
        let schema = Self { features, target };
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

    /// What is predicted.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How many classes, and so how many probabilities, a prediction has.
    #[must_use]
    pub fn n_classes(&self) -> usize {
        self.target.classes.len()
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut names = BTreeSet::new();
        for (index, feature) in self.features.iter().enumerate() {
            check_name(&feature.name, &mut names).map_err(|e| e.within(Place::Feature(index)))?;
            if let Some(unit) = &feature.unit {
                check_text(unit, "unit").map_err(|e| e.within(Place::Feature(index)))?;
            }
        }
        if self.features.is_empty() {
            return Err(Error::invalid_model("no features, at least 1 is needed"));
        }
        check_text(&self.target.name, "target name")?;
        let mut names = BTreeSet::new();
        for (index, class) in self.target.classes.iter().enumerate() {
            check_name(class, &mut names).map_err(|e| e.within(Place::Class(index)))?;
        }
        if self.n_classes() < 2 {
            return Err(Error::invalid_model(format!(
                "{} classes, at least 2 are needed",
                self.n_classes()
            )));
        }
        Ok(())
    }

    /// Checks that a row has one usable value per feature.
    ///
    /// # Errors
    ///
    /// `FeatureCount`, or `Missing`, `Infinite` or `Magnitude` at the first feature that is not
    /// usable. No error tells the value.
    pub(crate) fn check_row<'a>(
        &self,
        values: impl ExactSizeIterator<Item = &'a f64>,
    ) -> Result<(), Error> {
        self.check_width(values.len())?;
        for (index, (feature, &value)) in self.features.iter().zip(values).enumerate() {
            if value.abs() <= MAX_MAGNITUDE {
                continue;
            }
            let (kind, found) = if value.is_nan() {
                (ErrorKind::Missing, "missing (NaN), and this model does not impute")
            } else if value.is_infinite() {
                (ErrorKind::Infinite, "infinite value, expected a finite number")
            } else {
                (ErrorKind::Magnitude, "magnitude above 1e100, expected a measured number")
            };
            return Err(Error::new(kind, format!("`{}`: {found}", feature.name))
                .within(Place::Feature(index)));
        }
        Ok(())
    }

    pub(crate) fn check_width(&self, n_values: usize) -> Result<(), Error> {
        if n_values != self.n_features() {
            return Err(Error::new(
                ErrorKind::FeatureCount,
                format!("{n_values} values, expected {}, one per feature", self.n_features()),
            ));
        }
        Ok(())
    }
}

/// One named input of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The name, unique in its schema.
    pub name: String,
    /// What values it takes.
    pub kind: FeatureKind,
    /// The unit of its values as a UCUM code, where it is known; `1` for a pure number.
    pub unit: Option<String>,
}

/// What values a feature takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FeatureKind {
    /// Any finite number.
    Number,
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name, for example `diagnosis`.
    pub name: String,
    /// The names of the classes, in the order of the probabilities. With two classes, class 1 is
    /// the positive one.
    pub classes: Vec<String>,
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
    use alloc::vec;

    fn schema(names: &[&str], classes: &[&str]) -> Result<Schema, Error> {
        let feature =
            |name: &&str| Feature { name: (*name).into(), kind: FeatureKind::Number, unit: None };
        let classes = classes.iter().map(ToString::to_string).collect();
        Schema::new(
            names.iter().map(feature).collect(),
            Target { name: "diagnosis".into(), classes },
        )
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

    #[test]
    fn a_row_is_refused_with_the_feature_but_without_the_value() {
        let schema = schema(&["age", "dose"], &["B", "M"]).unwrap();
        let cases = [
            (vec![41.0], ErrorKind::FeatureCount, "1 values, expected 2, one per feature"),
            (vec![41.0, f64::NAN], ErrorKind::Missing, "feature 1: `dose`: missing (NaN), and"),
            (vec![f64::INFINITY, 1.0], ErrorKind::Infinite, "feature 0: `age`: infinite value"),
            (vec![41.0, -1e101], ErrorKind::Magnitude, "feature 1: `dose`: magnitude above"),
        ];
        for (row, kind, message) in cases {
            let error = schema.check_row(row.iter()).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().starts_with(message), "{error}");
        }
        assert!(schema.check_row([1e100, -0.0].iter()).is_ok());
    }
}
