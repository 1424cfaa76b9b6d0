//! Features: name, kind, units, plausible range, and what happens to values that cannot be used.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{check_name, check_text};
use crate::domain::{Domain, MAX_MAGNITUDE};
use crate::error::{Error, Place};
use crate::numeric::is_whole;

/// The largest whole number that every smaller one is distinguished from: 2^53.
pub(crate) const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// One named input of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The name, unique in its schema.
    #[serde(deserialize_with = "crate::codec::text")]
    pub name: String,
    /// What values it takes.
    pub kind: FeatureKind,
    /// The unit of its values as a UCUM code, where it is known; `1` for a pure number.
    #[serde(deserialize_with = "crate::codec::optional_text")]
    pub unit: Option<String>,
    /// Other units in which a caller may state a value.
    pub alternative_units: Vec<Unit>,
    /// Where plausible values lie, in the feature's own unit.
    pub range: Option<Range>,
    /// What happens to values that cannot be used as they are.
    pub policy: Policy,
}

/// What values a feature takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
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
        #[serde(deserialize_with = "crate::codec::texts")]
        levels: Vec<String>,
    },
}

/// Another unit and its exact conversion: `(value − offset) · multiplier / divisor` is the value in
/// the feature's own unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// The UCUM code, for example `mg/dL`.
    #[serde(deserialize_with = "crate::codec::text")]
    pub code: String,
    /// Subtracted first; 0 for most units.
    pub offset: f64,
    /// Multiplied second.
    pub multiplier: f64,
    /// Divided by last.
    pub divisor: f64,
}

/// Where plausible values lie; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The lowest plausible value.
    pub low: f64,
    /// The highest plausible value.
    pub high: f64,
}

/// What happens to a value that cannot be used as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Action {
    /// The row is refused.
    #[default]
    Refuse,
    /// The value counts as missing, and the model fills it in: by an impute step, or by the default
    /// child of its trees.
    Impute,
    /// The value is moved to the nearest end of the plausible range.
    Clamp,
    /// The value is taken as it is, and the prediction says so. An unseen level counts as none of
    /// the known ones.
    Take,
}

/// What can be wrong with a value. Each has an action of its own in a [`Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The caller said nothing about it.
    Unset,
    /// The caller said that there is none; in an array of numbers, NaN.
    Missing,
    /// The caller gave NaN as a value.
    NotANumber,
    /// An infinity.
    Infinite,
    /// Beyond the plausible range.
    OutOfRange,
    /// A text, or a number, that is no level of the category.
    UnseenLevel,
    /// Not of the feature's kind, for example 2.5 for an integer.
    WrongType,
}

/// What happens to the values of a feature that cannot be used as they are, by condition. The
/// default refuses them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The caller said nothing about it: refuse or impute.
    pub unset: Action,
    /// There is none: refuse or impute.
    pub missing: Action,
    /// NaN was given as a value: refuse or impute.
    pub not_a_number: Action,
    /// An infinity: refuse, impute or clamp.
    pub infinite: Action,
    /// Beyond the plausible range: refuse, impute, clamp or take.
    pub out_of_range: Action,
    /// No level of the category: refuse, impute or take.
    pub unseen_level: Action,
    /// Not of the feature's kind: refuse or impute.
    pub wrong_type: Action,
}

impl Policy {
    /// What happens to a value of this condition.
    #[must_use]
    pub fn action(&self, condition: Condition) -> Action {
        match condition {
            Condition::Unset => self.unset,
            Condition::Missing => self.missing,
            Condition::NotANumber => self.not_a_number,
            Condition::Infinite => self.infinite,
            Condition::OutOfRange => self.out_of_range,
            Condition::UnseenLevel => self.unseen_level,
            Condition::WrongType => self.wrong_type,
        }
    }
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 7] = [
        Self::Unset,
        Self::Missing,
        Self::NotANumber,
        Self::Infinite,
        Self::OutOfRange,
        Self::UnseenLevel,
        Self::WrongType,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Missing => "missing",
            Self::NotANumber => "not a number",
            Self::Infinite => "infinite",
            Self::OutOfRange => "out of range",
            Self::UnseenLevel => "an unseen level",
            Self::WrongType => "of the wrong type",
        }
    }

    fn allows(self, action: Action) -> bool {
        match action {
            Action::Refuse | Action::Impute => true,
            Action::Clamp => matches!(self, Self::Infinite | Self::OutOfRange),
            Action::Take => matches!(self, Self::OutOfRange | Self::UnseenLevel),
        }
    }
}

impl Feature {
    /// A number of unknown unit, of which every value that cannot be used is refused.
    pub fn number(name: impl Into<String>) -> Self {
        Self::of_kind(name, FeatureKind::Number)
    }

    /// A feature of some kind, of which every value that cannot be used is refused.
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

