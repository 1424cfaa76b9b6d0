//! Features, their policies, and rules between them.

use nomogram::{Action, Condition, Feature, Policy, Quantity, Range, Rule, RuleAction, Schema};
use serde::Serialize;

use crate::words::kind_name;

/// One input of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeatureDescription {
    /// Its name.
    pub name: String,
    /// `number`, `integer`, `boolean` or `category`.
    pub kind: &'static str,
    /// The levels of a category.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// The UCUM code of its unit.
    pub unit: Option<String>,
    /// Units that are converted to it.
    pub alternative_units: Vec<nomogram::Unit>,
    /// Where plausible values lie.
    pub range: Option<Range>,
    /// What happens to values that cannot be used as they are.
    pub policy: PolicyDescription,
}

/// What happens to values that cannot be used as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyDescription {
    unset: &'static str,
    missing: &'static str,
    not_a_number: &'static str,
    infinite: &'static str,
    out_of_range: &'static str,
    unseen_level: &'static str,
    wrong_type: &'static str,
}

/// What must hold between features.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleDescription {
    /// Its name.
    pub name: String,
    /// What is bounded, for example `systolic − diastolic`.
    pub quantity: String,
    /// The lower bound.
    pub low: Option<f64>,
    /// The upper bound.
    pub high: Option<f64>,
    /// What happens to a row that breaks it: `refuse` or `flag`.
    pub action: &'static str,
}

impl FeatureDescription {
    /// Describes a feature.
    #[must_use]
    pub fn new(feature: &Feature) -> Self {
        Self {
            name: feature.name.clone(),
            kind: kind_name(&feature.kind),
            levels: feature.levels().to_vec(),
            unit: feature.unit.clone(),
            alternative_units: feature.alternative_units.clone(),
            range: feature.range,
            policy: PolicyDescription::new(&feature.policy),
        }
    }

    /// Kind and levels.
    #[must_use]
    pub fn kind_text(&self) -> String {
        if self.levels.is_empty() {
            return self.kind.into();
        }
        format!("{}: {}", self.kind, self.levels.join(", "))
    }

    /// The codes of the alternative units.
    #[must_use]
    pub fn units_text(&self) -> String {
        let codes: Vec<&str> = self.alternative_units.iter().map(|u| u.code.as_str()).collect();
        codes.join(", ")
    }

    /// The plausible range; empty without one.
    #[must_use]
    pub fn range_text(&self) -> String {
        self.range.map_or(String::new(), |range| format!("{} to {}", range.low, range.high))
    }
}

impl PolicyDescription {
    fn new(policy: &Policy) -> Self {
        let action = |condition| match policy.action(condition) {
            Action::Refuse => "refuse",
            Action::Impute => "impute",
            Action::Clamp => "clamp",
            Action::Take => "take",
        };
        Self {
            unset: action(Condition::Unset),
            missing: action(Condition::Missing),
            not_a_number: action(Condition::NotANumber),
            infinite: action(Condition::Infinite),
            out_of_range: action(Condition::OutOfRange),
            unseen_level: action(Condition::UnseenLevel),
            wrong_type: action(Condition::WrongType),
        }
    }

    /// In one line, for example `impute missing; else refuse`.
    #[must_use]
    pub fn text(&self) -> String {
        let conditions = [
            (self.unset, "unset"),
            (self.missing, "missing"),
            (self.not_a_number, "NaN"),
            (self.infinite, "infinite"),
            (self.out_of_range, "out of range"),
            (self.unseen_level, "unseen level"),
            (self.wrong_type, "wrong type"),
        ];
        let mut sentences = Vec::new();
        for action in ["impute", "clamp", "take"] {
            let matching = conditions.iter().filter(|(of, _)| *of == action);
            let names: Vec<&str> = matching.map(|(_, name)| *name).collect();
            if !names.is_empty() {
                sentences.push(format!("{action} {}", names.join(", ")));
            }
        }
        sentences.push(if sentences.is_empty() { "refuse".into() } else { "else refuse".into() });
        sentences.join("; ")
    }
}

impl RuleDescription {
    /// Describes a rule of a schema.
    #[must_use]
    pub fn new(rule: &Rule, schema: &Schema) -> Self {
        let name = |position: &u32| {
            let feature = schema.features().get(*position as usize);
            feature.map_or("", |feature| feature.name.as_str()).to_owned()
        };
        let product =
            |positions: &[u32]| positions.iter().map(name).collect::<Vec<_>>().join(" · ");
        let quantity = match &rule.quantity {
            Quantity::Difference { minuend, subtrahend } => {
                format!("{} − {}", name(minuend), name(subtrahend))
            }
            #[allow(clippy::float_cmp, reason = "exactly 1 is left out")]
            Quantity::Ratio { factors, divisors, constant } => {
                let above = if factors.is_empty() { "1".into() } else { product(factors) };
                let constant = (*constant != 1.0).then(|| constant.to_string());
                let divisors = (!divisors.is_empty()).then(|| product(divisors));
                let below: Vec<String> = constant.into_iter().chain(divisors).collect();
                match below.is_empty() {
                    true => above,
                    false => format!("{above} / ({})", below.join(" · ")),
                }
            }
        };
        let action = match rule.action {
            RuleAction::Refuse => "refuse",
            RuleAction::Flag => "flag",
        };
        Self { name: rule.name.clone(), quantity, low: rule.low, high: rule.high, action }
    }

    /// In one line, for example `systolic − diastolic is at least 10, else refuse`.
    #[must_use]
    pub fn text(&self) -> String {
        let bounds = match (self.low, self.high) {
            (Some(low), Some(high)) => format!("from {low} to {high}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => "anything".into(),
        };
        format!("{} is {bounds}, else {}", self.quantity, self.action)
    }
}
