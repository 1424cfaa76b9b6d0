//! Rules between features, which they name.

use nomogram::{Quantity, Rule, RuleAction};
use serde::{Deserialize, Serialize};

use super::FeatureConfig;

/// A bound on a quantity that is computed from several features; see [`nomogram::Rule`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// The name, unique.
    pub name: String,
    /// What is bounded.
    pub quantity: QuantityConfig,
    /// The lowest value that does not break the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The highest value that does not break the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// What happens to a row that breaks the rule, in the table as at prediction.
    pub action: RuleActionConfig,
}

/// A quantity that is computed from several features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QuantityConfig {
    /// `Π factors / (constant · Π divisors)`.
    Ratio {
        /// The features above the line.
        factors: Vec<String>,
        /// The features below the line.
        #[serde(default)]
        divisors: Vec<String>,
        /// A further factor below the line; 1 by default.
        #[serde(default = "one")]
        constant: f64,
    },
    /// `minuend − subtrahend`.
    Difference {
        /// The feature that is subtracted from.
        minuend: String,
        /// The feature that is subtracted.
        subtrahend: String,
    },
}

/// What happens to a row that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleActionConfig {
    /// The row is refused.
    Refuse,
    /// The row is taken and flagged.
    Flag,
}

impl RuleConfig {
    /// The rule of the core, with features by position.
    pub(super) fn rule(&self, features: &[FeatureConfig]) -> Result<Rule, String> {
        let position = |name: &String| {
            let found = features.iter().position(|feature| feature.name == *name);
            found.and_then(|position| u32::try_from(position).ok()).ok_or_else(|| {
                format!("rule `{}`: `{name}` is not a feature of the configuration", self.name)
            })
        };
        let positions = |names: &[String]| names.iter().map(position).collect::<Result<_, _>>();
        Ok(Rule {
            name: self.name.clone(),
            quantity: match &self.quantity {
                QuantityConfig::Ratio { factors, divisors, constant } => Quantity::Ratio {
                    factors: positions(factors)?,
                    divisors: positions(divisors)?,
                    constant: *constant,
                },
                QuantityConfig::Difference { minuend, subtrahend } => Quantity::Difference {
                    minuend: position(minuend)?,
                    subtrahend: position(subtrahend)?,
                },
            },
            low: self.low,
            high: self.high,
            action: match self.action {
                RuleActionConfig::Refuse => RuleAction::Refuse,
                RuleActionConfig::Flag => RuleAction::Flag,
            },
        })
    }
}

fn one() -> f64 {
    1.0
}