    /// What values of the kind there are, whatever is plausible.
    pub(crate) fn kind_domain(&self) -> Domain {
        match &self.kind {
            FeatureKind::Number => Domain::new(-MAX_MAGNITUDE, MAX_MAGNITUDE),
            FeatureKind::Integer => Domain::whole(-MAX_WHOLE, MAX_WHOLE),
            FeatureKind::Boolean => Domain::whole(0.0, 1.0),
            FeatureKind::Category { levels } => Domain::whole(0.0, count(levels.len()) - 1.0),
        }
    }

    /// What values of it the model can get, once its policy was applied.
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

    pub(super) fn check(&self) -> Result<(), Error> {
        let mut codes = BTreeSet::new();
        if let Some(unit) = &self.unit {
            check_name(unit, &mut codes)?;
        }
        for (index, unit) in self.alternative_units.iter().enumerate() {
            let checked = check_name(&unit.code, &mut codes).and_then(|()| unit.check());
            checked.map_err(|e| e.within(Place::Unit(index)))?;
        }
        let is_number = matches!(self.kind, FeatureKind::Number | FeatureKind::Integer);
        if !is_number && !self.alternative_units.is_empty() {
            return Err(Error::invalid_model("only numbers have alternative units"));
        }
        if self.unit.is_none() && !self.alternative_units.is_empty() {
            return Err(Error::invalid_model("alternative units, but no unit of its own"));
        }
        self.check_levels()?;
        if let Some(range) = self.range {
            if !is_number {
                return Err(Error::invalid_model("only numbers have a plausible range"));
            }
            let Domain { low, high, .. } = self.kind_domain();
            if !(low <= range.low && range.low <= range.high && range.high <= high) {
                let Range { low, high } = range;
                return Err(Error::invalid_model(format!("a plausible range of [{low}, {high}]")));
            }
            // Clamping must leave an integer whole.
            if self.kind == FeatureKind::Integer && !(is_whole(range.low) && is_whole(range.high)) {
                return Err(Error::invalid_model("a plausible range of an integer, not whole"));
            }
        }
        self.check_policy()
    }

    fn check_levels(&self) -> Result<(), Error> {
        let FeatureKind::Category { levels } = &self.kind else { return Ok(()) };
        let mut names = BTreeSet::new();
        for (index, level) in levels.iter().enumerate() {
            check_name(level, &mut names).map_err(|e| e.within(Place::Level(index)))?;
        }
        if levels.is_empty() {
            return Err(Error::invalid_model("a category without levels, at least 1 is needed"));
        }
        Ok(())
    }

    fn check_policy(&self) -> Result<(), Error> {
        for condition in Condition::ALL {
            let action = self.policy.action(condition);
            if !condition.allows(action) {
                let name = condition.name();
                let detail = format!("policy {action:?} does not suit a value that is {name}");
                return Err(Error::invalid_model(detail));
            }
            if action == Action::Clamp && self.range.is_none() {
                return Err(Error::invalid_model("policy Clamp without a plausible range"));
            }
        }
        Ok(())
    }
}

impl Unit {
    /// The value in the feature's own unit.
    pub(crate) fn convert(&self, value: f64) -> f64 {
        (value - self.offset) * self.multiplier / self.divisor
    }

    fn check(&self) -> Result<(), Error> {
        check_text(&self.code, "code")?;
        let is_factor = |factor: f64| factor.is_finite() && factor != 0.0;
        if self.offset.is_finite() && is_factor(self.multiplier) && is_factor(self.divisor) {
            return Ok(());
        }
        Err(Error::invalid_model("a conversion needs finite numbers, and factors that are not 0"))
    }
}

/// A number of things in a bundle, exactly: sections are far smaller than 2^53 bytes.
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
    fn what_contradicts_itself_is_refused() {
        let range = |low, high| Some(Range { low, high });
        assert_eq!(
            refused(|f| f.policy.missing = Action::Clamp),
            "policy Clamp does not suit a value that is missing"
        );
        assert_eq!(
            refused(|f| f.policy.out_of_range = Action::Clamp),
            "policy Clamp without a plausible range"
        );
        assert_eq!(refused(|f| f.range = range(3.0, 2.0)), "a plausible range of [3, 2]");
        assert!(refused(|f| f.range = range(f64::NAN, 2.0)).contains("plausible range"));
        assert_eq!(
            refused(|f| f.kind = FeatureKind::Category { levels: vec![] }),
            "a category without levels, at least 1 is needed"
        );
        let unit = |divisor| Unit { code: "mg".into(), offset: 0.0, multiplier: 1.0, divisor };
        assert_eq!(
            refused(|f| f.alternative_units = vec![unit(1.0)]),
            "alternative units, but no unit of its own"
        );
        assert!(
            refused(|f| {
                f.unit = Some("g".into());
                f.alternative_units = vec![unit(0.0)];
            })
            .starts_with("unit 0: a conversion")
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

    #[test]
    fn fahrenheit_is_converted_exactly() {
        let unit = Unit { code: "[degF]".into(), offset: 32.0, multiplier: 5.0, divisor: 9.0 };
        assert_eq!(unit.convert(212.0), 100.0);
        assert_eq!(unit.convert(98.6), (98.6 - 32.0) * 5.0 / 9.0);
    }
}
