//! Feature columns: kind, units, plausible range, and what happens to cells that cannot be used.

use nomogram::{Action, Feature, FeatureKind, Policy, Range, Unit};
use serde::{Deserialize, Serialize};

use super::is_default;

/// A feature column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureConfig {
    /// The name of the column and of the feature.
    pub name: String,
    /// What values it takes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kind: Kind,
    /// The UCUM code of its unit, where it is known; `1` for a pure number.
    #[serde(default)]
    pub unit: Option<String>,
    /// The levels of a category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// The texts of a boolean's false and true; by default `false` or `0`, and `true` or `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<[String; 2]>,
    /// Other units in which a caller of the model may state a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternative_units: Vec<UnitConfig>,
    /// The lowest and the highest plausible value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// What happens to values that cannot be used as they are, in the table as at prediction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub policy: PolicyConfig,
}

/// What values a feature takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Any finite number.
    #[default]
    Number,
    /// A whole number.
    Integer,
    /// False or true.
    Boolean,
    /// One of several levels.
    Category,
}

/// Another unit: `(value − offset) · multiplier / divisor` is the value in the unit of the feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitConfig {
    /// The UCUM code.
    pub code: String,
    /// Subtracted first.
    #[serde(default)]
    pub offset: f64,
    /// Multiplied second.
    #[serde(default = "one")]
    pub multiplier: f64,
    /// Divided by last.
    #[serde(default = "one")]
    pub divisor: f64,
}

/// What happens to values that cannot be used as they are; what is not named is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyConfig {
    /// The feature was not set.
    #[serde(skip_serializing_if = "is_default")]
    pub unset: ActionConfig,
    /// The value is missing.
    #[serde(skip_serializing_if = "is_default")]
    pub missing: ActionConfig,
    /// NaN was given as a value.
    #[serde(skip_serializing_if = "is_default")]
    pub not_a_number: ActionConfig,
    /// An infinity.
    #[serde(skip_serializing_if = "is_default")]
    pub infinite: ActionConfig,
    /// Beyond the plausible range.
    #[serde(skip_serializing_if = "is_default")]
    pub out_of_range: ActionConfig,
    /// Not a level of the category.
    #[serde(skip_serializing_if = "is_default")]
    pub unseen_level: ActionConfig,
    /// Not of the feature's kind.
    #[serde(skip_serializing_if = "is_default")]
    pub wrong_type: ActionConfig,
}

/// What happens to a value that cannot be used as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionConfig {
    /// The row is refused.
    #[default]
    Refuse,
    /// The value counts as missing.
    Impute,
    /// The value is moved to the nearest end of the plausible range.
    Clamp,
    /// The value is taken as it is.
    Take,
}

impl FeatureConfig {
    /// A number of unknown unit, of which every value that cannot be used is refused.
    pub fn number(name: impl Into<String>) -> Self {
        Self::of_kind(name, Kind::Number)
    }

    /// A feature of some kind, of which every value that cannot be used is refused.
    pub fn of_kind(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            unit: None,
            levels: Vec::new(),
            texts: None,
            alternative_units: Vec::new(),
            range: None,
            policy: PolicyConfig::default(),
        }
    }

    /// The feature of the core, or why a key does not suit its kind.
    pub(super) fn feature(&self) -> Result<Feature, String> {
        let refused = |detail: &str| Err(format!("feature `{}`: {detail}", self.name));
        if self.kind != Kind::Category && !self.levels.is_empty() {
            return refused("`levels`, but it is not a category");
        }
        match &self.texts {
            Some(_) if self.kind != Kind::Boolean => {
                return refused("`texts`, but it is not a boolean");
            }
            Some([no, yes]) if no == yes => return refused("both `texts` are the same"),
            Some(_) | None => {}
        }
        self.policy.check().or_else(|detail| refused(&detail).map(drop))?;
        let unit = |unit: &UnitConfig| Unit {
            code: unit.code.clone(),
            offset: unit.offset,
            multiplier: unit.multiplier,
            divisor: unit.divisor,
        };
        Ok(Feature {
            name: self.name.clone(),
            kind: match self.kind {
                Kind::Number => FeatureKind::Number,
                Kind::Integer => FeatureKind::Integer,
                Kind::Boolean => FeatureKind::Boolean,
                Kind::Category => FeatureKind::Category { levels: self.levels.clone() },
            },
            unit: self.unit.clone(),
            alternative_units: self.alternative_units.iter().map(unit).collect(),
            range: self.range.map(|[low, high]| Range { low, high }),
            policy: self.policy.into(),
        })
    }
}

impl PolicyConfig {
    /// Refuses a policy that imputes other cells but not missing ones: in training, an imputed cell is
    /// a missing value.
    fn check(&self) -> Result<(), String> {
        let others = [
            ("not_a_number", self.not_a_number),
            ("infinite", self.infinite),
            ("out_of_range", self.out_of_range),
            ("unseen_level", self.unseen_level),
            ("wrong_type", self.wrong_type),
        ];
        match others.into_iter().find(|(_, action)| *action == ActionConfig::Impute) {
            Some((key, _)) if self.missing != ActionConfig::Impute => {
                Err(format!("policy: `{key}: impute` without `missing: impute`, expected both"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl From<PolicyConfig> for Policy {
    fn from(config: PolicyConfig) -> Self {
        let PolicyConfig {
            unset,
            missing,
            not_a_number,
            infinite,
            out_of_range,
            unseen_level,
            wrong_type,
        } = config;
        Self {
            unset: unset.into(),
            missing: missing.into(),
            not_a_number: not_a_number.into(),
            infinite: infinite.into(),
            out_of_range: out_of_range.into(),
            unseen_level: unseen_level.into(),
            wrong_type: wrong_type.into(),
        }
    }
}

impl From<ActionConfig> for Action {
    fn from(config: ActionConfig) -> Self {
        match config {
            ActionConfig::Refuse => Self::Refuse,
            ActionConfig::Impute => Self::Impute,
            ActionConfig::Clamp => Self::Clamp,
            ActionConfig::Take => Self::Take,
        }
    }
}

fn one() -> f64 {
    1.0
}
