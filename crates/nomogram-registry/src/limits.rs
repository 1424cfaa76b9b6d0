//! Acceptance limits: what the evaluation of a version must reach before it is promoted.
//!
//! Measures are read from the JSON of `nomogram evaluate --report FILE.json`; nothing is computed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Refusal, Rule};

/// The measures of an evaluation by name: `auc`, `calibration_slope`, `brier`, `sensitivity@refer` at
/// the cutoff `refer`, `sensitivity[sex=F]` of a subgroup.
pub type Measures = BTreeMap<String, f64>;

/// An interval that a measure must lie in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The name of a measure; `[sex=*]` means every level of a subgroup.
    pub measure: String,
    /// The smallest value that is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The largest value that is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// A line of the impact table: a limit, and what the versions reach.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Impact {
    /// The measure.
    pub measure: String,
    /// The smallest value that is accepted.
    pub min: Option<f64>,
    /// The largest value that is accepted.
    pub max: Option<f64>,
    /// The value of the version in use; `None` if there is none.
    pub in_use: Option<f64>,
    /// The value of this version; `None` if its evaluation does not have the measure.
    pub value: Option<f64>,
    /// Whether the value is known and accepted.
    pub is_within: bool,
}

impl Limit {
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let Self { measure, min, max } = self;
        let is_finite = min.iter().chain(max).all(|bound| bound.is_finite());
        let is_ordered = min.zip(*max).is_none_or(|(min, max)| min <= max);
        if min.is_none() && max.is_none() || !is_finite || !is_ordered {
            let detail = "expected `min`, `max` or both, in this order";
            return Err(Refusal::new(Rule::Policy, format!("limit of `{measure}`: {detail}")));
        }
        Ok(())
    }

    /// A line for each measure that the limit covers: one with no value if there is none.
    pub(crate) fn impact(&self, measures: &Measures, in_use: &Measures) -> Vec<Impact> {
        let line = |measure: &str, value: Option<f64>| Impact {
            measure: measure.into(),
            min: self.min,
            max: self.max,
            in_use: in_use.get(measure).copied(),
            value,
            is_within: value.is_some_and(|value| {
                self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
            }),
        };
        let covered: Vec<Impact> = match self.measure.strip_suffix("*]") {
            Some(stem) => {
                let levels = measures.iter().filter(|(name, _)| name.starts_with(stem));
                levels.map(|(name, value)| line(name, Some(*value))).collect()
            }
            None => measures
                .get(&self.measure)
                .map(|value| line(&self.measure, Some(*value)))
                .into_iter()
                .collect(),
        };
        if covered.is_empty() { vec![line(&self.measure, None)] } else { covered }
    }
}

/// The impact table as text, one line per measure.
#[must_use]
pub fn impact_text(lines: &[Impact]) -> String {
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.4}"));
    let mut text = format!(
        "{:<32}{:>10}{:>10}{:>10}{:>14}  verdict",
        "measure", "min", "max", "in use", "this version"
    );
    for line in lines {
        let verdict = match (line.value, line.is_within) {
            (None, _) => "not evaluated",
            (Some(_), true) => "within",
            (Some(_), false) => "outside",
        };
        let [min, max, in_use, value] = [line.min, line.max, line.in_use, line.value].map(number);
        let measure = &line.measure;
        // Writing to a text does not fail.
        let _ = write!(text, "\n{measure:<32}{min:>10}{max:>10}{in_use:>10}{value:>14}  {verdict}");
    }
    text
}

/// Reads the measures of an evaluation: those of the last set of rows in the JSON.
///
/// # Errors
///
/// `Invalid` when the bytes are not a report of `nomogram evaluate` or `nomogram train` as JSON.
pub fn measures(report: &[u8]) -> Result<Measures, Error> {
    let invalid = |detail: &str| Error::invalid("evaluation", detail);
    let report: Value =
        serde_json::from_slice(report).map_err(|cause| invalid(&format!("is no JSON: {cause}")))?;
    let assessment = report.get("assessments").and_then(Value::as_array).and_then(|all| all.last());
    let assessment = assessment.ok_or_else(|| {
        invalid("found no `assessments`, expected the JSON of `nomogram evaluate --report`")
    })?;
    let mut measures = Measures::new();
    let mut add = |name: String, value: Option<&Value>| {
        if let Some(value) = value.and_then(Value::as_f64) {
            measures.insert(name, value);
        }
    };
    add("auc".into(), assessment.pointer("/discrimination/auc/auc"));
    add("calibration_slope".into(), assessment.pointer("/calibration/line/slope/value"));
    add("calibration_intercept".into(), assessment.pointer("/calibration/line/intercept/value"));
    add("calibration_in_the_large".into(), assessment.pointer("/calibration/in_the_large/value"));
    add("brier".into(), assessment.pointer("/calibration/brier/score"));
    for cutoff in array(assessment, "cutoffs") {
        let name = text(cutoff, "name");
        for measure in ["sensitivity", "specificity", "ppv", "npv"] {
            add(format!("{measure}@{name}"), cutoff.pointer(&format!("/{measure}/value")));
        }
    }
    for feature in array(assessment, "subgroups") {
        let name = text(feature, "feature");
        for level in array(feature, "groups") {
            let of = format!("[{name}={}]", text(level, "level"));
            let Some(statistics) = level.get("statistics") else { continue };
            add(format!("auc{of}"), statistics.pointer("/auc/auc"));
            for measure in ["sensitivity", "specificity"] {
                let value = statistics.pointer(&format!("/classification/{measure}/value"));
                add(format!("{measure}{of}"), value);
            }
            let slope = statistics.pointer("/calibration_line/slope/value");
            add(format!("calibration_slope{of}"), slope);
        }
    }
    Ok(measures)
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
