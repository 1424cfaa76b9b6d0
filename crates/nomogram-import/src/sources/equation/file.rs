//! The file: outcome, features, terms and worked examples.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A published equation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Equation {
    pub(super) equation: Head,
    pub(super) features: Vec<FeatureEntry>,
    #[serde(default)]
    pub(super) terms: Vec<Term>,
    #[serde(default)]
    pub(super) intercept: f64,
    /// Instead of terms and intercept: the table of coefficients as R prints it.
    pub(super) r_table: Option<String>,
    pub(super) outcome: Outcome,
    #[serde(default)]
    pub(super) cutoffs: Vec<CutoffEntry>,
    pub(super) examples: Vec<Example>,
}

/// Where the equation comes from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) version: String,
    /// Authors, title, journal, year, pages.
    pub(super) paper: String,
    pub(super) doi: Option<String>,
    pub(super) notes: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeatureEntry {
    pub(super) name: String,
    /// For numbers: the values that the equation is published for.
    pub(super) range: Option<[f64; 2]>,
    pub(super) unit: Option<String>,
    /// For categories.
    pub(super) levels: Option<Vec<String>>,
    /// What happens beyond the range: refused by default.
    #[serde(default)]
    pub(super) out_of_range: OutOfRange,
    #[serde(default)]
    pub(super) whole: bool,
    /// For a table of R with a restricted cubic spline of this feature.
    pub(super) knots: Option<Vec<f64>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutOfRange {
    #[default]
    Refuse,
    Clamp,
}

/// A coefficient times the product of its factors. With `knots`, the one factor becomes a restricted
/// cubic spline, with one coefficient for the value and one for each knot but the last two.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Term {
    pub(super) coefficient: Option<f64>,
    pub(super) factors: Vec<Factor>,
    pub(super) knots: Option<Vec<f64>>,
    pub(super) coefficients: Option<Vec<f64>>,
}

/// A feature: `(value − subtract) / divide`, held within `at_least` and `at_most`, then transformed.
/// With `level`, 1 for that level and 0 for others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Factor {
    pub(super) feature: String,
    pub(super) level: Option<String>,
    #[serde(default)]
    pub(super) subtract: f64,
    #[serde(default = "one")]
    pub(super) divide: f64,
    pub(super) at_least: Option<f64>,
    pub(super) at_most: Option<f64>,
    #[serde(default)]
    pub(super) transform: Transform,
    pub(super) power: Option<f64>,
}

fn one() -> f64 {
    1.0
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Transform {
    #[default]
    None,
    /// The natural logarithm.
    Ln,
    /// The natural logarithm of 1 plus the value.
    Ln1p,
}

/// What the sum means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Outcome {
    /// The log odds of the second class.
    Logistic { name: String, classes: [String; 2] },
    /// A Cox model: the probability of the second class is `1 − baseline_survival ^ exp(sum − mean)`.
    Survival {
        name: String,
        classes: [String; 2],
        baseline_survival: f64,
        /// The mean of the linear predictor.
        #[serde(default)]
        mean: f64,
    },
    /// The sum itself.
    Value { name: String, unit: Option<String> },
    /// `exp(sum)`.
    Exponential { name: String, unit: Option<String> },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CutoffEntry {
    pub(super) name: String,
    pub(super) probability: f64,
}

/// A row with the prediction that is printed for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    pub(super) row: BTreeMap<String, Cell>,
    pub(super) prediction: f64,
    /// How much the prediction may differ: half a unit of its last printed digit.
    pub(super) within: f64,
    /// Where the example comes from.
    #[allow(dead_code, reason = "for those who read the file")]
    pub(super) from: String,
}

/// A number, the name of a level, or true or false.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Number(f64),
    Boolean(bool),
    Text(String),
}
