//! Features: name, kind, units, plausible range and policy.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::name::{check_looks, check_names, check_text};
use super::policy::{Action, Condition, Policy};
use super::unit::Unit;
use crate::codec::{decode_enum, decode_struct};
use crate::domain::{Domain, MAX_MAGNITUDE};
use crate::error::{Error, Place};
use crate::numeric::is_whole;

/// The largest whole number up to which every whole number is exact: 2^53.
pub(crate) const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// One named input of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The name, unique in its schema.
    pub name: String,
    /// The kind of its values.
    pub kind: FeatureKind,
    /// The unit of its values as a UCUM code, where it is known; `1` for a pure number.
    pub unit: Option<String>,
    /// Other units in which a caller may give a value.
    pub alternative_units: Vec<Unit>,
    /// The plausible values, in the feature's own unit.
    pub range: Option<Range>,
    /// What happens to values that cannot be used as they are.
    pub policy: Policy,
}
decode_struct!(Feature { name, kind, unit, alternative_units, range, policy });

/// The kind of a feature's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeatureKind {
    /// Any finite number.
    Number,
    /// A whole number of at most 2^53 in magnitude.
    Integer,
    /// False (0) or true (1).
    Boolean,
    /// One of several levels; its number is the level's position.
    Category {
        /// The names of the levels, each once.
        levels: Vec<String>,
    },
}
decode_enum!(FeatureKind { Number, Integer, Boolean, Category { levels } });

/// A range of plausible values, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The lowest plausible value.
    pub low: f64,
    /// The highest plausible value.
    pub high: f64,
}
decode_struct!(Range { low, high });

impl Feature {
    /// A number of unknown unit whose policy refuses every value that cannot be used.
    pub fn number(name: impl Into<String>) -> Self {
        Self::of_kind(name, FeatureKind::Number)
    }

    /// A feature of some kind whose policy refuses every value that cannot be used.
    pub fn of_kind(name: impl Into<String>, kind: FeatureKind) -> Self {
        Self {
            name: name.into(),
            kind,
            unit: None,
            alternative_units: Vec::new(),
            range: None,
            policy: Policy::default(),
        }
    }

    /// The names of its levels, if it is a category.
    #[must_use]
    pub fn levels(&self) -> &[String] {
        match &self.kind {
            FeatureKind::Category { levels } => levels,
            FeatureKind::Number | FeatureKind::Integer | FeatureKind::Boolean => &[],
        }
    }

    /// All values of the kind, plausible or not.
    pub(crate) fn kind_domain(&self) -> Domain {
        match &self.kind {
            FeatureKind::Number => Domain::new(-MAX_MAGNITUDE, MAX_MAGNITUDE),
            FeatureKind::Integer => Domain::whole(-MAX_WHOLE, MAX_WHOLE),
            FeatureKind::Boolean => Domain::whole(0.0, 1.0),
            FeatureKind::Category { levels } => Domain::whole(0.0, count(levels.len()) - 1.0),
        }
    }

    /// The values that the model can get after the policy was applied.
    pub(crate) fn domain(&self) -> Domain {
        let mut domain = self.kind_domain();
        if let Some(range) = self.range.filter(|_| self.policy.out_of_range != Action::Take) {
            (domain.low, domain.high) = (range.low, range.high);
        }
        if self.policy.unseen_level == Action::Take && !self.levels().is_empty() {
            domain.high += 1.0;
        }
        let is_imputed = |condition: &Condition| self.policy.action(*condition) == Action::Impute;
        domain.may_be_missing = Condition::ALL.iter().any(is_imputed);
        domain
    }

    /// Refuses names that people could take for others.
    pub(super) fn check_looks(&self) -> Result<(), Error> {
        check_looks(&self.name, "name")?;
        for (index, level) in self.levels().iter().enumerate() {
            check_looks(level, "name").map_err(|e| e.within(Place::Level(index)))?;
        }
        for (index, unit) in self.alternative_units.iter().enumerate() {
            check_looks(&unit.code, "code").map_err(|e| e.within(Place::Unit(index)))?;
        }
        self.unit.iter().try_for_each(|unit| check_looks(unit, "unit"))
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check_names(&self.alternative_units, |unit| &unit.code, Place::Unit)?;
        for (index, unit) in self.alternative_units.iter().enumerate() {
            if self.unit.as_ref() == Some(&unit.code) {
                let error = Error::invalid_model(format_args!("duplicate name `{}`", unit.code));
                return Err(error.within(Place::Unit(index)));
            }
            unit.check().map_err(|e| e.within(Place::Unit(index)))?;
        }
        if let Some(unit) = &self.unit {
            check_text(unit, "name")?;
        }
        let is_number = matches!(self.kind, FeatureKind::Number | FeatureKind::Integer);
        if !is_number && !self.alternative_units.is_empty() {
            return Err(Error::invalid_model("alternative units, expected them only for numbers"));
        }
        if self.unit.is_none() && !self.alternative_units.is_empty() {
            return Err(Error::invalid_model("alternative units, but no unit"));
        }
        self.check_levels()?;
        if let Some(range) = self.range {
            if !is_number {
                return Err(Error::invalid_model(
                    "a plausible range, expected one only for numbers",
                ));
            }
            let Domain { low, high, .. } = self.kind_domain();
            if !(low <= range.low && range.low <= range.high && range.high <= high) {
                return Err(Error::invalid_model(format_args!(
                    "plausible range [{}, {}], expected ascending bounds within [{low:e}, {high:e}]",
                    range.low, range.high
                )));
            }
            // Clamping must leave an integer whole.
            if self.kind == FeatureKind::Integer && !(is_whole(range.low) && is_whole(range.high)) {
                return Err(Error::invalid_model(
                    "plausible range of an integer, expected whole bounds",
                ));
            }
        }
        self.check_policy()
    }

    fn check_levels(&self) -> Result<(), Error> {
        let FeatureKind::Category { levels } = &self.kind else { return Ok(()) };
        check_names(levels, |level| level, Place::Level)?;
        if levels.is_empty() {
            return Err(Error::invalid_model("no levels, expected at least 1"));
        }
        Ok(())
    }

    fn check_policy(&self) -> Result<(), Error> {
        for condition in Condition::ALL {
            let action = self.policy.action(condition);
            if !condition.allows(action) {
                let name = condition.name();
                let action = action.name();
                let detail =
                    format_args!("policy {action} is not allowed for a value that is {name}");
                return Err(Error::invalid_model(detail));
            }
            if action == Action::Clamp && self.range.is_none() {
                return Err(Error::invalid_model("policy clamp, but no plausible range"));
            }
        }
        Ok(())
    }
}

/// An exact count of things in a bundle: sections are far smaller than 2^53 bytes.
#[allow(clippy::cast_precision_loss, reason = "exact below 2^53")]
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn refused(change: impl FnOnce(&mut Feature)) -> String {
        let mut feature = Feature::number("age");
        change(&mut feature);
        feature.check().unwrap_err().to_string()
    }

    #[test]
    fn a_feature_that_contradicts_itself_is_refused() {
        let range = |low, high| Some(Range { low, high });
        assert_eq!(
            refused(|f| f.policy.missing = Action::Clamp),
            "policy clamp is not allowed for a value that is missing"
        );
        assert_eq!(
            refused(|f| f.policy.out_of_range = Action::Clamp),
            "policy clamp, but no plausible range"
        );
        assert_eq!(
            refused(|f| f.range = range(3.0, 2.0)),
            "plausible range [3, 2], expected ascending bounds within [-1e100, 1e100]"
        );
        assert!(refused(|f| f.range = range(f64::NAN, 2.0)).contains("plausible range"));
        assert_eq!(
            refused(|f| f.kind = FeatureKind::Category { levels: vec![] }),
            "no levels, expected at least 1"
        );
        let unit = |divisor| Unit { code: "mg".into(), offset: 0.0, multiplier: 1.0, divisor };
        assert_eq!(
            refused(|f| f.alternative_units = vec![unit(1.0)]),
            "alternative units, but no unit"
        );
        assert!(
            refused(|f| {
                f.unit = Some("g".into());
                f.alternative_units = vec![unit(0.0)];
            })
            .starts_with("unit 1: conversion")
        );
    }

    #[test]
    fn the_domain_follows_from_range_and_policy() {
        let mut feature = Feature::number("age");
        assert_eq!(feature.domain().high, MAX_MAGNITUDE);
        feature.range = Some(Range { low: 18.0, high: 90.0 });
        assert_eq!(feature.domain(), Domain::new(18.0, 90.0));
        feature.policy.out_of_range = Action::Take;
        assert_eq!(feature.domain().high, MAX_MAGNITUDE);
        feature.policy.infinite = Action::Impute;
        assert!(feature.domain().may_be_missing);

        let levels = vec!["a".into(), "b".into()];
        let mut category = Feature::of_kind("stage", FeatureKind::Category { levels });
        assert_eq!(category.domain(), Domain::whole(0.0, 1.0));
        category.policy.unseen_level = Action::Take;
        assert_eq!(category.domain(), Domain::whole(0.0, 2.0));
    }
}
